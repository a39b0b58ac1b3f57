# SPDX-License-Identifier: Apache-2.0
"""
Every error that a public function of TTAPI raises.

::

    TTError                          the root
    ├── ConfigurationError           also ValueError; names the setting and the accepted form
    │   └── CredentialsError         a credential is missing or unreadable
    ├── ParameterError               also ValueError; an argument outside its domain
    │   ├── SymbolError              a text that is no instrument name
    │   ├── UnknownNameError         also LookupError; a dataset, provider or universe that does not exist
    │   └── CalendarRangeError       also LookupError; a date beyond the table of sessions
    ├── TransportError               also ConnectionError; the exchange did not complete
    │   ├── ConnectError             no connection: the request was never sent
    │   ├── ConnectionLostError      cut while sending or reading: the request may have been executed
    │   ├── RequestTimeoutError      also TimeoutError; one read or write took too long
    │   ├── DeadlineExceededError    also TimeoutError; all attempts together took too long
    │   ├── StreamInterruptedError   a stream fell silent or closed
    │   └── OrderLostError           the answer to an order was lost
    │       └── OrderUnknownError    it is not known whether the order was executed
    ├── ResponseError                the peer answered no: status, code, request id
    │   ├── RequestRefusedError      400, 409, 422: the request is well-formed and refused
    │   ├── AuthenticationError      401: who are you
    │   │   └── GrantRefusedError    the token endpoint refused the grant: log in again
    │   ├── NotEntitledError         403: known, but not allowed
    │   ├── NotFoundError            404: no such object
    │   ├── VersionRefusedError      406: the peer does not speak the asked version
    │   ├── RateLimitError           429: too fast
    │   └── ServerFaultError         5xx: the peer failed
    ├── ProtocolError                bytes that break the contract
    │   ├── DecodeError              a body or frame that cannot be read
    │   └── AnswerMismatchError      an answer to another question than the one asked
    ├── DataError                    also ValueError; a table that breaks its schema
    │   └── CorruptEntryError        a stored entry whose digest does not match
    ├── StoreError                   also OSError; the store cannot be used
    │   ├── StoreUnavailableError    the directory cannot be read or written
    │   └── DiskFullError            no space is left
    ├── CapacityError                a bound was reached
    │   ├── BodyTooLargeError        an answer larger than the cap, before or after decompression
    │   ├── QueueFullError           a bounded queue stayed full
    │   ├── BudgetSpentError         a declared limit is used up: the request was not sent
    │   └── CircuitOpenError         the breaker of an endpoint is open
    └── UsageError                   also RuntimeError; a closed client used, a second start
        └── MissingExtraError        also ImportError; an optional part is not installed

Each class says whose fault it is (`fault`) and whether the same call may succeed later (`retryable`).
Facts are fields; the message is composed from them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import ClassVar, final


class Fault(Enum):
    """Who has to change something before the call can succeed."""

    CLIENT = "client"
    """The caller: an argument, a setting, a credential."""
    SERVER = "server"
    """The peer, or what lies between."""
    LOCAL = "local"
    """This machine: disk, memory, a damaged file."""


class Sent(Enum):
    """What is known of a request that has no answer."""

    NEVER = "never sent"
    MAYBE = "maybe sent"
    ANSWERED = "answered"


class TTError(Exception):
    """
    The root of every error that a public function of TTAPI raises.

    Parameters
    ----------
    message
        What was wrong and where, in one line, without secrets.
    hint
        What to do about it, in one line; empty when there is nothing to say.

    Attributes
    ----------
    attempts
        Requests that were sent before it was raised, where a client says so; else 0.
    """

    fault: ClassVar[Fault] = Fault.LOCAL
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message: str = message
        self.hint: str = hint
        self.attempts: int = 0

    @property
    def code(self) -> str:
        """The stable name of the situation, in snake case: ``rate_limit`` for `RateLimitError`."""
        return _snake_case(type(self).__name__.removesuffix("Error"))

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[Callable[..., TTError], tuple[type[TTError], dict[str, object]]]:
        # The constructors take facts, and the inherited way would hand them the message only; an error
        # that cannot be unpickled breaks a pool of worker processes.
        return _restored, (type(self), self.__dict__)


def _restored(kind: type[TTError], facts: dict[str, object]) -> TTError:
    error = kind.__new__(kind, facts["message"])
    error.__dict__.update(facts)
    error.args = (facts["message"],)
    return error


def _snake_case(name: str) -> str:
    if name == "TT":
        return "tt"
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class ConfigurationError(TTError, ValueError):
    """
    A setting that cannot be used.

    Parameters
    ----------
    setting
        Dotted name of the setting, with the file and line where known.
    problem
        What is wrong with it.
    accepted
        The accepted form.
    """

    fault = Fault.CLIENT

    def __init__(self, setting: str, problem: str, *, accepted: str = "", hint: str = "") -> None:
        text = f"setting {setting}: {problem}"
        super().__init__(f"{text}; accepted: {accepted}" if accepted else text, hint=hint)
        self.setting: str = setting
        self.problem: str = problem
        self.accepted: str = accepted


class CredentialsError(ConfigurationError):
    """A credential is missing or cannot be read; its value is never part of the message."""


class ParameterError(TTError, ValueError):
    """
    An argument outside its domain.

    Parameters
    ----------
    parameter
        Name of the argument.
    value
        The offending value; shown shortened.
    expected
        The accepted form.
    """

    fault = Fault.CLIENT

    def __init__(self, parameter: str, value: object, expected: str, *, hint: str = "") -> None:
        super().__init__(f"{parameter} is {_shortened(value)}, expected {expected}", hint=hint)
        self.parameter: str = parameter
        self.value: object = value
        self.expected: str = expected


def _shortened(value: object, limit: int = 60) -> str:
    try:
        text = str(value) if isinstance(value, date | Decimal) else repr(value)
    except ValueError:  # an integer of thousands of digits has no text
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


class SymbolError(ParameterError):
    """A text that is no instrument name."""

    def __init__(self, text: object, expected: str, *, hint: str = "") -> None:
        super().__init__("symbol", text, expected, hint=hint)


class UnknownNameError(ParameterError, LookupError):
    """A dataset, provider, universe or column that does not exist; the message lists those that do."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...], *, hint: str = "") -> None:
        super().__init__(kind, name, f"one of {', '.join(known) or '(none)'}", hint=hint)
        self.known: tuple[str, ...] = known


