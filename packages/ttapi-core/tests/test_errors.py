# SPDX-License-Identifier: Apache-2.0
"""The error tree: what each class says of itself, and that it survives a process boundary."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ttapi_core import errors
from ttapi_core.errors import (
    CalendarRangeError,
    CircuitOpenError,
    ConfigurationError,
    CorruptEntryError,
    DataError,
    DiskFullError,
    Fault,
    MissingExtraError,
    ParameterError,
    QueueFullError,
    RateLimitError,
    Sent,
    ServerFaultError,
    StoreError,
    SymbolError,
    TransportError,
    TTError,
    UnknownNameError,
)

CLASSES = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, TTError)]
EXAMPLES: dict[type[TTError], TTError] = {
    ConfigurationError: ConfigurationError("ttl.quotes", "0 cannot be used", accepted="a duration", hint="h"),
    errors.CredentialsError: errors.CredentialsError("client_secret", "is missing"),
    ParameterError: ParameterError("window", 1, "at least 2"),
    SymbolError: SymbolError("../../etc", "an equity"),
    UnknownNameError: UnknownNameError("dataset", "qoutes", ("quotes",)),
    CalendarRangeError: CalendarRangeError("XNYS", date(2031, 1, 1), date(1990, 1, 1), date(2030, 12, 31)),
    RateLimitError: RateLimitError("slow down", retry_after_s=1.5, request_id="r"),
    ServerFaultError: ServerFaultError("failed", status=503, retry_after_s=2.0),
    DataError: DataError("is null", column="close", row=7, hint="h"),
    CorruptEntryError: CorruptEntryError("digest differs"),
    StoreError: StoreError("/data", "is a file"),
    errors.StoreUnavailableError: errors.StoreUnavailableError("/data", "is read-only"),
    DiskFullError: DiskFullError("/data", "no space"),
    errors.CapacityError: errors.CapacityError("full", limit=3),
    errors.BodyTooLargeError: errors.BodyTooLargeError("too long", limit=3),
    QueueFullError: QueueFullError("full", limit=3),
    errors.BudgetSpentError: errors.BudgetSpentError("500 a day are used up", limit=500, retry_after_s=3600),
    CircuitOpenError: CircuitOpenError("GET /x", retry_after_s=1.25),
    MissingExtraError: MissingExtraError("ttapi-platform", "dask", "distributed collecting"),
}


def example(kind: type[TTError]) -> TTError:
    return EXAMPLES.get(kind) or kind("it happened", hint="do this")


def test_there_are_many_distinct_situations() -> None:
    codes = {example(kind).code for kind in CLASSES}
    assert len(codes) == len(CLASSES) >= 20
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", code) for code in codes)
    assert {"tt", "rate_limit", "calendar_range"} <= codes


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_class_is_documented_in_the_tree(kind: type[TTError]) -> None:
    assert errors.__doc__ is not None
    assert re.search(rf"\b{kind.__name__} +\S", errors.__doc__)
    assert inspect.getdoc(kind)
    assert isinstance(kind.fault, Fault)
    assert isinstance(kind.retryable, bool)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_builtin_promised_by_the_tree_is_a_base(kind: type[TTError]) -> None:
    line = next(
        line for line in (errors.__doc__ or "").splitlines() if re.search(rf"\b{kind.__name__} ", line)
    )
    promised = re.search(r"also (\w+)", line)
    if promised:
        assert issubclass(kind, getattr(__import__("builtins"), promised[1]))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_error_survives_pickle_and_copy_with_its_facts(kind: type[TTError]) -> None:
    """A pool of worker processes breaks on an error that it cannot unpickle."""
    error = example(kind)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (EXAMPLES[ConfigurationError], "setting ttl.quotes: 0 cannot be used; accepted: a duration (h)"),
        (EXAMPLES[ParameterError], "window is 1, expected at least 2"),
        (EXAMPLES[UnknownNameError], "dataset is 'qoutes', expected one of quotes"),
        (UnknownNameError("venue", "X", ()), "venue is 'X', expected one of (none)"),
        (ParameterError("price", Decimal("-1.0"), "zero or more"), "price is -1.0, expected zero or more"),
        (EXAMPLES[DataError], "column 'close': is null (first at row 7) (h)"),
        (EXAMPLES[CorruptEntryError], "digest differs"),
        (EXAMPLES[StoreError], "/data: is a file"),
        (EXAMPLES[CircuitOpenError], "circuit of GET /x is open (next trial in 1.2 s)"),
        (
            EXAMPLES[CalendarRangeError],
            "date is 2031-01-01, expected a date from 1990-01-01 to 2030-12-31 for XNYS (a newer release carries a longer table)",
        ),
    ],
)
def test_message_is_composed_from_the_facts(error: TTError, text: str) -> None:
    assert str(error) == text


def test_long_value_is_shortened_and_kept() -> None:
    error = SymbolError("A" * 10_240, "an equity")
    assert len(str(error)) < 200
    assert error.value == "A" * 10_240


def test_value_without_a_text_does_not_hide_the_error() -> None:
    """An integer of thousands of digits cannot be shown: that must not raise another error."""
    assert "<int>" in str(ParameterError("count", 10**5_000, "a small number"))


def test_transport_errors_say_what_is_known_of_the_request() -> None:
    assert errors.ConnectError("refused").sent is Sent.NEVER
    assert errors.ConnectionLostError("cut").sent is Sent.MAYBE
    assert TransportError("cut", sent=Sent.ANSWERED, request_id="r").request_id == "r"


def test_fault_and_retry_are_told_apart() -> None:
    retryable = {kind.__name__ for kind in CLASSES if kind.retryable}
    assert {
        "RateLimitError",
        "ServerFaultError",
        "ConnectError",
        "DecodeError",
        "CircuitOpenError",
    } <= retryable
    assert retryable.isdisjoint(
        {"DeadlineExceededError", "GrantRefusedError", "ParameterError", "UsageError"}
    )
    assert (ParameterError.fault, ServerFaultError.fault, StoreError.fault) == (
        Fault.CLIENT,
        Fault.SERVER,
        Fault.LOCAL,
    )


def test_readme_lists_every_error() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert [kind.__name__ for kind in CLASSES if f"`{kind.__name__}`" not in readme] == []
