# SPDX-License-Identifier: Apache-2.0
"""A server that wants a cookie and a token gets both, once, and again when they have aged."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from ttapi_core import AuthenticationError, ConnectError, DataRequest, Outcome, RateLimitError, RetryPolicy
from ttapi_providers import DeclaredProvider, Provider, get
from ttapi_providers.declaring import Endpoint
from ttapi_providers.handshake import Handshake


class Server:
    """An HTTP server on loopback that answers quotes to whoever has shaken hands lately."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.generation = 1
        self.token_status = 200
        self.sets_cookie = True
        self.refuses = False
        self.base = ""

    def answer(self, target: str, cookie: str) -> tuple[int, str, str]:
        parts = urlsplit(target)
        self.seen[parts.path] += 1
        if parts.path == "/cookie":
            return (
                404,
                "Set-Cookie: A3=sweet; Path=/; HttpOnly\r\n" if self.sets_cookie else "",
                "no such page",
            )
        if parts.path == "/token":
            return (self.token_status if cookie == "A3=sweet" else 401), "", f"crumb/{self.generation}"
        crumb = parse_qs(parts.query).get("crumb", [""])[0]
        if not self.refuses and cookie == "A3=sweet" and crumb == f"crumb/{self.generation}":
            return 200, "", json.dumps([{"last": 1.5}])
        return 401, "", json.dumps({"error": {"code": "Unauthorized", "message": "Invalid Crumb"}})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        cookie = next(
            (line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("cookie: ")), ""
        )
        assert "host" in fields
        status, extra, body = self.answer(head.split(" ", 2)[1], cookie)
        writer.write(
            f"HTTP/1.1 {status} X\r\n{extra}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def running() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        server.base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


def opened(server: Server, *, base_url: str = "", pages: str = "") -> DeclaredProvider:
    pages = pages or server.base
    declared = Provider(
        name="polite",
        title="Polite",
        site="https://example.com",
        bases=(server.base,),
        handshake=Handshake(cookie_from=f"{pages}/cookie", token_from=f"{pages}/token", param="crumb"),
        endpoints=(
            Endpoint(
                dataset="quotes",
                request=get("/quote", {"symbol": "{symbol}"}),
                row=lambda row, _: dict(row.value),
            ),
        ),
    )
    return DeclaredProvider(declared, retry=RetryPolicy(attempts_max=1), base_url=base_url)


async def outcomes(provider: DeclaredProvider, *keys: str) -> list[Outcome]:
    return [answer.outcome async for answer in provider.get_data(DataRequest(dataset="quotes", keys=keys))]


def test_many_requests_at_once_share_one_handshake() -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            assert await outcomes(provider, *"ABCDEFGH") == [Outcome.FRESH] * 8
            assert (server.seen["/cookie"], server.seen["/token"]) == (1, 1)

    asyncio.run(main())


def test_a_token_that_has_aged_is_renewed_once() -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            await outcomes(provider, "A")
            server.generation = 2
            assert await outcomes(provider, "B", "C") == [Outcome.FRESH] * 2
            assert server.seen["/token"] == 2

    asyncio.run(main())


def test_a_server_that_refuses_the_new_token_as_well_is_believed() -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            server.refuses = True
            with pytest.raises(AuthenticationError):
                await outcomes(provider, "A")

    asyncio.run(main())


def test_no_cookie_is_an_authentication_error() -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            server.sets_cookie = False
            with pytest.raises(AuthenticationError) as caught:
                await outcomes(provider, "A")
        # The refusal is the vendor's, of a request that can be named to it; why nothing was agreed is its cause.
        assert caught.value.status == 401
        assert "set no cookie" in str(caught.value.__cause__)

    asyncio.run(main())


def test_a_token_page_that_was_asked_too_often_is_a_rate_limit() -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            server.token_status = 429
            assert await outcomes(provider, "A") == [Outcome.FAILED]
            (answer,) = [a async for a in provider.get_data(DataRequest(dataset="quotes", keys=("A",)))]
            assert isinstance(answer.cause, RateLimitError)

    asyncio.run(main())


def test_a_page_that_cannot_be_reached_is_a_connect_error() -> None:
    async def main() -> None:
        away = "http://127.0.0.1:1"  # nothing listens there
        async with running() as server, opened(server, pages=away) as provider:
            (answer,) = [a async for a in provider.get_data(DataRequest(dataset="quotes", keys=("A",)))]
            assert isinstance(answer.cause, ConnectError)

    asyncio.run(main())


def test_cookie_and_token_are_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with running() as server, opened(server) as provider:
            with caplog.at_level(logging.DEBUG):
                await outcomes(provider, "A")
            assert provider._handshaker is not None
            assert "sweet" not in repr(provider._handshaker.agreement)

    asyncio.run(main())
    assert "A3=sweet" not in caplog.text


def test_a_base_url_stands_for_the_pages_of_the_handshake_as_well() -> None:
    async def main() -> None:
        async with running() as near, running() as far, opened(far, base_url=near.base) as provider:
            assert await outcomes(provider, "A") == [Outcome.FRESH]
            assert near.seen["/token"] == 1
            assert not far.seen

    asyncio.run(main())
