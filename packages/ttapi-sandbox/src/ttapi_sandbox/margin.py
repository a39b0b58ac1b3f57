# SPDX-License-Identifier: Apache-2.0
"""
What must be kept for what is held: the rules of a margin and of a cash account, in a simple form.

========================  ======================================================================
shares, long or short     half of their value to open them, 30 % of it to keep them
long options              their whole value
short options             a fifth of the underlying less what they are out of the money (at least a
                          tenth), unless a long one or shares cover them
spreads                   the most that can be lost on them
futures                   what the table of products says
========================  ======================================================================

In a cash account everything is paid in full: shares and long options their value, short puts their strike
(less what the put is worth, which is owed already), short calls the shares to deliver where they are not
held. Nothing offsets anything else.

Buying power is the net liquidating value less the requirement to open all that is held.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.fees import ZERO, cents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_sandbox.venue import Tradable

INITIAL: Final = Decimal("0.5")
MAINTENANCE: Final = Decimal("0.3")
_NAKED: Final = Decimal("0.2")
_NAKED_LEAST: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Holding:
    """A position at its mark: signed quantity, the price of one, and the price of its underlying."""

    tradable: Tradable
    quantity: Decimal
    mark: Decimal
    spot: Decimal
    gain: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """What it is worth, signed; a future is worth the gain since it was opened."""
        if self.tradable.instrument.paid_at_close:
            return self.gain
        return self.quantity * self.mark * self.tradable.instrument.multiplier


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be kept for an underlying, or for all of them together."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO
    futures: Decimal = ZERO

    def __add__(self, other: Requirement) -> Requirement:
        return Requirement(
            self.initial + other.initial,
            self.maintenance + other.maintenance,
            self.futures + other.futures,
        )


def requirements(holdings: Iterable[Holding], *, in_cash: bool = False) -> dict[str, Requirement]:
    """Return what must be kept, by underlying; ``in_cash`` of a cash account."""
    groups: dict[str, list[Holding]] = defaultdict(list)
    for holding in holdings:
        if holding.quantity:
            groups[holding.tradable.instrument.underlying].append(holding)
    rules = _group_in_cash if in_cash else _group
    return {underlying: rules(held) for underlying, held in groups.items()}


def total(found: Iterable[Requirement]) -> Requirement:
    """Return what must be kept for all of them."""
    return sum(found, Requirement())


def _group_in_cash(held: list[Holding]) -> Requirement:
    amount = ZERO
    shares = sum((one.quantity for one in held if one.tradable.contract is None), ZERO)
    cover = max(ZERO, shares // 100)
    for one in held:
        multiplier = one.tradable.instrument.multiplier
        if one.quantity > 0 or one.tradable.contract is None:
            amount += abs(one.value)
        elif one.tradable.contract.is_call:
            covered = min(cover, -one.quantity)
            cover -= covered
            amount += (-one.quantity - covered) * one.spot * multiplier
        else:
            amount += -one.quantity * max(ZERO, _strike(one) - one.mark) * multiplier
    return Requirement(cents(amount), ZERO)


def _group(held: list[Holding]) -> Requirement:
    found = Requirement()
    shares = ZERO
    options: list[Holding] = []
    for holding in held:
        if holding.tradable.contract is not None:
            options.append(holding)
        elif holding.tradable.future is not None:
            amount = abs(holding.quantity) * Decimal(holding.tradable.future.product.margin)
            found += Requirement(amount, amount, amount)
        elif holding.tradable.future_option is not None:
            found += _future_option(holding)
        else:
            shares += holding.quantity
            value = abs(holding.value)
            found += Requirement(cents(value * INITIAL), cents(value * MAINTENANCE))
    for is_call in (True, False):
        chosen = [one for one in options if _contract_is_call(one) == is_call]
        amount = cents(_options(chosen, is_call=is_call, shares=shares))
        found += Requirement(amount, amount)
    return found


def _future_option(holding: Holding) -> Requirement:
    option = holding.tradable.future_option
    assert option is not None
    if holding.quantity > 0:
        return Requirement(holding.value, holding.value)
    amount = abs(holding.quantity) * Decimal(option.future.product.margin)
    return Requirement(amount, amount, amount)


def _contract_is_call(holding: Holding) -> bool:
    contract = holding.tradable.contract
    return contract is not None and contract.is_call


def _options(held: list[Holding], *, is_call: bool, shares: Decimal) -> Decimal:
    # Each short contract is covered by a long one that lives as long, else by shares, else by money.
    longs = [[one, one.quantity] for one in held if one.quantity > 0]
    amount = ZERO
    cover = shares // 100 if is_call else (-shares) // 100
    for short in sorted((one for one in held if one.quantity < 0), key=_end):
        left = -short.quantity
        for pair in longs:
            long, free = pair
            assert isinstance(long, Holding)
            assert isinstance(free, Decimal)
            if not left or not free or _end(long) < _end(short):
                continue
            taken = min(left, free)
            amount += taken * _spread(short, long, is_call=is_call)
            pair[1] = free - taken
            left -= taken
        covered = max(ZERO, min(left, Decimal(cover)))
        cover -= covered
        amount += (left - covered) * _naked(short)
    for long, free in longs:
        assert isinstance(long, Holding)
        assert isinstance(free, Decimal)
        amount += free * long.mark * long.tradable.instrument.multiplier
    return amount


def _end(holding: Holding) -> float:
    end = holding.tradable.instrument.expires_at
    return end.timestamp() if end is not None else 0.0


def _strike(holding: Holding) -> Decimal:
    contract = holding.tradable.contract
    assert contract is not None
    return Decimal(str(contract.strike))


def _spread(short: Holding, long: Holding, *, is_call: bool) -> Decimal:
    # The most that can be lost: the distance of the strikes, if it is of the wrong side, and what was paid.
    width = _strike(long) - _strike(short) if is_call else _strike(short) - _strike(long)
    net = long.mark - short.mark
    return max(ZERO, max(ZERO, width) + net) * short.tradable.instrument.multiplier


def _naked(short: Holding) -> Decimal:
    contract = short.tradable.contract
    assert contract is not None
    strike = _strike(short)
    away = max(ZERO, strike - short.spot if contract.is_call else short.spot - strike)
    return max(_NAKED * short.spot - away, _NAKED_LEAST * short.spot) * short.tradable.instrument.multiplier
