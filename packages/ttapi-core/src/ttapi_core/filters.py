# SPDX-License-Identifier: Apache-2.0
"""Which events someone wants: conditions that combine with ``&`` and ``|``."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from ttapi_core.errors import ParameterError
from ttapi_core.events import Event, EventKind
from ttapi_core.symbols import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """
    Conditions on an event; all that are given must hold, none given lets everything through.

    ``a & b`` lets through what both do, ``a | b`` what either does.

    Parameters
    ----------
    kinds
        Kinds wanted.
    symbols
        Instruments wanted; an event that concerns one of them passes, one that concerns none does not.
    sources
        Sources wanted.
    correlation_id
        Only what goes back to this first cause.
    since
        Earliest time, inclusive, with a zone.
    until
        Latest time, exclusive, with a zone.
    all_of, any_of
        Further filters, as ``&`` and ``|`` make them.

    Raises
    ------
    ParameterError
        If a time has no zone, or ``since`` is after ``until``.

    Examples
    --------
    >>> wanted = EventFilter(kinds={EventKind.ORDER}) | EventFilter(symbols={Symbol.parse("SPY")})
    >>> [len(part.kinds or ()) for part in wanted.any_of]
    [1, 0]
    """

    kinds: AbstractSet[EventKind] | None = None
    symbols: AbstractSet[Symbol] | None = None
    sources: AbstractSet[str] | None = None
    correlation_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    all_of: tuple[EventFilter, ...] = ()
    any_of: tuple[EventFilter, ...] = ()

    def __post_init__(self) -> None:
        for name in ("kinds", "symbols", "sources"):
            self._freeze(name)
        for name in ("since", "until"):
            time = getattr(self, name)
            if time is not None and time.utcoffset() is None:
                raise ParameterError(name, time, "a time with a time zone")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ParameterError("since", self.since, f"a time not after until ({self.until})")

    def _freeze(self, name: str) -> None:
        wanted = getattr(self, name)
        if wanted is None:
            return
        if not isinstance(wanted, AbstractSet):
            raise ParameterError(name, wanted, "a set")
        object.__setattr__(self, name, frozenset(wanted))

    def matches(self, event: Event) -> bool:
        """Return whether the event passes."""
        return (
            (self.kinds is None or event.kind in self.kinds)
            and (self.symbols is None or not self.symbols.isdisjoint(event.symbols))
            and (self.sources is None or event.source in self.sources)
            and self.correlation_id in (None, event.correlation_id)
            and (self.since is None or event.time >= self.since)
            and (self.until is None or event.time < self.until)
            and all(part.matches(event) for part in self.all_of)
            and (not self.any_of or any(part.matches(event) for part in self.any_of))
        )

    def __and__(self, other: EventFilter) -> EventFilter:
        return EventFilter(all_of=(*self._parts("all_of"), *other._parts("all_of")))

    def __or__(self, other: EventFilter) -> EventFilter:
        return EventFilter(any_of=(*self._parts("any_of"), *other._parts("any_of")))

    def _parts(self, name: str) -> tuple[EventFilter, ...]:
        # A filter that is nothing but this combination is taken apart, so that long chains stay flat.
        others = (field.name for field in fields(self) if field.name != name)
        parts: tuple[EventFilter, ...] = getattr(self, name)
        return parts if parts and not any(getattr(self, other) for other in others) else (self,)
