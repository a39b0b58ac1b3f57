# SPDX-License-Identifier: Apache-2.0
"""
The life of an order as a table: which event leads from which status to which.

::

    Received → Routed → In Flight → Live → Filled
       │          │          │        ├──→ Expired, Removed, Partially Removed
       └─→ Contingent        └→ Rejected
    any of these → Cancel Requested → Cancelled
    Received, Routed, In Flight, Live → Replace Requested → Cancelled (by the order that replaces it)

A fill is possible while a cancellation or a replacement is on its way, and completes the order then. What is
not in `TRANSITIONS` is illegal; nothing leads out of a final status.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where an order stands; the words of the API."""

    RECEIVED = "Received"
    ROUTED = "Routed"
    IN_FLIGHT = "In Flight"
    CONTINGENT = "Contingent"
    LIVE = "Live"
    CANCEL_REQUESTED = "Cancel Requested"
    REPLACE_REQUESTED = "Replace Requested"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    REJECTED = "Rejected"
    REMOVED = "Removed"
    PARTIALLY_REMOVED = "Partially Removed"


class Step(StrEnum):
    """What happens to an order."""

    HOLD = "hold"
    """It waits for another order, a time or a price."""
    ROUTE = "route"
    """It is sent on its way, at once or when what it waited for has come."""
    TRANSMIT = "transmit"
    WORK = "work"
    """The exchange has it."""
    FILL = "fill"
    """A part is filled, and something is left."""
    COMPLETE = "complete"
    """The last part is filled."""
    REQUEST_CANCEL = "request cancel"
    REQUEST_REPLACE = "request replace"
    CANCEL = "cancel"
    EXPIRE = "expire"
    REJECT = "reject"
    REMOVE = "remove"
    """Taken off the book by the exchange, before any fill."""
    REMOVE_REST = "remove rest"
    """The same after a fill."""


FINAL: Final = frozenset(
    {
        Status.FILLED,
        Status.CANCELLED,
        Status.EXPIRED,
        Status.REJECTED,
        Status.REMOVED,
        Status.PARTIALLY_REMOVED,
    }
)
"""Statuses that nothing leads out of."""

WORKING: Final = frozenset({Status.LIVE, Status.CANCEL_REQUESTED, Status.REPLACE_REQUESTED})
"""Statuses in which the exchange has the order and can fill it."""

_ENDINGS: Final = {
    Step.REQUEST_CANCEL: Status.CANCEL_REQUESTED,
    Step.CANCEL: Status.CANCELLED,
    Step.EXPIRE: Status.EXPIRED,
    Step.REJECT: Status.REJECTED,
}
_REPLACEMENT: Final = {Step.REQUEST_REPLACE: Status.REPLACE_REQUESTED}
_FILLING: Final = {
    Step.COMPLETE: Status.FILLED,
    Step.CANCEL: Status.CANCELLED,
    Step.EXPIRE: Status.EXPIRED,
    Step.REMOVE: Status.REMOVED,
    Step.REMOVE_REST: Status.PARTIALLY_REMOVED,
}
_BY_STATUS: Final[dict[Status, dict[Step, Status]]] = {
    Status.RECEIVED: {Step.HOLD: Status.CONTINGENT, Step.ROUTE: Status.ROUTED, **_ENDINGS, **_REPLACEMENT},
    Status.ROUTED: {Step.TRANSMIT: Status.IN_FLIGHT, **_ENDINGS, **_REPLACEMENT},
    Status.IN_FLIGHT: {Step.WORK: Status.LIVE, **_ENDINGS, **_REPLACEMENT},
    Status.CONTINGENT: {Step.ROUTE: Status.ROUTED, **_ENDINGS},
    Status.LIVE: {
        Step.FILL: Status.LIVE,
        Step.REQUEST_CANCEL: Status.CANCEL_REQUESTED,
        **_FILLING,
        **_REPLACEMENT,
    },
    Status.CANCEL_REQUESTED: {Step.FILL: Status.CANCEL_REQUESTED, **_FILLING},
    Status.REPLACE_REQUESTED: {Step.FILL: Status.REPLACE_REQUESTED, **_FILLING},
}

TRANSITIONS: Final[dict[tuple[Status, Step], Status]] = {
    (status, step): after for status, steps in _BY_STATUS.items() for step, after in steps.items()
}
"""Every legal pair of a status and a step, and the status that it leads to."""


class IllegalStepError(Exception):
    """Raised when an order cannot do a step where it stands."""

    def __init__(self, status: Status, step: Step) -> None:
        super().__init__(f"an order that is {status} cannot {step}")
        self.status = status
        self.step = step


def after(status: Status, step: Step) -> Status:
    """
    Return the status that a step leads to.

    Raises
    ------
    IllegalStepError
        If the table does not have the pair.
    """
    found = TRANSITIONS.get((status, step))
    if found is None:
        raise IllegalStepError(status, step)
    return found


def can(status: Status, step: Step) -> bool:
    """Return whether the table has the pair."""
    return (status, step) in TRANSITIONS