class CalendarRangeError(ParameterError, LookupError):
    """A date beyond the table of sessions of a venue."""

    def __init__(self, venue: str, value: object, first: object, last: object) -> None:
        super().__init__(
            "date",
            value,
            f"a date from {first} to {last} for {venue}",
            hint="a newer release carries a longer table",
        )
        self.venue: str = venue


class TransportError(TTError, ConnectionError):
    """
    The exchange did not complete.

    Parameters
    ----------
    message
        What happened, without secrets.
    sent
        What is known of the request: never sent, maybe sent.
    request_id
        The id that the request carried and that its log lines carry.
    """

    fault = Fault.SERVER
    retryable = True

    def __init__(
        self, message: str, *, sent: Sent = Sent.MAYBE, request_id: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.sent: Sent = sent
        self.request_id: str = request_id


class ConnectError(TransportError):
    """No connection was made: the request was never sent."""

    def __init__(self, message: str, *, request_id: str = "", hint: str = "") -> None:
        super().__init__(message, sent=Sent.NEVER, request_id=request_id, hint=hint)


class ConnectionLostError(TransportError):
    """The connection was cut while sending or reading: the request may have been executed."""


class RequestTimeoutError(TransportError, TimeoutError):
    """One read or write took too long."""


class DeadlineExceededError(TransportError, TimeoutError):
    """All attempts together took longer than the deadline."""

    retryable = False


class StreamInterruptedError(TransportError):
    """A stream fell silent, closed, or was refused."""


class OrderLostError(TransportError):
    """
    The answer to an order was lost.

    Parameters
    ----------
    message
        What happened, without secrets.
    external_identifier
        The identifier that the order carried; it can be looked for by it.
    sent
        What is known of the order.
    """

    def __init__(
        self, message: str, *, external_identifier: str = "", sent: Sent = Sent.MAYBE, hint: str = ""
    ) -> None:
        super().__init__(message, sent=sent, hint=hint)
        self.external_identifier: str = external_identifier


class OrderUnknownError(OrderLostError):
    """
    The answer to an order was lost, and looking for the order did not find it, or failed.

    Its fate is unknown: it may have been executed, or may be later. Look for it by its identifier before
    anything else is sent; submitting the same `Order` again does so.
    """

    retryable = False

    def __init__(self, message: str, *, external_identifier: str = "", hint: str = "") -> None:
        super().__init__(message, external_identifier=external_identifier, sent=Sent.MAYBE, hint=hint)


class ResponseError(TTError):
    """
    The peer answered no.

    Parameters
    ----------
    message
        The peer's words, shortened and without secrets.
    status
        HTTP status, or 0 where the protocol has none.
    peer_code
        The peer's own error code, or an empty string.
    request_id
        The id that the request carried.
    """

    fault = Fault.CLIENT

    def __init__(
        self, message: str, *, status: int = 0, peer_code: str = "", request_id: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status: int = status
        self.peer_code: str = peer_code
        self.request_id: str = request_id


class RequestRefusedError(ResponseError):
    """400, 409, 422 and other 4xx: the request was understood and refused."""


class AuthenticationError(ResponseError):
    """401: the token is missing, expired or foreign."""


class GrantRefusedError(AuthenticationError):
    """The token endpoint refused the grant; asking again with the same grant is useless."""


class NotEntitledError(ResponseError):
    """403: known, but not allowed."""


class NotFoundError(ResponseError):
    """404: no such object."""


class VersionRefusedError(ResponseError):
    """406: the peer does not speak the asked version."""


class RateLimitError(ResponseError):
    """
    429: too fast.

    Parameters
    ----------
    retry_after_s
        Seconds to wait as the peer said, or None when it did not say.
    """

    fault = Fault.SERVER
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int = 429,
        peer_code: str = "",
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, status=status, peer_code=peer_code, request_id=request_id, hint=hint)
        self.retry_after_s: float | None = retry_after_s


class ServerFaultError(ResponseError):
    """5xx: the peer failed."""

    fault = Fault.SERVER
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int = 500,
        peer_code: str = "",
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, status=status, peer_code=peer_code, request_id=request_id, hint=hint)
        self.retry_after_s: float | None = retry_after_s


