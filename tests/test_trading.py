# SPDX-License-Identifier: Apache-2.0
"""The client against the sandbox as a process: everything is read, orders live and end, answers get lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ttapi_client import TastytradeProvider, Watchlist, open_tastytrade
from ttapi_core import (
    BreakerPolicy,
    ComplexOrder,
    ComplexOrderType,
    LostAnswerPolicy,
    Order,
    OrderAction,
    OrderLeg,
    OrderStatus,
    OrderType,
    ParameterError,
    PlacedOrder,
    PriceEffect,
    RequestRefusedError,
    RetryPolicy,
    Symbol,
    TimeInForce,
)

ACCOUNT = "5WT00001"
FRIDAY = "2026-11-20T15:30"
DAY = date(2026, 11, 20)
STANDING = ("--symbols", "20", "--start", FRIDAY, "--speed", "0")
LOST = "kind=reset+drop+truncated+cut+empty+502+503,rate=0.5,path=*/orders,method=POST,seed=3"
SPY = Symbol.parse("SPY")


def opened(sandbox: Any) -> TastytradeProvider:
    return open_tastytrade(
        sandbox.url,
        sandbox.client_secret,
        sandbox.refresh_token,
        name="sandbox",
        simulated=True,
        retry=RetryPolicy(wait_initial_s=0.01, wait_max_s=0.05),
        breaker=BreakerPolicy(failures_max=1_000),
        lost_answers=LostAnswerPolicy(looks=2, wait_initial_s=0.01, wait_max_s=0.05, sends_max=20),
        seed=1,
    )


def order(action: OrderAction, price: str | None, quantity: int = 10, **changes: Any) -> Order:
    effect = PriceEffect.DEBIT if action.is_buy else PriceEffect.CREDIT
    terms: dict[str, Any] = {
        "account_number": ACCOUNT,
        "order_type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "legs": (OrderLeg(symbol=SPY, action=action, quantity=Decimal(quantity)),),
        "received_at": datetime(2026, 11, 20, 15, 30, tzinfo=UTC),
        "price": None if price is None else Decimal(price),
        "price_effect": None if price is None else effect,
    }
    return Order(**terms | changes)


async def every(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


async def settled(provider: TastytradeProvider, order_id: str | None, *wanted: OrderStatus) -> PlacedOrder:
    assert order_id is not None
    async with asyncio.timeout(20):
        while True:
            found = await provider.api.order(ACCOUNT, order_id)
            if found.status in wanted:
                return found
            await asyncio.sleep(0.02)


async def held(provider: TastytradeProvider) -> Decimal:
    positions = await provider.api.positions(ACCOUNT)
    return sum((p.signed_quantity for p in positions if p.symbol == SPY), start=Decimal(0))


@pytest.mark.slow
async def test_everything_is_read(start_sandbox: Callable[..., Any]) -> None:
    async with opened(start_sandbox(*STANDING)) as provider:
        api = provider.api
        assert (await api.accounts())[0].number == ACCOUNT == (await api.account(ACCOUNT)).number
        assert (await api.trading_status(ACCOUNT)).account_number == ACCOUNT
        assert (await api.balance(ACCOUNT)).cash_balance == (await api.balances(ACCOUNT))[0].cash_balance
        assert (await api.margin_requirements(ACCOUNT)).account_number == ACCOUNT
        read = [
            await api.customer(),
            await api.position_limit(ACCOUNT),
            await api.positions(ACCOUNT, include_marks=True),
            await every(api.balance_snapshots(ACCOUNT)),
            await api.net_liquidity_history(ACCOUNT, time_back="1d"),
            await api.effective_margin(ACCOUNT, "SPY"),
            await api.risk_free_rate(),
            await every(api.active_equities()),
            await api.nested_option_chain("SPY"),
            await api.compact_option_chain("SPY"),
            await every(api.futures()),
            await api.future_products(),
            await api.future_option_products(),
            await api.nested_future_option_chain("ES"),
            await api.cryptocurrencies(),
            await api.cryptocurrency("BTC/USD"),
            await api.quantity_precisions(),
            await api.warrants(),
            await api.currency_pairs(),
            await api.search_symbols("SP"),
            await api.quote("SPY"),
            await api.market_metrics(["SPY"]),
            await api.earnings_reports("AAPL", date(2025, 1, 1)),
            await api.sessions(DAY, DAY),
            await api.market_states(),
            await api.next_session("CME"),
            await api.holidays("CFE"),
            await api.public_watchlists(),
            await api.pairs_watchlists(),
        ]
        assert all(read)
        chain, options = await api.option_chain("SPY"), await api.future_option_chain("ES")
        assert (await api.equity_option(chain[0].symbol)).strike_price == chain[0].strike_price
        assert (await api.future_option(options[0].symbol)).underlying_symbol == options[0].underlying_symbol
        await api.create_watchlist(Watchlist(name="a/b"))
        assert [item.name for item in await api.watchlists()] == ["a/b"]
        await api.delete_watchlist("a/b")
        alert = await api.create_quote_alert("SPY", Decimal(900))
        assert alert.alert_external_id is not None
        await api.delete_quote_alert(alert.alert_external_id)
        assert await api.quote_alerts() == []


@pytest.mark.slow
async def test_order_is_tried_placed_replaced_cancelled_filled_and_read_back(
    start_sandbox: Callable[..., Any],
) -> None:
    async with opened(start_sandbox(*STANDING)) as provider:
        api = provider.api
        before, cash = await held(provider), (await api.balance(ACCOUNT)).cash_balance
        tried = await api.dry_run_order(order(OrderAction.BUY_TO_OPEN, "100.00"))
        assert (tried.order.id, await api.live_orders(ACCOUNT)) == (None, [])
        assert (await api.dry_run_margin(order(OrderAction.BUY_TO_OPEN, "100.00"))).account_number == ACCOUNT
        first = (await api.submit_order(order(OrderAction.BUY_TO_OPEN, "100.00"))).order
        assert first.id is not None
        replacement = order(OrderAction.BUY_TO_OPEN, "101.00")
        second = await api.replace_order(first.id, replacement)
        assert second.id is not None
        assert (second.replaces_order_id, second.price) == (first.id, Decimal(101))
        found = await api.find_order(ACCOUNT, str(replacement.id))
        assert found is not None
        assert found.id == second.id
        await api.cancel_order(ACCOUNT, second.id)
        await settled(provider, second.id, OrderStatus.CANCELLED)
        with pytest.raises(RequestRefusedError) as refused:
            await api.cancel_order(ACCOUNT, second.id)
        assert refused.value.peer_code == "cannot_update_order"

        bought = (await api.submit_order(order(OrderAction.BUY_TO_OPEN, None))).order
        filled = await settled(provider, bought.id, OrderStatus.FILLED)
        (leg,) = filled.legs
        assert (leg.filled_quantity, leg.remaining_quantity) == (10, 0)
        assert await held(provider) == before + 10
        trades = [item async for item in api.transactions(ACCOUNT) if item.order_id == bought.id]
        assert leg.average_fill_price is not None
        assert sum(trade.value for trade in trades) == -10 * leg.average_fill_price
        spent = sum(trade.net_value for trade in trades)
        assert (await api.balance(ACCOUNT)).cash_balance == cash + spent
        orders = [item.id async for item in api.orders(ACCOUNT, first=DAY, newest_first=False)]
        assert orders == [first.id, second.id, bought.id]


async def test_order_of_the_wrong_step_is_refused_before_it_is_sent(
    start_sandbox: Callable[..., Any],
) -> None:
    async with opened(start_sandbox(*STANDING)) as provider:
        with pytest.raises(ParameterError) as caught:
            await provider.api.submit_order(order(OrderAction.BUY_TO_OPEN, "100.005"))
        assert caught.value.parameter == "price"
        assert await provider.api.live_orders(ACCOUNT) == []


@pytest.mark.slow
async def test_bracket_is_placed_and_cancelled(start_sandbox: Callable[..., Any]) -> None:
    async with opened(start_sandbox(*STANDING)) as provider:
        api = provider.api
        closing = order(OrderAction.SELL_TO_CLOSE, "900.00")
        stop = order(
            OrderAction.SELL_TO_CLOSE, None, order_type=OrderType.STOP, stop_trigger=Decimal("50.00")
        )
        bracket = ComplexOrder(
            account_number=ACCOUNT,
            type=ComplexOrderType.OTOCO,
            trigger_order=order(OrderAction.BUY_TO_OPEN, "100.00"),
            orders=(closing, stop),
        )
        placed = (await api.submit_complex_order(bracket)).complex_order
        assert placed.id is not None
        assert len(placed.all_orders) == 3
        found = await api.find_complex_order(bracket)
        assert found is not None
        assert found.id == placed.id
        await api.cancel_complex_order(ACCOUNT, placed.id)
        for part in placed.all_orders:
            await settled(provider, part.id, OrderStatus.CANCELLED)
        assert [item.id async for item in api.complex_orders(ACCOUNT)] == [placed.id]


@pytest.mark.slow
async def test_orders_with_lost_answers_are_each_placed_once(start_sandbox: Callable[..., Any]) -> None:
    async with opened(start_sandbox(*STANDING, "--fault", LOST)) as provider:
        orders = [order(OrderAction.BUY_TO_OPEN, f"{cents / 100:.2f}", 1) for cents in range(10_000, 10_060)]
        placements = [await provider.api.submit_order(item) for item in orders]
        placed = await every(provider.api.orders(ACCOUNT, first=DAY))
        assert Counter(item.external_identifier for item in placed) == {str(item.id): 1 for item in orders}
        assert {answer.order.id for answer in placements} == {item.id for item in placed}
        assert any(answer.is_recovered for answer in placements)
