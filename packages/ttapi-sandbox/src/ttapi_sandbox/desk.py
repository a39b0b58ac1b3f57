# SPDX-License-Identifier: Apache-2.0
"""The trading desk of an account: the engine with its clock, its notices, and how all is shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import timestamp
from ttapi_sandbox.balances import balance_amounts
from ttapi_sandbox.engine import Books, Engine
from ttapi_sandbox.ledger import Instrument, Ledger, Position
from ttapi_sandbox.option_chains import ChainBook, Contract
from ttapi_sandbox.orders import effect, money, number, order_item, signed
from ttapi_sandbox.venue import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime

    from ttapi_sandbox.account_cards import AccountCard
    from ttapi_sandbox.engine import Change
    from ttapi_sandbox.market import Market
    from ttapi_sandbox.notices import NoticeBoard
    from ttapi_sandbox.orders import ComplexOrder
    from ttapi_sandbox.standing import Standing
    from ttapi_sandbox.venue import Touch, Venue

CURRENCY: Final = "USD"
_HELD: Final = (("SPY", 10), ("AAPL", 40))
_OPTIONS_HELD: Final = 2
_OPENED_SESSIONS_AGO: Final = 12


class Desk:
    """
    The engine of one account at the market's time.

    The books are opened at the instant at which the desk was made, but only when they are first asked for.

    Parameters
    ----------
    venue
        The market that orders are filled at.
    board
        Where changes are published.
    account
        Whose desk it is.
    cash
        What the account has at first.
    kept
        Books that were kept, or None.
    on_change
        Called after something was kept that a state file has to hold.
    """

    def __init__(
        self,
        venue: Venue,
        board: NoticeBoard,
        *,
        account: AccountCard,
        cash: Decimal,
        kept: Books | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.venue = venue
        self.account = account
        self._board = board
        self._cash = cash
        self._kept = kept
        self._on_change = on_change
        self._begun_at = venue.market.now()

    @property
    def market(self) -> Market:
        """The simulated market."""
        return self.venue.market

    @property
    def is_awake(self) -> bool:
        """Whether anything can change by itself: orders work, or somebody listens for what happens."""
        if self._board.subscriptions or self._kept is not None:
            return True
        return "engine" in self.__dict__ and self.engine.has_open_orders

    @cached_property
    def engine(self) -> Engine:
        """The engine."""
        books = self._kept if self._kept is not None else self._open_books()
        return Engine(self.venue, books)

    @property
    def ledger(self) -> Ledger:
        """The books of the account, up to now."""
        self.catch_up()
        return self.engine.books.ledger

    def today(self) -> date:
        """Return the date in New York."""
        return self.market.moment().today

    def catch_up(self) -> datetime:
        """Let the time pass that has passed, publish what changed, and return the time of the market."""
        now = self.market.now()
        self.engine.advance(now)
        self.publish()
        return now

    def settle(self) -> None:
        """Do what was asked for, once its answer is written; publish it and keep it."""
        self.engine.settle(self.market.now())
        self.publish()

    def publish(self) -> None:
        """Put up what changed since the last call."""
        changes = self.engine.take_changes()
        if not changes:
            return
        if self._board.subscriptions:
            for change in _telling(changes):
                data = self._notice(change.kind, change.what)
                if data is not None:
                    milliseconds = int(change.at.timestamp() * 1000)
                    notice = {"type": change.kind, "data": data, "timestamp": milliseconds}
                    self._board.publish(self.account.number, notice)
        self._on_change()

    def _notice(self, kind: str, what: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as the kind says
        if kind == "Order":
            return dict(what)
        if kind == "ComplexOrder":
            return self.complex_item(self.engine.complex_order(what))
        if kind == "AccountBalance":
            return self.balance_item()
        position = self.engine.books.ledger.positions.get(what)
        return None if position is None else next(iter(self.position_items([position], with_marks=False)))

    def complex_item(self, whole: ComplexOrder) -> dict[str, Any]:
        """Return a complex order as the wire has it."""
        engine = self.engine
        item: dict[str, Any] = {
            "id": whole.id,
            "account-number": whole.account_number,
            "type": whole.kind,
            "orders": [order_item(engine.order(one)) for one in whole.order_ids],
            "related-orders": [],
        }
        if whole.trigger_id is not None:
            item["trigger-order"] = order_item(engine.order(whole.trigger_id))
        if whole.terminal_at is not None:
            item["terminal-at"] = timestamp(whole.terminal_at)
        if whole.ratio_threshold is not None:
            item |= {
                "ratio-price-threshold": signed(whole.ratio_threshold),
                "ratio-price-comparator": whole.ratio_comparator,
                "ratio-price-is-threshold-based-on-notional": whole.ratio_is_notional,
            }
        return item

    def standing(self) -> Standing:
        """Return how the account stands now."""
        return self.engine.standing(self.market.now())

    def balance_item(self) -> dict[str, Any]:
        """Return the balance as the wire has it."""
        now = self.market.now()
        return {
            "account-number": self.account.number,
            "currency": CURRENCY,
            **balance_amounts(self.standing()),
            "pending-cash-effect": "None",
            "snapshot-date": self.today().isoformat(),
            "updated-at": timestamp(now),
        }

    def position_items(self, positions: Iterable[Position], *, with_marks: bool) -> list[dict[str, Any]]:
        """Return positions as the wire has them."""
        now, today = self.market.now(), self.today()
        pairs = [
            (one, tradable)
            for one in positions
            if (tradable := self.venue.known(one.instrument.kind, one.instrument.symbol, now)) is not None
        ]
        touches = self.venue.touches([tradable for _, tradable in pairs], now)
        return [
            {
                "account-number": self.account.number,
                **_position_item(one, touches[one.instrument.symbol], today, with_marks=with_marks),
            }
            for one, _ in pairs
        ]

    def _open_books(self) -> Books:
        # Shares bought some sessions ago, and calls at the money of the second monthly expiration: always
        # listed, never about to end.
        begun, market = self._begun_at, self.market
        moment = market.moment_at(begun)
        card = self.account
        ledger = Ledger(card.number, self._cash, begun, series=card.place, in_cash=card.in_cash)
        if card.place:  # only the first account holds something at first
            return Books(ledger, begun)
        number_then = max(0, moment.number - _OPENED_SESSIONS_AGO)
        opened = market.days.sessions[number_then].open_at + timedelta(minutes=1)
        for symbol, quantity in _HELD:
            if symbol in market.by_symbol:
                price = exact(market.series(market.by_symbol[symbol]).close(number_then, moment.number))
                ledger.opening_position(
                    Instrument(symbol, "Equity", symbol, symbol), Decimal(quantity), price, opened
                )
        contract = self._calls()
        if contract is not None:
            tradable = self.venue.known("Equity Option", contract.symbol, begun)
            assert tradable is not None
            price = self.venue.touches([tradable], begun)[contract.symbol].previous
            ledger.opening_position(tradable.instrument, Decimal(_OPTIONS_HELD), price, opened)
        return Books(ledger, begun)

    def _calls(self) -> Contract | None:
        market = self.market
        listing = market.by_symbol.get("SPY")
        if listing is None:
            return None
        moment = market.moment_at(self._begun_at)
        root = market.roots(listing, moment)[0]
        expiration = [one for one in root.expirations if one.kind == "Regular"][1]
        strikes = ChainBook(market).strikes(listing, expiration, moment)
        return Contract(listing, root.symbol, expiration, True, strikes[len(strikes) // 2])


def _telling(changes: list[Change]) -> list[Change]:
    # Orders come as they were; the rest is shown as it is now, so that only the last notice of each tells.
    last = {(one.kind, one.what): index for index, one in enumerate(changes) if one.kind != "Order"}
    return [
        one for index, one in enumerate(changes) if one.kind == "Order" or last[one.kind, one.what] == index
    ]


def _position_item(position: Position, touch: Touch, today: date, *, with_marks: bool) -> dict[str, Any]:
    instrument, quantity = position.instrument, position.quantity
    realized = position.realized_on_day(today)
    average = signed(position.average_price)
    item = {
        "symbol": instrument.symbol,
        "instrument-type": instrument.kind,
        "underlying-symbol": instrument.underlying,
        "streamer-symbol": instrument.streamer_symbol,
        "quantity": number(abs(quantity)),
        "quantity-direction": "Long" if quantity > 0 else "Short" if quantity < 0 else "Zero",
        "close-price": signed(touch.previous),
        "average-open-price": average,
        "average-yearly-market-close-price": average,
        "average-daily-market-close-price": signed(touch.previous) if quantity else "0.0",
        "multiplier": number(instrument.multiplier),
        "cost-effect": "Credit" if quantity > 0 else "Debit" if quantity < 0 else "None",
        "is-suppressed": False,
        "is-frozen": False,
        "restricted-quantity": 0,
        "realized-day-gain": money(realized),
        "realized-day-gain-effect": effect(realized),
        "realized-day-gain-date": today.isoformat(),
        "realized-today": money(realized),
        "realized-today-effect": effect(realized),
        "realized-today-date": today.isoformat(),
        "created-at": timestamp(position.created_at),
        "updated-at": timestamp(position.updated_at),
    }
    if instrument.expires_at is not None:
        item["expires-at"] = timestamp(instrument.expires_at)
    if with_marks:
        value = touch.mark * abs(quantity) * instrument.multiplier
        item |= {"mark": signed(value), "mark-price": signed(touch.mark)}
    return item