class ProtocolError(TTError):
    """Bytes that break the contract."""

    fault = Fault.SERVER

    def __init__(self, message: str, *, request_id: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.request_id: str = request_id


class DecodeError(ProtocolError):
    """A body or frame that cannot be read; a truncated answer may be whole the next time."""

    retryable = True


class AnswerMismatchError(ProtocolError):
    """An answer to another question than the one asked, such as another symbol's chain."""

    retryable = True


class DataError(TTError, ValueError):
    """
    A table that breaks its schema.

    Parameters
    ----------
    message
        What is wrong.
    column
        The column concerned, or an empty string.
    row
        Zero-based number of the first offending row, or None.
    """

    fault = Fault.SERVER

    def __init__(self, message: str, *, column: str = "", row: int | None = None, hint: str = "") -> None:
        where = f"column {column!r}: " if column else ""
        at = f" (first at row {row})" if row is not None else ""
        super().__init__(f"{where}{message}{at}", hint=hint)
        self.column: str = column
        self.row: int | None = row


class CorruptEntryError(DataError):
    """A stored entry whose digest does not match; it is quarantined and never served."""

    fault = Fault.LOCAL


class StoreError(TTError, OSError):
    """
    The store cannot be used.

    Parameters
    ----------
    path
        The file or directory concerned.
    problem
        What is wrong with it.
    """

    fault = Fault.LOCAL

    def __init__(self, path: object, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {problem}", hint=hint)
        self.path: str = str(path)
        self.problem: str = problem


class StoreUnavailableError(StoreError):
    """The directory cannot be read or written."""


class DiskFullError(StoreError):
    """No space is left."""

    retryable = True


class CapacityError(TTError):
    """
    A bound was reached.

    Parameters
    ----------
    message
        What reached its bound.
    limit
        The bound.
    """

    def __init__(self, message: str, *, limit: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit: float = limit


class BodyTooLargeError(CapacityError):
    """An answer larger than the cap, before or after decompression."""

    fault = Fault.SERVER


class BudgetSpentError(CapacityError):
    """
    A declared limit is used up, and not free again within a bearable time: the request was not sent.

    Parameters
    ----------
    retry_after_s
        Seconds until a request may go out.
    """

    retryable = True

    def __init__(self, message: str, *, limit: float, retry_after_s: float, hint: str = "") -> None:
        super().__init__(message, limit=limit, hint=hint)
        self.retry_after_s: float = retry_after_s


class QueueFullError(CapacityError):
    """A bounded queue stayed full."""

    retryable = True


class CircuitOpenError(CapacityError):
    """
    The breaker of an endpoint is open: the call was refused here and never sent.

    Parameters
    ----------
    endpoint
        The endpoint whose breaker is open.
    retry_after_s
        Seconds until a trial is let through.
    """

    fault = Fault.SERVER
    retryable = True

    def __init__(self, endpoint: str, *, retry_after_s: float, limit: float = 0) -> None:
        super().__init__(
            f"circuit of {endpoint} is open", limit=limit, hint=f"next trial in {retry_after_s:.1f} s"
        )
        self.endpoint: str = endpoint
        self.retry_after_s: float = retry_after_s


class UsageError(TTError, RuntimeError):
    """A closed client used, a second start: a mistake of the calling program, never retried."""

    fault = Fault.CLIENT


@final
class MissingExtraError(UsageError, ImportError):
    """An optional part is not installed."""

    def __init__(self, distribution: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs an optional part that is not installed",
            hint=f"install {distribution}[{extra}]",
        )
        self.extra: str = extra
