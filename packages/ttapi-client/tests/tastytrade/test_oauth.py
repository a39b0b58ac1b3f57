# SPDX-License-Identifier: Apache-2.0
"""OAuth: one renewal for many, early, never again after a refusal, and no secret where a person looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import structlog

from ttapi_client.client import ResilientClient
from ttapi_client.oauth import OAuthAuthenticator
from ttapi_core import (
    ConnectError,
    CredentialsError,
    DecodeError,
    GrantRefusedError,
    ManualClock,
    RetryPolicy,
    ServerFaultError,
    TTError,
    UsageError,
)

SECRETS = ("canary-secret", "canary-refresh")
RETRY = RetryPolicy(attempts_max=2, wait_initial_s=0.001, wait_max_s=0.001)


class TokenEndpoint:
    """A token endpoint: counts its requests, and answers as told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[int], httpx.Response] = self.token
        self.gate = asyncio.Event()
        self.gate.set()

    def token(self, number: int) -> httpx.Response:
        return httpx.Response(
            200, json={"access_token": f"canary-access-{number}", "token_type": "Bearer", "expires_in": 900}
        )

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        number = len(self.requests)
        await self.gate.wait()
        return self.answer(number)


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(auto_advance=True)


@pytest.fixture
async def authenticator(endpoint: TokenEndpoint, clock: ManualClock) -> AsyncIterator[OAuthAuthenticator]:
    client = ResilientClient(
        "https://api.example.com", transport=httpx.MockTransport(endpoint), clock=clock, retry=RETRY, seed=1
    )
    async with client:
        authenticator = OAuthAuthenticator(
            client, client_secret="canary-secret", refresh_token="canary-refresh", clock=clock, seed=1
        )
        yield authenticator
        await authenticator.aclose()


async def header(authenticator: OAuthAuthenticator) -> str:
    return (await authenticator.headers())["Authorization"]


