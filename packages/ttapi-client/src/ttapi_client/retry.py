# SPDX-License-Identifier: Apache-2.0
"""
Whether, when and how often a request is sent again: rules without sockets.

The table
---------
What is known of the request decides, with what its method promises; never the type of the error alone.

================  ===========  ====================  =================================
request           never sent   maybe sent            answered (5xx, cut off, no JSON)
================  ===========  ====================  =================================
idempotent        again        again                 again
keyed             again        again, the same key   again, the same key
once              again        no                    no
================  ===========  ====================  =================================

*Idempotent* are GET, HEAD, OPTIONS, PUT and DELETE; *keyed* is any other method with an idempotency key;
*once* is the rest. Three answers stand outside of the table, because they say that the request was not
executed: 429 (again, for every method), 401 with credentials that were renewed since (again, once), and a
breaker that is open here (again, once a trial was made). 501 and 505 are final: no repetition mends them.

Bounds
------
``attempts_max`` attempts, 429 and 401 not counted; 429 at most `REFUSALS_MAX` times; the deadline of the
call; and a budget that all calls of a client share, against retry storms.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from ttapi_core import (
    AnswerMismatchError,
    CircuitOpenError,
    DeadlineExceededError,
    DecodeError,
    RateLimitError,
    RetryPolicy,
    Sent,
    ServerFaultError,
    TransportError,
)

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
REFUSALS_MAX: Final = 100
"""A call is refused with 429 no more often than this: it asks about once a second at a shut door."""
RESERVE_MIN: Final = 50
"""Repetitions in reserve of a client with few requests at a time; others have one for each of them."""
FINAL_FAULTS: Final = frozenset({501, 505})
PUNCTUALITY_S: Final = 0.1
"""A wait that the peer asked for is exceeded by up to this, at random: not everybody comes at once."""

TABLE: Final[Mapping[tuple[str, Sent], bool]] = MappingProxyType(
    {
        ("idempotent", Sent.NEVER): True,
        ("idempotent", Sent.MAYBE): True,
        ("idempotent", Sent.ANSWERED): True,
        ("keyed", Sent.NEVER): True,
        ("keyed", Sent.MAYBE): True,
        ("keyed", Sent.ANSWERED): True,
        ("once", Sent.NEVER): True,
        ("once", Sent.MAYBE): False,
        ("once", Sent.ANSWERED): False,
    }
)
"""Whether a request of a kind may be sent again, by what is known of it."""


def kind_of(method: str, *, keyed: bool) -> str:
    """Return the row of the table: ``idempotent``, ``keyed`` or ``once``."""
    if method in IDEMPOTENT:
        return "idempotent"
    return "keyed" if keyed else "once"


def known_of(error: BaseException) -> Sent | None:
    """Return the column of the table; None for errors that no repetition mends."""
    if isinstance(error, DeadlineExceededError):
        return None
    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, CircuitOpenError):
        return Sent.NEVER
    if isinstance(error, ServerFaultError):
        return None if error.status in FINAL_FAULTS else Sent.ANSWERED
    return Sent.ANSWERED if isinstance(error, DecodeError | AnswerMismatchError) else None


def may_repeat(kind: str, error: BaseException, policy: RetryPolicy) -> bool:
    """
    Return whether a request of ``kind`` that ended with ``error`` may be sent again.

    A peer that asks for a longer wait than ``policy.retry_after_max_s`` is not asked again.
    """
    if (asked_wait_s(error) or 0.0) > policy.retry_after_max_s:
        return False
    if isinstance(error, RateLimitError):
        return True
    known = known_of(error)
    return known is not None and TABLE[kind, known]


def asked_wait_s(error: BaseException) -> float | None:
    """Return the seconds that the peer asked to wait, or None."""
    return error.retry_after_s if isinstance(error, RateLimitError | ServerFaultError) else None


def wait_s(error: BaseException, repeated: int, policy: RetryPolicy, random: Random) -> float:
    """
    Return the seconds to wait before the next attempt.

    Parameters
    ----------
    error
        How the last attempt ended.
    repeated
        Attempts that were repeated already: zero before the first repetition.
    policy
        Upper ends of the waits.
    random
        Source of the jitter.
    """
    if isinstance(error, RateLimitError):
        # The rate limit holds everybody back, this call too: it stands in the queue at once.
        return 0.0
    if isinstance(error, CircuitOpenError):
        return error.retry_after_s + random.uniform(0, PUNCTUALITY_S)
    asked_s = asked_wait_s(error)
    if asked_s:
        return asked_s + random.uniform(0, PUNCTUALITY_S)
    return random.uniform(0, min(policy.wait_max_s, policy.wait_initial_s * 2 ** min(repeated, 60)))


class RetryBudget:
    """
    How many repetitions all calls together may cost.

    A reserve, refilled by a tenth for each call and by one for each success. While the peer works, every
    failure is repeated as often as its call allows; while it does not, the repetitions die down to a tenth
    of the calls, whatever the calls would like.

    Parameters
    ----------
    reserve
        Repetitions that are there to begin with, and the most there are.
    """

    PER_CALL: Final = 0.1

    def __init__(self, reserve: float) -> None:
        self._reserve = float(reserve)
        self._left = self._reserve

    @property
    def left(self) -> float:
        """Repetitions that are left."""
        return self._left

    def called(self) -> None:
        """Note a call."""
        self._left = min(self._reserve, self._left + self.PER_CALL)

    def succeeded(self) -> None:
        """Note a success."""
        self._left = min(self._reserve, self._left + 1)

    def spend(self) -> bool:
        """Take one repetition; False if none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
