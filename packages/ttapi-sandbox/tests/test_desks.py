# SPDX-License-Identifier: Apache-2.0
"""A margin and a cash account side by side: their rules, their books, and what is told of each."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ConfigurationError
from ttapi_sandbox import SandboxSettings
from ttapi_sandbox.application import Application

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
MARGIN, CASH = "5WT00001", "5WT00002"
BOTH: dict[str, Any] = {
    "accounts": ("margin", "cash"),
    "start": OPEN,
    "speed": 0,
    "as_of": None,
    "symbols": 5,
}


def market(symbol: str, quantity: int, action: str, kind: str = "Equity") -> dict[str, Any]:
    leg = {"instrument-type": kind, "symbol": symbol, "quantity": quantity, "action": action}
    return {"order-type": "Market", "time-in-force": "Day", "legs": [leg]}


async def data(client: Any, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def codes(client: Any, body: dict[str, Any], account: str = CASH) -> list[str]:
    answer = await client.post(f"/accounts/{account}/orders/dry-run", json=body)
    if answer.status_code == 201:
        return []
    error = answer.json()["error"]
    return [one["code"] for one in error.get("errors") or [error]]


async def option(client: Any, *, is_call: bool) -> str:
    (chain,) = (await data(client, "/option-chains/SPY/nested"))["items"]
    strikes = chain["expirations"][3]["strikes"]
    return str(strikes[len(strikes) // 2]["call" if is_call else "put"])


async def test_accounts_are_listed_with_their_kinds_and_stand_alone(run: Run) -> None:
    async with run(**BOTH) as (_, client):
        items = (await data(client, "/customers/me/accounts"))["items"]
        listed = [(one["account"]["account-number"], one["account"]["margin-or-cash"]) for one in items]
        assert listed == [(MARGIN, "Margin"), (CASH, "Cash")]
        status = await data(client, f"/accounts/{CASH}/trading-status")
        assert (status["is-futures-enabled"], status["short-calls-enabled"]) == (False, False)
        assert (await data(client, f"/accounts/{CASH}/positions"))["items"] == []
        balance = await data(client, f"/accounts/{CASH}/balances/USD")
        powers = {
            balance[name] for name in ("equity-buying-power", "cash-balance", "derivative-buying-power")
        }
        assert powers == {"25000.0"}
        assert (await client.get("/accounts/5WT00003/balances")).status_code == 403


async def test_cash_account_pays_in_full_and_sells_nothing_that_it_has_not(run: Run) -> None:
    async with run(**BOTH) as (_, client):
        call, put = [await option(client, is_call=is_call) for is_call in (True, False)]
        symbol = (await data(client, "/instruments/futures"))["items"][0]["symbol"]
        assert await codes(client, market("SPY", 1, "Sell to Open")) == ["short_sale_not_allowed"]
        assert await codes(client, market(symbol, 1, "Buy", "Future")) == ["futures_not_enabled"]
        write = market(call, 1, "Sell to Open", "Equity Option")
        assert await codes(client, write) == ["uncovered_call_not_allowed"]
        assert await codes(client, market(call, 1, "Sell to Open", "Equity Option"), MARGIN) in (
            [],
            ["margin_check_failed"],
        )
        secured = market(put, 1, "Sell to Open", "Equity Option")
        assert await codes(client, secured) == ["margin_check_failed"]  # its strike is beyond the cash
        price = Decimal((await data(client, "/market-data/by-type?equity=SPY"))["items"][0]["ask"])
        most = int(25_000 / price)
        assert await codes(client, market("SPY", most + 1, "Buy to Open")) == ["margin_check_failed"]
        assert await codes(client, market("SPY", most, "Buy to Open")) == []
        assert await codes(client, market("SPY", most + 1, "Buy to Open"), MARGIN) == []


async def test_call_that_shares_cover_may_be_written_once(run: Run) -> None:
    async with run(**BOTH | {"cash": Decimal(100_000)}) as (_, client):
        bought = await client.post(f"/accounts/{CASH}/orders", json=market("SPY", 100, "Buy to Open"))
        assert bought.status_code == 201
        await client.post("/_sandbox/clock", json={"advance": 60})
        write = market(await option(client, is_call=True), 1, "Sell to Open", "Equity Option")
        before = await data(client, f"/accounts/{CASH}/balances/USD")
        assert (await client.post(f"/accounts/{CASH}/orders", json=write)).status_code == 201
        await client.post("/_sandbox/clock", json={"advance": 60})
        after = await data(client, f"/accounts/{CASH}/balances/USD")
        assert Decimal(after["cash-balance"]) > Decimal(before["cash-balance"])
        assert await codes(client, write) == ["uncovered_call_not_allowed"]
        for balance in (before, after):
            owed = Decimal(balance["short-derivative-value"])
            assert Decimal(balance["derivative-buying-power"]) == Decimal(balance["cash-balance"]) - owed


@pytest.mark.parametrize("seed", range(3))
async def test_books_of_both_conserve_to_the_cent(run: Run, seed: int) -> None:
    """Random trades on both in turns: each one's cash is what it began with and what its transactions say."""
    chance = random.Random(seed)
    async with run(**BOTH) as (sandbox, client):
        desks = sandbox.application.desks
        opening = {desk.account.number: desk.ledger.invested for desk in desks}
        for _ in range(60):
            account, symbol = chance.choice([MARGIN, CASH]), chance.choice(["AAPL", "SPY", "MSFT"])
            action = chance.choice(["Buy to Open", "Sell to Close", "Sell to Open", "Buy to Close"])
            body = market(symbol, chance.randrange(1, 9), action)
            answer = await client.post(f"/accounts/{account}/orders", json=body)
            assert answer.status_code in {201, 422}
            await client.post("/_sandbox/clock", json={"advance": chance.randrange(0, 300)})
        ids: list[int] = []
        for account in (MARGIN, CASH):
            ledger = desks.numbered(account).ledger
            rows = (await data(client, f"/accounts/{account}/transactions?per-page=250"))["items"]
            ids += [row["id"] for row in rows]
            net = [
                Decimal(row["net-value"]) * (-1 if row["net-value-effect"] == "Debit" else 1) for row in rows
            ]
            balance = await data(client, f"/accounts/{account}/balances/USD")
            assert len(rows) > 3
            assert {row["account-number"] for row in rows} == {account}
            assert Decimal(balance["cash-balance"]) == ledger.cash == 25_000 + sum(net)
            whole = ledger.cash + ledger.invested + ledger.fees - ledger.realized - ledger.income
            assert whole == 25_000 + opening[account]
            held = ledger.positions.values()
            assert account == MARGIN or all(one.quantity >= 0 for one in held)
        assert len(ids) == len(set(ids))


