# SPDX-License-Identifier: Apache-2.0
"""
How programs share one budget: rules without files, time as an argument.

Each program keeps a place in the shared state. From time to time it brings a `Report` (what it sent, what
became of it, what it would like to send) and takes a `Grant` home.

- While nothing limits anybody, a grant says "go on, until then", and nothing is counted here but what the
  rate has to know in case of a refusal.
- Once there is a limit, a grant holds permits, each for one request and good from a moment on, at most
  `AHEAD_S` ahead. Programs stand in a line. The first may take its share of what is handed out, and then goes
  to the end; each further one may, `HEAD_START_S` later, take what those before it leave. So a program that
  is slow, stopped or dead holds up nobody, and none starves.
- Permits for declared windows are charged before they are handed out. Nothing is hoarded: a permit is given
  to a request that waits for it.
- A program that is silent for `SILENT_S` is dead. Its place is free; what it had under way counts as spent
  in the declared windows, for it may have been sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ttapi_client.budget import Permit
from ttapi_client.charges import Charges
from ttapi_client.limits import AdaptiveRate
from ttapi_core import RateWindow

AHEAD_S: Final = 0.05
"""Permits are good at most so long after they are given."""
FREE_S: Final = 0.05
"""While there is no limit, a program goes on for so long before it looks again."""
HEAD_START_S: Final = 0.01
"""What everybody in line has over the next one."""
SILENT_S: Final = 3.0
"""A program that does not report for so long is dead."""
ASK_AGAIN_S: Final = 1.0
"""Whoever waits looks at least this often."""
PATIENCE_S: Final = 1.5
"""Who has not asked for so long does not wait any more."""
SOON_S: Final = 0.001
"""Nobody is told to ask again sooner than this."""
PERMITS_MAX: Final = 32
"""Permits of one grant."""
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: passed, or refused (with the wait that the peer asked for)."""

    permit: Permit
    at: float
    is_refusal: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What the peer announced, with an answer that came ``at`` this moment."""

    remaining: int
    reset_s: float
    at: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A counted request that is over: its weight, when by the wall clock, and whether it was sent."""

    weight: int
    at_wall: float
    spent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What a program tells.

    Parameters
    ----------
    program
        Its name.
    sent
        When it sent requests for which it had no counted permit.
    answers, quotas, settled
        What came of its requests.
    weights
        What the requests that wait for a permit cost, oldest first; None if that is told another time.
    windows
        The limits that it declares.
    is_leaving
        Whether it is the last one.
    """

    program: str
    sent: Sequence[float] = ()
    answers: Sequence[Answer] = ()
    quotas: Sequence[Quota] = ()
    settled: Sequence[Settled] = ()
    weights: Sequence[int] | None = None
    windows: tuple[RateWindow, ...] = ()
    is_leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    What a program may do.

    Parameters
    ----------
    permits
        For its oldest waiting requests, in order of time.
    delay_s
        After so long it is worth asking again.
    free_s
        For so long it may go on without permits.
    blocked_s
        Seconds until the declared windows have room for its first request that got no permit.
    rate_per_s, passed_at, refusing_since
        What the rate knows.
    """

    permits: tuple[Permit, ...] = ()
    delay_s: float
    free_s: float = 0.0
    blocked_s: float = 0.0
    rate_per_s: float = math.inf
    passed_at: float = -math.inf
    refusing_since: float | None = None


@dataclass(slots=True)
class _Place:
    """What is known of a program: its place in the line (None: not in it), and what it has under way."""

    seen_at: float
    asked_at: float = -math.inf
    order: int | None = None
    weight: int = 1
    waited: bool = False
    taken: int = 0
    requests: int = 0
    under_way: int = 0


_PLACE: Final = ("seen_at", "asked_at", "order", "weight", "waited", "taken", "requests", "under_way")


