# SPDX-License-Identifier: Apache-2.0
"""Methods times faults, over both transports and real sockets: how often the peer executes a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ttapi_client import ResilientClient
from ttapi_core import (
    BreakerPolicy,
    LimitPolicy,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryPolicy,
    Sent,
    TransportError,
    TTError,
)

ATTEMPTS = 3
POLICY = RetryPolicy(attempts_max=ATTEMPTS, wait_initial_s=0.001, wait_max_s=0.002)
NEVER_OPEN = BreakerPolicy(failures_max=1_000_000)

IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]
ONCE = ["POST", "PATCH"]
METHODS = [*IDEMPOTENT, *ONCE]
# Each fault with what is known of the request afterwards; executed by the peer in every case.
FAULTS = {
    "drop": Sent.MAYBE,
    "reset": Sent.MAYBE,
    "cut_head": Sent.MAYBE,
    "garbage": Sent.MAYBE,
    "mute": Sent.MAYBE,
    "cut": Sent.ANSWERED,
    "cut_chunked": Sent.ANSWERED,
}
STATUS_AGAIN = [500, 502, 503, 504]
STATUS_FINAL = [301, 400, 403, 404, 406, 409, 410, 422, 501, 505]


def client(
    client_of: Callable[..., ResilientClient], url: str, *, read_timeout_s: float = 10.0
) -> ResilientClient:
    limits = LimitPolicy(read_timeout_s=read_timeout_s)
    return client_of(url, limits=limits, retry=POLICY, breaker=NEVER_OPEN)


async def ends(client: ResilientClient, methods: list[str], **options: Any) -> dict[str, TTError]:
    """Send one request a method, each to a path of its own, and return how each ended."""
    ended = {}
    for method in methods:
        with pytest.raises(TTError) as caught:
            await client.request(method, f"/{method}", endpoint="x", **options)
        ended[method] = caught.value
    return ended


def executions(peer: Any, methods: list[str]) -> dict[str, int]:
    return {method: len(peer.hits_of(f"/{method}")) for method in methods}


@pytest.mark.parametrize("fault", FAULTS)
async def test_request_given_broken_exchange_is_sent_as_the_table_says(
    peer: Any, client_of: Any, fault: str
) -> None:
    # A HEAD has no body that could be cut.
    methods = [method for method in METHODS if method != "HEAD" or FAULTS[fault] is Sent.MAYBE]
    for method in methods:
        peer.on(f"/{method}", getattr(peer, fault)())
    patience_s = 0.05 if fault == "mute" else 10.0
    ended = await ends(client(client_of, peer.url, read_timeout_s=patience_s), methods)
    assert executions(peer, methods) == {m: ATTEMPTS if m in IDEMPOTENT else 1 for m in methods}
    for error in ended.values():
        assert isinstance(error, TransportError)
        # A transport that reads the head and the start of the body in one go knows less.
        assert error.sent in {FAULTS[fault], Sent.MAYBE}
        assert isinstance(error, RequestTimeoutError) == (fault == "mute")


@pytest.mark.parametrize("fault", FAULTS)
async def test_request_given_key_is_sent_again_with_the_same_key(
    peer: Any, client_of: Any, fault: str
) -> None:
    peer.on("/POST", getattr(peer, fault)())
    patience_s = 0.05 if fault == "mute" else 10.0
    await ends(
        client(client_of, peer.url, read_timeout_s=patience_s), ["POST"], idempotency_key="k-1", json={"q": 1}
    )
    assert len(peer.hits) == ATTEMPTS
    assert {hit.headers["idempotency-key"] for hit in peer.hits} == {"k-1"}
    assert len({hit.headers["x-request-id"] for hit in peer.hits}) == 1
    assert {hit.body for hit in peer.hits} == {b'{"q":1}'}


async def test_request_given_status_is_sent_as_the_table_says(peer: Any, client_of: Any) -> None:
    made = client(client_of, peer.url)
    for status in [*STATUS_AGAIN, *STATUS_FINAL]:
        for method in METHODS:
            peer.on(f"/{method}", peer.answer(status))
        ended = await ends(made, METHODS)
        again = [method for method in METHODS if method in IDEMPOTENT and status in STATUS_AGAIN]
        assert executions(peer, METHODS) == {m: ATTEMPTS if m in again else 1 for m in METHODS}, status
        assert {error.status for error in ended.values() if isinstance(error, ResponseError)} == {status}
        peer.hits.clear()


@pytest.mark.parametrize("method", ["GET", *ONCE])
async def test_request_given_429_is_sent_again_for_every_method(
    peer: Any, client_of: Any, method: str
) -> None:
    peer.on("/x", *[peer.answer(429)] * 3, peer.answer(200))
    made = client_of(peer.url, limits=LimitPolicy(rate_min_per_s=200))
    response = await made.request(method, "/x")
    assert response.extensions["ttapi_attempts"] == 4


@pytest.mark.parametrize("method", ["GET", *ONCE])
async def test_request_given_refused_connection_is_sent_again(
    client_of: Any, method: str, unused_tcp_port: int
) -> None:
    made = client(client_of, f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(TransportError) as caught:
        await made.request(method, "/x")
    assert caught.value.sent is Sent.NEVER
    assert made.counts.sent == ATTEMPTS


async def test_post_given_peer_that_executes_and_drops_is_executed_once_each(
    peer: Any, client_of: Any
) -> None:
    """Two hundred orders, each executed and its reply lost: no order twice, warm and cold connections alike."""
    peer.on("/warm", peer.answer())
    peer.on("/orders", peer.drop())
    made = client_of(peer.url, breaker=NEVER_OPEN, limits=LimitPolicy(concurrency_max=10))

    async def order(number: int) -> None:
        await made.request("GET", "/warm")
        with pytest.raises(TransportError):
            await made.request("POST", "/orders", json={"order": number})

    await asyncio.gather(*(order(number) for number in range(200)))
    bodies = [hit.body for hit in peer.hits_of("/orders")]
    assert len(bodies) == len(set(bodies)) == 200


async def test_request_given_long_retry_after_fails_at_once_with_the_value(peer: Any, client_of: Any) -> None:
    peer.on("/GET", peer.answer(429, headers={"Retry-After": "86400"}))
    error = (await ends(client_of(peer.url), ["GET"]))["GET"]
    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == 86400
    assert len(peer.hits) == 1
