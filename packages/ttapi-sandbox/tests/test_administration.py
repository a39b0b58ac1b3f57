# SPDX-License-Identifier: Apache-2.0
"""The administrator's calls: faults and counts of a running sandbox."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_rules_are_put_shown_put_back_and_deleted(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, client):
        rules = ["kind=html,path=/customers", {"kind": "429", "headers": True, "times": 2}]
        shown = (await client.put("/_sandbox/faults", json={"faults": rules})).json()["data"]["faults"]
        assert [one["kind"] for one in shown] == ["html", "429"]
        before = sandbox.faults.specs
        await client.put("/_sandbox/faults", json={"faults": shown})
        assert sandbox.faults.specs == before
        assert (await client.get("/customers/me")).status_code == 502
        await client.delete("/_sandbox/faults")
        assert (await client.get("/customers/me")).status_code == 200
        assert (await client.get("/_sandbox/faults")).json() == {"data": {"faults": []}}


@pytest.mark.parametrize("body", [{}, {"faults": "x"}, {"faults": [7]}, {"faults": ["kind=nope"]}])
async def test_rules_that_make_no_sense_are_refused_and_change_nothing(
    run: Callable[..., Any], body: dict[str, Any]
) -> None:
    async with run(faults=("kind=html",)) as (sandbox, client):
        assert (await client.put("/_sandbox/faults", json=body)).status_code == 400
        assert [spec.kinds for spec in sandbox.faults.specs] == [("html",)]


async def test_rules_and_the_clock_are_taken_from_curl_that_says_form(run: Callable[..., Any]) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with run(start=datetime(2026, 11, 19, 15, 30, tzinfo=UTC), speed=0, as_of=None) as (
        sandbox,
        client,
    ):
        rules = ' {"faults": ["kind=html,path=/customers"]}'
        assert (await client.put("/_sandbox/faults", content=rules, headers=headers)).status_code == 200
        assert [spec.kinds for spec in sandbox.faults.specs] == [("html",)]
        moved = await client.post("/_sandbox/clock", content='{"advance": 60}', headers=headers)
        assert moved.json()["data"]["now"].startswith("2026-11-19T15:31")


async def test_administration_needs_no_token_and_is_not_counted(run: Callable[..., Any]) -> None:
    async with run(rate_limit=1) as (_, client):
        for _ in range(5):
            answer = await client.get("/_sandbox/statistics", headers={"authorization": ""})
        assert answer.json()["data"]["total"] == 0
        await client.get("/customers/me")
        await client.get("/customers/me")
        counts = (await client.get("/_sandbox/statistics")).json()["data"]
        assert counts["requests"] == {"GET /customers/{customer}": 2}
        assert (counts["rejected"], counts["statuses"]) == (1, {"200": 1, "429": 1})
        assert (await client.post("/_sandbox/reset")).json()["data"]["total"] == 0
        assert (await client.get("/_sandbox/nope")).status_code == 404


async def test_all_tokens_can_be_expired(run: Callable[..., Any]) -> None:
    async with run() as (_, client):
        await client.post("/_sandbox/expire-tokens")
        answer = await client.get("/customers/me")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_invalid")


OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)


async def test_clock_is_shown_turned_and_sped_up(run: Callable[..., Any]) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (sandbox, client):
        shown = (await client.get("/_sandbox/clock")).json()["data"]
        assert shown == {"now": "2026-11-19T15:30:00.000+00:00", "speed": 0, "is-open": True}
        moved = await client.post("/_sandbox/clock", json={"to": "2026-11-19T21:00:00Z"})
        assert moved.json()["data"]["is-open"] is False
        moved = await client.post("/_sandbox/clock", json={"advance": 86_400, "speed": 100})
        assert moved.json()["data"]["speed"] == 100
        assert sandbox.application.market.now() >= OPEN + timedelta(days=1, hours=5, minutes=30)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"nope": 1},
        {"advance": -1},
        {"advance": "x"},
        {"advance": 1e300},
        {"advance": 1e9},
        {"to": "soon"},
        {"to": "2020-01-01T00:00:00Z"},
        {"speed": -1},
        {"speed": True},
    ],
)
async def test_clock_that_cannot_be_turned_so_stays(run: Callable[..., Any], body: dict[str, Any]) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (sandbox, client):
        assert (await client.post("/_sandbox/clock", json=body)).status_code == 400
        assert sandbox.application.market.now() == OPEN


async def test_orders_live_by_the_speed_of_the_market(run: Callable[..., Any]) -> None:
    clock = ManualClock(datetime(2026, 1, 2, tzinfo=UTC))
    leg = {"instrument-type": "Equity", "symbol": "SPY", "quantity": 1, "action": "Buy to Open"}
    body = {
        "order-type": "Limit",
        "time-in-force": "Day",
        "price": "1",
        "price-effect": "Debit",
        "legs": [leg],
    }
    async with run(clock=clock, start=OPEN, speed=3600) as (sandbox, client):
        number = (await client.post("/accounts/5WT00001/orders", json=body)).json()["data"]["order"]["id"]
        subscription = sandbox.application.notices.subscribe(["5WT00001"])
        for _ in range(7):
            clock.advance(1)
            await asyncio.sleep(0.01)
        _, notice = await asyncio.wait_for(anext(subscription), 5)
        assert (notice["data"]["id"], notice["data"]["status"]) == (number, "Expired")
        subscription.close()
