# SPDX-License-Identifier: Apache-2.0
"""
What happened: an envelope around a value, with where it came from and what caused it; JSON both ways.

The kind follows from the payload, so that the two cannot contradict each other:

===============  ============================================================
market_data      `Quote`, `Trade`, `Bar`, `OrderBook`
order            `Order`
trade            `Fill`
position         `Position`, `Balance`, `Account`
risk             `RiskMetrics`
system           `Notice`
===============  ============================================================

The JSON form is one object: ``id``, ``kind``, ``type`` (the payload's class in snake case), ``time``,
``source``, ``correlation_id``, ``causation_id`` (absent for a first cause) and ``payload``; the forms of the
values are those of `ttapi_core.values`. Reading ignores fields that it does not know and refuses everything
else that is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, NoReturn
from uuid import UUID, uuid4

from ttapi_core.accounts import Account, Balance, Position, RiskMetrics
from ttapi_core.errors import BodyTooLargeError, DecodeError, ParameterError
from ttapi_core.market import Bar, OrderBook, Quote, Trade
from ttapi_core.orders import Fill, Order
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields, decode, encode

JSON_SIZE_MAX: Final = 16 * 1024 * 1024
"""Bytes or characters of a document that is read at all."""


class EventKind(Enum):
    """What an event is about."""

    MARKET_DATA = "market_data"
    ORDER = "order"
    TRADE = "trade"
    POSITION = "position"
    RISK = "risk"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Fact:
    """A named text of a `Notice`."""

    name: str
    value: str

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    Something that happened in the system itself.

    Parameters
    ----------
    name
        Stable name of the situation in snake case, such as ``rows_dropped``.
    message
        One line for a person.
    facts
        What a program may want to know of it.
    """

    name: str
    message: str = ""
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)


Payload = Quote | Trade | Bar | OrderBook | Order | Fill | Position | Balance | Account | RiskMetrics | Notice

_KINDS: Final = MappingProxyType(
    {
        Quote: EventKind.MARKET_DATA,
        Trade: EventKind.MARKET_DATA,
        Bar: EventKind.MARKET_DATA,
        OrderBook: EventKind.MARKET_DATA,
        Order: EventKind.ORDER,
        Fill: EventKind.TRADE,
        Position: EventKind.POSITION,
        Balance: EventKind.POSITION,
        Account: EventKind.POSITION,
        RiskMetrics: EventKind.RISK,
        Notice: EventKind.SYSTEM,
    }
)
_TYPE_NAMES: Final = MappingProxyType(
    {
        Quote: "quote",
        Trade: "trade",
        Bar: "bar",
        OrderBook: "order_book",
        Order: "order",
        Fill: "fill",
        Position: "position",
        Balance: "balance",
        Account: "account",
        RiskMetrics: "risk_metrics",
        Notice: "notice",
    }
)
_OWN_ID: Final = UUID(int=0)  # stands for "the event's own id" until the event is built
_PAYLOAD_TYPES: Final = MappingProxyType({name: payload for payload, name in _TYPE_NAMES.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """The part of an event's JSON form that surrounds the payload."""

    id: UUID
    kind: EventKind
    type: str
    time: datetime
    source: str
    correlation_id: UUID
    causation_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that happened; immutable.

    Parameters
    ----------
    payload
        What happened.
    time
        When (UTC).
    source
        Who says so, such as the name of a provider.
    id
        Its own.
    correlation_id
        Shared by all events that go back to one first cause; its own id where it is that cause.
    causation_id
        Id of the event that caused it directly; None for a first cause.

    Raises
    ------
    ParameterError
        If a field has the wrong type.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> noon = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    >>> first = Event(payload=Notice(name="started"), time=noon, source="demo")
    >>> second = first.caused(Notice(name="stopped"), time=noon, source="demo")
    >>> second.causation_id == first.id == second.correlation_id, second.kind.value
    (True, 'system')
    >>> Event.from_json(second.to_json()) == second
    True
    """

    payload: Payload
    time: datetime
    source: str
    id: UUID = field(default_factory=uuid4)
    correlation_id: UUID = _OWN_ID
    causation_id: UUID | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.correlation_id == _OWN_ID:
            object.__setattr__(self, "correlation_id", self.id)

    @property
    def kind(self) -> EventKind:
        """What it is about; follows from the payload."""
        return _KINDS[type(self.payload)]

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The instruments that it concerns; empty for accounts, risk and notices."""
        payload = self.payload
        if isinstance(payload, Order):
            return payload.symbols
        if isinstance(payload, Account | Balance | RiskMetrics | Notice):
            return frozenset()
        return frozenset([payload.symbol])

    def caused(self, payload: Payload, *, time: datetime, source: str) -> Event:
        """Return an event that this one caused: it shares the correlation id and names this as its cause."""
        return Event(
            payload=payload,
            time=time,
            source=source,
            correlation_id=self.correlation_id,
            causation_id=self.id,
        )

    def to_json(self) -> str:
        """Return the JSON form, on one line, ASCII only."""
        envelope = _Envelope(
            id=self.id,
            kind=self.kind,
            type=_TYPE_NAMES[type(self.payload)],
            time=self.time,
            source=self.source,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
        )
        return json.dumps({**encode(envelope), "payload": encode(self.payload)}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Event:
        """
        Read the JSON form.

        Parameters
        ----------
        text
            One object; bytes in UTF-8. Fields that are not known are ignored.

        Raises
        ------
        DecodeError
            If it is not JSON, names a member twice, lacks a field, or holds a wrong one; the path is named.
        BodyTooLargeError
            If it is longer than `JSON_SIZE_MAX`.
        """
        document = _loaded(text)
        envelope = decode(_Envelope, document)
        payload_type = _PAYLOAD_TYPES.get(envelope.type)
        if payload_type is None or _KINDS[payload_type] is not envelope.kind:
            raise DecodeError(f"type {envelope.type[:40]!r} is no type of kind {envelope.kind.value}")
        return cls(
            payload=decode(payload_type, document.get("payload"), where="payload"),
            time=envelope.time,
            source=envelope.source,
            id=envelope.id,
            correlation_id=envelope.correlation_id,
            causation_id=envelope.causation_id,
        )


def _loaded(text: str | bytes) -> dict[str, object]:
    if not isinstance(text, str | bytes):
        raise ParameterError("text", type(text), "str or bytes")
    if len(text) > JSON_SIZE_MAX:
        raise BodyTooLargeError(f"a document of {len(text)} is too long", limit=JSON_SIZE_MAX)
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        document = json.loads(decoded, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        # A ValueError also stands for bytes that are not UTF-8 and for integers of thousands of digits.
        raise DecodeError(f"not a JSON document: {_cause_of(error)}") from error
    if not isinstance(document, dict):
        raise DecodeError("the document is not an object")
    return document


def _cause_of(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
