# SPDX-License-Identifier: Apache-2.0
"""Who may ask, which version, and what is counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox import SandboxSettings
from ttapi_sandbox.application import Application
from ttapi_sandbox.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable

AS_OF = datetime(2026, 11, 19, 22, tzinfo=UTC)


def test_no_user_agent_is_refused_by_the_edge_in_html(ask: Callable[..., Any]) -> None:
    answer = ask("/customers/me", headers={b"user-agent": b""})
    assert (answer.status, answer.media_type) == (401, b"text/html")
    assert answer.body.startswith(b"<html>")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"", "unauthorized"),
        (b"Bearer x", "token_invalid"),
        (b"Basic x", "token_invalid"),
        (b"x", "unauthorized"),
    ],
)
def test_missing_or_foreign_token_is_refused(ask: Callable[..., Any], header: bytes, code: str) -> None:
    answer = ask("/customers/me", headers={b"authorization": header})
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (401, code)


@pytest.mark.parametrize(
    ("version", "status"),
    [
        (b"20250813", 200),
        (b"20251101", 200),
        (b"20990101", 200),
        (b"20250812", 406),
        (b"v1", 406),
        (b"", 406),
    ],
)
def test_version_is_accepted_from_the_oldest_on(ask: Callable[..., Any], version: bytes, status: int) -> None:
    answer = ask("/customers/me", headers={b"accept-version": version})
    assert answer.status == status
    if status == 406:
        assert json.loads(answer.body)["error"]["code"] == 406


@pytest.mark.parametrize(("method", "path"), [("GET", "/nope"), ("DELETE", "/customers/me"), ("GET", "/")])
def test_unrouted_path_is_answered_in_html(ask: Callable[..., Any], method: str, path: str) -> None:
    answer = ask(path, method=method, headers={b"authorization": b""})
    assert (answer.status, answer.media_type) == (404, b"text/html")


def test_session_can_be_validated(ask: Callable[..., Any]) -> None:
    assert ask("/sessions/validate", method="POST", body=b"").status == 201


def test_requests_and_executions_are_counted_by_endpoint() -> None:
    application = Application(SandboxSettings(as_of=AS_OF, symbols=3), ManualClock(AS_OF))
    token = application.tokens.issue("test", 10)
    headers = {b"user-agent": b"t", b"authorization": f"Bearer {token}".encode()}
    for path in ("/instruments/equities/SPY", "/instruments/equities/QQQ", "/nope"):
        application.answer(Request("GET", path, headers=headers))
    application.answer(Request("GET", "/instruments/equities/SPY", headers={b"user-agent": b"t"}))
    endpoint = "GET /instruments/equities/{symbol}"
    assert application.statistics.requests == {endpoint: 3, "unrouted": 1}
    assert application.statistics.executed == {endpoint: 2}
    assert application.statistics.total == 4
    application.reset()
    assert application.statistics.total == 0


@pytest.mark.parametrize("with_headers", [False, True])
def test_too_many_requests_are_refused_and_consume_nothing(with_headers: bool) -> None:
    clock = ManualClock(AS_OF)
    settings = SandboxSettings(as_of=AS_OF, symbols=3, rate_limit=5, rate_limit_headers=with_headers)
    application = Application(settings, clock)
    request = Request("GET", "/margin-requirements-public-configuration", headers={b"user-agent": b"t"})
    statuses = [application.answer(request)[0].status for _ in range(20)]
    assert statuses == [200] * 5 + [429] * 15
    refused = application.answer(request)[0]
    names = {name for name, _ in refused.headers}
    assert ({b"retry-after", b"ratelimit-remaining", b"ratelimit-reset"} <= names) == with_headers
    assert not refused.body.startswith(b"{")
    clock.advance(0.2)
    assert [application.answer(request)[0].status for _ in range(2)] == [200, 429]
    assert application.statistics.rejected == 17
    assert application.statistics.executed.total() == 6