@dataclass(slots=True)
class Sharing:
    """
    The state that programs share.

    Parameters
    ----------
    rate
        The learnt rate.
    charges
        What was spent of the declared limits.
    """

    rate: AdaptiveRate = field(default_factory=AdaptiveRate)
    charges: Charges = field(default_factory=Charges)
    _places: dict[str, _Place] = field(default_factory=dict)
    _next_order: int = 0

    def exchange(self, report: Report, *, now: float, wall: float) -> Grant:
        """
        Take in a report and return what its program may do.

        Parameters
        ----------
        report
            What it tells.
        now
            Monotonic time of the machine.
        wall
            Seconds since 1970.
        """
        self._bury_silent(now, wall)
        place = self._places.setdefault(report.program, _Place(now))
        place.seen_at = now
        self._settle(place, report.settled)
        self._learn(report)
        if report.is_leaving:
            self._bury(report.program, wall)
            return self._grant(delay_s=0.0)
        if self.rate.delay_s(now) <= 0 and self.rate.is_unlimited and not report.windows:
            place.order = None
            return self._grant(delay_s=0.0, free_s=FREE_S)
        if not report.weights:
            place.order = place.order if report.weights is None else None
            return self._grant(delay_s=0.0)
        place.asked_at = now
        return self._served(place, report, report.weights, now, wall)

    def _bury_silent(self, now: float, wall: float) -> None:
        for program in [name for name, place in self._places.items() if place.seen_at < now - SILENT_S]:
            self._bury(program, wall)

    def _bury(self, program: str, wall: float) -> None:
        place = self._places.pop(program)
        if place.under_way:
            self.charges.settle(place.under_way, wall, spent=True)

    def _settle(self, place: _Place, settled: Iterable[Settled]) -> None:
        for request in settled:
            # One that was taken for dead comes back: what it had under way is spent already.
            if place.requests:
                place.requests -= 1
                place.under_way -= request.weight
                self.charges.settle(request.weight, request.at_wall, spent=request.spent)

    def _learn(self, report: Report) -> None:
        for at in report.sent:
            self.rate.take(at)
        for answer in report.answers:
            permit = answer.permit
            if answer.is_refusal:
                self.rate.refused(permit.at, answer.at, retry_after_s=answer.retry_after_s)
            else:
                self.rate.passed(permit.at, answer.at, waited=permit.waited)
        in_flight = sum(place.requests for place in self._places.values())
        for quota in report.quotas:
            # The peer counted the request that it answered; those under way may not have reached it yet.
            self.rate.told(quota.remaining - max(0, in_flight - 1), quota.reset_s, quota.at)

    def _grant(
        self,
        *,
        permits: tuple[Permit, ...] = (),
        delay_s: float,
        free_s: float = 0.0,
        blocked_s: float = 0.0,
    ) -> Grant:
        return Grant(
            permits=permits,
            delay_s=min(delay_s, ASK_AGAIN_S),
            free_s=free_s,
            blocked_s=blocked_s,
            rate_per_s=self.rate.rate_per_s,
            passed_at=self.rate.passed_at,
            refusing_since=self.rate.refusing_since,
        )

    # The line.

    def _served(
        self, place: _Place, report: Report, weights: Sequence[int], now: float, wall: float
    ) -> Grant:
        place.weight = weights[0]
        if place.order is None:
            self._to_the_end(place)
        share = self._share(now)
        delay_s = self._delay_s(place, report.windows, share, now, wall)
        if delay_s > 0:
            place.waited = True
            blocked_s = self.charges.wait_s(report.windows, place.weight, wall)
            return self._grant(delay_s=delay_s, blocked_s=blocked_s)
        permits = self._permits(place, report, weights[: max(1, share - place.taken)], now, wall)
        left = weights[len(permits) :]
        place.taken += len(permits)
        if place.taken >= share:
            self._to_the_end(place)
        place.waited = bool(left)
        if not left:
            place.order = None
            return self._grant(permits=permits, delay_s=0.0)
        place.weight = left[0]
        delay_s = self._delay_s(place, report.windows, share, now, wall)
        blocked_s = self.charges.wait_s(report.windows, place.weight, wall)
        return self._grant(permits=permits, delay_s=max(delay_s, 0.0), blocked_s=blocked_s)

    def _share(self, now: float) -> int:
        # Of what is handed out in a turn; who gets less, for no more was due, stays in front for the rest.
        waiting = sum(self._waits(place, now) for place in self._places.values())
        part = self.rate.rate_per_s * AHEAD_S / waiting if waiting > 1 else PERMITS_MAX
        return max(1, math.ceil(min(part, PERMITS_MAX)))

    def _to_the_end(self, place: _Place) -> None:
        place.taken = 0
        place.order = self._next_order
        self._next_order += 1

    def _delay_s(
        self, place: _Place, windows: tuple[RateWindow, ...], share: int, now: float, wall: float
    ) -> float:
        # Zero if it is its turn. The heaviest of those before it counts too: the light ones must not take its
        # room away for ever.
        assert place.order is not None
        before = [
            other
            for other in self._places.values()
            if other.order is not None and other.order < place.order and self._waits(other, now)
        ]
        weight = max(other.weight for other in (*before, place))
        heaviest = min((window.requests for window in windows), default=weight)
        room_s = self.charges.wait_s(windows, min(weight, heaviest), wall) if windows else 0.0
        # A slot that is nearly due is handed out now: its permit says from when on it is good.
        delay_s = self.rate.delay_s(now) - AHEAD_S
        delay_s = max(delay_s, room_s) if windows else delay_s
        if delay_s + HEAD_START_S * len(before) <= 0:
            return 0.0
        # Those before it may be on time, and then its turn comes sooner than if they were late.
        turn_s = min(HEAD_START_S, share / self.rate.rate_per_s)
        return max(delay_s, 0.0) + max(turn_s * len(before), SOON_S)

    @staticmethod
    def _waits(place: _Place, now: float) -> bool:
        return place.order is not None and place.asked_at >= now - PATIENCE_S

    def _permits(
        self, place: _Place, report: Report, weights: Sequence[int], now: float, wall: float
    ) -> tuple[Permit, ...]:
        permits: list[Permit] = []
        for weight in weights:
            delay_s = max(0.0, self.rate.delay_s(now))
            is_full = bool(report.windows) and self.charges.wait_s(report.windows, weight, wall) > 0
            if delay_s > AHEAD_S or is_full:
                break
            self.rate.take(now + delay_s)
            self.charges.hold(weight)
            place.requests += 1
            place.under_way += weight
            permits.append(Permit(now + delay_s, place.waited or delay_s > 0, weight, report.program))
        return tuple(permits)

    # Where it is kept.

    def state(self, *, now: float, wall: float) -> dict[str, Any]:
        """Return all that it knows, as JSON can hold it (Python's: infinity included)."""
        return {
            "format": FORMAT,
            "rate": self.rate.state(),
            "charges": self.charges.state(),
            "places": {
                name: [getattr(place, each) for each in _PLACE] for name, place in self._places.items()
            },
            "next_order": self._next_order,
            "clocks": wall - now,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any], *, now: float, wall: float) -> Sharing:
        """
        Return what `state` returned, as it is at ``now``.

        The monotonic clock starts anew with the machine, and may stand still while it sleeps; where it
        moved against the wall clock, moments are moved by as much.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such state.
        """
        if state["format"] != FORMAT:
            raise ValueError(f"a state of format {state['format']!r}, not {FORMAT}")
        drift_s = state["clocks"] - (wall - now)
        forward_s = drift_s if abs(drift_s) > 1.0 else 0.0
        rate = AdaptiveRate.restored(state["rate"], forward_s=forward_s)
        places = {name: _Place(*values) for name, values in state["places"].items()}
        for place in places.values():
            place.seen_at += forward_s
            place.asked_at += forward_s
        return cls(rate, Charges.restored(state["charges"]), places, int(state["next_order"]))
