# SPDX-License-Identifier: Apache-2.0
"""Orders that depend on each other: one cancels or triggers others."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID, uuid4

from ttapi_core.errors import ParameterError
from ttapi_core.orders import Order, OrderType
from ttapi_core.values import check_fields


class ComplexOrderType(Enum):
    """How orders depend on each other."""

    OTOCO = "OTOCO"
    """One triggers two, of which one cancels the other."""
    OCO = "OCO"
    """One cancels the other."""
    OTO = "OTO"
    """One triggers others."""
    PAIRS = "PAIRS"
    """Two that go when their prices stand in a ratio."""


_STOPS: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TRIGGERED: Final = frozenset({ComplexOrderType.OTOCO, ComplexOrderType.OTO})
_COMPARATORS: Final = ("gte", "lte")
_COUNTS: Final = {
    ComplexOrderType.OTOCO: (2, 2),
    ComplexOrderType.OCO: (2, 2),
    ComplexOrderType.OTO: (1, 3),
    ComplexOrderType.PAIRS: (2, 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexOrder:
    """
    Orders that are sent together.

    Parameters
    ----------
    account_number, type
        For whom, and how they depend on each other.
    orders
        Two for ``OTOCO``, ``OCO`` and ``PAIRS``, one to three for ``OTO``. Of two that cancel each other one
        is a ``Limit`` and the other a ``Stop`` or ``Stop Limit``.
    trigger_order
        The order that releases the others: for ``OTOCO`` and ``OTO``, and only those.
    ratio_price_threshold, ratio_price_comparator, ratio_price_is_threshold_based_on_notional
        For ``PAIRS`` only: the ratio, ``gte`` or ``lte``, and whether it is one of amounts of money.
    id
        Ours; it goes with it as external identifier.

    Raises
    ------
    ParameterError
        If a field has the wrong type or the fields contradict each other.
    """

    account_number: str
    type: ComplexOrderType
    orders: tuple[Order, ...]
    trigger_order: Order | None = None
    ratio_price_threshold: Decimal | None = None
    ratio_price_comparator: str | None = None
    ratio_price_is_threshold_based_on_notional: bool = False
    id: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        check_fields(self)
        least, most = _COUNTS[self.type]
        if not least <= len(self.orders) <= most:
            raise ParameterError(
                "orders", len(self.orders), f"{least} to {most} orders for {self.type.value}"
            )
        if (self.trigger_order is not None) != (self.type in _TRIGGERED):
            raise ParameterError("trigger_order", self.trigger_order, f"as {self.type.value} wants it")
        if len({order.id for order in self.all_orders}) != len(self.all_orders):
            raise ParameterError("orders", len(self.orders), "each order once")
        if any(order.account_number != self.account_number for order in self.all_orders):
            raise ParameterError("account_number", self.account_number, "the account of each of its orders")
        self._check_pair()
        self._check_ratio()

    def _check_pair(self) -> None:
        if self.type not in {ComplexOrderType.OCO, ComplexOrderType.OTOCO}:
            return
        types = [order.order_type for order in self.orders]
        if types.count(OrderType.LIMIT) != 1 or not _STOPS & set(types):
            raise ParameterError(
                "orders", [kind.value for kind in types], "one Limit and one Stop or Stop Limit"
            )

    def _check_ratio(self) -> None:
        wanted = self.type is ComplexOrderType.PAIRS
        for name in ("ratio_price_threshold", "ratio_price_comparator"):
            if (getattr(self, name) is not None) != wanted:
                raise ParameterError(name, getattr(self, name), f"as {self.type.value} wants it")
        if wanted and self.ratio_price_comparator not in _COMPARATORS:
            raise ParameterError("ratio_price_comparator", self.ratio_price_comparator, "gte or lte")

    @property
    def all_orders(self) -> tuple[Order, ...]:
        """Its orders, the one that triggers first."""
        return self.orders if self.trigger_order is None else (self.trigger_order, *self.orders)
