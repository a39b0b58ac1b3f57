# SPDX-License-Identifier: Apache-2.0
"""What can be traded, and what it is quoted at: the simulated market as orders see it, in decimals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.expirations import Expiration
from ttapi_sandbox.instruments import option_tick_sizes
from ttapi_sandbox.ledger import Instrument
from ttapi_sandbox.option_chains import SHARES, ChainBook, Contract, expires_at, occ_parts
from ttapi_sandbox.quotes import Quotation, listing_quote, option_quotes
from ttapi_sandbox.randomness import generator
from ttapi_sandbox.trading_days import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ttapi_core import Session
    from ttapi_sandbox.future_options import FutureOption, FutureOptionBook
    from ttapi_sandbox.futures import Future
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.universe import Listing

BEFORE_OPEN: Final = timedelta(minutes=75)
"""The extended session begins so long before the open."""

AFTER_CLOSE: Final = timedelta(hours=4)
"""The extended session ends so long after the close."""

DEPTH: Final = 5
"""Levels of the book on each side, a tick apart; each holds the size of the touch once more than the last."""

_EQUITY_TICKS: Final = ((Decimal(1), Decimal("0.0001")), (None, Decimal("0.01")))
_FRIDAY: Final = 4
_SUNDAY: Final = 6


class Touch(NamedTuple):
    """The best prices of an instrument, their sizes, the mark and the last price, and the close before."""

    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int
    mark: Decimal
    last: Decimal
    previous: Decimal


@dataclass(frozen=True, slots=True)
class Tradable:
    """An instrument with the rules for orders in it."""

    instrument: Instrument
    ticks: tuple[tuple[Decimal | None, Decimal], ...]
    listing: Listing
    underlying_kind: str = "Equity"
    fractional: bool = False
    contract: Contract | None = None
    future: Future | None = None
    future_option: FutureOption | None = None

    @property
    def is_index_option(self) -> bool:
        """Whether it is an option on an index."""
        return self.contract is not None and self.listing.is_index

    def tick(self, price: Decimal) -> Decimal:
        """Return the smallest step of a price."""
        for threshold, tick in self.ticks:
            if threshold is None or price < threshold:
                return tick
        return self.ticks[-1][1]

    def levels(self, touch: Touch, sign: int) -> list[tuple[Decimal, int]]:
        """Return the prices that a purchase (1) or a sale (-1) meets, the best first, with their sizes."""
        first, size = (touch.ask, touch.ask_size) if sign > 0 else (touch.bid, touch.bid_size)
        step = sign * self.tick(first)
        found = [(first + number * step, size * (number + 1)) for number in range(DEPTH)]
        return [(price, amount) for price, amount in found if price > 0 and amount > 0]


class Venue:
    """
    The market that orders are filled at.

    Parameters
    ----------
    market
        The simulated market.
    derivatives
        The listed futures and their options.
    """

    def __init__(self, market: Market, derivatives: FutureOptionBook) -> None:
        self._market = market
        self._derivatives = derivatives
        self._chains = ChainBook(market)
        self._kept: dict[tuple[str, str], Tradable] = {}
        self._second: datetime | None = None
        self._touches: dict[str, Touch] = {}

    @property
    def market(self) -> Market:
        """The simulated market."""
        return self._market

    def find(self, kind: str, symbol: str, now: datetime) -> Tradable | None:
        """Return what can be traded now under a symbol, or None."""
        found: Tradable | None = None
        if kind == "Equity":
            listing = self._market.by_symbol.get(symbol)
            found = _equity(listing) if listing is not None and not listing.is_index else None
        elif kind == "Equity Option":
            contract = self._chains.find_symbol(symbol, self._market.moment_at(now))
            if contract is not None and contract.symbol == symbol and expires_at(contract.expiration) > now:
                found = _option(contract)
        elif kind == "Future":
            future = self._derivatives.futures.find(symbol, self._market.moment_at(now).today)
            found = _future(future) if future is not None and future.symbol == symbol else None
        elif kind == "Future Option":
            option = self._derivatives.find(symbol, self._market.moment_at(now))
            found = _future_option(option) if option is not None else None
        if found is not None:
            self._kept[kind, symbol] = found
        return found

    def known(self, kind: str, symbol: str, now: datetime) -> Tradable | None:
        """Return what was tradable once, listed still or not: positions outlive the grid of strikes."""
        kept = self._kept.get((kind, symbol))
        if kept is not None:
            return kept
        found = self.find(kind, symbol, now)
        if found is None and kind == "Equity Option":
            contract = self._unlisted(symbol)
            found = None if contract is None else _option(contract)
            if found is not None:
                self._kept[kind, symbol] = found
        return found

    def _unlisted(self, symbol: str) -> Contract | None:
        parts = occ_parts(symbol)
        listing = None if parts is None else self._market.by_root.get(parts[0])
        if parts is None or listing is None:
            return None
        root, day_text, letter, strike = parts
        try:
            day = datetime.strptime(day_text, "%y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return None
        settlement = "AM" if listing.is_index and root == listing.symbol else "PM"
        return Contract(listing, root, Expiration(day, "Regular", settlement), letter == "C", strike)

    def touches(self, tradables: Sequence[Tradable], now: datetime) -> dict[str, Touch]:
        """Return the best prices of instruments, by symbol; a moment stands for its whole second."""
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second = second
            self._touches.clear()
        missing = [one for one in tradables if one.instrument.symbol not in self._touches]
        if missing:
            self._touches |= self._quoted(missing, second)
        return {one.instrument.symbol: self._touches[one.instrument.symbol] for one in tradables}

    def _quoted(self, tradables: Sequence[Tradable], now: datetime) -> dict[str, Touch]:
        moment = self._market.moment_at(now)
        found: dict[str, Touch] = {}
        options = [one.contract for one in tradables if one.contract is not None]
        for quote in option_quotes(self._market, options, moment):
            found[quote.contract.symbol] = _touch(
                quote.quotation, quote.mark, quote.mark, quote.previous_mark
            )
        for one in tradables:
            if one.future is not None:
                found[one.instrument.symbol] = self.future_touch(one.future, moment)
            elif one.future_option is not None:
                found[one.instrument.symbol] = self.future_option_touch(one.future_option, moment)
            elif one.contract is None:
                found[one.instrument.symbol] = self.listing_touch(one.listing, moment)
        return found

    def listing_touch(self, listing: Listing, moment: Moment) -> Touch:
        """Return the best prices of a name; those of an index are its last price, without sizes."""
        quote = listing_quote(self._market, listing, moment)
        last = quote.bar.close
        mark = quote.quotation.mid if quote.quotation else last
        return _touch(quote.quotation or Quotation(last, last, 0, 0), mark, last, quote.previous_close)

    def future_touch(self, future: Future, moment: Moment) -> Touch:
        """Return the best prices of a future: a tick apart."""
        price = self._derivatives.future_price(future, moment)
        previous = self._derivatives.previous_price(future, moment)
        return self._around(future.symbol, price, Decimal(future.product.tick), previous, moment=moment)

    def future_option_touch(self, option: FutureOption, moment: Moment) -> Touch:
        """Return the best prices of an option on a future: two ticks apart."""
        book = self._derivatives
        worth = book.option_price(option, book.future_price(option.future, moment), moment.now)
        before = book.option_price(option, book.previous_price(option.future, moment), moment.now)
        tick = _future_option(option).tick(worth)
        return self._around(option.symbol, worth, tick, before, moment=moment)

    def _around(
        self, symbol: str, price: Decimal, tick: Decimal, previous: Decimal, *, moment: Moment
    ) -> Touch:
        chance = generator(self._market.seed, symbol, "size", moment.number, int(moment.minute))
        bid, ask = max(Decimal(0), price - tick), price + tick
        return Touch(bid, ask, chance.randint(1, 80), chance.randint(1, 80), price, price, previous)

    def spot(self, tradable: Tradable, now: datetime) -> Decimal:
        """Return the last price of what a tradable stands on."""
        moment = self._market.moment_at(now)
        future = tradable.future or (tradable.future_option.future if tradable.future_option else None)
        if future is not None:
            return self._derivatives.future_price(future, moment)
        return exact(self._market.day_bar(tradable.listing, moment).close)

    def session_at(self, now: datetime) -> Session | None:
        """Return the session that runs, or the next one."""
        days = self._market.days
        number = days.opened_by(now)
        if number >= 0 and now < days.sessions[number].close_at:
            return days.sessions[number]
        return days.sessions[number + 1] if number + 1 < len(days) else None

    def is_open(self, now: datetime) -> bool:
        """Return whether the regular session runs."""
        number = self._market.days.opened_by(now)
        return number >= 0 and now < self._market.days.sessions[number].close_at

    def trades(self, time_in_force: str, now: datetime) -> bool:
        """Return whether orders of a time in force can be filled now."""
        if self.is_open(now):
            return True
        if "Overnight" in time_in_force and _is_overnight(now):
            return True
        return "Ext" in time_in_force and self.extended_at(now) is not None

    def extended_at(self, now: datetime) -> Session | None:
        """Return the session whose time before, itself, or time after runs now."""
        days = self._market.days
        number = days.opened_by(now)
        for index in (number, number + 1):
            if 0 <= index < len(days):
                session = days.sessions[index]
                if session.open_at - BEFORE_OPEN <= now < session.close_at + AFTER_CLOSE:
                    return session
        return None

    def end_of_day(self, time_in_force: str, now: datetime) -> datetime | None:
        """Return when an order for the day ends: with the session that it can work in, now or next."""
        extended = "Ext" in time_in_force
        session = self.extended_at(now) if extended else None
        session = session or self.session_at(now)
        if session is None:
            return None
        return session.close_at + AFTER_CLOSE if extended else session.close_at

    def sessions_between(self, first: datetime, last: datetime) -> Iterable[tuple[int, Session]]:
        """Yield number and session of all that touch a span of time, ascending."""
        days = self._market.days
        start = max(0, days.opened_by(first) - 1)
        for number in range(start, len(days)):
            session = days.sessions[number]
            if session.open_at > last + timedelta(days=1):
                return
            yield number, session


def _is_overnight(now: datetime) -> bool:
    # From Sunday evening to Friday evening, in New York.
    local = now.astimezone(NEW_YORK)
    if local.weekday() == _SUNDAY:
        return local.hour >= 20
    return local.weekday() < _FRIDAY or (local.weekday() == _FRIDAY and local.hour < 20)


def _equity(listing: Listing) -> Tradable:
    instrument = Instrument(listing.symbol, "Equity", listing.symbol, listing.symbol)
    return Tradable(instrument, _EQUITY_TICKS, listing, fractional=True)


def _option(contract: Contract) -> Tradable:
    listing = contract.listing
    instrument = Instrument(
        contract.symbol,
        "Equity Option",
        listing.symbol,
        contract.streamer_symbol,
        Decimal(SHARES),
        expires_at(contract.expiration),
    )
    return Tradable(instrument, _ticks(option_tick_sizes(listing)), listing, contract=contract)


def _future(future: Future) -> Tradable:
    product = future.product
    instrument = Instrument(
        future.symbol,
        "Future",
        future.symbol,
        future.streamer_symbol,
        Decimal(product.point),
        future.expires_at,
    )
    ticks = ((None, Decimal(product.tick)),)
    return Tradable(instrument, ticks, product.listing, underlying_kind="Future", future=future)


def _future_option(option: FutureOption) -> Tradable:
    from ttapi_sandbox.futures import option_ticks  # noqa: PLC0415 - most sandboxes never trade one

    product = option.future.product
    instrument = Instrument(
        option.symbol,
        "Future Option",
        option.future.symbol,
        option.streamer_symbol,
        Decimal(product.point),
        option.future.expires_at,
    )
    ticks = _ticks(option_ticks(product))
    return Tradable(instrument, ticks, product.listing, underlying_kind="Future", future_option=option)


def _ticks(rows: list[dict[str, str]]) -> tuple[tuple[Decimal | None, Decimal], ...]:
    return tuple(
        (Decimal(row["threshold"]) if "threshold" in row else None, Decimal(row["value"])) for row in rows
    )


def _touch(quotation: Quotation, mark: float, last: float, previous: float) -> Touch:
    return Touch(
        exact(quotation.bid),
        exact(quotation.ask),
        quotation.bid_size,
        quotation.ask_size,
        exact(mark),
        exact(last),
        exact(previous),
    )


def exact(price: float) -> Decimal:
    """Return a price of the market as a decimal of at most four places."""
    assert math.isfinite(price)
    return Decimal(str(round(price, 4)))
