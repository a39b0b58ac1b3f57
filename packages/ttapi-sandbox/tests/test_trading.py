# SPDX-License-Identifier: Apache-2.0
"""Orders over HTTP on a loopback socket, under a clock turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Run = Callable[..., Any]

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 2, tzinfo=UTC)
ACCOUNT = "/accounts/5WT00001"
ORDERS = f"{ACCOUNT}/orders"
COMPLEX = f"{ACCOUNT}/complex-orders"


def order(
    symbol: str = "AAPL", quantity: Any = "10", action: str = "Buy to Open", **changes: Any
) -> dict[str, Any]:
    """Return the body of an order; members named with underscores, None leaves one out."""
    leg = {"instrument-type": changes.pop("kind", "Equity"), "symbol": symbol, "action": action}
    if quantity is not None:
        leg["quantity"] = quantity
    effect = "Debit" if action.startswith("Buy") else "Credit"
    body: dict[str, Any] = {
        "order-type": "Limit",
        "time-in-force": "Day",
        "price": "100.00",
        "price-effect": effect,
        "legs": [leg],
    }
    body |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in body.items() if value is not None}


def market(
    symbol: str = "AAPL", quantity: Any = "10", action: str = "Buy to Open", **changes: Any
) -> dict[str, Any]:
    plain = {"order_type": "Market", "price": None, "price_effect": None}
    return order(symbol, quantity, action, **plain | changes)


async def sent(client: httpx.AsyncClient, body: dict[str, Any], path: str = ORDERS) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def got(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def turned(client: httpx.AsyncClient, **how: Any) -> Any:
    answer = await client.post("/_sandbox/clock", json=how)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def status_of(client: httpx.AsyncClient, number: int) -> str:
    return str((await got(client, f"{ORDERS}/{number}"))["status"])


async def books(client: httpx.AsyncClient) -> tuple[Decimal, dict[str, Decimal]]:
    balance = await got(client, f"{ACCOUNT}/balances/USD")
    positions = await got(client, f"{ACCOUNT}/positions")
    held = {one["symbol"]: Decimal(str(one["quantity"])) for one in positions["items"]}
    return Decimal(balance["cash-balance"]), held


async def test_market_order_fills_at_the_ask_and_the_books_agree(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        cash, held = await books(client)
        quote = await got(client, "/market-data/Equity/AAPL")
        answer = await sent(client, market(external_identifier="plan-7"))
        placed = answer["order"]
        assert (placed["status"], placed["external-identifier"]) == ("Received", "plan-7")
        filled = await got(client, f"{ORDERS}/{placed['id']}")
        assert (filled["status"], filled["legs"][0]["remaining-quantity"]) == ("Filled", 0)
        (fill,) = filled["legs"][0]["fills"]
        assert Decimal(fill["fill-price"]) == Decimal(quote["ask"])
        (entry,) = (await got(client, f"{ACCOUNT}/transactions"))["items"]
        assert (entry["order-id"], entry["value-effect"], entry["quantity"]) == (
            placed["id"],
            "Debit",
            "10.0",
        )
        after, now_held = await books(client)
        assert after == cash - Decimal(entry["net-value"])
        assert now_held == held | {"AAPL": held["AAPL"] + 10}
        fees = await got(client, f"{ACCOUNT}/transactions/total-fees")
        assert Decimal(fees["total-fees"]) == Decimal(entry["net-value"]) - Decimal(entry["value"])
        assert (await got(client, f"{ACCOUNT}/transactions/{entry['id']}")) == entry


async def test_large_order_is_filled_in_parts_as_the_book_allows_and_the_same_for_a_seed(run: Run) -> None:
    async def fills() -> list[tuple[Any, Any]]:
        async with run(start=OPEN, speed=0, as_of=None, cash=Decimal(10**9)) as (_, client):
            placed = (await sent(client, market(quantity="200000")))["order"]
            part = await got(client, f"{ORDERS}/{placed['id']}")
            assert part["status"] == "Live"
            assert 0 < part["legs"][0]["remaining-quantity"] < 200_000
            await turned(client, advance=3600)
            whole = await got(client, f"{ORDERS}/{placed['id']}")
            assert whole["status"] == "Filled"
            assert sum(one["quantity"] for one in whole["legs"][0]["fills"]) == 200_000
            return [(one["quantity"], one["fill-price"]) for one in whole["legs"][0]["fills"]]

    assert await fills() == await fills()


async def test_resting_order_expires_with_the_session_and_gtc_does_not(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        day = (await sent(client, order()))["order"]["id"]
        gtc = (await sent(client, order(time_in_force="GTC")))["order"]["id"]
        dated = (await sent(client, order(time_in_force="GTD", gtc_date="2026-11-20")))["order"]["id"]
        await turned(client, to="2026-11-19T20:59:00Z")
        assert [await status_of(client, one) for one in (day, gtc, dated)] == ["Live"] * 3
        await turned(client, to="2026-11-19T21:00:00Z")
        assert [await status_of(client, one) for one in (day, gtc, dated)] == ["Expired", "Live", "Live"]
        await turned(client, to="2026-11-21T12:00:00Z")
        assert [await status_of(client, one) for one in (day, gtc, dated)] == ["Expired", "Live", "Expired"]
        live = (await got(client, f"{ORDERS}/live"))["items"]
        assert [one["id"] for one in live] == [gtc]


async def test_order_at_night_waits_for_the_open_and_immediate_one_is_refused(run: Run) -> None:
    async with run(start=EVENING, speed=0, as_of=None) as (_, client):
        answer = await sent(client, market())
        assert answer["warnings"][0]["code"] == "tif_next_valid_session"
        number = answer["order"]["id"]
        assert await status_of(client, number) == "Received"
        await turned(client, to="2026-11-20T14:30:00Z")
        assert await status_of(client, number) == "Filled"
    async with run(start=EVENING, speed=0, as_of=None) as (_, client):
        refusal = await client.post(ORDERS, json=order(time_in_force="IOC"))
        assert codes(refusal) == (422, "preflight_check_failure", ["market_closed"])


async def test_extended_order_fills_after_hours_when_a_day_order_does_not(run: Run) -> None:
    after_hours = datetime(2026, 11, 19, 22, tzinfo=UTC)
    async with run(start=after_hours, speed=0, as_of=None) as (_, client):
        price = {"price": "900.00"}
        extended = (await sent(client, order(time_in_force="Ext", quantity="1", **price)))["order"]["id"]
        plain = (await sent(client, order(quantity="1", **price)))["order"]["id"]
        assert [await status_of(client, one) for one in (extended, plain)] == ["Filled", "Received"]


async def test_immediate_order_is_cancelled_at_once(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        number = (await sent(client, order(time_in_force="IOC")))["order"]["id"]
        assert await status_of(client, number) == "Cancelled"


async def test_stop_order_waits_for_its_trigger(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        last = Decimal((await got(client, "/market-data/Equity/AAPL"))["last"])
        plain: dict[str, Any] = {"order_type": "Stop", "price": None, "price_effect": None}
        far = await sent(client, order(action="Sell to Close", stop_trigger=str(last - 100), **plain))
        near = await sent(client, order(action="Sell to Close", stop_trigger=str(last + 1), **plain))
        assert await status_of(client, far["order"]["id"]) == "Live"
        assert await status_of(client, near["order"]["id"]) == "Filled"


async def test_cancel_is_requested_then_done_and_not_twice(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        number = (await sent(client, order()))["order"]["id"]
        answer = await client.delete(f"{ORDERS}/{number}")
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "Cancel Requested")
        cancelled = await got(client, f"{ORDERS}/{number}")
        assert (cancelled["status"], cancelled["cancellable"]) == ("Cancelled", False)
        assert codes(await client.delete(f"{ORDERS}/{number}"))[:2] == (422, "cannot_update_order")
        assert (await client.delete(f"{ORDERS}/999")).status_code == 404
        assert (await client.get(f"{ORDERS}/nope")).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_replacement_is_a_new_order_with_links_and_the_same_legs(run: Run, method: str) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        old = (await sent(client, order(external_identifier="mine")))["order"]["id"]
        body = {"order-type": "Limit", "time-in-force": "GTC", "price": "101.00", "price-effect": "Debit"}
        check = await client.post(f"{ORDERS}/{old}/dry-run", json=body)
        assert check.status_code == 201
        assert "id" not in check.json()["data"]["order"]
        answer = await client.request(method, f"{ORDERS}/{old}", json=body)
        assert answer.status_code == 200, answer.text
        new = answer.json()["data"]
        assert (new["status"], new["replaces-order-id"], new["edited"]) == (
            "Contingent",
            old,
            method == "PATCH",
        )
        assert new["id"] != old
        new = await got(client, f"{ORDERS}/{new['id']}")
        assert (new["status"], new["price"], new["time-in-force"]) == ("Live", "101.0", "GTC")
        assert (new["legs"][0]["quantity"], new["external-identifier"]) == (10, "mine")
        gone = await got(client, f"{ORDERS}/{old}")
        assert (gone["status"], gone["replacing-order-id"]) == ("Cancelled", new["id"])
        again = await client.request(method, f"{ORDERS}/{old}", json=body)
        assert codes(again)[:2] == (422, "cannot_update_order")


async def test_edit_keeps_what_it_does_not_name(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        old = (await sent(client, order(time_in_force="GTC")))["order"]["id"]
        answer = await client.patch(f"{ORDERS}/{old}", json={"price": "99.00"})
        new = answer.json()["data"]
        assert (new["price"], new["price-effect"], new["time-in-force"]) == ("99.0", "Debit", "GTC")
        assert codes(await client.post(f"{ORDERS}/{new['id']}/reconfirm"))[1] == "cannot_update_order"


def codes(answer: httpx.Response) -> tuple[int, str, list[str]]:
    error = answer.json()["error"]
    return (
        answer.status_code,
        error["code"],
        [one.get("code", one.get("domain")) for one in error.get("errors", [])],
    )


FAILED = "preflight_check_failure"
REFUSALS: list[tuple[dict[str, Any], str, list[str]]] = [
    (order(price_effect="Credit"), FAILED, ["cant_buy_for_credit"]),
    (order(action="Sell to Close", price_effect="Debit"), FAILED, ["cant_sell_for_debit"]),
    (order(price="100.001"), FAILED, ["invalid_price_increment"]),
    (order(price=None, price_effect=None), FAILED, ["price_required"]),
    (order(quantity="0"), FAILED, ["invalid_quantity"]),
    (order(quantity="-5"), FAILED, ["invalid_quantity"]),
    (order(quantity=None), FAILED, ["invalid_quantity"]),
    (order(quantity="0.001"), FAILED, ["notional_below_minimum"]),
    (order(order_type="Stop", price=None, price_effect=None), FAILED, ["stop_trigger_required"]),
    (order(stop_trigger="5"), FAILED, ["stop_trigger_not_allowed"]),
    (order(action="Buy"), FAILED, ["invalid_action"]),
    (order(action="Sell to Close", quantity="41"), FAILED, ["closing_more_than_held"]),
    (order("QQQ", action="Sell to Close"), FAILED, ["no_position_to_close"]),
    (order(action="Sell to Open"), FAILED, ["opening_against_position"]),
    (order(time_in_force="GTD"), FAILED, ["gtc_date_required"]),
    (order(time_in_force="GTD", gtc_date="2026-11-01"), FAILED, ["gtc_date_in_the_past"]),
    (market(time_in_force="Ext"), FAILED, ["extended_hours_limit_only"]),
    (market(quantity=None, order_type="Notional Market", value="4", value_effect="Debit"), FAILED,
     ["notional_below_minimum"]),
    (market(quantity=None, order_type="Notional Market", value="40", value_effect="Credit"), FAILED,
     ["invalid_value_effect"]),
    (market(order_type="Notional Market", value="40", value_effect="Debit"), FAILED, ["invalid_quantity"]),
    (order("NOPE"), "instrument_validation_failed", ["instrument_not_found"]),
    (order("SPX"), "instrument_validation_failed", ["instrument_not_found"]),
    (order("BTC/USD", kind="Cryptocurrency"), "closing_only", []),
    (market(price="1.00", price_effect="Debit"), "order_must_omit_price", []),
    (market(time_in_force="GTC"), "gtc_market_orders_not_supported", []),
    (order(quantity="1000", price="900.00"), "margin_check_failed", []),
]  # fmt: skip


@pytest.mark.parametrize("path", [ORDERS, f"{ORDERS}/dry-run"])
async def test_orders_that_break_a_rule_are_refused_with_its_code_and_change_nothing(
    run: Run, path: str
) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        before = await books(client)
        for body, code, errors in REFUSALS:
            answer = await client.post(path, json=body)
            assert codes(answer) == (422, code, errors), body
        assert await books(client) == before
        assert (await got(client, f"{ORDERS}/live"))["items"] == []


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({}, "legs"),
    (order(order_type="Nope"), "order-type"),
    (order(time_in_force=None), "time-in-force"),
    (order(price="ten"), "price"),
    (order(price="NaN"), "price"),
    (order(price="Infinity"), "price"),
    (order(price="-1"), "price"),
    (order(price="1e400"), "price"),
    (order(price_effect=None), "price-effect"),
    (order(price_effect="Both"), "price-effect"),
    (order(quantity="x"), "legs[0].quantity"),
    (order(quantity=True), "legs[0].quantity"),
    (order(kind="Stock"), "legs[0].instrument-type"),
    (order(action="Purchase"), "legs[0].action"),
    (order(symbol=""), "legs[0].symbol"),
    (order(external_identifier=7), "external-identifier"),
    (order(legs=["x"]), "legs[0]"),
]


async def test_malformed_orders_name_the_member(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        for body, domain in MALFORMED:
            assert codes(await client.post(ORDERS, json=body)) == (400, "validation_error", [domain]), body
        assert (await client.post(ORDERS, content=b"{")).status_code == 400


async def test_unknown_members_and_numbers_are_taken(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        answer = await sent(
            client, order(quantity=10, price=100.0, behavior="immediate"), f"{ORDERS}/dry-run"
        )
        assert "id" not in answer["order"]
        assert (answer["order"]["updated-at"], answer["order"]["status"]) == (0, "Received")
        assert (await got(client, f"{ORDERS}/live"))["items"] == []


def leg(symbol: str, action: str, quantity: str = "1") -> dict[str, Any]:
    return {"instrument-type": "Equity Option", "symbol": symbol, "action": action, "quantity": quantity}


async def test_spread_fills_all_legs_and_reserves_what_can_be_lost(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        legs = [leg("SPY   261218C00680000", "Buy to Open"), leg("SPY   261218C00690000", "Sell to Open")]
        body = order(price="9.99", legs=legs)
        answer = await sent(client, body)
        effect = answer["buying-power-effect"]
        assert (effect["change-in-margin-requirement"], effect["effect"], effect["is-spread"]) == (
            "999.0",
            "Debit",
            True,
        )
        fees = Decimal(answer["fee-calculation"]["total-fees"])
        assert Decimal(effect["impact"]) == 999 + fees
        filled = await got(client, f"{ORDERS}/{answer['order']['id']}")
        assert filled["status"] == "Filled"
        _, held = await books(client)
        assert {"SPY   261218C00680000", "SPY   261218C00690000"} <= held.keys()
        credit = order(price="30.00", price_effect="Credit", legs=[
            leg("SPY   261218P00670000", "Sell to Open"), leg("SPY   261218P00660000", "Buy to Open"),
        ])  # fmt: skip
        number = (await sent(client, credit))["order"]["id"]
        assert await status_of(client, number) == "Live"


async def test_trigger_releases_two_orders_of_which_one_ends_the_other(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        stop: dict[str, Any] = {"order_type": "Stop", "price": None, "price_effect": None}
        children = [
            order("QQQ", "5", "Sell to Close", price="1.00", time_in_force="GTC"),
            order("QQQ", "5", "Sell to Close", stop_trigger="1.00", time_in_force="GTC", **stop),
        ]
        body = {"type": "OTOCO", "trigger-order": order("QQQ", "5", price="100.00"), "orders": children}
        check = await sent(client, body, f"{COMPLEX}/dry-run")
        assert "id" not in check["complex-order"]
        whole = (await sent(client, body, COMPLEX))["complex-order"]
        assert [one["status"] for one in whole["orders"]] == ["Contingent"] * 2
        assert whole["orders"][0]["contingent-status"] == "Pending Order"
        trigger = whole["trigger-order"]["id"]
        whole = await got(client, f"{COMPLEX}/{whole['id']}")
        assert [one["status"] for one in whole["orders"]] == ["Contingent"] * 2
        answer = await client.delete(f"{COMPLEX}/{whole['id']}")
        assert answer.json()["data"]["trigger-order"]["status"] == "Cancel Requested"
        assert await status_of(client, trigger) == "Cancelled"
        body["trigger-order"] = order("QQQ", "5", price="1900.00")
        whole = (await sent(client, body, COMPLEX))["complex-order"]
        whole = await got(client, f"{COMPLEX}/{whole['id']}")
        assert whole["trigger-order"]["status"] == "Filled"
        assert [one["status"] for one in whole["orders"]] == ["Filled", "Cancelled"]
        assert "terminal-at" in whole
        assert "QQQ" not in (await books(client))[1]
        assert codes(await client.delete(f"{COMPLEX}/{whole['id']}"))[1] == "cannot_update_order"
        live = (await got(client, f"{COMPLEX}/live"))["items"]
        assert [one["type"] for one in live] == ["OTOCO", "OTOCO"]


async def test_complex_orders_that_make_no_sense_are_refused(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        closing = order(action="Sell to Close")
        two_limits = {"type": "OCO", "orders": [closing, closing]}
        assert codes(await client.post(COMPLEX, json=two_limits))[:2] == (422, "invalid_oco_order_type_combo")
        for body, domain in (
            ({"type": "XYZ"}, "type"),
            ({"type": "OTO", "orders": [closing]}, "trigger-order"),
            ({"type": "OCO"}, "orders"),
            ({"type": "PAIRS", "orders": [closing, order("SPY")]}, "ratio-price-threshold"),
        ):
            assert codes(await client.post(COMPLEX, json=body)) == (400, "validation_error", [domain])


async def test_pair_waits_for_its_ratio(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        orders = [order("SPY", "1", price="900.00"), order("QQQ", "1", price="900.00")]
        body = {
            "type": "PAIRS",
            "orders": orders,
            "ratio-price-threshold": "50",
            "ratio-price-comparator": "gte",
            "ratio-price-is-threshold-based-on-notional": False,
        }
        number = (await sent(client, body, COMPLEX))["complex-order"]["id"]
        await turned(client, advance=60)
        whole = await got(client, f"{COMPLEX}/{number}")
        assert [one["status"] for one in whole["orders"]] == ["Contingent"] * 2
        change = {"ratio-price-threshold": "0.5", "ratio-price-comparator": "gte"}
        assert (await client.patch(f"{COMPLEX}/{number}", json=change)).status_code == 200
        whole = await got(client, f"{COMPLEX}/{number}")
        assert [one["status"] for one in whole["orders"]] == ["Filled"] * 2


async def test_orders_are_searched_by_page_status_and_date(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        numbers = [(await sent(client, order()))["order"]["id"] for _ in range(5)]
        await client.delete(f"{ORDERS}/{numbers[0]}")
        answer = (await client.get(f"{ORDERS}?per-page=2&page-offset=1&sort=Asc")).json()
        assert [one["id"] for one in answer["data"]["items"]] == numbers[2:4]
        assert (answer["pagination"]["total-pages"], answer["pagination"]["item-offset"]) == (3, 2)
        found = await got(client, f"{ORDERS}?status[]=Cancelled&start-date=2026-11-19")
        assert [one["id"] for one in found["items"]] == numbers[:1]
        assert (await got(client, f"{ORDERS}?end-date=2026-11-18"))["items"] == []
        assert (await got(client, f"{ORDERS}?underlying-symbol=SPY"))["items"] == []
        late = {"Accept-Version": "20261012"}
        assert codes(await client.get(ORDERS, headers=late))[0] == 400
        assert (await client.get(f"{ORDERS}?start-at=2026-11-01T00:00:00Z", headers=late)).status_code == 200
        assert codes(await client.get(f"{ORDERS}?per-page=1000"))[2] == ["per-page"]
        mine = await got(client, "/customers/me/orders/live?account-numbers[]=5WT00001")
        assert len(mine["items"]) == 5
        assert (await client.get("/customers/me/orders/live")).status_code == 400
        assert (await client.get("/customers/me/orders?account-numbers[]=5WT99999")).status_code == 403


async def test_future_pays_its_gain_and_keeps_a_margin(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        cash, _ = await books(client)
        await sent(client, market("/MESZ6", "1", "Buy", kind="Future"))
        balance = await got(client, f"{ACCOUNT}/balances/USD")
        assert balance["futures-margin-requirement"] == "1800.0"
        assert cash - Decimal(balance["cash-balance"]) == Decimal("2.97")
        await sent(client, market("/MESZ6", "1", "Sell", kind="Future"))
        entries = (await got(client, f"{ACCOUNT}/transactions?instrument-type=Future"))["items"]
        assert [one["value"] for one in entries] == ["2.5", "0.0"]


async def test_expired_option_is_exercised_and_the_shares_delivered(run: Run) -> None:
    start = datetime(2026, 12, 18, 15, 30, tzinfo=UTC)
    async with run(start=start, speed=0, as_of=None, cash=Decimal(200_000)) as (_, client):
        chain = await got(client, "/option-chains/SPY/nested")
        today = next(
            one for one in chain["items"][0]["expirations"] if one["expiration-date"] == "2026-12-18"
        )
        inside, outside = today["strikes"][5]["call"], today["strikes"][-1]["call"]
        for symbol in (inside, outside):
            await sent(client, market(symbol, "1", kind="Equity Option"))
        before, held = await books(client)
        await turned(client, to="2026-12-18T22:00:00Z")
        after, now_held = await books(client)
        assert now_held["SPY"] == held["SPY"] + 100
        assert before - after == 100 * Decimal(today["strikes"][5]["strike-price"])
        assert not {inside, outside} & now_held.keys()
        entries = (await got(client, f"{ACCOUNT}/transactions?type=Receive%20Deliver"))["items"]
        assert {one["transaction-sub-type"] for one in entries} == {"Expiration", "Exercise", "Buy to Open"}
        snapshots = await got(client, f"{ACCOUNT}/balance-snapshots?time-of-day=EOD&start-date=2026-12-18")
        assert [one["snapshot-date"] for one in snapshots["items"]] == ["2026-12-18"]


async def test_faults_hit_orders_and_a_lost_answer_was_executed(run: Run) -> None:
    rule = "kind=reset,path=/accounts,method=POST,times=1"
    async with run(start=OPEN, speed=0, as_of=None, faults=(rule,)) as (_, client):
        with pytest.raises(Exception, match=r".*"):
            await client.post(ORDERS, json=order(external_identifier="once"))
        live = (await got(client, f"{ORDERS}/live"))["items"]
        assert [one["external-identifier"] for one in live] == ["once"]


async def test_notices_tell_every_step_of_an_order(run: Run) -> None:
    async with run(start=OPEN, speed=0, as_of=None) as (sandbox, client):
        subscription = sandbox.application.notices.subscribe(["5WT00001"])
        number = (await sent(client, market()))["order"]["id"]
        subscription.close()
        notices = [notice async for _, notice in subscription]
        orders = [one["data"]["status"] for one in notices if one["type"] == "Order"]
        assert orders == ["Received", "Routed", "In Flight", "Live", "Filled"]
        assert {one["type"] for one in notices} == {"Order", "CurrentPosition", "AccountBalance"}
        last = next(one for one in reversed(notices) if one["type"] == "Order")
        assert last["data"] == await got(client, f"{ORDERS}/{number}")
        balance = next(one["data"] for one in notices if one["type"] == "AccountBalance")
        assert balance == await got(client, f"{ACCOUNT}/balances/USD")


async def test_rule_of_an_order_is_shown_when_it_is_complete_and_not_before(run: Run) -> None:
    rules = {"route-after": "2026-11-19T15:40:00Z", "cancel-at": "2026-11-19T15:50:00Z"}
    async with run(start=OPEN, speed=0, as_of=None) as (_, client):
        number = (await sent(client, order(price="1.00", rules=rules)))["order"]["id"]
        await turned(client, to="2026-11-19T15:45:00Z")
        assert "order-rule" not in await got(client, f"{ORDERS}/{number}")
        await turned(client, to="2026-11-19T15:55:00Z")
        found = await got(client, f"{ORDERS}/{number}")
    assert found["status"] == "Cancelled"
    assert set(found["order-rule"]) == {
        "route-after",
        "routed-at",
        "cancel-at",
        "cancelled-at",
        "order-conditions",
    }
    times = [found["order-rule"][name] for name in ("route-after", "routed-at", "cancel-at", "cancelled-at")]
    assert times == sorted(times)
