# SPDX-License-Identifier: Apache-2.0
"""
Placing an order once, although answers get lost.

::

    send ── answered ──────────────────────────────→ the answer
      │  └─ refused, or never sent ────────────────→ the error: nothing was placed
      └─ lost: look for it by its identifier
             ├─ found ─────────────────────────────→ what was found
             ├─ the last look failed ──────────────→ OrderUnknownError
             └─ the broker shows none ─────────────→ OrderUnknownError: it may be booked later yet
                                                     (or send again, if the policy says so)

An identifier that was placed, or whose fate stayed open, also because the caller gave up waiting, is
remembered: the next time it is looked for before anything is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ttapi_client.call import SentOnce
from ttapi_client.logs import get_logger
from ttapi_core import Clock, LostAnswerPolicy, Sent
from ttapi_core.errors import (
    BodyTooLargeError,
    DataError,
    OrderUnknownError,
    ProtocolError,
    ResponseError,
    ServerFaultError,
    TransportError,
    TTError,
    UsageError,
)

T = TypeVar("T")
_log = get_logger(__name__)

REMEMBERED_MAX: Final = 100_000
"""Identifiers that are remembered; the oldest is forgotten first."""
_REQUEST_TIMEOUT: Final = 408


def is_lost(error: TTError, once: SentOnce) -> bool:
    """Return whether the peer may have executed a request that ended with ``error``."""
    if not once.may_be_there:
        return False
    if isinstance(error, TransportError):
        return error.sent is not Sent.NEVER
    if isinstance(error, ResponseError):
        return isinstance(error, ServerFaultError) or error.status == _REQUEST_TIMEOUT
    # Answered, and not to be understood: it was executed, or not.
    return isinstance(error, ProtocolError | BodyTooLargeError | DataError)


class Placer:
    """
    Sends orders, and finds out what became of those whose answer was lost.

    Parameters
    ----------
    policy
        How often it is looked for, and sent.
    clock
        For the waits between the looks.
    """

    def __init__(self, policy: LostAnswerPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._sent: dict[str, None] = {}
        self._under_way: set[str] = set()

    async def place(
        self,
        identifier: str,
        *,
        send: Callable[[SentOnce], Awaitable[T]],
        find: Callable[[], Awaitable[T | None]],
        look_first: bool = False,
    ) -> T:
        """
        Place what ``send`` sends, once.

        Parameters
        ----------
        identifier
            That it carries.
        send
            Sends it; raises what the client raises.
        find
            Looks for it; None where the broker has none.
        look_first
            Whether it may have been sent before, by another process for one.

        Raises
        ------
        OrderUnknownError
            The answer was lost, and looking for it found nothing, or failed.
        UsageError
            It is being placed already.
        TTError
            What ``send`` raised, where nothing was placed.
        """
        if identifier in self._under_way:
            raise UsageError(f"order {identifier} is being placed already")
        self._under_way.add(identifier)
        try:
            return await self._placed(identifier, send, find, look_first or identifier in self._sent)
        finally:
            self._under_way.discard(identifier)

    async def _placed(
        self,
        identifier: str,
        send: Callable[[SentOnce], Awaitable[T]],
        find: Callable[[], Awaitable[T | None]],
        look_first: bool,  # noqa: FBT001 - handed on
    ) -> T:
        self._remember(identifier)
        found = await self._looked(identifier, find, None) if look_first else None
        sends, lost = 0, None
        while found is None and sends < self._policy.sends_max:
            once = SentOnce()
            try:
                found = await send(once)
            except TTError as exc:
                if not is_lost(exc, once):
                    found = await self._found_after_refusal(identifier, find, exc, is_first=not sends)
                else:
                    lost = exc
                    _log.warning("order_answer_lost", external_identifier=identifier, cause=exc.code)
                    found = await self._looked(identifier, find, exc)
            sends += 1
        if found is not None:
            return found
        raise self._unknown(
            identifier, f"and the broker shows none, {sum(self._policy.waits_s):g} s later", lost
        ) from lost

    async def _found_after_refusal(
        self, identifier: str, find: Callable[[], Awaitable[T | None]], refusal: TTError, *, is_first: bool
    ) -> T:
        # A second sending that is refused may mean that the first one arrived after all.
        found = None if is_first else await self._looked(identifier, find, refusal)
        if found is None:
            self._sent.pop(identifier, None)
            raise refusal
        return found

    async def _looked(
        self, identifier: str, find: Callable[[], Awaitable[T | None]], lost: TTError | None
    ) -> T | None:
        failure: TTError | None = None
        for wait_s in self._policy.waits_s:
            if wait_s:
                await self._clock.sleep(wait_s)
            try:
                found = await find()
            except TTError as exc:
                failure = exc
                continue
            failure = None
            if found is not None:
                _log.info("order_found_again", external_identifier=identifier)
                return found
        if failure is None:
            return None
        raise self._unknown(identifier, f"and looking for it failed: {failure.message}", failure) from (
            failure if lost is None else lost
        )

    @staticmethod
    def _unknown(identifier: str, found: str, cause: TTError | None) -> OrderUnknownError:
        code = "" if cause is None else cause.code
        _log.error("order_fate_unknown", external_identifier=identifier, cause=code)
        return OrderUnknownError(
            f"the answer to order {identifier} was lost, {found}: its fate is unknown",
            external_identifier=identifier,
            hint="it may be booked, now or later: submitting the same order again looks for it first",
        )

    def _remember(self, identifier: str) -> None:
        self._sent[identifier] = None
        if len(self._sent) > REMEMBERED_MAX:
            del self._sent[next(iter(self._sent))]