async def test_token_is_asked_for_once_with_the_grant_and_without_authorization(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    assert await header(authenticator) == await header(authenticator) == "Bearer canary-access-1"
    (request,) = endpoint.requests
    assert (request.method, request.url.path) == ("POST", "/oauth/token")
    assert json.loads(request.content) == {
        "grant_type": "refresh_token",
        "refresh_token": "canary-refresh",
        "client_secret": "canary-secret",
    }
    assert "Authorization" not in request.headers


async def test_token_is_renewed_a_minute_before_its_end_with_jitter(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    await header(authenticator)
    clock.advance(829)
    assert await header(authenticator) == "Bearer canary-access-1"
    clock.advance(11)
    assert await header(authenticator) == "Bearer canary-access-2"


async def test_hundred_askers_lead_to_one_renewal(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    headers = await asyncio.gather(*(header(authenticator) for _ in range(100)))
    assert set(headers) == {"Bearer canary-access-1"}
    assert len(endpoint.requests) == 1


async def test_hundred_refused_askers_lead_to_one_renewal(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    old = await authenticator.headers()
    assert all(await asyncio.gather(*(authenticator.refused(old) for _ in range(100))))
    assert await header(authenticator) == "Bearer canary-access-2"
    assert await authenticator.refused(old)  # it is known by now
    assert len(endpoint.requests) == 2


async def test_cancelled_leader_leaves_the_others_their_token(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    endpoint.gate.clear()
    leader = asyncio.create_task(header(authenticator))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(header(authenticator)) for _ in range(99)]
    await asyncio.sleep(0.01)
    leader.cancel()
    endpoint.gate.set()
    assert set(await asyncio.gather(*others)) == {"Bearer canary-access-1"}
    assert leader.cancelled()
    assert len(endpoint.requests) == 1


async def test_refused_grant_is_never_asked_for_again(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    endpoint.answer = lambda _: httpx.Response(
        400, json={"error_code": "invalid_grant", "error_description": "Grant revoked"}
    )
    results = await asyncio.gather(*(header(authenticator) for _ in range(100)), return_exceptions=True)
    with pytest.raises(GrantRefusedError) as late:
        await header(authenticator)
    assert {type(result) for result in results} == {GrantRefusedError}
    assert late.value.peer_code == "invalid_grant"
    assert len(endpoint.requests) == 1


async def test_refused_grant_after_a_401_is_raised(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    old = await authenticator.headers()
    endpoint.answer = lambda _: httpx.Response(401, text="<html>no</html>")
    with pytest.raises(GrantRefusedError):
        await authenticator.refused(old)


async def test_failed_renewal_is_shared_and_the_next_call_tries_again(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    endpoint.answer = lambda _: httpx.Response(503, text="<html>down</html>")
    results = await asyncio.gather(*(header(authenticator) for _ in range(20)), return_exceptions=True)
    assert {type(result) for result in results} == {ServerFaultError}
    assert len(endpoint.requests) == RETRY.attempts_max
    endpoint.answer = endpoint.token
    assert (await header(authenticator)).startswith("Bearer canary-access-")


async def test_failed_renewal_leaves_the_old_token_while_it_is_good(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    await header(authenticator)

    def down(_: int) -> httpx.Response:
        raise httpx.ConnectError("no route")

    endpoint.answer = down
    clock.advance(850)
    assert await header(authenticator) == "Bearer canary-access-1"
    clock.advance(60)
    with pytest.raises(ConnectError):
        await header(authenticator)


async def test_peer_that_refuses_every_new_token_is_not_asked_for_ever(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    answers = [await authenticator.refused(await authenticator.headers()) for _ in range(60)]
    assert answers.count(True) == 29  # the thirtieth token of the minute was the first one
    assert len(endpoint.requests) == 30
    clock.advance(61)
    assert await authenticator.refused(await authenticator.headers())


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"access_token": ""},
        {"access_token": 7.5, "expires_in": []},
        {"access_token": "a\r\nX: y", "expires_in": 900},
        {"access_token": "é", "expires_in": 900},
        {"access_token": "a", "expires_in": -1},
        {"access_token": "a", "expires_in": "Infinity"},
    ],
)
async def test_answer_without_a_usable_token_is_a_decode_error(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint, body: Any
) -> None:
    endpoint.answer = lambda _: httpx.Response(200, json=body)
    with pytest.raises(DecodeError):
        await header(authenticator)


async def test_answer_without_a_lifetime_is_good_for_fifteen_minutes(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    endpoint.answer = lambda number: httpx.Response(200, json={"access_token": f"t{number}"})
    await header(authenticator)
    clock.advance(800)
    assert await header(authenticator) == "Bearer t1"


async def test_closed_authenticator_ends_its_askers(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    endpoint.gate.clear()
    asker = asyncio.create_task(header(authenticator))
    await asyncio.sleep(0.01)
    await authenticator.aclose()
    with pytest.raises(UsageError):
        await asker
    with pytest.raises(UsageError):
        await header(authenticator)


@pytest.mark.parametrize("missing", ["client_secret", "refresh_token"])
async def test_empty_credential_is_named(missing: str) -> None:
    credentials = {"client_secret": "canary-secret", "refresh_token": "canary-refresh"} | {missing: ""}
    async with ResilientClient("https://api.example.com") as client:
        with pytest.raises(CredentialsError, match=missing) as caught:
            OAuthAuthenticator(client, **credentials)
    assert "canary" not in str(caught.value)


async def test_scope_is_sent_where_it_is_asked_for(endpoint: TokenEndpoint) -> None:
    async with ResilientClient("https://api.example.com", transport=httpx.MockTransport(endpoint)) as client:
        authenticator = OAuthAuthenticator(client, client_secret="s", refresh_token="r", scope="read")
        await authenticator.headers()
    assert json.loads(endpoint.requests[0].content)["scope"] == "read"


async def test_secrets_are_in_no_log_error_or_representation(
    authenticator: OAuthAuthenticator, endpoint: TokenEndpoint
) -> None:
    """Every answer echoes the grant; nothing that a person may see has it, or a token."""
    seen: list[str] = []
    with structlog.testing.capture_logs() as logs:
        await header(authenticator)
        seen.append(repr(authenticator))
        echo = json.dumps({"error_code": "x", "error_description": " ".join(SECRETS)})
        cut = '{"access_token": "canary-access-9'
        for status, text in ((200, cut), (503, echo), (200, echo), (400, echo)):
            endpoint.answer = lambda _, status=status, text=text: httpx.Response(status, text=text)
            with pytest.raises(TTError) as caught:
                await authenticator.refused(await authenticator.headers())
            seen += [str(caught.value), repr(caught.value), str(caught.value.__cause__)]
    text = " ".join([*seen, *map(str, logs)])
    assert not [secret for secret in (*SECRETS, "canary-access") if secret in text]
