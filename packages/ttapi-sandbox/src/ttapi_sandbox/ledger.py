# SPDX-License-Identifier: Apache-2.0
"""
The books of an account: cash, lots, fees and transactions, in whole cents.

An amount is rounded once, when a trade is entered. Two equations hold exactly after every entry::

    cash = opening cash + sum of the net values of all transactions
    cash + cost of the open lots + fees - realized gains - income = opening cash + cost of the opening lots

Futures are the exception that both allow for: nothing is paid when one is opened, and the gain is paid when
it is closed, so their lots do not count into the cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from ttapi_sandbox.fees import NO_FEES, ZERO, Fees, cents

TRADE: Final = "Trade"
RECEIVE_DELIVER: Final = "Receive Deliver"
MONEY_MOVEMENT: Final = "Money Movement"
FRACTION_STEP: Final = Decimal("0.00001")
"""The smallest part of a share."""

SERIES_STEP: Final = 1_000_000
"""How far apart the ids of two accounts begin."""

_FIRST_TRANSACTION: Final = 880_001


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the books have to know of what is held."""

    symbol: str
    kind: str
    underlying: str
    streamer_symbol: str
    multiplier: Decimal = Decimal(1)
    expires_at: datetime | None = None

    @property
    def paid_at_close(self) -> bool:
        """Whether nothing is paid for it but the gain, when it is closed."""
        return self.kind == "Future"


@dataclass(slots=True)
class Lot:
    """A part of a position: its signed quantity, and what it cost, signed like it."""

    quantity: Decimal
    cost: Decimal
    opened_at: datetime
    transaction_id: int = 0