async def test_orders_of_both_are_found_together_and_have_ids_of_their_own(run: Run) -> None:
    limit = market("AAPL", 1, "Buy to Open") | {
        "order-type": "Limit",
        "price": "1.00",
        "price-effect": "Debit",
    }
    async with run(**BOTH) as (_, client):
        for account in (MARGIN, CASH, MARGIN):
            assert (await client.post(f"/accounts/{account}/orders", json=limit)).status_code == 201
            await client.post("/_sandbox/clock", json={"advance": 60})
        both = f"account-numbers[]={MARGIN}&account-numbers[]={CASH}"
        for path in ("orders", "orders/live"):
            found = (await data(client, f"/customers/me/{path}?{both}"))["items"]
            assert [one["account-number"] for one in found] == [MARGIN, CASH, MARGIN]
            assert len({one["id"] for one in found}) == 3
        (one,) = (await data(client, f"/accounts/{CASH}/orders/live"))["items"]
        assert (await client.get(f"/accounts/{MARGIN}/orders/{one['id']}")).status_code == 404
        foreign = await client.get("/customers/me/orders?account-numbers[]=5WT00003")
        assert foreign.status_code == 403


async def test_both_are_as_before_after_a_restart_and_only_with_the_same_kinds(
    run: Run, tmp_path: Path
) -> None:
    settings = BOTH | {"state_file": tmp_path / "state"}
    async with run(**settings) as (_, client):
        for account, symbol in ((MARGIN, "AAPL"), (CASH, "MSFT")):
            body = market(symbol, 3, "Buy to Open")
            assert (await client.post(f"/accounts/{account}/orders", json=body)).status_code == 201
        await client.post("/_sandbox/clock", json={"advance": 120})
        paths = [
            f"/accounts/{account}/{what}" for account in (MARGIN, CASH) for what in ("balances", "positions")
        ]
        before = [(await client.get(path)).content for path in paths]
    async with run(**settings) as (_, client):
        assert [(await client.get(path)).content for path in paths] == before
    for kinds in (("margin",), ("cash", "margin"), ("margin", "cash", "cash")):
        with pytest.raises(ConfigurationError, match="other accounts"):
            Application(SandboxSettings(**settings | {"accounts": kinds, "seed": 7}))


