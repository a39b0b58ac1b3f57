# SPDX-License-Identifier: Apache-2.0
"""The administrator's calls: faults and counts of a running sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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
