# SPDX-License-Identifier: Apache-2.0
"""What a live feed says beside its events: its gaps, what was filled in again, and what it counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ttapi_core.errors import TTError


@dataclass(frozen=True, slots=True, kw_only=True)
class GapReport:
    """
    A time for which events may be missing. Comes once the feed is whole again, before its later events.

    Parameters
    ----------
    number
        Of the gap, from 1 on.
    start
        When the last data came before it (UTC).
    detected
        When it was noticed.
    end
        When the first data came after it.
    symbols
        Whose events may be missing, sorted; those subscribed on the channel concerned.
    cause
        What happened.
    attempts
        Connections that were tried until the feed was whole again; 0 where the connection went on.
    series
        Candle symbols that are being asked for again from before the gap; a `BackfillReport` follows.
    """

    number: int
    start: datetime
    detected: datetime
    end: datetime
    symbols: tuple[str, ...]
    cause: TTError
    attempts: int = 0
    series: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """
    The candles of a gap are complete: all of them were handed out before this.

    Parameters
    ----------
    gap
        Number of the `GapReport`.
    candles
        Candles that came for it.
    incomplete
        Candle symbols that the server did not answer whole for: their candles may be missing.
    """

    gap: int
    candles: int
    incomplete: tuple[str, ...] = ()


@dataclass(slots=True)
class FeedStatistics:
    """
    What a feed saw. Every event that came and was not handed out is counted here.

    Attributes
    ----------
    received, delivered
        Events by type.
    conflated
        Events by type that a later one of the same symbol (and candle) replaced before they were taken.
    duplicates
        Events by type that said again what had been handed out, as after a new subscription.
    dropped
        Events by type that were given up at the bound.
    rejected
        Events by type that could not be read.
    unasked
        Events of symbols that are not subscribed.
    late
        Candle events that came while their series was being asked for again, and are part of the answer.
    frames_rejected, peer_errors
        Frames that could not be read, and ERROR messages.
    connects, gaps, probes
        Connections opened, gaps begun, and questions asked of channels that had fallen silent.
    waiting_peak
        Most events that ever waited to be taken.
    """

    received: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    conflated: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    unasked: int = 0
    late: int = 0
    frames_rejected: int = 0
    peer_errors: int = 0
    connects: int = 0
    gaps: int = 0
    probes: int = 0
    waiting_peak: int = 0
