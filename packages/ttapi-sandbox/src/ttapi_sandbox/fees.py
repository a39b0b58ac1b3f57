# SPDX-License-Identifier: Apache-2.0
"""What a fill costs: a made-up schedule in the shape of a real one, in whole cents."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees of a fill or an order, each zero or more."""

    regulatory: Decimal = ZERO
    clearing: Decimal = ZERO
    commission: Decimal = ZERO
    proprietary: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of them together."""
        return self.regulatory + self.clearing + self.commission + self.proprietary

    def __add__(self, other: Fees) -> Fees:
        return Fees(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Fees)))


NO_FEES: Final = Fees()

_REGULATORY_PER_CONTRACT: Final = Decimal("0.02")
_CLEARING_PER_CONTRACT: Final = Decimal("0.1")
_COMMISSION_PER_CONTRACT: Final = Decimal(1)
_INDEX_PER_CONTRACT: Final = Decimal("0.65")
_SALES_RATE: Final = Decimal("0.0000278")
_SALES_PER_SHARE: Final = Decimal("0.000166")
_CLEARING_PER_SHARE: Final = Decimal("0.0008")
_FUTURE: Final = Fees(Decimal("1.42"), Decimal("0.3"), Decimal("1.25"))
_FUTURE_OPTION: Final = Fees(Decimal("0.62"), Decimal("0.3"), Decimal("2.5"))


def fees_of(kind: str, quantity: Decimal, price: Decimal, *, opens: bool, sells: bool, index: bool) -> Fees:
    """
    Return the fees of a fill.

    Parameters
    ----------
    kind
        Instrument type, in the API's words.
    quantity, price
        Shares or contracts (above zero), and the price of one.
    opens
        Whether it opens a position; options are closed without commission.
    sells
        Whether it is a sale; shares are bought without regulatory fees.
    index
        Whether it is an option on an index, which its exchange charges for.
    """
    if kind == "Equity Option":
        return _rounded(
            _REGULATORY_PER_CONTRACT * quantity,
            _CLEARING_PER_CONTRACT * quantity,
            _COMMISSION_PER_CONTRACT * quantity if opens else ZERO,
            _INDEX_PER_CONTRACT * quantity if index else ZERO,
        )
    if kind in {"Future", "Future Option"}:
        rate = _FUTURE if kind == "Future" else _FUTURE_OPTION
        commission = rate.commission if opens or kind == "Future" else ZERO
        return _rounded(rate.regulatory * quantity, rate.clearing * quantity, commission * quantity, ZERO)
    regulatory = _SALES_RATE * quantity * price + _SALES_PER_SHARE * quantity if sells else ZERO
    return _rounded(regulatory, _CLEARING_PER_SHARE * quantity, ZERO, ZERO)


def cents(amount: Decimal) -> Decimal:
    """Return an amount in whole cents, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def _rounded(*amounts: Decimal) -> Fees:
    return Fees(*map(cents, amounts))
