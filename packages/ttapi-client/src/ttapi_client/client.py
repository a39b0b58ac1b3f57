# SPDX-License-Identifier: Apache-2.0
"""
The resilient HTTP client: limits, breaker, retry and one deadline around every request.

Around each attempt, from the outside in: the breaker is asked; credentials are fetched; a slot is awaited
(so many in flight, and the learnt rate); the breaker guards; the request goes out; the body is read under
its cap. Around all attempts stands the retry. A slot is held while a request is under way, not while it
backs off.

The deadline
------------
A call has ``deadline_s`` seconds from the moment it is first let out: standing in the queue behind hundreds
of others costs it nothing. From then on everything counts. One exception: a call that was refused with 429
stands in the queue again as though it had not been sent, and its deadline moves on for as long as other
calls get through; a peer that refuses everybody for ``deadline_s`` ends them all, also in the queue. A
deadline that is given with the call is firm and never moves.

A call that is refused with 429 goes to the end of the queue: a peer that refuses one endpoint for good must
not hold up the others. Every other repetition keeps its place.

The open breaker
----------------
A call that meets an open breaker was not sent. It waits, once, for the next trial, if its deadline allows.
If the trial succeeds, it goes on; if the breaker opens again, it fails with `CircuitOpenError`. So a peer
that restarts costs a collection seconds and no symbol, and an outage fails everybody after one wait, with
next to no requests sent.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from random import Random
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState

from ttapi_client.answers import decoded_json, quota, refusal
from ttapi_client.authentication import Authenticator
from ttapi_client.body import ACCEPT_ENCODING
from ttapi_client.breaker import AsyncBreaker, BreakerRegistry
from ttapi_client.budget import Budget, LocalBudget
from ttapi_client.call import Call, Origin, QueryParams, SentOnce, encoded, merged
from ttapi_client.exchange import exchange
from ttapi_client.gate import Gate, Passage
from ttapi_client.logs import get_logger
from ttapi_client.redaction import Redactor
from ttapi_client.retry import REFUSALS_MAX, RESERVE_MIN, RetryBudget, may_repeat, wait_s
from ttapi_client.transport import open_transport
from ttapi_core import (
    AuthenticationError,
    BreakerPolicy,
    CircuitOpenError,
    Clock,
    DeadlineExceededError,
    LimitPolicy,
    ParameterError,
    RateLimitError,
    RequestCounts,
    RetryPolicy,
    Sent,
    SystemClock,
    TransportError,
    TTError,
    UsageError,
)

REQUEST_ID_HEADER: Final = "X-Request-Id"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
_NOT_MODIFIED: Final = 304
_T = TypeVar("_T")

_log = get_logger(__name__)


class ResilientClient:
    """
    An HTTP client for one origin that is held to account.

    Every call ends with an answer below 300 (or 304), or with a `TTError`. An order is never sent twice:
    see the table in `ttapi_client.retry`. Used in one event loop and closed with `aclose` or ``async
    with``.

    Parameters
    ----------
    base_url
        Origin, with an optional path that all paths stand below.
    user_agent
        What the client calls itself.
    authenticator
        Gives the credentials; None for none.
    limits
        Concurrency, rate, declared limits, deadline, timeouts, size of a body.
    budget
        Where the rate and the declared limits are kept: a `SharedBudget` for all programs of a machine that
        use the same credential; None for a budget of its own, in memory. Closed with the client.
    retry
        Attempts and waits.
    breaker
        When an endpoint is left alone.
    transport
        Any httpx transport; None for the fastest that is installed. Closed with the client.
    clock
        Tells the time and waits between attempts. Timeouts of a request under way run on the event loop's
        time.
    seed
        Of the jitter; None for a new one each time.

    Raises
    ------
    ParameterError
        If ``base_url`` is no plain http or https URL.

    Examples
    --------
    >>> import asyncio, httpx
    >>> async def main() -> object:
    ...     transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"up": True}))
    ...     async with ResilientClient("https://api.example.com", transport=transport) as client:
    ...         return await client.request_json("GET", "/status")
    >>> asyncio.run(main())
    {'up': True}
    """

    def __init__(  # noqa: PLR0913 - one policy an aspect, each with its default
        self,
        base_url: str,
        *,
        user_agent: str = "ttapi/0.1.0",
        authenticator: Authenticator | None = None,
        limits: LimitPolicy = LimitPolicy(),  # noqa: B008 - frozen
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        breaker: BreakerPolicy = BreakerPolicy(),  # noqa: B008 - frozen
        budget: Budget | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        self._transport = transport
        self._is_closed = False
        self._redact = Redactor()
        self._origin = Origin(base_url, self._redact)
        self._user_agent = user_agent
        self._authenticator = authenticator
        self._limits = limits
        self._retry = retry
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._random = Random(seed)  # noqa: S311 - jitter, no secret
        self._budget = budget if budget is not None else LocalBudget(clock=self._clock)
        self._budget.obey(limits)
        self._gate = Gate(
            limits.concurrency_max,
            self._budget,
            clock=self._clock,
            windows=limits.windows,
            # A window of just that length is waited for, however the clock is rounded.
            patience_s=retry.retry_after_max_s + 1.0,
        )
        self._breakers = BreakerRegistry(breaker, clock=self._clock, trial_timeout_s=limits.deadline_s)
        self._retries = RetryBudget(reserve=max(RESERVE_MIN, limits.concurrency_max))
        self._tickets = itertools.count()
        self._sent = 0
        self._retried = 0
        self._failed = 0

    def __repr__(self) -> str:
        return f"ResilientClient({str(self._origin)!r})"

    async def __aenter__(self) -> Self:
        self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not getattr(self, "_is_closed", True) and self._transport is not None:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)

    def _opened(self) -> httpx.AsyncBaseTransport:
        if self._is_closed:
            raise UsageError(f"{self!r} is closed")
        if self._transport is None:
            self._transport = open_transport(self._limits, base_url=str(self._origin))
        return self._transport

    async def aclose(self) -> None:
        """Refuse whoever waits, close all connections; idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._gate.aclose()
        await self._budget.aclose()
        if self._transport is not None:
            await self._transport.aclose()

    @property
    def clock(self) -> Clock:
        """The clock that it goes by."""
        return self._clock

    @property
    def counts(self) -> RequestCounts:
        """Attempts sent, attempts that were repetitions, and calls that failed, since the client was made."""
        return RequestCounts(sent=self._sent, retried=self._retried, failed=self._failed)

    @property
    def rate_per_s(self) -> float:
        """The learnt rate, in requests a second; infinite while there is no limit."""
        return self._budget.rate_per_s

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self._gate.in_flight

    async def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        params: QueryParams | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        idempotency_key: str | None = None,
        once: SentOnce | None = None,
        authenticated: bool = True,
        deadline_s: float | None = None,
        check: Callable[[httpx.Response], None] | None = None,
        weight: int = 1,
    ) -> httpx.Response:
        """
        Send a request, as often as it takes and may, and return the answer with its body read.

        Parameters
        ----------
        method
            GET, POST, ...
        path
            Below the base URL; a URL of the same origin will do.
        params
            Query parameters; a sequence repeats its key.
        json
            Body, to be written as JSON; None for none.
        content
            Body, as it is; None for none.
        headers
            Besides those of the client.
        endpoint
            Name of the breaker, such as ``GET /option-chains/{symbol}/nested``; None for method and path.
        idempotency_key
            Makes the peer execute the request once however often it comes; sent with every attempt.
        once
            Keeps it from being sent again when the peer may have it, whatever its method promises, and learns
            whether the peer may.
        authenticated
            Whether the credentials go with it.
        deadline_s
            Seconds for the call from its first permit, firm; None for that of the limits.
        check
            Called with each answer below 300; may raise `AnswerMismatchError` or `DecodeError`, which is
            retried like an answer that was cut off: where the request may be sent again.
        weight
            What it costs of every declared window (`LimitPolicy.windows`).

        Returns
        -------
        httpx.Response
            ``extensions`` holds ``ttapi_request_id`` and ``ttapi_attempts``.

        Raises
        ------
        ResponseError
            The peer answered 300 or more (304 is an answer). Redirects are not followed.
        TransportError
            The exchange did not complete; `DeadlineExceededError` if no time was left.
        CircuitOpenError
            The endpoint failed too often; the request was not sent.
        BudgetSpentError
            A declared limit has no room for longer than ``retry.retry_after_max_s``; it was not sent.
        StoreError
            A shared budget cannot be used; it was not sent.
        BodyTooLargeError
            The answer is larger than the cap.
        DecodeError
            The answer is compressed in a way that was not asked for, or that does not unpack.
        ParameterError
            The request cannot be made, or goes to another origin.
        UsageError
            The client is closed.
        """
        call = self._call(
            method,
            path,
            params,
            json,
            content,
            headers,
            endpoint,
            idempotency_key,
            authenticated,
            deadline_s,
            weight,
        )
        call.once = once

        def checked(response: httpx.Response) -> httpx.Response:
            if check is not None:
                check(response)
            return response

        return await self._run(call, checked)

    async def request_json(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        params: QueryParams | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        idempotency_key: str | None = None,
        authenticated: bool = True,
        deadline_s: float | None = None,
        check: Callable[[Any], None] | None = None,
        weight: int = 1,
    ) -> Any:  # noqa: ANN401 - JSON
        """
        Send a request like `request` and return the JSON value of its answer.

        Parameters
        ----------
        method, path, params, json, content, headers, endpoint, idempotency_key, authenticated, deadline_s
            As for `request`.
        check
            Called with the value; may raise `AnswerMismatchError` or `DecodeError`, which is retried like
            an answer that was cut off: where the request may be sent again.
        weight
            As for `request`.

        Raises
        ------
        DecodeError
            Besides those of `request`: the last answer was no JSON.
        """
        call = self._call(
            method,
            path,
            params,
            json,
            content,
            headers,
            endpoint,
            idempotency_key,
            authenticated,
            deadline_s,
            weight,
        )

        def decode(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
            value = decoded_json(response.content, what=call.what, request_id=call.request_id)
            if check is not None:
                check(value)
            return value

        return await self._run(call, decode)

    def _call(  # noqa: PLR0913, PLR0917 - handed on from one place only
        self,
        method: str,
        path: str,
        params: QueryParams | None,
        json: object,
        content: bytes | None,
        headers: Mapping[str, str] | None,
        endpoint: str | None,
        idempotency_key: str | None,
        authenticated: bool,  # noqa: FBT001 - handed on
        deadline_s: float | None,
        weight: int,
    ) -> Call:
        for named in (headers, params, json):
            if isinstance(named, Mapping):
                self._redact.register_named(named)
        if deadline_s is not None and not deadline_s > 0:
            raise ParameterError("deadline_s", deadline_s, "a number above zero")
        heaviest = min((window.requests for window in self._limits.windows), default=weight)
        if not 1 <= weight <= heaviest:
            raise ParameterError("weight", weight, f"a whole number from 1 to {max(heaviest, 1)}")
        body, content_type = encoded(json, content)
        url = self._origin.url(path, params)
        method = method.upper()
        # As it is on the wire, percent-encoded: a decoded path could break the line of a log.
        what = f"{method} {url.raw_path.decode('ascii').partition('?')[0]}"
        request_id = uuid.uuid4().hex
        fields = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            REQUEST_ID_HEADER: request_id,
        }
        if content_type:
            fields["Content-Type"] = content_type
        if idempotency_key is not None:
            fields[IDEMPOTENCY_HEADER] = idempotency_key
        return Call(
            method=method,
            url=url,
            headers=merged(fields, headers or {}, kept=REQUEST_ID_HEADER),
            content=body,
            what=what,
            endpoint=endpoint or what,
            keyed=idempotency_key is not None,
            authenticated=authenticated and self._authenticator is not None,
            request_id=request_id,
            ticket=next(self._tickets),
            weight=weight,
            deadline_s=self._limits.deadline_s if deadline_s is None else deadline_s,
            firm=deadline_s is not None,
        )

    async def _run(self, call: Call, finish: Callable[[httpx.Response], _T]) -> _T:
        self._retries.called()
        retrying = AsyncRetrying(
            retry=lambda state: self._may_repeat(call, state),
            wait=lambda state: self._wait_s(call, _error_of(state)),
            stop=lambda state: self._is_spent(call, _error_of(state), state.upcoming_sleep),
            sleep=self._clock.sleep,
            retry_error_callback=lambda state: self._give_up(call, _error_of(state)),
        )
        try:
            result: _T = await retrying(self._attempt, call, finish)
        except TTError as error:
            if not call.in_credentials:  # an error of the authenticator may belong to many calls
                error.attempts = call.attempts
            self._failed += 1
            self._debug("request failed", call, error=error.code)
            raise
        self._retries.succeeded()
        return result

    # The decisions, in the order in which tenacity asks for them.

    def _may_repeat(self, call: Call, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        if not isinstance(error, TTError) or call.in_credentials:
            return False
        call.last_error = error
        if isinstance(error, CircuitOpenError):
            return call.opening == self._breakers.get(call.endpoint).openings
        return call.again_at_once or may_repeat(call.kind, error, self._retry)

    def _wait_s(self, call: Call, error: BaseException) -> float:
        return 0.0 if call.again_at_once else wait_s(error, call.repeated, self._retry, self._random)

    def _is_spent(self, call: Call, error: BaseException, wait: float) -> bool:
        if isinstance(error, RateLimitError):
            self._prolong(call)
            wait = self._budget.delay_s(self._clock.monotonic(), call.weight)
        call.is_late = wait >= self._remaining_s(call)
        if call.is_late:
            return True
        if call.again_at_once or isinstance(error, CircuitOpenError):
            return False
        if isinstance(error, RateLimitError):
            return call.refusals >= REFUSALS_MAX
        call.repeated += 1
        return call.repeated >= self._retry.attempts_max or not self._retries.spend()

    def _give_up(self, call: Call, error: BaseException) -> NoReturn:
        if call.is_late and not isinstance(error, CircuitOpenError):
            raise self._too_late(call) from error
        raise error

    def _prolong(self, call: Call) -> bool:
        # Moves the deadline of a refused call on, if others got through meanwhile; returns whether it is
        # ahead.
        call.prolong(self._budget.passed_at)
        return self._remaining_s(call) > 0

    def _remaining_s(self, call: Call) -> float:
        return call.remaining_s(self._clock.monotonic())

    @asynccontextmanager
    async def _deadline(self, call: Call) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._remaining_s(call)):
                yield
        except TimeoutError as error:
            # An attempt that took too long is a TimeoutError as well; it may be repeated.
            if isinstance(error, TTError):
                raise
            raise self._too_late(call) from call.last_error

    @staticmethod
    def _too_late(call: Call) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{call.what}: not done within {call.deadline_s:g} s, {call.attempts} attempts",
            sent=Sent.MAYBE if call.attempts else Sent.NEVER,
            request_id=call.request_id,
        )

    # One attempt, from the outside in.

    async def _attempt(self, call: Call, finish: Callable[[httpx.Response], _T]) -> _T:
        self._opened()
        breaker = self._breakers.get(call.endpoint)
        self._ask(breaker, call)
        credentials = await self._credentials(call)
        passage = await self._pass_gate(call)
        try:
            response = await self._guarded(call, breaker, passage, credentials)
        except AuthenticationError:
            call.again_at_once = await self._renewed(call, credentials)
            raise
        return finish(response)

    def _ask(self, breaker: AsyncBreaker, call: Call) -> None:
        """Spare a call that the breaker would refuse the way through the queue."""
        try:
            breaker.check()
        except CircuitOpenError:
            self._note_opening(breaker, call)
            raise

    @staticmethod
    def _note_opening(breaker: AsyncBreaker, call: Call) -> None:
        # The first opening that a call meets is the one that it waits for.
        if call.opening is None:
            call.opening = breaker.openings

    async def _credentials(self, call: Call) -> Mapping[str, str]:
        call.again_at_once = False
        if not call.authenticated or self._authenticator is None:
            return {}
        call.in_credentials = True
        async with self._deadline(call):
            credentials = await self._authenticator.headers()
        call.in_credentials = False
        for value in credentials.values():
            self._redact.register(value)
        return credentials

    async def _renewed(self, call: Call, credentials: Mapping[str, str]) -> bool:
        if call.renewed or not credentials or self._authenticator is None:
            return False
        call.renewed = call.in_credentials = True
        async with self._deadline(call):
            renewed = await self._authenticator.refused(credentials)
        call.in_credentials = False
        return renewed

    async def _pass_gate(self, call: Call) -> Passage:
        passage = None
        while passage is None:
            try:
                async with asyncio.timeout(self._remaining_s(call)):
                    passage = await self._gate.acquire(call.ticket, call.weight)
            except TimeoutError:
                if not self._may_queue_on(call):
                    raise self._too_late(call) from call.last_error
        if call.expires_at is None:
            call.expires_at = passage.given_at + call.deadline_s
        if self._may_queue_on(call):
            return passage
        self._gate.release(passage, spent=False)
        raise self._too_late(call) from call.last_error

    def _may_queue_on(self, call: Call) -> bool:
        if call.expires_at is not None:
            return self._prolong(call)
        return self._budget.refusing_s(self._clock.monotonic()) < call.deadline_s

    async def _guarded(
        self, call: Call, breaker: AsyncBreaker, passage: Passage, credentials: Mapping[str, str]
    ) -> httpx.Response:
        spent = True
        try:
            with breaker.guard():
                return await self._timed(call, passage, credentials)
        except CircuitOpenError:
            spent = False
            self._note_opening(breaker, call)
            raise
        except TransportError as error:
            spent = error.sent is not Sent.NEVER
            raise
        finally:
            self._gate.release(passage, spent=spent)

    async def _timed(self, call: Call, passage: Passage, credentials: Mapping[str, str]) -> httpx.Response:
        call.attempts += 1
        if call.once is not None:
            call.once.may_be_there = True
        self._sent += 1
        self._retried += call.attempts > 1
        started_at = self._clock.monotonic()
        try:
            async with self._deadline(call):
                response = await exchange(self._opened(), call, credentials=credentials, limits=self._limits)
        except TTError as error:
            self._debug("attempt failed", call, error=error.code)
            raise
        elapsed_s = round(self._clock.monotonic() - started_at, 6)
        self._debug("attempt answered", call, status=response.status_code, elapsed_s=elapsed_s)
        return self._judged(call, passage, response)

    def _judged(self, call: Call, passage: Passage, response: httpx.Response) -> httpx.Response:
        """Learn from an answer; raise if it is a refusal."""
        status = response.status_code
        now = self._clock.monotonic()
        if status < 300 or status == _NOT_MODIFIED:
            self._learn_quota(response, now)
            self._budget.passed(passage.permit, now)
            return response
        error = refusal(
            response, what=call.what, request_id=call.request_id, redact=self._redact, now=self._clock.now()
        )
        if call.once is not None and isinstance(error, RateLimitError | AuthenticationError):
            call.once.may_be_there = False  # it was refused unread
        if isinstance(error, RateLimitError):
            call.refusals += 1
            call.ticket = next(self._tickets)
            asked_s = error.retry_after_s
            obeyed = asked_s is not None and asked_s <= self._retry.retry_after_max_s
            self._budget.refused(passage.permit, now, retry_after_s=asked_s if obeyed else None)
        else:
            self._budget.passed(passage.permit, now)
        raise error

    def _learn_quota(self, response: httpx.Response, now: float) -> None:
        told = quota(response, self._clock.now())
        if told is not None and told[1] <= self._retry.retry_after_max_s:
            self._budget.told(told[0], told[1], now)

    @staticmethod
    def _debug(event: str, call: Call, **fields: object) -> None:
        _log.debug(
            event,
            request_id=call.request_id,
            method=call.method,
            endpoint=call.endpoint,
            attempt=call.attempts,
            **fields,
        )


def _error_of(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome is not None else None
    assert error is not None
    return error