async def test_notices_of_an_account_go_to_those_who_asked_for_it(run: Run) -> None:
    async with run(**BOTH) as (sandbox, client):
        board = sandbox.application.notices
        margin, cash = board.subscribe([MARGIN]), board.subscribe([CASH])
        body = market("MSFT", 1, "Buy to Open")
        assert (await client.post(f"/accounts/{CASH}/orders", json=body)).status_code == 201
        assert margin.waiting == 0
        assert (await anext(cash))[1]["data"]["account-number"] == CASH


@pytest.mark.parametrize("kinds", [(), ("gold",), ("cash",) * 21])
def test_kinds_that_are_none_are_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SandboxSettings(accounts=kinds)
    assert caught.value.setting == "accounts"


def held(sandbox: Any) -> dict[str, Decimal]:
    positions = sandbox.application.desks.numbered(CASH).ledger.positions.values()
    return {one.instrument.symbol: one.quantity for one in positions if one.quantity}


async def place(client: Any, body: dict[str, Any], advance_s: int = 60) -> int:
    answer = await client.post(f"/accounts/{CASH}/orders", json=body)
    await client.post("/_sandbox/clock", json={"advance": advance_s})
    return int(answer.status_code)


@pytest.mark.parametrize("by_value", [False, True])
async def test_shares_of_a_cash_account_are_sold_once_though_two_orders_would_sell_them(
    run: Run, *, by_value: bool
) -> None:
    async with run(**BOTH | {"cash": Decimal(100_000)}) as (sandbox, client):
        assert await place(client, market("SPY", 10, "Buy to Open")) == 201
        quote = (await data(client, "/market-data/by-type?equity=SPY"))["items"][0]
        price = str(Decimal(quote["ask"]) + Decimal("0.05"))
        sell = market("SPY", 10, "Sell to Close")
        limit = sell | {"order-type": "Limit", "price": price, "price-effect": "Credit"}
        if by_value:
            leg = {key: value for key, value in sell["legs"][0].items() if key != "quantity"}
            more = {"order-type": "Notional Market", "value": "50000.0", "value-effect": "Credit"}
            assert await place(client, sell | more | {"legs": [leg]}) == 201
            assert held(sandbox) == {"SPY": 10}
            return
        for _ in range(2):
            assert await place(client, limit, 0) == 201
        for _ in range(50):
            await client.post("/_sandbox/clock", json={"advance": 300})
        assert held(sandbox) == {}
        orders = (await data(client, f"/accounts/{CASH}/orders/live"))["items"]
        assert sorted(one["status"] for one in orders) == ["Filled", "Filled", "Removed"]


async def test_shares_that_cover_a_call_are_not_sold(run: Run) -> None:
    async with run(**BOTH | {"cash": Decimal(100_000)}) as (_, client):
        assert await place(client, market("SPY", 110, "Buy to Open")) == 201
        write = market(await option(client, is_call=True), 1, "Sell to Open", "Equity Option")
        assert await place(client, write) == 201
        assert await codes(client, market("SPY", 11, "Sell to Close")) == ["uncovered_call_not_allowed"]
        assert await codes(client, market("SPY", 10, "Sell to Close")) == []


@pytest.mark.parametrize("is_call", [True, False])
async def test_exercise_that_a_cash_account_cannot_pay_or_deliver_is_settled_in_cash(
    run: Run, *, is_call: bool
) -> None:
    async with run(**BOTH) as (sandbox, client):
        (chain,) = (await data(client, "/option-chains/SPY/nested"))["items"]
        strikes = chain["expirations"][0]["strikes"]
        strike = strikes[2 if is_call else -3]["call" if is_call else "put"]
        assert await place(client, market(strike, 1, "Buy to Open", "Equity Option"), 10 * 86_400) == 201
        assert held(sandbox) == {}
        rows = (await data(client, f"/accounts/{CASH}/transactions"))["items"]
        assert "Cash Settled Exercise" in {row["transaction-sub-type"] for row in rows}
        assert sandbox.application.desks.numbered(CASH).ledger.cash > 0
