# SPDX-License-Identifier: Apache-2.0
"""Markets watched over DXLink: the events of each instrument put together, and the gaps as they happen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.decimals import exact
from ttapi_client.dxlink_events import (
    EventRejected,
    QuoteEvent,
    SummaryEvent,
    TradeETHEvent,
    TradeEvent,
)
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import GapReport
from ttapi_client.logs import get_logger
from ttapi_core import Clock, FeedGap, MarketSnapshot, StreamInterruptedError, TTError

if TYPE_CHECKING:
    from ttapi_client.dxlink_feed import MarketFeed

_log = get_logger(__name__)

EVENT_TYPES: Final = ("Quote", "Trade", "TradeETH", "Summary")
LOOK_S: Final = 0.2
"""How often it is looked whether a gap has begun: the feed itself reports one when it is over."""
_INTERRUPTED: Final = "nothing comes in"


def with_event(snapshot: MarketSnapshot, event: object, *, read_at: datetime) -> MarketSnapshot:
    """
    Return what is known of an instrument after one more event of it; the same value if nothing changed.

    Parameters
    ----------
    snapshot
        What was known.
    event
        A quote, a sale or a summary of that instrument; others change nothing.
    read_at
        The time of an event that does not tell one.
    """
    match event:
        case QuoteEvent():
            return _changed(
                snapshot, _quoted(event), max(event.bid_time_ms or 0, event.ask_time_ms or 0), read_at
            )
        case TradeEvent() | TradeETHEvent():
            return _changed(snapshot, _sold(snapshot, event), event.time_ms or 0, read_at)
        case SummaryEvent():
            return _changed(snapshot, _summed_up(snapshot, event), 0, read_at)
    return snapshot


def _quoted(event: QuoteEvent) -> dict[str, Any]:
    return {
        "bid": exact(event.bid),
        "ask": exact(event.ask),
        "bid_size": exact(event.bid_size),
        "ask_size": exact(event.ask_size),
    }


def _sold(snapshot: MarketSnapshot, event: TradeEvent | TradeETHEvent) -> dict[str, Any]:
    sold_at = _time(event.time_ms)
    changes: dict[str, Any] = {}
    if isinstance(event, TradeEvent) and event.day_volume is not None:
        changes["volume"] = exact(event.day_volume)  # that of the regular session, as REST tells it
    known_at = snapshot.last_trade_at
    if event.price is None or (known_at is not None and (sold_at is None or sold_at < known_at)):
        return changes
    return {**changes, "last": exact(event.price), "last_size": exact(event.size), "last_trade_at": sold_at}


def _summed_up(snapshot: MarketSnapshot, event: SummaryEvent) -> dict[str, Any]:
    told = {
        "open": exact(event.open),
        "high": exact(event.high),
        "low": exact(event.low),
        "previous_close": exact(event.previous_close),
        "open_interest": exact(event.open_interest),
    }
    # What REST told and the summary does not know is kept.
    return {name: getattr(snapshot, name) if value is None else value for name, value in told.items()}


def _changed(
    snapshot: MarketSnapshot, changes: dict[str, Any], time_ms: int, read_at: datetime
) -> MarketSnapshot:
    if all(getattr(snapshot, name) == value for name, value in changes.items()):
        return snapshot
    time = _time(time_ms) or read_at
    return replace(snapshot, **changes, time=max(time, snapshot.time))


def _time(time_ms: int | None) -> datetime | None:
    return datetime.fromtimestamp(time_ms / 1000, UTC) if time_ms else None


class FeedWatch:
    """
    A `MarketWatch` over a feed; made by `TastytradeBroker.watch`.

    Parameters
    ----------
    feed
        Entered already; nobody else reads from it.
    first
        What is known of each instrument, by streamer symbol.
    clock
        Tells the time and waits.

    Notes
    -----
    Of each instrument the latest snapshot waits to be taken, so what waits is bounded by what is watched.
    """

    def __init__(self, feed: MarketFeed, first: Mapping[str, MarketSnapshot], clock: Clock) -> None:
        self._feed = feed
        self._known = dict(first)
        self._clock = clock
        self._waiting: dict[str, None] = {}
        self._gaps_waiting: deque[FeedGap] = deque()
        self._arrived = asyncio.Event()
        self._heard = False
        self._begun, self._ended = 0, 0
        self._failure: TTError | None = None
        self.left_out = 0

    @property
    def gaps(self) -> int:
        """Gaps so far, the one that lasts among them."""
        return max(self._begun, self._ended)

    @property
    def is_live(self) -> bool:
        """Whether updates come in."""
        return self._heard and self._begun <= self._ended and self._failure is None

    def subscriptions(self) -> list[Subscription]:
        """Return what the feed has to be asked for."""
        return [Subscription(kind, symbol) for symbol in self._known for kind in EVENT_TYPES]

    async def updates(self) -> AsyncGenerator[MarketSnapshot | FeedGap, None]:
        """
        Yield snapshots that changed, and gaps when they begin and end.

        Raises
        ------
        TTError
            If the feed cannot go on.
        """
        while True:
            self._arrived.clear()
            while self._gaps_waiting:
                yield self._gaps_waiting.popleft()
            for symbol in [*self._waiting]:
                self._waiting.pop(symbol, None)
                yield self._known[symbol]
            if self._failure is not None:
                raise self._failure
            if not self._waiting and not self._gaps_waiting:
                await self._arrived.wait()

    async def read(self) -> None:
        """Take what the feed hands out, until cancelled; what ends the feed ends `updates`."""
        try:
            async for item in self._feed.items():
                self._take(item)
        except TTError as exc:
            self._failure = exc
        except Exception:
            _log.exception("watch_failed")
            self._failure = StreamInterruptedError("the watch failed")
            raise
        finally:
            self._arrived.set()

    async def look(self) -> None:
        """Look again and again whether a gap has begun, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_S)
            begun = self._feed.statistics.gaps
            if begun > max(self._begun, self._ended):
                self._gaps_waiting.append(FeedGap(number=begun, cause=_INTERRUPTED))
                self._arrived.set()
            self._begun = max(self._begun, begun)

    def _take(self, item: object) -> None:
        if isinstance(item, GapReport):
            self._ended = max(self._ended, item.number)
            self._gaps_waiting.append(
                FeedGap(number=item.number, cause=item.cause.message, start=item.start, end=item.end)
            )
        elif isinstance(item, EventRejected):
            self.left_out += 1
            _log.warning("event_left_out", symbol=item.symbol, kind=item.event_type, cause=str(item.cause))
        else:
            self._on_event(item)
        self._arrived.set()

    def _on_event(self, event: Any) -> None:  # noqa: ANN401 - any event of the feed
        self._heard = True
        known = self._known.get(event.symbol)
        if known is None:
            return
        try:
            changed = with_event(known, event, read_at=self._clock.now())
        except TTError as exc:
            self.left_out += 1
            _log.warning("event_left_out", symbol=event.symbol, cause=str(exc))
            return
        if changed is not known:
            self._known[event.symbol] = changed
            self._waiting[event.symbol] = None
