# SPDX-License-Identifier: Apache-2.0
"""The choice of the transport, its proxies, and what its failures say of the request."""

from __future__ import annotations

import _thread
import asyncio
import threading
import time
from typing import Any

import httpx
import pytest

from ttapi_client import open_transport
from ttapi_client.reqwest import PyreqwestTransport, heeding_cancellation, wait_for_foreign_threads
from ttapi_client.transport import failure_of, proxy_for
from ttapi_core import (
    ConnectError,
    ConnectionLostError,
    LimitPolicy,
    ParameterError,
    RequestTimeoutError,
    Sent,
    TransportError,
    TTError,
)


async def test_open_transport_given_no_preference_takes_the_fast_one_where_it_is_installed() -> None:
    transport = open_transport(LimitPolicy())
    assert isinstance(transport, PyreqwestTransport)
    await transport.aclose()


async def test_open_transport_given_httpx_takes_httpx() -> None:
    transport = open_transport(LimitPolicy(), prefer="httpx")
    assert isinstance(transport, httpx.AsyncHTTPTransport)
    await transport.aclose()


def test_open_transport_given_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ParameterError, match="pyreqwest"):
        open_transport(LimitPolicy(), prefer="carrier pigeon")


@pytest.mark.parametrize(
    ("base_url", "proxy"),
    [
        ("https://api.example.com", "http://proxy.example:3128"),
        ("http://api.example.com", "http://plain.example:80"),
        ("http://localhost:1", None),
        ("http://127.0.0.1:1", None),
        ("http://[::1]:1", None),
        ("https://inside.example.org", None),
        ("", None),
    ],
)
def test_proxy_for_given_system_settings_spares_loopback_and_exceptions(
    monkeypatch: pytest.MonkeyPatch, base_url: str, proxy: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://plain.example:80")
    monkeypatch.setenv("no_proxy", "inside.example.org")
    assert proxy_for(base_url) == proxy


async def test_client_given_proxy_sends_through_it(
    peer: Any, transport_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", peer.url)
    peer.on("http://api.example.com/x", peer.answer(200, b"by proxy"))
    url = "http://api.example.com"
    transport = open_transport(LimitPolicy(), base_url=url, prefer=transport_name)
    response = await transport.handle_async_request(httpx.Request("GET", f"{url}/x"))
    assert await response.aread() == b"by proxy"
    await transport.aclose()


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (httpx.ConnectError("x"), ConnectError, Sent.NEVER),
        (httpx.ConnectTimeout("x"), ConnectError, Sent.NEVER),
        (httpx.PoolTimeout("x"), ConnectError, Sent.NEVER),
        (httpx.ProxyError("x"), ConnectError, Sent.NEVER),
        (httpx.ReadTimeout("x"), RequestTimeoutError, Sent.MAYBE),
        (httpx.WriteTimeout("x"), RequestTimeoutError, Sent.MAYBE),
        (httpx.ReadError("x"), ConnectionLostError, Sent.MAYBE),
        (httpx.WriteError("x"), ConnectionLostError, Sent.MAYBE),
        (httpx.RemoteProtocolError("x"), ConnectionLostError, Sent.MAYBE),
        (OSError("x"), ConnectionLostError, Sent.MAYBE),
        (RuntimeError("x"), ConnectionLostError, Sent.MAYBE),
    ],
)
def test_failure_of_given_error_says_what_is_known(error: Exception, kind: type[TTError], sent: Sent) -> None:
    failure = failure_of(error, what="GET /x", request_id="r", answered=False)
    assert isinstance(failure, TransportError)
    assert type(failure) is kind
    assert (failure.sent, failure.request_id) == (sent, "r")


@pytest.mark.parametrize(
    "error", [httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")]
)
def test_failure_of_given_head_already_there_says_answered(error: Exception) -> None:
    failure = failure_of(error, what="GET /x", request_id="r", answered=True)
    assert isinstance(failure, TransportError)
    assert failure.sent is Sent.ANSWERED


async def test_transport_given_header_that_http_does_not_allow_refuses_before_sending(
    peer: Any, client_of: Any
) -> None:
    client = client_of(peer.url)
    for headers in ({"X-Name": "a\r\nX-Evil: 1"}, {"X Name": "a"}, {"X-Name": "\u20ac"}):
        with pytest.raises(ParameterError):
            await client.request("GET", "/x", headers=headers)
    with pytest.raises(ParameterError):
        await client.request("GE T", "/x")
    assert peer.hits == []


async def test_pyreqwest_given_close_while_in_use_says_lost(peer: Any) -> None:
    transport = PyreqwestTransport(LimitPolicy())
    await transport.aclose()
    with pytest.raises(httpx.TransportError):
        await transport.handle_async_request(httpx.Request("GET", peer.url))


@pytest.mark.parametrize("fault", ["drop", "reset", "cut", "garbage"])
async def test_pyreqwest_given_broken_exchange_keeps_the_query_out_of_its_errors(
    peer: Any, fault: str
) -> None:
    transport = PyreqwestTransport(LimitPolicy())
    peer.on("/x", getattr(peer, fault)())
    with pytest.raises(httpx.TransportError) as caught:
        await transport.handle_async_request(httpx.Request("GET", f"{peer.url}/x?token=canary"))
    assert not isinstance(caught.value, httpx.ConnectError | httpx.ConnectTimeout)
    assert caught.value.__context__ is None
    assert "canary" not in str(caught.value)
    await transport.aclose()


async def test_transport_given_large_body_that_breaks_off_says_lost(peer: Any, client_of: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"
    peer.on("/x", peer.raw(head + bytes(5_000_000)))
    with pytest.raises(ConnectionLostError) as caught:
        await client_of(peer.url).request("POST", "/x")
    assert caught.value.sent in {Sent.ANSWERED, Sent.MAYBE}
    assert len(peer.hits) == 1


async def test_transport_given_answer_in_two_chunks_and_kept_connection_uses_it_again(
    peer: Any, client_of: Any
) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    peer.on("/x", peer.raw(chunked, stay=True))
    client = client_of(peer.url)
    for _ in range(5):
        assert (await client.request("GET", "/x")).content == b"abcde"
    assert peer.connections == 1


async def test_a_cancellation_that_the_transport_swallows_ends_the_await_all_the_same() -> None:
    begun, given_back = asyncio.Event(), asyncio.Event()

    async def swallowing() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "the answer came with it"
        raise AssertionError

    async def undo() -> None:
        given_back.set()

    task = asyncio.create_task(heeding_cancellation(swallowing(), undo=undo))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back.is_set()


async def test_an_answer_that_nobody_cancels_is_handed_on() -> None:
    assert await heeding_cancellation(asyncio.sleep(0, "answer")) == "answer"


def test_the_end_waits_for_a_foreign_thread_that_is_within_python() -> None:
    inside, left = threading.Event(), threading.Event()

    def visit() -> None:
        inside.set()
        time.sleep(0.05)
        left.set()

    _thread.start_new_thread(visit, ())
    assert inside.wait(5)
    wait_for_foreign_threads(10)
    assert left.is_set()


def test_the_end_does_not_wait_for_ever() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        inside.set()
        leave.wait(30)

    _thread.start_new_thread(stay, ())
    assert inside.wait(5)
    started_s = time.monotonic()
    wait_for_foreign_threads(0.05)
    leave.set()
    assert 0.05 <= time.monotonic() - started_s < 5
