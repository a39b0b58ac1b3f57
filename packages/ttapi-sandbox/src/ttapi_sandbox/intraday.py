# SPDX-License-Identifier: Apache-2.0
"""How a day runs minute by minute: a path that begins, peaks, bottoms and ends as the day's bar says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from ttapi_sandbox.bars import Bar, rounded
from ttapi_sandbox.randomness import shocks

if TYPE_CHECKING:
    from datetime import datetime

    from ttapi_core.sessions import Session


@dataclass(frozen=True, slots=True)
class DayPath:
    """
    Prices at the ends of a session's minutes.

    ``prices`` has one value more than there are minutes; ``volumes`` is the volume up to each, like it.
    """

    bar: Bar
    prices: list[float]
    volumes: list[float]

    @property
    def minutes(self) -> int:
        """Minutes of the session."""
        return len(self.prices) - 1

    def until(self, minute: float) -> Bar:
        """Return the bar of the day as it stands ``minute`` minutes after the open."""
        return self.between(0, minute)

    def between(self, first: int, last: float) -> Bar:
        """Return the bar from minute ``first`` up to minute ``last``, which may lie within one."""
        last = min(last, float(self.minutes))
        whole = int(last)
        close, volume = self.prices[whole], self.volumes[whole]
        if whole < self.minutes:
            part = last - whole
            close = rounded(close + part * (self.prices[whole + 1] - close))
            volume += int(part * (self.volumes[whole + 1] - volume))
        seen = [*self.prices[first : whole + 1], close]
        volume -= self.volumes[first]
        high, low = max(seen), min(seen)
        vwap = min(max(round((seen[0] + high + low + 2 * close) / 5, 4), low), high)
        return Bar(self.bar.day, seen[0], high, low, close, volume, vwap, int(volume / 110) + bool(volume))


def day_path(bar: Bar, session: Session, *names: object) -> DayPath:
    """Return the path of a day; it depends on the bar and on ``names`` alone."""
    minutes = int((session.close_at - session.open_at).total_seconds() // 60)
    walk = [0.0, *accumulate(shocks(minutes, *names, bar.day.toordinal(), "minutes"))]
    size = (bar.high - bar.low) / max(max(walk) - min(walk), 1e-9)
    prices = []
    for number, value in enumerate(walk):
        part = number / minutes
        bridge = value - part * walk[-1]
        price = bar.open + part * (bar.close - bar.open) + size * bridge
        prices.append(rounded(_reflected(price, bar.low, bar.high)))
    _touch_extremes(prices, bar)
    return DayPath(bar, prices, _volumes(bar.volume, minutes))


def _reflected(price: float, low: float, high: float) -> float:
    # A price beyond the day's range turns back into it, as often as it takes; cut off, it would lie flat.
    width = high - low
    if width <= 0:
        return low
    turn = (price - low) % (2 * width)
    return low + (turn if turn <= width else 2 * width - turn)


def _touch_extremes(prices: list[float], bar: Bar) -> None:
    # The ends stay open and close; the inner extremes become the day's, so that the minutes make the day.
    prices[0], prices[-1] = bar.open, bar.close
    inner = range(1, len(prices) - 1)
    highest = max(inner, key=prices.__getitem__)
    prices[highest] = bar.high
    prices[min((number for number in inner if number != highest), key=prices.__getitem__)] = bar.low


def _volumes(volume: float, minutes: int) -> list[float]:
    # More is traded near the open and the close than at noon.
    weights = [1 + 2 * (2 * (number + 0.5) / minutes - 1) ** 2 for number in range(minutes)]
    scale = volume / sum(weights)
    whole = [float(int(part * scale)) for part in accumulate(weights)]
    return [0.0, *whole[:-1], volume]


def minutes_since_open(session: Session, moment: datetime) -> float:
    """Return minutes from the open to ``moment``, at most those of the session, never negative."""
    end = min(moment, session.close_at)
    return max(0.0, (end - session.open_at).total_seconds() / 60)
