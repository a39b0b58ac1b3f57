# SPDX-License-Identifier: Apache-2.0
"""
The account stream without sockets: when to connect, what to say, what is missing, what to hand out.

Whoever does the input and output calls, in a loop: it does the `actions`, tells what came of them (`opened`,
`failed`, `received`, `lost`, `reread`), calls `tick` when `next_timer_s` has come, and sends what
`frames_to_send` gives. Nothing here waits, and nothing that a peer sends raises.

Every message carries the access token, so whoever drives this hands in the good one before it sends. A
heartbeat goes out every so often and has to be answered: a stream that fell silent is found out within twice
that time. The stream has no opening state and no history. So after every outage there is a `GapReport`, then
the state as REST tells it (an `AccountState`), and then the notices that came since the connection was made.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ttapi_client.accounts import balance_of, position_of
from ttapi_client.complex_orders import placed_complex_order_of
from ttapi_client.dxlink_engine import CloseLine, Instant, OpenLine
from ttapi_client.dxlink_reports import GapReport
from ttapi_client.logs import get_logger
from ttapi_client.orders import placed_order_of
from ttapi_client.wire import Row, decode_exactly, encode_json
from ttapi_core.errors import (
    AuthenticationError,
    CapacityError,
    DataError,
    DecodeError,
    GrantRefusedError,
    NotEntitledError,
    ParameterError,
    ProtocolError,
    StreamInterruptedError,
    TTError,
)

_log = get_logger(__name__)

NOTICES_MAX: Final = 10_000
"""Notices that may wait; beyond that they are given up, counted, and the state is read again."""
_ANSWER_S: Final = 10.0  # an answer to a message takes no longer
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicy:
    """
    Waits and bounds of an account stream.

    Parameters
    ----------
    heartbeat_s
        Seconds between two heartbeats, 2 to 60.
    wait_initial_s, wait_max_s
        Before the n-th new connection in a row, a wait is drawn from zero to ``min(wait_max_s, wait_initial_s
        * 2**n)``.
    outage_max_s
        Seconds without a connection after which the stream ends with the error.
    rereads_max
        Attempts to read the state after an outage.
    notices_max
        Notices that may wait.
    """

    heartbeat_s: float = 15.0
    wait_initial_s: float = 0.2
    wait_max_s: float = 30.0
    outage_max_s: float = 3600.0
    rereads_max: int = 5
    notices_max: int = NOTICES_MAX

    def __post_init__(self) -> None:
        if not 2 <= self.heartbeat_s <= 60:
            raise ParameterError("heartbeat_s", self.heartbeat_s, "2 to 60 seconds")


class AccountNotice(NamedTuple):
    """
    What changed, whole.

    ``value`` is a `PlacedOrder` (kind ``Order``), a `PlacedComplexOrder` (``ComplexOrder``), a `Balance`
    (``AccountBalance``) or a `Position` (``CurrentPosition``); of any other kind the object as it came.
    Numbers with a point are `Decimal`: no digit of money goes through a float.
    """

    kind: str
    account_number: str
    value: Any
    time: datetime
    sequence: int | None


class NoticeRejected(NamedTuple):
    """A notice that cannot be read and is left out; ``cause`` names the field."""

    kind: str
    cause: TTError


class AccountState(NamedTuple):
    """The state after a gap, as it was read again; ``cause`` says why there is none."""

    gap: int
    values: tuple[Any, ...]
    cause: TTError | None = None


AccountItem = AccountNotice | NoticeRejected | GapReport | AccountState
"""What an account stream hands out."""


class Reread(NamedTuple):
    """Read the state of the accounts from REST, after ``wait_s`` seconds."""

    gap: int
    wait_s: float


@dataclass(slots=True)
class AccountStatistics:
    """What a stream saw: notices by kind, those given up and those that cannot be read, and connections."""

    received: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    rejected: int = 0
    connects: int = 0
    gaps: int = 0
    refused: int = 0
    waiting_peak: int = 0


_READERS: Final[dict[str, Callable[[Row, datetime], Any]]] = {
    "Order": lambda row, _: placed_order_of(row),
    "ComplexOrder": lambda row, _: placed_complex_order_of(row),
    "AccountBalance": lambda row, now: balance_of(row, read_at=now),
    "CurrentPosition": lambda row, _: position_of(row),
}


@dataclass(slots=True)
class _Gap:
    start: datetime
    detected: datetime
    cause: TTError
    attempts: int = 0


class AccountEngine:
    """
    The decisions of one account stream.

    Parameters
    ----------
    accounts
        Account numbers, at least one.
    policy
        Waits and bounds.
    now
        The time.
    seed
        Seed of the jitter.

    Attributes
    ----------
    failure
        Why the stream has ended; None while it goes on.
    """

    def __init__(
        self, accounts: Sequence[str], policy: AccountPolicy, now: Instant, *, seed: int | None = None
    ) -> None:
        if not accounts:
            raise ParameterError("accounts", accounts, "at least one account number")
        self.accounts = tuple(dict.fromkeys(accounts))
        self.policy = policy
        self.statistics = AccountStatistics()
        self.failure: TTError | None = None
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret
        self._now = now
        self._line: int | None = None
        self._lines = 0
        self._socket_open = False
        self._connected = False
        self._was_connected = False
        self._token = ""
        self._requests = 0
        self._awaited: dict[int, tuple[str, float]] = {}
        self._said_s = now.s
        self._heard = now
        self._sequence: int | None = None
        self._out: list[str] = []
        self._actions: list[OpenLine | CloseLine | Reread] = []
        self._waiting: deque[AccountItem] = deque()
        self._held: deque[AccountItem] | None = None  # while the state is being read again
        self._rereads = 0
        self._gap: _Gap | None = None
        self._gap_number = 0
        self._failures = 0
        self._open_at_s: float | None = None
        self._down_since_s: float | None = now.s
        self._fresh_token = False

    # What to do

    def start(self, now: Instant) -> None:
        """Begin; the first connection is among the `actions`."""
        self._now, self._down_since_s = now, now.s
        self._open_line()

    def actions(self) -> list[OpenLine | CloseLine | Reread]:
        """Return what is to be done now, each once."""
        actions, self._actions = self._actions, []
        return actions

    def frames_to_send(self) -> list[str]:
        """Return the frames that are to be sent now, in order, each once."""
        frames, self._out = self._out, []
        return frames

    def take(self) -> list[AccountItem]:
        """Return what is to be handed out, each once."""
        items = list(self._waiting)
        self._waiting.clear()
        return items

    @property
    def waiting(self) -> int:
        """Items that are to be handed out."""
        return len(self._waiting)

    @property
    def next_timer_s(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        due = [ends_s for _, ends_s in self._awaited.values()]
        if self._open_at_s is not None:
            due.append(self._open_at_s)
        if self._connected:
            due.append(self._said_s + self.policy.heartbeat_s)
        elif self._line is not None:
            due.append(self._said_s + _ANSWER_S)
        return min(due, default=float("inf"))

    def use_token(self, token: str) -> None:
        """Let messages carry this access token from now on."""
        self._token = token

    def _open_line(self) -> None:
        self._lines += 1
        self._line, self._socket_open, self._said_s = self._lines, False, self._now.s
        self._actions.append(OpenLine(self._lines, self._fresh_token))
        self._fresh_token = False
        self._open_at_s = None
        self.statistics.connects += 1
        if self._gap is not None:
            self._gap.attempts += 1

    def _say(self, action: str, **members: object) -> None:
        self._requests += 1
        self._awaited[self._requests] = action, self._now.s + _ANSWER_S
        self._said_s = self._now.s
        message = {"action": action, **members, "auth-token": f"Bearer {self._token}"}
        self._out.append(encode_json({**message, "request-id": self._requests, "source": "ttapi"}))

    # What came of it

    def opened(self, line: int, token: str, now: Instant) -> None:
        """Take note that the socket is open, and which access token is to be used."""
        self._now = now
        if line != self._line:
            self._actions.append(CloseLine(line))
            return
        self._socket_open = True
        self.use_token(token)
        self._say("connect", value=list(self.accounts))

    def failed(self, line: int, cause: TTError, now: Instant) -> None:
        """Take note that no connection could be opened."""
        self._now = now
        if line == self._line:
            self._lose(cause)

    def lost(self, line: int, reason: str, now: Instant) -> None:
        """Take note that the socket closed."""
        self.failed(line, StreamInterruptedError(f"the connection closed: {reason}"), now)

    def received(self, line: int, frame: str | bytes, now: Instant) -> None:
        """Take a frame."""
        self._now = now
        if line != self._line:
            return
        try:
            message = decode_exactly(frame)
        except DecodeError as exc:
            message = exc
        if not isinstance(message, dict):
            cause = message if isinstance(message, DecodeError) else DecodeError("a frame that is no object")
            self._reject("frame", cause)
            self._missed(cause)
            self._heard, self._sequence = now, None  # its number is lost too, and reported by this
            return
        self._heard = now
        if "action" in message:
            self._on_answer(message)
        else:
            self._on_notices(message)

    def tick(self, now: Instant) -> None:
        """Do what is due: a heartbeat, a connection, the end of one that does not answer."""
        self._now = now
        if self._open_at_s is not None and now.s >= self._open_at_s and self.failure is None:
            self._open_line()
        if self._line is None:
            return
        late = [action for action, ends_s in self._awaited.values() if now.s >= ends_s]
        if late:
            self._lose(StreamInterruptedError(f"no answer to {late[0]} within {_ANSWER_S:g} s"))
        elif not self._socket_open and now.s >= self._said_s + _ANSWER_S:
            self._lose(StreamInterruptedError(f"opening a connection took more than {_ANSWER_S:g} s"))
        elif self._connected and now.s >= self._said_s + self.policy.heartbeat_s:
            self._say("heartbeat")

    def reread(self, gap: int, result: Sequence[Any] | TTError) -> None:
        """Take the state that was read after a gap, or why it could not be read."""
        if self._held is None or gap != self._gap_number:
            return  # another gap came meanwhile, and is being read for
        if isinstance(result, TTError):
            self._rereads += 1
            if result.retryable and self._rereads < self.policy.rereads_max:
                self._actions.append(Reread(gap, self._wait_s(self._rereads)))
                return
            self._waiting.append(AccountState(gap, (), result))
        else:
            self._waiting.append(AccountState(gap, tuple(result)))
        held, self._held = self._held, None
        self._waiting.extend(held)

    # Frames

    def _on_answer(self, message: Mapping[str, Any]) -> None:
        # 1. an answer to what was asked; 2. of a refusal the number may be missing; 3. not ours
        request = message.get("request-id")
        asked = self._awaited.pop(request, None) if type(request) is int else None
        if message.get("status") != "ok":
            self._on_refusal(message, asked[0] if asked is not None else "")
        elif asked is None:
            self._reject("answer", ProtocolError("an answer with a 'request-id' that was never asked"))
        elif asked[0] == "connect":
            self._on_connected(message)

    def _on_refusal(self, message: Mapping[str, Any], action: str) -> None:
        self.statistics.refused += 1
        text = str(message.get("message") or "refused").replace(self._token or "\0", "[token]")[:_TEXT_MAX]
        # 1. the token: another one may do; 2. an account that is not ours: for good; 3. anything may pass
        if "token" in text or "auth" in text:
            self._lose(AuthenticationError(f"the account stream refused the token: {text}"))
        elif action == "connect" and "account" in text and not self._was_connected:
            self._lose(NotEntitledError(f"the account stream refused {', '.join(self.accounts)}: {text}"))
        else:
            self._lose(StreamInterruptedError(f"the account stream refused: {text}"))

    def _on_connected(self, message: Mapping[str, Any]) -> None:
        answered = message.get("value")
        if isinstance(answered, list) and not {*self.accounts} <= {*map(str, answered)}:
            cause = ProtocolError("connect was answered for other accounts ('value')")
            self._lose(cause)
            return
        self._connected = self._was_connected = True
        self._down_since_s, self._failures = None, 0
        self._sequence = None
        if self._gap is not None:
            gap, self._gap = self._gap, None
            self._report(gap)

    def _on_notices(self, message: Mapping[str, Any]) -> None:
        self._check_sequence(message.get("ws-sequence"))
        results = message.get("results")
        for notice in results if isinstance(results, list) else [message]:
            self._on_notice(notice, message)

    def _check_sequence(self, value: object) -> None:
        if type(value) is not int:
            return
        before, self._sequence = self._sequence, value
        if before is not None and value > before + 1:
            self._missed(ProtocolError(f"'ws-sequence' went from {before} to {value}"))

    def _on_notice(self, notice: object, message: Mapping[str, Any]) -> None:
        kind = notice.get("type") if isinstance(notice, dict) else None
        data = notice.get("data") if isinstance(notice, dict) else None
        if not isinstance(kind, str) or not isinstance(data, dict):
            self._reject("notice", DecodeError("a notice without 'type' or 'data'"))
            return
        self.statistics.received[kind] += 1
        account = data.get("account-number")
        read = _READERS.get(kind)
        if read is not None and account not in self.accounts:
            self._reject(kind, DataError("is of an account that was not asked for", column="account-number"))
            return
        try:
            value = data if read is None else read(data, self._now.at)
        except TTError as exc:
            self._reject(kind, exc)
            return
        time = _time_of(message.get("timestamp"), self._now.at)
        self._put(AccountNotice(kind, str(account or ""), value, time, self._sequence))

    def _put(self, item: AccountItem) -> None:
        queue = self._waiting if self._held is None else self._held
        queue.append(item)
        self.statistics.waiting_peak = max(self.statistics.waiting_peak, len(queue))
        if len(queue) > self.policy.notices_max:
            self.statistics.dropped += sum(isinstance(one, AccountNotice) for one in queue)
            kept = [one for one in queue if isinstance(one, GapReport | AccountState)]
            queue.clear()
            queue.extend(kept)
            cause = CapacityError("notices were dropped: nobody took them", limit=self.policy.notices_max)
            self._missed(cause)

    def _reject(self, kind: str, cause: TTError) -> None:
        self.statistics.rejected += 1
        _log.warning("notice_rejected", kind=kind, cause=str(cause))
        self._put(NoticeRejected(kind, cause))

    # Gaps

    def _missed(self, cause: TTError) -> None:
        """Report that notices went missing on a connection that goes on."""
        if self._connected:
            self.statistics.gaps += 1
            self._report(_Gap(self._heard.at, self._now.at, cause))

    def _report(self, gap: _Gap) -> None:
        self._gap_number += 1
        self._waiting.extend(self._held or ())  # the state will be read for this gap, and comes after it
        self._waiting.append(
            GapReport(
                number=self._gap_number,
                start=gap.start,
                detected=gap.detected,
                end=self._now.at,
                symbols=self.accounts,
                cause=gap.cause,
                attempts=gap.attempts,
            )
        )
        self._held = deque()
        self._rereads = 0
        self._actions.append(Reread(self._gap_number, 0.0))

    def _wait_s(self, failures: int) -> float:
        bound_s = min(self.policy.wait_max_s, self.policy.wait_initial_s * 2 ** (failures - 1))
        return self._random.uniform(0, bound_s)

    def _lose(self, cause: TTError) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._actions.append(CloseLine(line))
        if self._connected:
            self._connected = False
            self._down_since_s = self._now.s
        if self._gap is None and self._was_connected:
            self.statistics.gaps += 1
            self._gap = _Gap(self._heard.at, self._now.at, cause)
        self._awaited.clear()
        self._out.clear()
        authentication = isinstance(cause, AuthenticationError)
        self._fresh_token = self._fresh_token or authentication
        self._failures += 1
        down_s = 0.0 if self._down_since_s is None else self._now.s - self._down_since_s
        hopeless = isinstance(cause, GrantRefusedError) or not (cause.retryable or authentication)
        _log.warning("account_stream_interrupted", cause=str(cause), failures=self._failures)
        if hopeless or down_s >= self.policy.outage_max_s:
            self.failure = cause
        else:
            self._open_at_s = self._now.s + self._wait_s(self._failures)


def _time_of(value: object, now: datetime) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return now
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return now
