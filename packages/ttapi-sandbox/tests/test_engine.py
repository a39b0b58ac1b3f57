# SPDX-License-Identifier: Apache-2.0
"""The order engine without a server: values in, changes out, time as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox.answers import RefusalError
from ttapi_sandbox.engine import Books, Engine
from ttapi_sandbox.future_options import FutureOptionBook
from ttapi_sandbox.futures import FutureBook
from ttapi_sandbox.ledger import Ledger
from ttapi_sandbox.market import Market
from ttapi_sandbox.order_states import FINAL, TRANSITIONS, Status
from ttapi_sandbox.orders import Order
from ttapi_sandbox.tickets import read_edit, read_ticket
from ttapi_sandbox.venue import Venue

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
CASH = Decimal(100_000_000)


@pytest.fixture(scope="module")
def venue() -> Venue:
    market = Market(seed=7, symbols=60, clock=ManualClock(OPEN))
    return Venue(market, FutureOptionBook(market, FutureBook(market)))


def engine_at(venue: Venue, at: datetime = OPEN) -> Engine:
    return Engine(venue, Books(Ledger("5WT00001", CASH, at), at))


def body(symbol: str, quantity: int, action: str, **changes: Any) -> dict[str, Any]:
    kind = changes.pop("kind", "Equity")
    leg = {"instrument-type": kind, "symbol": symbol, "quantity": quantity, "action": action}
    found = {"order-type": "Market", "time-in-force": "Day", "legs": [leg], **changes}
    return {name.replace("_", "-"): value for name, value in found.items()}


def limit(symbol: str, quantity: int, action: str, price: Decimal | str, **changes: Any) -> dict[str, Any]:
    effect = "Debit" if action.startswith("Buy") else "Credit"
    return body(
        symbol, quantity, action, order_type="Limit", price=str(price), price_effect=effect, **changes
    )


def placed(engine: Engine, fields: dict[str, Any], now: datetime) -> Order:
    order, _ = engine.preflight(read_ticket(fields), now)
    engine.submit(order, now)
    engine.settle(now)
    return order


def check(engine: Engine) -> None:
    books = engine.books.ledger
    assert books.cash == CASH + sum((one.net for one in books.transactions), Decimal(0))
    assert books.cash + books.invested + books.fees - books.realized - books.income == CASH
    filled = Decimal(0)
    for order in engine.books.orders.values():
        for leg in order.legs:
            done = sum((fill.quantity for fill in leg.fills), Decimal(0))
            assert leg.quantity is not None
            assert done + (leg.remaining or 0) == leg.quantity
            assert (order.status is Status.FILLED) == (not leg.remaining)
            filled += leg.sign * done
    assert filled == sum((one.quantity for one in books.positions.values()), Decimal(0))


def test_random_orders_cancels_and_replacements_conserve_and_walk_the_table(venue: Venue) -> None:
    chance = Random(11)
    engine, now = engine_at(venue), OPEN
    refused = 0
    for _ in range(600):
        symbol = chance.choice(["SPY", "AAPL", "QQQ", "MSFT"])
        last = venue.touches([venue.find("Equity", symbol, now)], now)[symbol].last
        price = (last * Decimal(str(chance.uniform(0.998, 1.002)))).quantize(Decimal("0.01"))
        action = chance.choice(["Buy to Open", "Sell to Close"])
        draw = chance.random()
        try:
            if draw < 0.6:
                fields = limit(
                    symbol,
                    chance.randint(1, 9000),
                    action,
                    price,
                    time_in_force=chance.choice(["Day", "GTC"]),
                )
                placed(engine, fields, now)
            elif draw < 0.8 and engine.books.orders:
                engine.request_cancel(chance.choice(list(engine.books.orders)), now)
                engine.settle(now)
            elif engine.books.orders:
                old = engine.check_replaceable(chance.choice(list(engine.books.orders)))
                ticket = read_edit({"price": str(price)}, old.ticket, old.legs_left())
                order, _ = engine.preflight(ticket, now, without=old.id)
                engine.replace(old, order, now)
                engine.settle(now)
        except RefusalError:
            refused += 1
        now += timedelta(seconds=chance.choice([1, 20, 90]))
        engine.advance(now)
        check(engine)
    engine.advance(now + timedelta(days=3))
    check(engine)
    assert refused < 500
    seen: dict[int, str] = {}
    for change in engine.take_changes():
        if change.kind == "Order":
            number, status = change.what["id"], change.what["status"]
            before = seen.get(number)
            assert before is None or status in {
                after for (begin, _), after in TRANSITIONS.items() if begin == before
            }
            seen[number] = status
    kinds = {one.status for one in engine.books.orders.values()}
    assert {Status.FILLED, Status.CANCELLED} <= kinds


def test_it_makes_no_difference_how_time_is_cut(venue: Venue) -> None:
    def fills(step: timedelta) -> list[tuple[datetime, Decimal, Decimal]]:
        engine, now = engine_at(venue), OPEN
        touch = venue.touches([venue.find("Equity", "SPY", now)], now)["SPY"]
        order = placed(engine, limit("SPY", 1500, "Buy to Open", touch.bid), now)
        while now < OPEN + timedelta(hours=2):
            now += step
            engine.advance(now)
        return [(fill.at, fill.quantity, fill.price) for fill in order.legs[0].fills]

    whole = fills(timedelta(hours=2))
    assert len(whole) >= 1
    assert fills(timedelta(minutes=1)) == whole


def test_two_orders_do_not_take_the_same_liquidity(venue: Venue) -> None:
    engine = engine_at(venue)
    touch = venue.touches([venue.find("Equity", "SPY", OPEN)], OPEN)["SPY"]
    fields = limit("SPY", touch.ask_size, "Buy to Open", touch.ask, time_in_force="IOC")
    first, second = placed(engine, fields, OPEN), placed(engine, fields, OPEN)
    assert (first.status, second.status, second.has_fills) == (Status.FILLED, Status.CANCELLED, False)


def test_order_with_times_is_routed_after_one_and_cancelled_at_the_other(venue: Venue) -> None:
    engine = engine_at(venue)
    rules = {"route-after": "2026-11-19T16:00:00Z", "cancel-at": "2026-11-19T17:00:00Z"}
    order = placed(engine, limit("SPY", 1, "Buy to Open", "1.00", rules=rules), OPEN)
    seen = []
    for at in ("15:59", "16:00", "16:59", "17:00"):
        engine.advance(datetime.fromisoformat(f"2026-11-19T{at}:00+00:00"))
        seen.append(str(order.status))
    assert seen == ["Received", "Live", "Live", "Cancelled"]


def test_order_waits_for_the_price_of_another_name(venue: Venue) -> None:
    engine = engine_at(venue)
    met = {
        "action": "route",
        "instrument-type": "Equity",
        "symbol": "AAPL",
        "comparator": "gte",
        "threshold": "1",
    }
    reached = placed(engine, body("SPY", 1, "Buy to Open", rules={"conditions": [met]}), OPEN)
    never = placed(
        engine, body("SPY", 1, "Buy to Open", rules={"conditions": [met | {"threshold": "9999"}]}), OPEN
    )
    ended = placed(
        engine,
        limit("SPY", 1, "Buy to Open", "1.00", rules={"conditions": [met | {"action": "cancel"}]}),
        OPEN,
    )
    engine.advance(OPEN + timedelta(minutes=1))
    assert [one.status for one in (reached, never, ended)] == [
        Status.FILLED,
        Status.RECEIVED,
        Status.CANCELLED,
    ]


def test_strict_closing_order_is_removed_when_its_position_is_gone(venue: Venue) -> None:
    engine = engine_at(venue)
    placed(engine, body("SPY", 10, "Buy to Open"), OPEN)
    strict = {"strict-position-effect-validation": True}
    waiting = [
        placed(engine, limit("SPY", 10, "Sell to Close", "9999.00", advanced_instructions=changes), OPEN)
        for changes in (strict, {})
    ]
    placed(engine, body("SPY", 10, "Sell to Close"), OPEN)
    engine.advance(OPEN + timedelta(minutes=1))
    assert [one.status for one in waiting] == [Status.REMOVED, Status.LIVE]


def test_options_beyond_the_grid_are_still_known(venue: Venue) -> None:
    tradable = venue.known("Equity Option", "SPY   261218C00001000", OPEN)
    assert tradable is not None
    assert venue.find("Equity Option", "SPY   261218C00001000", OPEN) is None
    assert venue.known("Equity Option", "NOPE  261218C00001000", OPEN) is None


def next_split(venue: Venue, *, forward: bool) -> tuple[str, int, Decimal]:
    market = venue.market
    today = market.days.opened_by(OPEN)
    for listing in market.listings:
        for number, ratio in market.series(listing).splits:
            if today < number < len(market.days) - 40 and (ratio > 1) == forward:
                return listing.symbol, number, Decimal(str(ratio))
    pytest.skip("no such split lies ahead")


@pytest.fixture(scope="module")
def wide_venue() -> Venue:
    market = Market(seed=3, symbols=507, clock=ManualClock(OPEN))
    return Venue(market, FutureOptionBook(market, FutureBook(market)))


def test_split_changes_shares_and_options_and_not_what_they_are_worth(wide_venue: Venue) -> None:
    venue = wide_venue
    symbol, number, ratio = next_split(venue, forward=True)
    session, before = venue.market.days.sessions[number], venue.market.days.sessions[number - 1]
    now = before.close_at - timedelta(minutes=30)
    engine = engine_at(venue, now)
    listing = venue.market.by_symbol[symbol]
    moment = venue.market.moment_at(now)
    expiration = next(
        one for one in venue.market.roots(listing, moment)[0].expirations if one.day > session.date
    )
    strike = venue._chains.strikes(listing, expiration, moment)[2]
    option = f"{listing.option_root:<6}{expiration.day:%y%m%d}C{round(strike * 1000):08d}"
    placed(engine, body(symbol, 7, "Buy to Open"), now)
    placed(engine, body(option, 1, "Buy to Open", kind="Equity Option"), now)
    resting = placed(engine, limit(symbol, 1, "Buy to Open", "1.00", time_in_force="GTC"), now)
    ledger = engine.books.ledger
    cost = ledger.invested
    engine.advance(session.open_at)
    assert ledger.quantity(symbol) == 7 * ratio
    renamed = next(one for one in ledger.positions.values() if one.instrument.kind == "Equity Option")
    assert renamed.quantity == ratio
    assert renamed.instrument.symbol != option
    assert ledger.invested == cost
    assert resting.status is Status.CANCELLED
    assert {one.sub_type for one in ledger.transactions} >= {"Forward Split"}


def test_reverse_split_pays_out_options_and_parts_of_shares(wide_venue: Venue) -> None:
    venue = wide_venue
    symbol, number, ratio = next_split(venue, forward=False)
    session, before = venue.market.days.sessions[number], venue.market.days.sessions[number - 1]
    now = before.close_at - timedelta(minutes=30)
    engine = engine_at(venue, now)
    placed(engine, body(symbol, 13, "Buy to Open"), now)
    engine.advance(session.open_at)
    ledger = engine.books.ledger
    assert ledger.quantity(symbol) == 1
    assert ratio == Decimal("0.1")
    assert ledger.transactions[-1].sub_type == "Cash in Lieu"
    assert ledger.cash + ledger.invested + ledger.fees - ledger.realized - ledger.income == CASH


def test_dividend_is_paid_on_its_day(venue: Venue) -> None:
    market = venue.market
    spy = market.by_symbol["SPY"]
    today = market.days.opened_by(OPEN)
    number = next(one for one in market.series(spy).ex_dividend_numbers if one > today)
    engine = engine_at(venue)
    placed(engine, body("SPY", 100, "Buy to Open"), OPEN)
    engine.advance(market.days.sessions[number].open_at + timedelta(minutes=1))
    paid = [one for one in engine.books.ledger.transactions if one.sub_type == "Dividend"]
    assert [one.day for one in paid] == [market.days.dates[number]]
    day, amount = market.dividends(spy, market.moment_at(market.days.sessions[number].open_at))[-1]
    assert (paid[0].net, day) == (100 * Decimal(str(amount)), paid[0].day)
    # A balance is kept at every opening and every close in between.
    assert len(engine.books.snapshots) == 2 * (number - today)
    check_income = engine.books.ledger
    assert check_income.income == paid[0].net


def test_future_is_settled_in_cash_at_its_end(venue: Venue) -> None:
    engine = engine_at(venue)
    placed(engine, body("/MESZ6", 1, "Buy", kind="Future"), OPEN)
    engine.advance(datetime(2026, 12, 18, 15, tzinfo=UTC))
    ledger = engine.books.ledger
    assert ledger.quantity("/MESZ6") == 0
    assert ledger.transactions[-1].sub_type == "Cash Settlement"
    assert ledger.cash == CASH + ledger.realized - ledger.fees


def test_final_orders_are_left_alone(venue: Venue) -> None:
    engine = engine_at(venue)
    order = placed(engine, body("SPY", 1, "Buy to Open"), OPEN)
    shown = engine.take_changes()
    engine.advance(OPEN + timedelta(days=1))
    assert order.status in FINAL
    assert not [one for one in engine.take_changes() if one.kind == "Order"]
    assert shown[0].what["status"] == "Received"
    assert date(2026, 11, 19) == engine.books.ledger.transactions[0].day
