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
   One that comes after a calm second and `CALM_COUNT` passed requests, above the last measure, was called
   forth by the probing: it confirms what is known, and cuts by 5 to 10 %. Refusals that follow without a
   success between them halve the rate: the measure was wrong, or the peer has shut the door. Below a quarter
   of the measure, the one over the longer time takes its place, if it is less: a window of many seconds lets
   a burst through and then nothing. Requests that slip through such a door while it opens measure nothing.
   Refusals of requests that went out before the last cut say nothing new.
3. Below the last measure the rate climbs by 60 % a round trip; above it by 0.2 % a request and at most 2 % a
   second. Each confirmation makes the probing finer, down to a fifth of that, so that a refusal comes once
   in more than a hundred requests. The longer nothing is refused, the faster the rate climbs: its pace
   doubles every five seconds (once confirmed, in the time of `CALM_REQUESTS` requests, if that is longer).
   A rate that has outgrown the measure by a quarter is probed as though nothing were known, so that a raised
   limit is found within about half a minute.
4. Only requests that had to wait for their slot make the rate climb: what was not used was not tested.
5. ``Retry-After`` on a refusal pauses everybody until then. A quota that is announced (``RateLimit`` and its
   older spellings) is obeyed before it is overrun.

Simulated against token buckets of 2 to 500 a second (burst of a second or more), a job of 500 requests or
more takes at most 1.05 times the least possible time; against windows of one second, where nothing can be
saved up, 1.1 to 1.35 times. In the long run, from five requests a second upwards, 0.1 to 1 % are refused and
92 to 100 % of the limit is used. Against sliding windows of ten seconds it is 70 to 95 %, with up to 6 %
refused: such a limit is better declared (`RateWindow`).
"""

from __future__ import annotations

import base64
import math
from array import array
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

CUT_MAX: Final = 0.5
"""The rate falls to no less than this share of itself at a time."""
CUT_MIN: Final = 0.97
"""The rate falls to no more than this share of itself."""
CONFIRMED_CUT_MAX: Final = 0.9
"""The same as `CUT_MAX`, for a refusal that the probing called forth."""
CONFIRMED_CUT_MIN: Final = 0.95
"""The same as `CUT_MIN`, once a measure was confirmed."""
CONFIRMED_MARGIN: Final = 0.97
"""A rate that was confirmed stays below this share of the measure, so that the peer's allowance fills up."""
CONFIRMED_MAX: Final = 4
"""Confirmations that make the probing as fine as it gets."""
CALM_COUNT: Final = 15
"""Passed requests between two refusals that make the second one a confirmation."""
CALM_REQUESTS: Final = 80
"""Requests in whose time the pace of the climb doubles, once the measure was confirmed."""
OUTGROWN: Final = 1.25
"""A rate this many times the measure proves the measure out of date."""
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
CRACK_MAX: Final = 5
"""Fewer passed requests than this, while a shut door opens, measure nothing."""
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
        # The measure over the longer time, in case that the last one proves wrong.
        self._long_run = math.inf
        self._is_long_run = False
        self._confirmed = 0
        self._passed_since_cut = 0
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

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing limits it: no refusal, no pause and no quota so far."""
        return self._rate == math.inf and self._paused_until == -math.inf and self._quota is None

    @property
    def refusing_since(self) -> float | None:
        """When the first of the refusals came that nothing passed after; None if the last answer was none."""
        return self._refusing_since

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
            self._passed_since_cut += 1
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
        if self._rate > self._measured * OUTGROWN:
            self._confirmed = 0
        # Reports of several processes may come out of order.
        elapsed_s = min(max(now - self._climbed_at, 0.0), 1.0)
        self._climbed_at = max(now, self._climbed_at)
        calm_s = max(IMPATIENCE_S, CALM_REQUESTS * self._confirmed / CONFIRMED_MAX / self._rate)
        impatience = min(2 ** ((now - self._cut_at) / calm_s), IMPATIENCE_MAX)
        pace = impatience / (1 + self._confirmed)
        self._rate *= 1 + min(CLIMB_ABOVE, CLIMB_ABOVE_PER_S * elapsed_s) * pace

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
        self._passed_since_cut = 0
        self._next_slot = max(self._next_slot, now + 1 / self._rate)

    def _cut(self, sent_at: float) -> float:
        # Five cases: the first refusal ever; one more of a streak; the door opens a crack and shuts again;
        # the first of a new streak that the probing called forth; the first of one that is a surprise.
        self._is_first_estimate = self._rate == math.inf
        if self._is_first_estimate:
            self._anchor(sent_at)
            return max(1.0, _count(self._passes, sent_at))
        if self._in_streak:
            self._void_measure(sent_at)
            return self._rate * CUT_MAX
        if self._is_crack():
            return self._rate * CUT_MAX
        is_calm = self._passed_since_cut >= CALM_COUNT and math.inf > sent_at - self._cut_at >= WINDOW_S
        if is_calm and self._rate >= self._measured:
            self._confirmed = min(self._confirmed + 1, CONFIRMED_MAX)
            measure = max(self._measure(sent_at), self._rate * CONFIRMED_CUT_MAX)
            self._measured = min(measure, self._rate * CONFIRMED_CUT_MIN)
        else:
            self._confirmed = 0
            self._measured = self._measure(sent_at)
        return self._measured

    def _void_measure(self, sent_at: float) -> None:
        if self._rate >= self._measured * VOID_BELOW:
            return
        if self._long_run < self._measured:
            self._measured, self._long_run, self._is_long_run = self._long_run, math.inf, True
        self._anchor(sent_at)

    def _is_crack(self) -> bool:
        was_shut = self._measured < math.inf and self._rate < self._measured * VOID_BELOW
        return was_shut and self._since_anchor < COUNT_ENOUGH and self._passed_since_cut < CRACK_MAX

    def _measure(self, sent_at: float) -> float:
        self._long_run, self._is_long_run = math.inf, False
        if self._since_anchor >= COUNT_ENOUGH and -math.inf < self._anchored_at < sent_at:
            measure = self._long_run = self._since_anchor / (sent_at - self._anchored_at)
            self._anchor(sent_at)
        else:
            measure = _count(self._sends, sent_at)
        least = self._rate * (CONFIRMED_CUT_MIN if self._confirmed else CUT_MIN)
        if self._confirmed:
            measure *= CONFIRMED_MARGIN
        return min(max(measure, self._rate * CUT_MAX, self._proven), least)

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

    def state(self) -> dict[str, Any]:
        """Return all that it knows, as JSON can hold it (Python's: infinity included)."""
        quota = self._quota
        return {
            "v": {name: getattr(self, f"_{name}") for name in (*_VALUES, *_MOMENTS)},
            "quota": None if quota is None else [quota.remaining, quota.resets_at],
            "sends": packed(self._sends),
            "passes": packed(self._passes),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any], *, forward_s: float = 0.0) -> AdaptiveRate:
        """
        Return a rate that knows what `state` returned.

        Parameters
        ----------
        state
            What was known.
        forward_s
            Added to all moments: the monotonic clock of a machine starts anew with it.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such state.
        """
        rate = cls()
        for name in _VALUES:
            setattr(rate, f"_{name}", state["v"][name])
        for name in _MOMENTS:
            at = state["v"][name]
            setattr(rate, f"_{name}", None if at is None else at + forward_s)
        if state["quota"] is not None:
            rate._quota = _Quota(int(state["quota"][0]), state["quota"][1] + forward_s)
        rate._sends = deque(at + forward_s for at in unpacked(state["sends"]))
        rate._passes = deque(at + forward_s for at in unpacked(state["passes"]))
        return rate


_VALUES: Final = (
    "rate",
    "min",
    "measured",
    "proven",
    "in_streak",
    "long_run",
    "is_long_run",
    "confirmed",
    "passed_since_cut",
    "since_anchor",
    "is_first_estimate",
)
_MOMENTS: Final = (
    "next_slot",
    "paused_until",
    "cut_at",
    "climbed_at",
    "anchored_at",
    "passed_at",
    "refusing_since",
)


def packed(numbers: Iterable[float]) -> str:
    """Return numbers as a short text: hundreds of them would cost more than all the rest of a state."""
    return base64.b64encode(array("d", numbers).tobytes()).decode("ascii")


def unpacked(text: str) -> array[float]:
    """
    Return the numbers that `packed` wrote.

    Raises
    ------
    TypeError, ValueError
        If it is no such text.
    """
    numbers = array("d")
    numbers.frombytes(base64.b64decode(text, validate=True))
    return numbers


def _count(times: deque[float], until: float) -> int:
    """Return how many of ``times`` lie in the second before ``until``."""
    return sum(until - WINDOW_S < at <= until for at in times)


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
