# SPDX-License-Identifier: Apache-2.0
"""What openings, closes and expirations do to the books: splits, dividends, exercises, snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.balances import balance_amounts
from ttapi_sandbox.fees import ZERO, cents
from ttapi_sandbox.ledger import RECEIVE_DELIVER, Cause
from ttapi_sandbox.standing import standing_of
from ttapi_sandbox.venue import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.ledger import Ledger, Position
    from ttapi_sandbox.option_chains import Contract
    from ttapi_sandbox.universe import Listing
    from ttapi_sandbox.venue import Tradable, Venue

    Announce = Callable[[str, str | None, datetime], None]

BEGIN_OF_DAY: Final = "BOD"
END_OF_DAY: Final = "EOD"
_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The balance at an opening or a close, as the wire has its amounts."""

    day: date
    time_of_day: str
    at: datetime
    amounts: dict[str, str]


class Nightly:
    """
    What happens by itself.

    Parameters
    ----------
    venue
        The market.
    ledger
        The books that are written to.
    snapshots
        Where snapshots are added to.
    """

    def __init__(self, venue: Venue, ledger: Ledger, snapshots: list[Snapshot]) -> None:
        self._venue = venue
        self._ledger = ledger
        self._snapshots = snapshots
        self._split_symbols: list[str] = []

    def take_split_symbols(self) -> list[str]:
        """Return the names that were split since the last call."""
        found, self._split_symbols = self._split_symbols, []
        return found

    def pass_by(self, instant: datetime, announce: Announce) -> None:
        """Do what is due at an instant; nothing, at most of them."""
        days = self._venue.market.days
        number = days.opened_by(instant)
        if number < 0:
            return
        session = days.sessions[number]
        if instant == session.open_at:
            self._ledger.forget_closed()
            self._corporate_actions(number, instant, announce)
            self._take_snapshot(BEGIN_OF_DAY, instant)
        self._settle(instant, announce)
        if instant == session.close_at:
            self._take_snapshot(END_OF_DAY, instant)

    def _take_snapshot(self, time_of_day: str, at: datetime) -> None:
        standing = standing_of(self._ledger, self._venue, at)
        day = self._venue.market.moment_at(at).today
        self._snapshots.append(Snapshot(day, time_of_day, at, balance_amounts(standing)))

    def _corporate_actions(self, number: int, at: datetime, announce: Announce) -> None:
        market = self._venue.market
        day = market.moment_at(at).today
        for listing in market.listings:
            split = next((one.ratio for one in market.series(listing).splits if one.number == number), None)
            if split is not None:
                self._split_symbols.append(listing.symbol)
                self._split(listing, Decimal(str(split)), at, day, announce)
        for symbol in [one for one, position in self._ledger.positions.items() if position.lots]:
            listed = market.by_symbol.get(symbol)
            if listed is not None and number in market.series(listed).ex_dividend_numbers:
                self._pay_dividend(listed, at, day, announce)

    def _pay_dividend(self, listing: Listing, at: datetime, day: date, announce: Announce) -> None:
        _, amount = self._venue.market.dividends(listing, self._venue.market.moment_at(at))[-1]
        paid = cents(exact(amount) * self._ledger.quantity(listing.symbol))
        if paid:
            words = f"SIMULATED dividend of {listing.symbol}"
            self._ledger.pay(paid, "Dividend", words, at=at, day=day, symbol=listing.symbol)
            announce("AccountBalance", None, at)

    def _split(self, listing: Listing, ratio: Decimal, at: datetime, day: date, announce: Announce) -> None:
        market = self._venue.market
        price = exact(market.previous_close(listing, market.moment_at(at)))
        for symbol, position in list(self._ledger.positions.items()):
            if position.instrument.underlying != listing.symbol or not position.lots:
                continue
            if position.instrument.kind == "Equity":
                self._ledger.split(symbol, ratio, price=price, at=at, day=day)
            elif ratio >= 1:
                self._split_option(position, ratio, at, day)
            else:
                self._pay_out(position, at, day)
            announce("CurrentPosition", symbol, at)
            announce("AccountBalance", None, at)

    def _split_option(self, position: Position, ratio: Decimal, at: datetime, day: date) -> None:
        # More contracts with lower strikes, as the clearing house does it for whole ratios.
        instrument = position.instrument
        tradable = self._venue.known(instrument.kind, instrument.symbol, at)
        assert tradable is not None
        assert tradable.contract is not None
        strike = round(tradable.contract.strike / float(ratio), 3)
        symbol = tradable.contract._replace(strike=strike).symbol
        renamed = self._venue.known(instrument.kind, symbol, at)
        assert renamed is not None
        self._ledger.split(instrument.symbol, ratio, price=ZERO, at=at, day=day, renamed=renamed.instrument)

    def _pay_out(self, position: Position, at: datetime, day: date) -> None:
        # Contracts on a tenth of a share are not listed here: they are paid out at what they were worth.
        instrument = position.instrument
        tradable = self._venue.known(instrument.kind, instrument.symbol, at)
        assert tradable is not None
        before = at - _MOMENT
        mark = self._venue.touches([tradable], before)[instrument.symbol].mark
        self._ledger.remove(instrument.symbol, price=mark, at=at, day=day, sub_type="Cash Settlement")

    def _settle(self, at: datetime, announce: Announce) -> None:
        for symbol, position in list(self._ledger.positions.items()):
            end = position.instrument.expires_at
            if end is None or end > at or not position.lots:
                continue
            tradable = self._venue.known(position.instrument.kind, symbol, at)
            if tradable is not None:
                delivered = self._expire(position, tradable, at)
                for changed in (symbol, *delivered):
                    announce("CurrentPosition", changed, at)
                announce("AccountBalance", None, at)

    def _expire(self, position: Position, tradable: Tradable, at: datetime) -> list[str]:
        day = self._venue.market.moment_at(at).today
        symbol, quantity = position.instrument.symbol, position.quantity
        spot = self._venue.spot(tradable, at)
        if tradable.future is not None:
            self._ledger.remove(symbol, price=spot, at=at, day=day, sub_type="Cash Settlement")
            return []
        worth = _intrinsic(tradable, spot)
        if not worth:
            self._ledger.remove(symbol, price=ZERO, at=at, day=day, sub_type="Expiration")
            return []
        verb = "Exercise" if quantity > 0 else "Assignment"
        contract = tradable.contract
        if contract is None or contract.listing.is_index or not self._can_deliver(position, contract):
            self._ledger.remove(symbol, price=worth, at=at, day=day, sub_type=f"Cash Settled {verb}")
            return []
        self._ledger.remove(symbol, price=ZERO, at=at, day=day, sub_type=verb)
        shares = self._venue.find("Equity", contract.listing.symbol, at)
        assert shares is not None
        delivered = quantity * position.instrument.multiplier * (1 if contract.is_call else -1)
        self._ledger.trade(
            shares.instrument,
            delivered,
            price=Decimal(str(contract.strike)),
            at=at,
            day=day,
            cause=Cause("Buy to Open" if delivered > 0 else "Sell to Close", type=RECEIVE_DELIVER),
        )
        return [shares.instrument.symbol]

    def _can_deliver(self, position: Position, contract: Contract) -> bool:
        # An account that pays in full exercises what it can; the rest is sold for it at the end.
        if not self._ledger.in_cash or position.quantity < 0:
            return True
        shares = position.quantity * position.instrument.multiplier
        if contract.is_call:
            return self._ledger.cash >= shares * Decimal(str(contract.strike))
        return self._ledger.quantity(contract.listing.symbol) >= shares


def _intrinsic(tradable: Tradable, spot: Decimal) -> Decimal:
    option = tradable.contract or tradable.future_option
    assert option is not None
    strike = Decimal(str(option.strike))
    return max(ZERO, spot - strike if option.is_call else strike - spot)
