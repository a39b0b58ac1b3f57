# SPDX-License-Identifier: Apache-2.0
"""
A rate limit that is learnt from the peer's refusals: rules without sockets, time as an argument.

How it learns
-------------
Until the peer says 429 there is no limit. From then on requests are spaced evenly, and the spacing follows:

1. A refusal says that the peer's allowance is used up *now*. Between two such moments it let through exactly
   what it allows, so the requests that passed over the time between are the peer's rate, whatever its
   algorithm (token bucket, leaky bucket, sliding or fixed window). Where too few passed for that, those of
   the last second have to do.
2. The first refusal after a success sets the rate to that measure, cut by at least 3 % and at most half.
   Refusals that follow without a success between them halve it: the measure was wrong, or the peer has shut
   the door. Refusals of requests that went out before the last cut say nothing new.
3. Below the last measure the rate climbs by 60 % a round trip; above it by 0.2 % a request and at most 2 % a
   second, so that probing costs about 3 % of refusals. The longer nothing is refused, the faster it climbs:
   its pace doubles every five seconds, so that a raised limit is found within about half a minute.
4. Only requests that had to wait for their slot make the rate climb: what was not used was not tested.
5. ``Retry-After`` on a refusal pauses everybody until then. A quota that is announced (``RateLimit`` and its
   older spellings) is obeyed before it is overrun.

Simulated against token buckets of 2 to 500 a second (burst of a second or more), a job of 500 requests or
more takes at most 1.03 times the least possible time; against windows of one second, where nothing can be
saved up, 1.1 to 1.3 times.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

CUT_MAX: Final = 0.5
"""The rate falls to no less than this share of itself at a time."""
CUT_MIN: Final = 0.97
"""The rate falls to no more than this share of itself."""
CLIMB_BELOW: Final = 0.6
"""Share by which the rate rises in a round trip while it is below the last measure."""
CLIMB_ABOVE: Final = 0.002
"""Share by which a passed request raises the rate above the last measure, before impatience."""
CLIMB_ABOVE_PER_S: Final = 0.02
"""Share by which the rate rises in a second above the last measure, before impatience."""
IMPATIENCE_S: Final = 5.0
"""Seconds without a refusal that double the pace of the climb."""
IMPATIENCE_MAX: Final = 100.0
"""The pace of the climb never grows beyond this multiple."""
COUNT_ENOUGH: Final = 20
"""Passed requests that make a measure."""
VOID_BELOW: Final = 0.25
"""A rate that fell below this share of the measure proves the measure wrong."""
WINDOW_S: Final = 1.0
"""Length of the look back where too few requests passed for a measure."""
LATENESS_S: Final = 0.05
"""Slots missed by a late wake-up of at most this long are made good."""


@dataclass(slots=True)
class _Quota:
    """What the peer announced: so many requests until then."""

    remaining: int
    resets_at: float


class AdaptiveRate:
    """
    When the next request may go out.

    Times are seconds of a monotonic clock, given by the caller.

    Parameters
    ----------
    initial_per_s
        Requests a second to begin with; None for no limit until the first refusal.
    min_per_s
        The rate never falls below this.
    """

    def __init__(self, *, initial_per_s: float | None = None, min_per_s: float = 0.5) -> None:
        self._rate = math.inf if initial_per_s is None else max(initial_per_s, min_per_s)
        self._min = min_per_s
        self._next_slot = -math.inf
        self._paused_until = -math.inf
        self._quota: _Quota | None = None
        # The ceiling of the fast climb; infinite while nothing was measured.
        self._measured = self._rate
        # The last rate of the fast climb at which nothing was refused; zero outside of it.
        self._proven = 0.0
        self._cut_at = -math.inf
        self._climbed_at = -math.inf
        self._in_streak = False
        # A moment at which the peer's allowance was used up, and what was sent since and not refused.
        self._anchored_at = -math.inf
        self._since_anchor = 0
        self._is_first_estimate = False
        self._passed_at = -math.inf
        self._refusing_since: float | None = None
        # What was sent in the last second and not refused; what was sent then and has passed.
        self._sends: deque[float] = deque()
        self._passes: deque[float] = deque()

    @property
    def rate_per_s(self) -> float:
        """The present rate, in requests a second; infinite while there is no limit."""
        return self._rate

    @property
    def passed_at(self) -> float:
        """When the last request passed; minus infinity before the first."""
        return self._passed_at

    def refusing_s(self, now: float) -> float:
        """Return the seconds for which the peer has refused everybody; zero if its last answer was none."""
        return 0.0 if self._refusing_since is None else now - self._refusing_since

    def delay_s(self, now: float) -> float:
        """Return the seconds until a request may go out; zero or less for at once."""
        at = max(self._next_slot, self._paused_until)
        if self._quota is not None:
            if now >= self._quota.resets_at:
                self._quota = None
            elif self._quota.remaining <= 0:
                at = max(at, self._quota.resets_at)
        return at - now

    def take(self, now: float) -> None:
        """Take the slot of a request that goes out at ``now``."""
        if self._quota is not None:
            self._quota.remaining -= 1
        self._sends.append(now)
        _forget(self._sends, now - WINDOW_S)
        self._since_anchor += 1
        if self._rate < math.inf:
            spacing_s = 1 / self._rate
            self._next_slot = max(self._next_slot, now - max(spacing_s, LATENESS_S)) + spacing_s

    def passed(self, sent_at: float, now: float, *, waited: bool) -> None:
        """
        Learn from an answer that was no refusal.

        Parameters
        ----------
        sent_at
            When the request went out.
        now
            The time.
        waited
            Whether it had to wait for its slot.
        """
        self._passed_at = now
        self._refusing_since = None
        self._passes.append(sent_at)
        _forget(self._passes, sent_at - WINDOW_S)
        if self._rate == math.inf:
            return
        if sent_at > self._cut_at:
            self._in_streak = False
            if waited:
                self._climb(sent_at, now)
        elif self._is_first_estimate:
            # Of the burst that met the limit, some answers come after the first refusal.
            self._rate = max(self._rate, _count(self._passes, self._cut_at))
            self._next_slot = min(self._next_slot, now + 1 / self._rate)

    def _climb(self, sent_at: float, now: float) -> None:
        if self._rate < self._measured:
            # Once a round trip: more would be a leap in the dark, of many requests still in flight.
            if sent_at > self._climbed_at:
                self._climbed_at = now
                self._proven = self._rate
                # Nor beyond twice what has passed: a saved-up burst says nothing for a second or more.
                proven_twice = 2 * _count(self._passes, now) + 1
                climbed = min(self._rate * (1 + CLIMB_BELOW), self._measured, proven_twice)
                self._rate = max(self._rate, climbed)
            return
        elapsed_s = min(now - self._climbed_at, 1.0)
        self._climbed_at = now
        impatience = min(2 ** ((now - self._cut_at) / IMPATIENCE_S), IMPATIENCE_MAX)
        self._rate *= 1 + min(CLIMB_ABOVE, CLIMB_ABOVE_PER_S * elapsed_s) * impatience

    def refused(self, sent_at: float, now: float, *, retry_after_s: float | None = None) -> None:
        """
        Learn from a refusal.

        Parameters
        ----------
        sent_at
            When the refused request went out.
        now
            The time.
        retry_after_s
            Seconds that the peer said to wait, or None.
        """
        if retry_after_s is not None:
            self._paused_until = max(self._paused_until, now + retry_after_s)
        if self._refusing_since is None:
            self._refusing_since = now
        self._since_anchor -= sent_at > self._anchored_at
        if sent_at in self._sends:
            self._sends.remove(sent_at)
        if sent_at <= self._cut_at:
            return
        self._rate = max(self._min, self._cut(sent_at))
        self._proven = 0.0
        self._in_streak = True
        self._cut_at = self._climbed_at = now
        self._next_slot = max(self._next_slot, now + 1 / self._rate)

    def _cut(self, sent_at: float) -> float:
        # Three cases: the first refusal ever; one more of a streak; the first of a new one, which measures.
        self._is_first_estimate = self._rate == math.inf
        if self._is_first_estimate:
            self._anchor(sent_at)
            return max(1.0, _count(self._passes, sent_at))
        if self._in_streak:
            if self._rate < self._measured * VOID_BELOW:
                self._measured *= CUT_MAX
                self._anchor(sent_at)
            return self._rate * CUT_MAX
        self._measured = self._measure(sent_at)
        return self._measured

    def _measure(self, sent_at: float) -> float:
        if self._since_anchor >= COUNT_ENOUGH and self._anchored_at > -math.inf:
            measure = self._since_anchor / (sent_at - self._anchored_at)
            self._anchor(sent_at)
        else:
            measure = _count(self._sends, sent_at)
        return min(max(measure, self._rate * CUT_MAX, self._proven), self._rate * CUT_MIN)

    def _anchor(self, sent_at: float) -> None:
        self._anchored_at = sent_at
        self._since_anchor = sum(at > sent_at for at in self._sends)

    def told(self, remaining: int, reset_s: float, now: float) -> None:
        """
        Obey a quota that the peer announced.

        Parameters
        ----------
        remaining
            Requests that are left, those in flight already taken off.
        reset_s
            Seconds until the quota is full again.
        now
            The time.
        """
        if self._quota is not None and now < self._quota.resets_at:
            # Answers come out of order: within one window the least is the truth.
            remaining = min(remaining, self._quota.remaining)
        self._quota = _Quota(remaining, now + reset_s)


def _count(times: deque[float], until: float) -> int:
    """Return how many of ``times`` lie in the second before ``until``."""
    return sum(until - WINDOW_S < at <= until for at in times)


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
