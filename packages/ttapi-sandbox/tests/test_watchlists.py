# SPDX-License-Identifier: Apache-2.0
"""Watchlists and quote alerts: kept, changed, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
ENTRIES = [{"symbol": "SPY", "instrument-type": "Equity"}, {"symbol": "/ESZ6"}]


async def test_list_is_created_shown_replaced_renamed_and_deleted(run: Run) -> None:
    async with run() as (_, client):
        body = {"name": "Mine / yours", "watchlist-entries": ENTRIES}
        answer = await client.post("/watchlists", json=body)
        assert answer.status_code == 201
        kept = answer.json()["data"]
        assert kept == {**body, "group-name": "default", "order-index": 9999}
        assert (await client.get("/watchlists/Mine%20%2F%20yours")).json()["data"] == kept
        again = await client.post("/watchlists", json=body)
        assert (again.status_code, again.json()["error"]["code"]) == (422, "watchlist_already_exists")
        changed = {"name": "New", "order-index": 1, "watchlist-entries": ENTRIES[:1]}
        answer = await client.put("/watchlists/Mine%20%2F%20yours", json=changed)
        assert answer.json()["data"] == {**changed, "group-name": "default"}
        assert [one["name"] for one in (await client.get("/watchlists")).json()["data"]["items"]] == ["New"]
        assert (await client.delete("/watchlists/New")).status_code == 200
        assert (await client.get("/watchlists/New")).status_code == 404
        assert (await client.get("/watchlists")).json()["data"] == {"items": []}


async def test_lists_that_make_no_sense_name_the_member(run: Run) -> None:
    async with run() as (_, client):
        for body, domain in (
            ({}, "name"),
            ({"name": "x", "watchlist-entries": 1}, "watchlist-entries"),
            ({"name": "x", "watchlist-entries": [{}]}, "watchlist-entries"),
            ({"name": "x", "order-index": "first"}, "order-index"),
        ):
            answer = await client.post("/watchlists", json=body)
            assert (answer.status_code, answer.json()["error"]["errors"][0]["domain"]) == (400, domain)


async def test_pairs_are_listed(run: Run) -> None:
    async with run() as (_, client):
        (item,) = (await client.get("/pairs-watchlists")).json()["data"]["items"]
        assert (await client.get("/pairs-watchlists/Sandbox%20Pairs")).json()["data"] == item
        assert (await client.get("/pairs-watchlists/None")).status_code == 404


async def test_alert_fires_once_when_its_price_is_reached(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (sandbox, client):
        alerts = [
            {"symbol": "SPY", "field": "Last", "operator": ">", "threshold": "1.5"},
            {"symbol": "SPY", "field": "Bid", "operator": "<", "threshold": "1.5"},
        ]
        subscription = sandbox.application.notices.subscribe(["quote-alerts"])
        numbers = []
        for alert in alerts:
            answer = await client.post("/quote-alerts", json=alert)
            assert answer.status_code == 201
            numbers.append(answer.json()["data"]["alert-external-id"])
        await client.get("/quote-alerts")
        fired, waiting = (await client.get("/quote-alerts")).json()["data"]["items"]
        assert "triggered-at" in fired
        assert "triggered-at" not in waiting
        assert subscription.waiting == 1
        subscription.close()
        deleted = await client.delete(f"/quote-alerts/{numbers[0]}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert (await client.delete(f"/quote-alerts/{numbers[0]}")).status_code == 404
        for changes in ({"symbol": "NOPE"}, {"field": "x"}, {"operator": "="}, {"threshold": "NaN"}):
            assert (await client.post("/quote-alerts", json=alerts[0] | changes)).status_code == 400
