# SPDX-License-Identifier: Apache-2.0
"""Feed messages: events written in either format, packed so that no message is too long for anyone."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import encode
from ttapi_sandbox.candles import FIELDS as CANDLE_FIELDS
from ttapi_sandbox.candles import NAN, Candle, candle_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ttapi_sandbox.events import Values

FRAME_SIZE_MAX: Final = 65_536
"""Bytes of the longest message: what a common client accepts."""

COMPACT: Final = "COMPACT"
FULL: Final = "FULL"
_TAIL: Final = {COMPACT: b"]]}", FULL: b"]}"}


def feed_data(channel: int, kind: str, data_format: str, rows: Iterable[bytes]) -> Iterator[str]:
    """Yield the messages that carry encoded events of one type; none if there is no event."""
    head = b'{"type":"FEED_DATA","channel":%d,"data":[' % channel
    if data_format == COMPACT:
        head += b'"%b",[' % kind.encode()
    tail = _TAIL[data_format]
    room = FRAME_SIZE_MAX - len(head) - len(tail)
    batch: list[bytes] = []
    size = 0
    for row in rows:
        if batch and size + len(row) + 1 > room:
            yield _joined(head, batch, tail)
            batch, size = [], 0
        batch.append(row)
        size += len(row) + 1
    if batch:
        yield _joined(head, batch, tail)


def _joined(head: bytes, rows: list[bytes], tail: bytes) -> str:
    return b"".join((head, b",".join(rows), tail)).decode()


def event_rows(
    kind: str, data_format: str, fields: Sequence[str], events: Iterable[Values]
) -> Iterator[bytes]:
    """Yield events encoded: in COMPACT the values of ``fields`` in order, null where there is none."""
    for values in events:
        if data_format == FULL:
            yield _full(kind, fields, values)
        else:
            named = {"eventType": kind, **values}
            yield encode([named.get(field) for field in fields])[1:-1]


def candle_rows(
    symbol: str, data_format: str, fields: Sequence[str], candles: Iterable[Candle]
) -> Iterator[bytes]:
    """Yield candles encoded as `event_rows` does, only faster: there are many of them."""
    if data_format == FULL:
        for candle in candles:
            values = dict(zip(CANDLE_FIELDS, candle_values(symbol, candle), strict=True))
            yield _full("Candle", fields, values)
        return
    # Behind the values stand the type, for those who ask for it, and null, for unknown fields.
    known = (*CANDLE_FIELDS, "eventType")
    places = [known.index(field) if field in known else len(known) for field in fields]
    pick = itemgetter(*places) if len(places) > 1 else lambda values: (values[places[0]],)
    for candle in candles:
        yield encode(pick((*candle_values(symbol, candle), "Candle", None)))[1:-1]


def _full(kind: str, fields: Sequence[str], values: dict[str, Any]) -> bytes:
    kept = {field: values[field] for field in fields if values.get(field, NAN) != NAN}
    return encode({"eventType": kind, **kept})
