# SPDX-License-Identifier: Apache-2.0
"""Refusals in all their dresses; how long to wait; what is left of a quota; JSON and what only looks like it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client import Redactor
from ttapi_client.answers import WORDS_MAX, decoded_json, quota, refusal, retry_after_s
from ttapi_core import (
    AuthenticationError,
    DecodeError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
    TTError,
    VersionRefusedError,
)

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def refused(
    status: int, content: bytes | str = b"", redact: Redactor | None = None, **headers: str
) -> ResponseError:
    response = httpx.Response(status, content=content, headers=headers)
    return refusal(response, what="GET /x", request_id="r1", redact=redact or Redactor(), now=NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ResponseError),
        (400, RequestRefusedError),
        (401, AuthenticationError),
        (403, NotEntitledError),
        (404, NotFoundError),
        (406, VersionRefusedError),
        (409, RequestRefusedError),
        (418, RequestRefusedError),
        (422, RequestRefusedError),
        (429, RateLimitError),
        (500, ServerFaultError),
        (503, ServerFaultError),
        (599, ServerFaultError),
    ],
)
def test_refusal_given_status_is_of_its_kind(status: int, kind: type[ResponseError]) -> None:
    error = refused(status)
    assert type(error) is kind
    assert (error.status, error.request_id) == (status, "r1")
    assert error.message == f"GET /x answered {status}"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            {
                "error": {
                    "code": "preflight_check_failure",
                    "message": "One or more preflight checks failed.",
                    "errors": [{"code": "cant_buy_for_credit", "message": "You cannot buy for a credit."}],
                }
            },
            "preflight_check_failure",
            "One or more preflight checks failed.; cant_buy_for_credit: You cannot buy for a credit.",
        ),
        (
            {
                "error": {
                    "code": "validation_error",
                    "errors": [{"domain": "per-page", "reason": "is too big"}],
                }
            },
            "validation_error",
            "per-page: is too big",
        ),
        ({"error": {"code": 406, "message": "not here"}}, "406", "not here"),
        (
            {"error_code": "invalid_grant", "error_description": "Grant revoked"},
            "invalid_grant",
            "Grant revoked",
        ),
        ({"error": "invalid_client", "error_description": "Unknown"}, "invalid_client", "Unknown"),
        ({"title": "Bad", "detail": "No such thing", "status": 400}, "", "No such thing"),
        ({"what": "ever"}, "", '{"what": "ever"}'),
        (["what", "ever"], "", '["what", "ever"]'),
        ({"error": None, "errors": ["text", 7]}, "", '{"error": null, "errors": ["text", 7]}'),
    ],
)
def test_refusal_given_json_tells_code_and_words(body: object, code: str, words: str) -> None:
    error = refused(400, json.dumps(body))
    assert error.peer_code == code
    assert error.message == f"GET /x answered 400: {words}"


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '""', "  "])
def test_refusal_given_empty_body_has_no_words(body: str) -> None:
    assert refused(500, body).message == "GET /x answered 500"


def test_refusal_given_html_tells_its_text_and_no_markup() -> None:
    page = """<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>h1 {color: red}</style>
    <script>alert("x")</script></head><body><!-- hidden --><h1>Bad Gateway</h1></body></html>"""
    assert refused(502, page).message == "GET /x answered 502: 502 Bad Gateway Bad Gateway"


@given(content=st.binary(max_size=2000))
def test_refusal_given_any_body_is_one_short_printable_line(content: bytes) -> None:
    message = refused(400, content).message
    assert len(message) <= len("GET /x answered 400: ") + WORDS_MAX + 1
    assert "\n" not in message
    assert "\x1b" not in message
    assert "\x00" not in message


def test_refusal_given_deep_json_is_still_a_refusal() -> None:
    assert refused(400, "[" * 60_000).status == 400


def test_refusal_given_echoed_secrets_hides_them() -> None:
    redact = Redactor()
    redact.register("Bearer abcdef123")
    error = refused(
        401, json.dumps({"error": {"code": "abcdef123", "message": "token abcdef123 is expired"}}), redact
    )
    assert "abcdef123" not in error.message + error.peer_code


def date(seconds: int) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("86400", 86400.0),
        ("9" * 400, 1e9),
        (date(30), 30.0),
        (date(-30), 0.0),
        ("Fri, 20 Nov 2026 12:00:10", 10.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("Fri, 99 Nov 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after_given_any_form_is_never_negative_and_never_earlier(
    text: str, seconds: float | None
) -> None:
    assert retry_after_s(httpx.Response(503, headers={"Retry-After": text}), NOW) == seconds


def test_retry_after_given_peer_with_wrong_clock_counts_by_the_peers_clock() -> None:
    headers = {"Retry-After": date(3630), "Date": date(3600)}
    assert retry_after_s(httpx.Response(429, headers=headers), NOW) == 30


def test_refusal_given_retry_after_carries_it() -> None:
    for status in (429, 503):
        error = refused(status, **{"Retry-After": "7"})
        assert isinstance(error, RateLimitError | ServerFaultError)
        assert error.retry_after_s == 7


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit": '"default";r=0;t=12'}, 12.0),
        ({"RateLimit": '"default";r=3;t=12'}, None),
        ({"RateLimit": '"default";r=0;t=12', "Retry-After": "5"}, 5.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "8"}, 8.0),
    ],
)
def test_rate_limit_given_used_up_quota_says_when_it_is_full_again(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = refused(429, **headers)
    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, None),
        ({"RateLimit": '"default";r=50;t=30'}, (50, 30.0)),
        ({"RateLimit": "limit=100, remaining=5, reset=30"}, (5, 30.0)),
        ({"RateLimit": "nonsense"}, None),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "9"}, (3, 9.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 20)}, (0, 20.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) - 20)}, (0, 0.0)),
        ({"X-Rate-Limit-Remaining": "-1", "X-Rate-Limit-Reset": "2.5"}, (0, 2.5)),
        ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "9"}, None),
        ({"X-RateLimit-Remaining": "5"}, None),
    ],
)
def test_quota_given_headers_tells_what_is_left(
    headers: dict[str, str], told: tuple[int, float] | None
) -> None:
    assert quota(httpx.Response(200, headers=headers), NOW) == told


@pytest.mark.parametrize("text", ['{"a": 1.5}', "[]", "null", '"x"', "\ufeff{}"])
def test_decoded_json_given_json_returns_it(text: str) -> None:
    assert decoded_json(text.encode(), what="x", request_id="r") == json.loads(text.removeprefix("\ufeff"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"a": ',
        b"<html>",
        b"NaN",
        b'{"a": Infinity}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"9" * 5000,
        b"{} {}",
    ],
)
def test_decoded_json_given_anything_else_raises_without_the_content(content: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decoded_json(content, what="GET /x", request_id="r")
    assert caught.value.request_id == "r"
    assert len(str(caught.value)) < 120


def test_decoded_json_given_secret_in_broken_json_does_not_keep_it() -> None:
    with pytest.raises(DecodeError) as caught:
        decoded_json(b'{"token": "canary-1234", ', what="GET /x", request_id="r")
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "canary" not in repr(seen) + repr(vars(seen))
        seen = seen.__cause__ if seen.__suppress_context__ else seen.__context__
    assert isinstance(caught.value, TTError)


def test_words_in_an_attribute_of_markup_are_the_peers_words() -> None:
    body = '<?xml version="1.0"?><error code="400" message="Bad Request.  The series does not exist."/>'
    error = refusal(
        httpx.Response(400, text=body),
        what="GET /x",
        request_id="r",
        redact=Redactor(),
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert str(error) == "GET /x answered 400: Bad Request. The series does not exist."
