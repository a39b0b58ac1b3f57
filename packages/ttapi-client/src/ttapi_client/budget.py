# SPDX-License-Identifier: Apache-2.0
"""
What a client may spend: permits to send, from limits that are learnt and limits that are declared.

A `Budget` is asked by the gate for permits and told by the client what became of each request.
`LocalBudget` is that of one client; `ttapi_client.shared_budget.SharedBudget` is that of all clients of a
machine that use the same credential.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ttapi_client.charges import Charges
from ttapi_client.limits import AdaptiveRate
from ttapi_core import Clock, LimitPolicy, RateWindow


@dataclass(frozen=True, slots=True)
class Permit:
    """
    The right to send one request.

    Parameters
    ----------
    at
        When it was given, or is good for; by this moment the rate knows the request.
    waited
        Whether the rate made it wait.
    weight
        What it costs of every declared window.
    holder
        For whom it is accounted for by whoever gave it; empty where nobody keeps such an account.
    """

    at: float
    waited: bool = False
    weight: int = 1
    holder: str = ""


class Budget(Protocol):
    """Gives permits; used in one event loop."""

    def obey(self, limits: LimitPolicy) -> None:
        """Take over the rate to begin with and the declared limits; called once, before the first request."""
        ...

    @property
    def rate_per_s(self) -> float:
        """The learnt rate, in requests a second; infinite while there is no limit."""
        ...

    @property
    def passed_at(self) -> float:
        """When the last request passed; minus infinity before the first."""
        ...

    def refusing_s(self, now: float) -> float:
        """Return the seconds for which the peer has refused everybody; zero if its last answer was none."""
        ...

    def blocked_s(self, now: float, weight: int) -> float:
        """Return the seconds for which the declared windows have no room for ``weight``, as far as known."""
        ...

    def delay_s(self, now: float, weight: int) -> float:
        """Return the seconds until it is worth asking for a permit; zero or less for at once."""
        ...

    def take(self, now: float, weight: int, *, waited: bool) -> Permit:
        """Take a permit where `delay_s` is zero or less."""
        ...

    async def wait(self, delay_s: float, weights: Sequence[int]) -> None:
        """Wait for at most about ``delay_s`` and ask for permits of ``weights``, oldest first."""
        ...

    def passed(self, permit: Permit, now: float) -> None:
        """Learn from an answer that was no refusal."""
        ...

    def refused(self, permit: Permit, now: float, *, retry_after_s: float | None = None) -> None:
        """Learn from a refusal, and from the wait that the peer asked for."""
        ...

    def told(self, remaining: int, reset_s: float, now: float) -> None:
        """Obey a quota that the peer announced: requests left when it answered, seconds until it is full."""
        ...

    def settle(self, permit: Permit, *, spent: bool) -> None:
        """Note that a request is over; one that was not ``spent`` was never sent."""
        ...

    async def aclose(self) -> None:
        """Give back whatever is left; idempotent."""
        ...


class LocalBudget:
    """
    The budget of one client, in its memory.

    Parameters
    ----------
    clock
        Tells the time and waits.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._rate = AdaptiveRate()
        self._windows: tuple[RateWindow, ...] = ()
        self._clock = clock
        self._charges = Charges()
        self._in_flight = 0

    def obey(self, limits: LimitPolicy) -> None:
        """Take over the rate to begin with and the declared limits."""
        self._rate = AdaptiveRate(initial_per_s=limits.rate_initial_per_s, min_per_s=limits.rate_min_per_s)
        self._windows = limits.windows

    @property
    def rate_per_s(self) -> float:
        """The learnt rate, in requests a second; infinite while there is no limit."""
        return self._rate.rate_per_s

    @property
    def passed_at(self) -> float:
        """When the last request passed; minus infinity before the first."""
        return self._rate.passed_at

    def refusing_s(self, now: float) -> float:
        """Return the seconds for which the peer has refused everybody; zero if its last answer was none."""
        return self._rate.refusing_s(now)

    def blocked_s(self, _now: float, weight: int) -> float:
        """Return the seconds for which the declared windows have no room for ``weight``."""
        return self._charges.wait_s(self._windows, weight, self._wall()) if self._windows else 0.0

    def delay_s(self, now: float, weight: int) -> float:
        """Return the seconds until a request may go out; zero or less for at once."""
        delay_s = self._rate.delay_s(now)
        return max(delay_s, self.blocked_s(now, weight)) if self._windows else delay_s

    def take(self, now: float, weight: int, *, waited: bool) -> Permit:
        """Take a permit where `delay_s` is zero or less."""
        self._rate.take(now)
        self._charges.hold(weight)
        self._in_flight += 1
        return Permit(now, waited, weight)

    async def wait(self, delay_s: float, _weights: Sequence[int]) -> None:
        """Wait for ``delay_s``."""
        await self._clock.sleep(delay_s)

    def passed(self, permit: Permit, now: float) -> None:
        """Learn from an answer that was no refusal."""
        self._rate.passed(permit.at, now, waited=permit.waited)

    def refused(self, permit: Permit, now: float, *, retry_after_s: float | None = None) -> None:
        """Learn from a refusal, and from the wait that the peer asked for."""
        self._rate.refused(permit.at, now, retry_after_s=retry_after_s)

    def told(self, remaining: int, reset_s: float, now: float) -> None:
        """Obey a quota that the peer announced."""
        # The peer counted this request; the others under way may not have reached it yet.
        self._rate.told(remaining - (self._in_flight - 1), reset_s, now)

    def settle(self, permit: Permit, *, spent: bool) -> None:
        """Note that a request is over; one that was not ``spent`` was never sent."""
        self._in_flight -= 1
        self._charges.settle(permit.weight, self._wall() if self._windows else math.inf, spent=spent)

    async def aclose(self) -> None:
        """Nothing is held outside of this process."""

    def _wall(self) -> float:
        return self._clock.now().timestamp()
