# SPDX-License-Identifier: Apache-2.0
"""
A circuit breaker for coroutines: pybreaker keeps the state, the guard around it is ours.

pybreaker owns the states, thresholds, counters, listeners and storage. It cannot guard a coroutine: as a
decorator it counts the coroutine object as a success and never opens; as a context manager it lets every
concurrent call through in half-open, counts a cancellation as a failure and replaces the ``CancelledError``.
So it is never given the call, only its outcome, and the guard adds what it lacks:

- time is monotonic and comes from the caller's clock;
- in half-open no more than the set number of trials are under way at a time;
- an outcome counts only in the state in which its call began: a slow success from before the opening does not
  close it, a slow failure from before the closing does not open it;
- a cancelled call is no outcome: its permit is given back and nothing is counted;
- a trial that does not come back loses its permit after ``trial_timeout_s``;
- nothing awaits, so no lock is held across an await.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

import pybreaker

from ttapi_client.logs import get_logger
from ttapi_core import BreakerPolicy, CircuitOpenError, Clock, ServerFaultError, TransportError

TRIAL_HINT_S: Final = 0.1
"""What a call that is refused in half-open is told to wait: about as long as a trial takes."""

_log = get_logger(__name__)


def is_failure(error: BaseException) -> bool:
    """Return whether ``error`` speaks against the endpoint: transport errors and 5xx do; 4xx, 429 do not."""
    return isinstance(error, TransportError | ServerFaultError)


@dataclass(slots=True, eq=False)
class Permit:
    """The right to make one call; handed back with its outcome."""

    era: int
    given_at: float
    is_trial: bool


class AsyncBreaker:
    """
    The breaker of one endpoint.

    Parameters
    ----------
    name
        The endpoint, for errors and logs.
    policy
        Thresholds, reset timeout and number of trials.
    clock
        Tells the monotonic time.
    trial_timeout_s
        Seconds after which a trial that did not come back loses its permit.
    counts_as_failure
        Tells which errors speak against the endpoint; an error that does not counts as a success, because
        the peer answered.
    listeners
        pybreaker listeners; one that raises is logged and does no harm.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        *,
        clock: Clock,
        trial_timeout_s: float = 60.0,
        counts_as_failure: Callable[[BaseException], bool] = is_failure,
        listeners: Sequence[pybreaker.CircuitBreakerListener] = (),
    ) -> None:
        self._name = name
        self._policy = policy
        self._clock = clock
        self._trial_timeout_s = trial_timeout_s
        self._counts_as_failure = counts_as_failure
        self._era = 0
        self._openings = 0
        self._opened_at = -math.inf
        self._trials: set[Permit] = set()
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=policy.failures_max,
            reset_timeout=policy.reset_timeout_s,
            success_threshold=policy.successes_to_close,
            listeners=[_Sheltered(listener) for listener in listeners],
            state_storage=pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED),
            name=name,
            # Otherwise the last real error would be replaced by pybreaker's own.
            throw_new_error_on_trip=False,
        )

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``; open until the first trial asks, also beyond the timeout."""
        return str(self._breaker.current_state)

    @property
    def failures(self) -> int:
        """Failures in a row while closed."""
        return int(self._breaker.fail_counter)

    @property
    def openings(self) -> int:
        """How often it opened: tells one outage from the next."""
        return self._openings

    @property
    def trials_under_way(self) -> int:
        """Trials that have not come back."""
        return len(self._trials)

    def check(self) -> None:
        """
        Raise if a call would be refused now; takes nothing.

        Raises
        ------
        CircuitOpenError
            With the seconds until it is worth asking again.
        """
        wait_s = self._wait_s(self._clock.monotonic())
        if wait_s > 0:
            raise CircuitOpenError(self._name, retry_after_s=wait_s, limit=self._policy.failures_max)

    def _wait_s(self, now: float) -> float:
        state = self._breaker.current_state
        if state == pybreaker.STATE_CLOSED:
            return 0.0
        if state == pybreaker.STATE_OPEN:
            return max(0.0, self._opened_at + self._policy.reset_timeout_s - now)
        self._trials = {trial for trial in self._trials if now - trial.given_at < self._trial_timeout_s}
        return TRIAL_HINT_S if len(self._trials) >= self._policy.trials else 0.0

    def acquire(self) -> Permit:
        """
        Take the right to make one call.

        Raises
        ------
        CircuitOpenError
            If it is open, or half-open with all trials under way.
        """
        self.check()
        if self._breaker.current_state == pybreaker.STATE_OPEN:
            self._enter(self._breaker.half_open)
        is_trial = self._breaker.current_state == pybreaker.STATE_HALF_OPEN
        permit = Permit(self._era, self._clock.monotonic(), is_trial)
        if is_trial:
            self._trials.add(permit)
        return permit

    def release(self, permit: Permit) -> None:
        """Give the right back without an outcome: the call was cancelled."""
        self._trials.discard(permit)

    def succeeded(self, permit: Permit) -> None:
        """Report that the call came back well."""
        if self._counts(permit):
            self._enter(lambda: self._breaker.call(_succeed))

    def failed(self, permit: Permit, error: BaseException) -> None:
        """Report that the call raised ``error``: a success, if that does not speak against the peer."""
        if not self._counts(permit):
            return
        if self._counts_as_failure(error):
            self._enter(lambda: self._fail(error))
        else:
            self._enter(lambda: self._breaker.call(_succeed))

    def _counts(self, permit: Permit) -> bool:
        # A trial whose permit was taken away is as late as a call from an earlier state.
        given_up = permit.is_trial and permit not in self._trials
        self._trials.discard(permit)
        return permit.era == self._era and not given_up

    def _fail(self, error: BaseException) -> None:
        def fail() -> NoReturn:
            raise error

        try:
            self._breaker.call(fail)
        except Exception as raised:
            if raised is not error:
                raise

    def _enter(self, move: Callable[[], object]) -> None:
        before = self._breaker.current_state
        move()
        after = self._breaker.current_state
        if after == before:
            return
        self._era += 1
        self._trials.clear()
        if after == pybreaker.STATE_OPEN:
            self._openings += 1
            self._opened_at = self._clock.monotonic()
        _log.debug("breaker changed", endpoint=self._name, before=before, after=after)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """
        Guard the body: take a permit, report the outcome; cancellation reports nothing.

        Raises
        ------
        CircuitOpenError
            If the call is refused; the body does not run.
        """
        permit = self.acquire()
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            self.failed(permit, error)
            raise
        else:
            self.succeeded(permit)
        finally:
            self.release(permit)


def _succeed() -> None:
    """Tells pybreaker of a success."""


class _Sheltered(pybreaker.CircuitBreakerListener):
    """Keeps a listener that raises from leaving pybreaker between two states."""

    def __init__(self, listener: pybreaker.CircuitBreakerListener) -> None:
        self._listener = listener

    def _tell(self, method: str, *arguments: object) -> None:
        try:
            getattr(self._listener, method)(*arguments)
        except Exception:  # noqa: BLE001 - the listener is foreign code, and the breaker must finish its move
            _log.warning("breaker listener failed", listener=type(self._listener).__name__, method=method)

    def before_call(
        self, cb: pybreaker.CircuitBreaker, func: Callable[..., object], *args: object, **_: object
    ) -> None:
        self._tell("before_call", cb, func, *args)

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        self._tell("failure", cb, exc)

    def success(self, cb: pybreaker.CircuitBreaker) -> None:
        self._tell("success", cb)

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        self._tell("state_change", cb, old_state, new_state)


class BreakerRegistry:
    """
    One breaker an endpoint, made when first asked for.

    Holds at most ``policy.endpoints_max``; beyond that the least recently used closed one is forgotten, and
    where none is closed, the least recently used.

    Parameters
    ----------
    policy, clock, trial_timeout_s, listeners
        Given to each breaker.
    """

    def __init__(
        self,
        policy: BreakerPolicy,
        *,
        clock: Clock,
        trial_timeout_s: float = 60.0,
        listeners: Sequence[pybreaker.CircuitBreakerListener] = (),
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._trial_timeout_s = trial_timeout_s
        self._listeners = tuple(listeners)
        self._breakers: OrderedDict[str, AsyncBreaker] = OrderedDict()

    def __len__(self) -> int:
        return len(self._breakers)

    def get(self, endpoint: str) -> AsyncBreaker:
        """Return the breaker of ``endpoint``."""
        breaker = self._breakers.get(endpoint)
        if breaker is not None:
            self._breakers.move_to_end(endpoint)
            return breaker
        if len(self._breakers) >= self._policy.endpoints_max:
            self._forget_one()
        breaker = AsyncBreaker(
            endpoint,
            self._policy,
            clock=self._clock,
            trial_timeout_s=self._trial_timeout_s,
            listeners=self._listeners,
        )
        self._breakers[endpoint] = breaker
        return breaker

    def _forget_one(self) -> None:
        closed = (name for name, breaker in self._breakers.items() if breaker.state == pybreaker.STATE_CLOSED)
        del self._breakers[next(closed, next(iter(self._breakers)))]
