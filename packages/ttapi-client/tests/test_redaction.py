# SPDX-License-Identifier: Apache-2.0
"""Secrets are found by value and by name, in every form that they take on the way."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client import Redactor
from ttapi_client.redaction import SECRETS_MAX, is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-Api-Key",
        "APCA-API-SECRET-KEY",
        "Cookie",
        "Set-Cookie",
        "refresh_token",
        "password",
        "apikey",
    ],
)
def test_is_secret_name_given_usual_names_says_yes(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["Accept", "symbol", "Idempotency-Key", "token_type", "per-page"])
def test_is_secret_name_given_harmless_names_says_no(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "token=canary",
        "https://x.example/?api_key=canary&symbol=A",
        '{"refresh_token": "canary"}',
        "{'client_secret': 'canary'}",
        "Authorization: Bearer canary",
        "got Bearer canary",
        "https://user:canary@x.example/",
        'X-Api-Key: "canary"',
        "password = canary",
    ],
)
def test_redactor_given_named_secret_masks_it_unregistered(text: str) -> None:
    assert "canary" not in Redactor()(text)


def test_redactor_given_harmless_text_leaves_it() -> None:
    text = "GET /quotes answered 400: symbol 'AAPL' is no index; idempotency-key: k-1, token_type: bearer"
    assert Redactor()(text) == text


@given(secret=st.text(min_size=4, max_size=40).filter(lambda text: text.strip() == text and "*" not in text))
def test_redactor_given_registered_value_masks_it_plain_and_quoted(secret: str) -> None:
    redact = Redactor()
    redact.register(secret)
    for form in (secret, quote(secret, safe="")):
        assert secret not in redact(f"before {form} after").replace("before ", "").replace(" after", "")


def test_redactor_given_mapping_registers_what_sounds_secret() -> None:
    redact = Redactor()
    redact.register_named(
        {"api_key": "canary-1", "tokens": ["canary-2", 3], "symbol": "AAPL", "secret": None}
    )
    assert redact("canary-1 canary-2 AAPL") == "*** *** AAPL"
    assert "canary" not in repr(redact)


def test_redactor_given_more_than_it_keeps_forgets_the_oldest() -> None:
    redact = Redactor()
    for number in range(SECRETS_MAX + 1):
        redact.register(f"canary-{number:04}")
    assert redact("canary-0000") == "canary-0000"
    assert redact("canary-0001") == "***"
