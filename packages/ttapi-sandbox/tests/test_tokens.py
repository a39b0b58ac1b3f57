# SPDX-License-Identifier: Apache-2.0
"""OAuth: bare answers, its own errors, tokens that run out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox.requests import Request
from ttapi_sandbox.tokens import Tokens, simulated_secret


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tokens(clock: ManualClock) -> Tokens:
    return Tokens(seed=1, clock=clock, lifetime_s=900)


def exchange(tokens: Tokens, fields: dict[str, Any], *, form: bool = False) -> tuple[int, dict[str, Any]]:
    body = urlencode(fields).encode() if form else json.dumps(fields).encode()
    kind = b"application/x-www-form-urlencoded" if form else b"application/json"
    answer = tokens.exchange(Request("POST", "/oauth/token", headers={b"content-type": kind}, body=body))
    return answer.status, json.loads(answer.body)


def good(tokens: Tokens) -> dict[str, Any]:
    return {
        "grant_type": "refresh_token",
        "client_secret": tokens.client_secret,
        "refresh_token": tokens.refresh_token,
        "scope": "read trade",
    }


@pytest.mark.parametrize("form", [False, True])
def test_refresh_gives_a_bare_token_that_lives_fifteen_minutes(
    tokens: Tokens, clock: ManualClock, form: bool
) -> None:
    status, answer = exchange(tokens, good(tokens), form=form)
    assert status == 200
    assert answer.keys() == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    assert tokens.accepts(answer["access_token"])
    clock.advance(900)
    assert not tokens.accepts(answer["access_token"])


def test_first_exchange_gives_the_refresh_token_too(tokens: Tokens) -> None:
    fields = {
        "grant_type": "authorization_code",
        "client_secret": tokens.client_secret,
        "code": simulated_secret(1, "code"),
        "redirect_uri": "http://127.0.0.1",
    }
    status, answer = exchange(tokens, fields)
    assert (status, answer["refresh_token"]) == (200, tokens.refresh_token)
    assert exchange(tokens, fields | {"code": "x"})[1]["error_code"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"refresh_token": "x"}, "invalid_grant"),
        ({"refresh_token": None}, "invalid_grant"),
        ({"refresh_token": 7}, "invalid_grant"),
        ({"client_secret": "é"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_refusal_has_its_own_shape(tokens: Tokens, change: dict[str, Any], code: str) -> None:
    status, answer = exchange(tokens, good(tokens) | change)
    assert status == 400
    assert answer.keys() == {"error_code", "error_description"}
    assert answer["error_code"] == code


def test_secrets_depend_on_the_seed_and_say_that_they_are_simulated(
    tokens: Tokens, clock: ManualClock
) -> None:
    other = Tokens(seed=2, clock=clock, lifetime_s=900)
    assert other.client_secret != tokens.client_secret
    assert other.refresh_token != tokens.refresh_token
    assert tokens.refresh_token.startswith("simulated-")
    assert exchange(tokens, good(other))[0] == 400


def test_every_token_can_be_expired_at_once(tokens: Tokens) -> None:
    token = tokens.issue("access", 900)
    tokens.expire_all()
    assert not tokens.accepts(token)


def test_quote_token_points_to_the_server_itself(tokens: Tokens, clock: ManualClock) -> None:
    tokens.base_url = "http://127.0.0.1:5000"
    data = json.loads(tokens.quote_token(Request("GET", "/api-quote-tokens")).body)["data"]
    assert data["dxlink-url"] == "ws://127.0.0.1:5000/realtime"
    clock.advance(24 * 3600 - 1)
    assert tokens.accepts(data["token"])
    clock.advance(1)
    assert not tokens.accepts(data["token"])


def test_quote_token_of_a_remote_server_points_to_where_the_client_found_it(clock: ManualClock) -> None:
    tokens = Tokens(seed=1, clock=clock, lifetime_s=900, address_of_host=True)
    request = Request("GET", "/api-quote-tokens", headers={b"host": b"box.example:8080"})
    data = json.loads(tokens.quote_token(request).body)["data"]
    assert data["dxlink-url"] == "ws://box.example:8080/realtime"
