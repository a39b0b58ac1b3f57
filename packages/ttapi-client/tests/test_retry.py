# SPDX-License-Identifier: Apache-2.0
"""The rules of repeating: the table, the waits, the budget."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.retry import TABLE, RetryBudget, kind_of, known_of, may_repeat, wait_s
from ttapi_core import (
    AnswerMismatchError,
    BodyTooLargeError,
    CircuitOpenError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    DecodeError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    RetryPolicy,
    Sent,
    ServerFaultError,
    TTError,
    UsageError,
)

POLICY = RetryPolicy()


def test_table_holds_every_case() -> None:
    assert set(TABLE) == {(kind, sent) for kind in ("idempotent", "keyed", "once") for sent in Sent}


@pytest.mark.parametrize(
    ("method", "keyed", "kind"),
    [
        ("GET", False, "idempotent"),
        ("DELETE", True, "idempotent"),
        ("POST", False, "once"),
        ("POST", True, "keyed"),
        ("PATCH", False, "once"),
        ("BREW", False, "once"),
    ],
)
def test_kind_of_given_method_says_its_row(method: str, keyed: bool, kind: str) -> None:
    assert kind_of(method, keyed=keyed) == kind


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (ConnectError("x"), Sent.NEVER),
        (ConnectionLostError("x"), Sent.MAYBE),
        (ConnectionLostError("x", sent=Sent.ANSWERED), Sent.ANSWERED),
        (RequestTimeoutError("x"), Sent.MAYBE),
        (DeadlineExceededError("x"), None),
        (CircuitOpenError("x", retry_after_s=1), Sent.NEVER),
        (ServerFaultError("x", status=502), Sent.ANSWERED),
        (ServerFaultError("x", status=501), None),
        (DecodeError("x"), Sent.ANSWERED),
        (AnswerMismatchError("x"), Sent.ANSWERED),
        (BodyTooLargeError("x", limit=1), None),
        (NotFoundError("x", status=404), None),
        (UsageError("x"), None),
    ],
)
def test_known_of_given_error_says_its_column(error: TTError, known: Sent | None) -> None:
    assert known_of(error) is known


@pytest.mark.parametrize("kind", ["idempotent", "keyed", "once"])
def test_may_repeat_given_429_is_yes_up_to_the_longest_wait(kind: str) -> None:
    assert may_repeat(kind, RateLimitError("x"), POLICY)
    assert may_repeat(kind, RateLimitError("x", retry_after_s=60), POLICY)
    assert not may_repeat(kind, RateLimitError("x", retry_after_s=60.1), POLICY)
    assert not may_repeat(kind, ServerFaultError("x", status=503, retry_after_s=61), POLICY)


@given(asked_s=st.floats(0.001, 60), repeated=st.integers(0, 5000), seed=st.integers())
def test_wait_given_retry_after_is_never_earlier_and_hardly_later(
    asked_s: float, repeated: int, seed: int
) -> None:
    wait = wait_s(ServerFaultError("x", status=503, retry_after_s=asked_s), repeated, POLICY, Random(seed))
    assert asked_s <= wait <= asked_s + 0.1


@given(repeated=st.integers(0, 5000), seed=st.integers())
def test_wait_given_no_hint_stays_under_its_doubling_end(repeated: int, seed: int) -> None:
    wait = wait_s(ConnectionLostError("x"), repeated, POLICY, Random(seed))
    assert 0 <= wait <= min(10.0, 0.2 * 2 ** min(repeated, 50))


def test_wait_given_no_hint_is_drawn_evenly_from_zero_to_its_end() -> None:
    """Full jitter: ten equal parts of the range get about a tenth of 10,000 draws each (chi-squared, p > 0.001)."""
    random = Random(7)
    waits = [wait_s(ConnectionLostError("x"), 2, POLICY, random) for _ in range(10_000)]
    parts = [sum(low <= wait / 0.8 * 10 < low + 1 for wait in waits) for low in range(10)]
    assert sum(parts) == 10_000
    assert sum((part - 1000) ** 2 / 1000 for part in parts) < 27.9


def test_wait_given_zero_retry_after_backs_off_all_the_same() -> None:
    error = ServerFaultError("x", status=503, retry_after_s=0)
    assert max(wait_s(error, 5, POLICY, Random(seed)) for seed in range(50)) > 1


def test_budget_given_outage_of_minutes_repeats_at_most_a_fifth() -> None:
    """100 clients, each ten calls a second for a minute, every attempt fails: attempts <= 1.2 x calls."""
    calls = attempts = 0
    for _ in range(100):
        budget = RetryBudget(reserve=50)
        for _ in range(600):
            budget.called()
            calls += 1
            attempts += 1
            attempts += sum(budget.spend() for _ in range(5))
    assert attempts <= 1.2 * calls


def test_budget_given_a_peer_that_works_repeats_every_failure() -> None:
    budget = RetryBudget(reserve=10)
    for call in range(1000):
        budget.called()
        if call % 3 == 0:
            assert budget.spend()
        budget.succeeded()
    assert budget.left == pytest.approx(10)
