# SPDX-License-Identifier: Apache-2.0
"""A sandbox in the loop of its user: begins, serves, ends, leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

import ttapi_sandbox
from ttapi_core import ConfigurationError, UsageError
from ttapi_sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_login_and_use_over_http(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _), httpx.AsyncClient(base_url=sandbox.url) as client:
        client.headers["user-agent"] = "test/1"
        assert (await client.get("/customers/me")).status_code == 401
        grant = {
            "grant_type": "refresh_token",
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.refresh_token,
        }
        answer = await client.post("/oauth/token", data=grant)
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        answer = await client.get("/customers/me")
        assert answer.status_code == 200
        assert answer.headers["x-simulated"] == "true"
        assert "server" not in answer.headers
        assert sandbox.statistics.requests["GET /customers/{customer}"] == 2


async def test_hundred_requests_at_once_are_all_answered(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, client):
        answers = await asyncio.gather(*(client.get("/option-chains/SPY/nested") for _ in range(100)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert sandbox.statistics.total == 100


async def test_port_is_free_and_signals_are_as_before_after_the_end() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with Sandbox(SandboxSettings(symbols=1)) as sandbox:
        address = urlsplit(sandbox.url)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=1)
    assert len(asyncio.all_tasks()) == 1


async def test_port_in_use_is_named() -> None:
    async with Sandbox(SandboxSettings(symbols=1)) as first:
        port = urlsplit(first.url).port
        assert port is not None
        with pytest.raises(ConfigurationError) as caught:
            await Sandbox(SandboxSettings(symbols=1, port=port)).__aenter__()
        assert caught.value.setting == "port"
        assert str(port) in str(caught.value)


async def test_sandbox_cannot_be_used_before_it_begins_nor_begun_twice() -> None:
    sandbox = Sandbox()
    with pytest.raises(UsageError):
        _ = sandbox.statistics
    await sandbox.__aexit__(None, None, None)
    async with Sandbox(SandboxSettings(symbols=1)) as sandbox:
        with pytest.raises(UsageError):
            await sandbox.__aenter__()


async def test_two_sandboxes_run_side_by_side() -> None:
    async with Sandbox(SandboxSettings(symbols=1)) as one, Sandbox(SandboxSettings(symbols=1, seed=2)) as two:
        assert one.url != two.url
        assert one.refresh_token != two.refresh_token


async def test_form_of_ipv6_is_bracketed() -> None:
    async with Sandbox(SandboxSettings(symbols=1, host="::1")) as sandbox:
        assert sandbox.url.startswith("http://[::1]:")
        async with httpx.AsyncClient(base_url=sandbox.url) as client:
            assert (await client.get("/_sandbox/statistics")).status_code == 200


async def test_body_of_many_pieces_is_read_whole(run: Callable[..., Any]) -> None:
    async with run() as (_, client):

        async def pieces() -> Any:
            for piece in (b'{"faults": ["kind=', b"html,path=/x", b'"]}'):
                yield piece
                await asyncio.sleep(0)

        answer = await client.put("/_sandbox/faults", content=pieces())
        assert answer.json()["data"]["faults"][0]["path"] == "/x"


def test_face_of_the_package_is_sorted_and_complete() -> None:
    assert ttapi_sandbox.__all__ == sorted(ttapi_sandbox.__all__)
    assert all(hasattr(ttapi_sandbox, name) for name in ttapi_sandbox.__all__)