@dataclass(slots=True)
class Position:
    """What is held of an instrument; lots are all long or all short, the oldest first."""

    instrument: Instrument
    created_at: datetime
    updated_at: datetime
    lots: list[Lot] = field(default_factory=list)
    realized: Decimal = ZERO
    realized_on: date | None = None

    @property
    def quantity(self) -> Decimal:
        """Signed quantity."""
        return sum((lot.quantity for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        """What the open lots cost, signed like the quantity."""
        return sum((lot.cost for lot in self.lots), ZERO)

    @property
    def average_price(self) -> Decimal:
        """The average opening price of a unit; zero when nothing is held."""
        quantity = self.quantity
        if not quantity:
            return ZERO
        return (self.cost / quantity / self.instrument.multiplier).quantize(Decimal("0.0001"))

    def realized_on_day(self, day: date) -> Decimal:
        """Return the gain that was realized on a day, if that is the last day on which any was."""
        return self.realized if self.realized_on == day else ZERO


@dataclass(frozen=True, slots=True)
class Transaction:
    """One entry; ``value`` and ``net`` are signed by their effect on the cash."""

    id: int
    type: str
    sub_type: str
    description: str
    value: Decimal
    executed_at: datetime
    day: date
    fees: Fees = NO_FEES
    action: str | None = None
    instrument: Instrument | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    order_id: int | None = None
    fill_id: str | None = None

    @property
    def net(self) -> Decimal:
        """The value after fees."""
        return self.value - self.fees.total


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something was traded: the action, and the order and fill behind it, if any."""

    action: str
    fees: Fees = NO_FEES
    order_id: int | None = None
    fill_id: str | None = None
    type: str = TRADE
    sub_type: str | None = None


@dataclass(slots=True)
class Ledger:
    """
    The books themselves; times and days are arguments.

    ``series`` is the place of the account among all of them: ids begin so many millions later, so that no two
    accounts have one in common. ``in_cash`` accounts pay in full, see `ttapi_sandbox.margin`.
    """

    account_number: str
    cash: Decimal
    opened_at: datetime
    series: int = 0
    in_cash: bool = False
    positions: dict[str, Position] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    income: Decimal = ZERO

    def opening_position(
        self, instrument: Instrument, quantity: Decimal, price: Decimal, at: datetime
    ) -> None:
        """Put in a position that was there before the books were opened."""
        cost = cents(quantity * price * instrument.multiplier)
        self.positions[instrument.symbol] = Position(instrument, at, at, [Lot(quantity, cost, at)])

    def quantity(self, symbol: str) -> Decimal:
        """Return the signed quantity that is held of an instrument."""
        position = self.positions.get(symbol)
        return position.quantity if position is not None else ZERO

    @property
    def invested(self) -> Decimal:
        """What all open lots cost that were paid for, signed."""
        held = (one for one in self.positions.values() if not one.instrument.paid_at_close)
        return sum((one.cost for one in held), ZERO)

    def trade(
        self,
        instrument: Instrument,
        quantity: Decimal,
        *,
        price: Decimal,
        at: datetime,
        day: date,
        cause: Cause,
    ) -> Transaction:
        """
        Enter a fill (or a delivery) of a signed quantity at a price, and return its transaction.

        Lots of the other side are closed first, the oldest first; what is left opens a new one. The amount
        is rounded to the cent.
        """
        position = self.positions.get(instrument.symbol)
        if position is None:
            position = self.positions[instrument.symbol] = Position(instrument, at, at)
        number = self._next_id()
        amount = cents(quantity * price * instrument.multiplier)
        realized = self._match(position, quantity, amount, at=at, number=number)
        if position.realized_on != day:
            position.realized, position.realized_on = ZERO, day
        position.realized += realized
        position.updated_at = at
        self.realized += realized
        verb = "Bought" if quantity > 0 else "Sold"
        return self._enter(
            Transaction(
                number,
                cause.type,
                cause.sub_type or cause.action,
                f"{verb} {plain(abs(quantity))} {instrument.symbol} @ {plain(price, 2)}",
                realized if instrument.paid_at_close else -amount,
                at,
                day,
                cause.fees,
                cause.action,
                instrument,
                abs(quantity),
                price,
                cause.order_id,
                cause.fill_id,
            )
        )

    def _match(
        self, position: Position, quantity: Decimal, amount: Decimal, *, at: datetime, number: int
    ) -> Decimal:
        # Returns the gain. Parts of a lot and of the trade are taken in whole cents; what a part does not
        # take stays with the rest, so that nothing is lost.
        realized, left = ZERO, quantity
        while left and position.lots and (position.lots[0].quantity > 0) != (left > 0):
            lot = position.lots[0]
            closed = min(abs(left), abs(lot.quantity))
            cost = _part(lot.cost, closed, abs(lot.quantity))
            paid = _part(amount, closed, abs(left))
            realized -= paid + cost
            amount -= paid
            lot.cost -= cost
            lot.quantity -= closed.copy_sign(lot.quantity)
            left -= closed.copy_sign(left)
            if not lot.quantity:
                position.lots.pop(0)
        if left:
            position.lots.append(Lot(left, amount, at, number))
        return realized

    def remove(
        self, symbol: str, *, price: Decimal, at: datetime, day: date, sub_type: str
    ) -> Transaction | None:
        """Take a whole position off the books at a price: an expiration, an exercise; None without one."""
        quantity = self.quantity(symbol)
        if not quantity:
            return None
        return self.trade(
            self.positions[symbol].instrument,
            -quantity,
            price=price,
            at=at,
            day=day,
            cause=Cause(_closing(quantity), type=RECEIVE_DELIVER, sub_type=sub_type),
        )

    def pay(
        self, amount: Decimal, sub_type: str, description: str, *, at: datetime, day: date, symbol: str = ""
    ) -> Transaction:
        """Enter a movement of money, signed: a dividend, a transfer."""
        self.income += amount
        held = self.positions.get(symbol)
        instrument = held.instrument if held is not None else None
        return self._enter(
            Transaction(
                self._next_id(),
                MONEY_MOVEMENT,
                sub_type,
                description,
                amount,
                at,
                day,
                instrument=instrument,
            )
        )

    def split(
        self,
        symbol: str,
        ratio: Decimal,
        *,
        price: Decimal,
        at: datetime,
        day: date,
        renamed: Instrument | None = None,
    ) -> list[Transaction]:
        """
        Make ``ratio`` units of each one that is held; the cost stays.

        Parts of a whole share that come of it (of the smallest part of one, where parts were held) are sold
        at ``price``, the price after the split.
        """
        position = self.positions.get(symbol)
        if position is None or not position.quantity:
            return []
        before = position.quantity
        dust = ZERO
        for lot in position.lots:
            exact = lot.quantity * ratio
            lot.quantity = exact.quantize(FRACTION_STEP, ROUND_DOWN)
            dust += exact - lot.quantity
        position.lots[0].quantity += dust
        if renamed is not None:
            del self.positions[symbol]
            position.instrument = renamed
            self.positions[renamed.symbol] = position
        position.updated_at = at
        sub_type = "Forward Split" if ratio > 1 else "Reverse Split"
        words = f"{sub_type} of {symbol}: {plain(before)} to {plain(position.quantity)}"
        entries = [
            self._enter(
                Transaction(
                    self._next_id(),
                    RECEIVE_DELIVER,
                    sub_type,
                    words,
                    ZERO,
                    at,
                    day,
                    instrument=position.instrument,
                    quantity=abs(position.quantity),
                )
            )
        ]
        step = Decimal(1) if before == before.to_integral_value() else FRACTION_STEP
        part = position.quantity.copy_abs() % step
        if part:
            part = part.copy_sign(position.quantity)
            entries.append(
                self.trade(
                    position.instrument,
                    -part,
                    price=price,
                    at=at,
                    day=day,
                    cause=Cause(_closing(part), type=RECEIVE_DELIVER, sub_type="Cash in Lieu"),
                )
            )
        return entries

    def _enter(self, transaction: Transaction) -> Transaction:
        self.cash += transaction.net
        self.fees += transaction.fees.total
        self.transactions.append(transaction)
        return transaction

    def _next_id(self) -> int:
        return self.id_from(_FIRST_TRANSACTION, len(self.transactions))

    def id_from(self, first: int, count: int) -> int:
        """Return the id of what comes after ``count`` others, where the first of all has the id ``first``."""
        return first + self.series * SERIES_STEP + count

    def fees_on(self, day: date) -> Decimal:
        """Return the fees of a day."""
        return sum((one.fees.total for one in self.transactions if one.day == day), ZERO)

    def forget_closed(self) -> None:
        """Forget positions of which nothing is held: the night has come."""
        self.positions = {symbol: one for symbol, one in self.positions.items() if one.lots}


def _closing(quantity: Decimal) -> str:
    return "Sell to Close" if quantity > 0 else "Buy to Close"


def _part(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return amount if part == whole else cents(amount * part / whole)


def plain(amount: Decimal, places: int = 0) -> str:
    """Write a number without an exponent or needless zeros, with at least ``places`` decimals."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if places:
        whole, _, part = text.partition(".")
        text = f"{whole}.{part.ljust(places, '0')}"
    return text or "0"
