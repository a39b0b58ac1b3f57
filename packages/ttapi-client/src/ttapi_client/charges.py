# SPDX-License-Identifier: Apache-2.0
"""
What was spent of declared limits, and when the next request fits: rules without sockets.

A request is charged when it goes out and stays charged until it is over; from then on its charge ages. The
peer counted it at some moment between, so a window that starts when it is over holds it for at least as long
as the peer's own: the limit is kept however long requests are under way. A request that was never sent is
not charged.

Times are seconds of the wall clock, for a quota of a day outlives the program. A charge that lies in the
future, because the clock was set back, counts as made now.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ttapi_client.limits import packed, unpacked
from ttapi_core import RateWindow

KEPT_MAX: Final = 1000
"""Up to so many charges are kept one by one; of more, neighbours are merged."""
GRAIN: Final = 1 / 256
"""Charges are merged when they lie closer together than this share of their age; the later time counts."""
UNDER_WAY_S: Final = 0.05
"""Where requests under way use up a window, their end is looked for after this time."""


class Charges:
    """What was spent and when; windows are given with each question, so that programs may differ in them."""

    def __init__(self) -> None:
        self._at: array[float] = array("d")
        self._weight: array[float] = array("d")
        self._under_way = 0
        self._kept_s = 0.0
        self._merge_above = KEPT_MAX

    @property
    def under_way(self) -> int:
        """Weight of the requests that are not over yet."""
        return self._under_way

    def wait_s(self, windows: Iterable[RateWindow], weight: int, now: float) -> float:
        """Return the seconds until a request of ``weight`` fits into all ``windows``; zero for at once."""
        for index in range(len(self._at) - 1, -1, -1):
            if self._at[index] <= now:
                break
            self._at[index] = now
        return max((self._wait_in_s(window, weight, now) for window in windows), default=0.0)

    def _wait_in_s(self, window: RateWindow, weight: int, now: float) -> float:
        self._kept_s = max(self._kept_s, window.seconds)
        start = now // window.seconds * window.seconds if window.aligned else now - window.seconds
        first = self._first_after(start, aligned=window.aligned)
        excess = self._under_way + weight + sum(self._weight[first:]) - window.requests
        if excess <= 0:
            return 0.0
        if window.aligned:
            return start + window.seconds - now
        for at, freed in zip(self._at[first:], self._weight[first:], strict=True):
            excess -= freed
            if excess <= 0:
                # Floating point may round the sum down to a moment at which the charge still counts.
                return max(math.nextafter(at + window.seconds, math.inf) - now, 1e-6)
        return UNDER_WAY_S

    def _first_after(self, start: float, *, aligned: bool) -> int:
        # What is over just when a period begins may have been counted in it; a rolling window has a moment
        # less than its length, so that a charge of exactly that age is out.
        index = bisect_right(self._at, start)
        while aligned and index and self._at[index - 1] >= start:
            index -= 1
        return index

    def hold(self, weight: int) -> None:
        """Charge a request that goes out."""
        self._under_way += weight

    def settle(self, weight: int, now: float, *, spent: bool) -> None:
        """Note that a request is over; one that was not ``spent`` was never sent, and is free of charge."""
        self._under_way = max(0, self._under_way - weight)
        if not spent or not self._kept_s:
            return
        # Reports of several processes come out of order; the later time is the careful one.
        self._at.append(max(now, self._at[-1]) if self._at else now)
        self._weight.append(weight)
        self._forget(now)

    def _forget(self, now: float) -> None:
        gone = bisect_right(self._at, now - self._kept_s - 1)
        if gone:
            del self._at[:gone], self._weight[:gone]
        if len(self._at) > self._merge_above:
            self._merge(now)

    def _merge(self, now: float) -> None:
        # Sparse where it is old, as it was where it is recent: the error stays below a share of the window.
        merged_at, merged_weight = array("d"), array("d")
        until = -math.inf
        for at, weight in zip(reversed(self._at), reversed(self._weight), strict=True):
            if merged_at and at > until:
                merged_weight[-1] += weight
                continue
            merged_at.append(at)
            merged_weight.append(weight)
            until = at - (now - at) * GRAIN - 1e-3
        self._at, self._weight = merged_at[::-1], merged_weight[::-1]
        self._merge_above = max(KEPT_MAX, 2 * len(self._at))

    def state(self) -> dict[str, Any]:
        """Return all that it knows, as JSON can hold it."""
        return {
            "at": packed(self._at),
            "weight": packed(self._weight),
            "under_way": self._under_way,
            "kept_s": self._kept_s,
            "merge_above": self._merge_above,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Charges:
        """
        Return charges that know what `state` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such state.
        """
        charges = cls()
        charges._at, charges._weight = unpacked(state["at"]), unpacked(state["weight"])
        if len(charges._at) != len(charges._weight):
            raise ValueError("charges without weights")
        charges._under_way, charges._kept_s = int(state["under_way"]), float(state["kept_s"])
        charges._merge_above = int(state["merge_above"])
        return charges
