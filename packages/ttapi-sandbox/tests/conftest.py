# SPDX-License-Identifier: Apache-2.0
"""A market that stands still, the server without its socket, and plain clients for the one with it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import websockets

from ttapi_core import ManualClock
from ttapi_sandbox import Sandbox, SandboxSettings
from ttapi_sandbox.application import Application
from ttapi_sandbox.requests import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ttapi_sandbox.answers import Answer
    from ttapi_sandbox.market import Market

AS_OF = datetime(2026, 11, 19, 22, tzinfo=UTC)
SEED = 7


@pytest.fixture(scope="session")
def application() -> Application:
    """The whole universe on a Thursday evening."""
    return Application(SandboxSettings(seed=SEED, as_of=AS_OF), ManualClock(AS_OF))


@pytest.fixture(scope="session")
def market(application: Application) -> Market:
    return application.market


def sent(application: Application, target: str, **changes: Any) -> Answer:
    """Answer a request without a socket; headers are good ones unless told."""
    path, _, query = target.partition("?")
    token = application.tokens.issue("test", 1e6)
    headers = {b"user-agent": b"test/1", b"authorization": f"Bearer {token}".encode()}
    headers |= changes.pop("headers", {})
    request = Request(changes.pop("method", "GET"), path, query.encode(), headers, **changes)
    return application.answer(request)[0]


@pytest.fixture(scope="session")
def traded() -> Application:
    """A few names in the middle of a session, with orders of every kind behind them."""
    opened = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    application = Application(
        SandboxSettings(seed=SEED, symbols=5, start=opened, speed=0), ManualClock(opened)
    )
    account = "/accounts/5WT00001"
    leg = {"instrument-type": "Equity", "symbol": "SPY", "quantity": 2, "action": "Buy to Open"}
    sale = {**leg, "action": "Sell to Close"}
    limit = {
        "order-type": "Limit",
        "time-in-force": "GTC",
        "price": "1.00",
        "price-effect": "Debit",
        "legs": [leg],
    }
    far = limit | {"price": "999.00", "price-effect": "Credit", "legs": [sale]}
    stop = {"order-type": "Stop", "time-in-force": "GTC", "stop-trigger": "1.00", "legs": [sale]}
    market = {"order-type": "Market", "time-in-force": "Day", "legs": [leg]}
    notional = market | {"order-type": "Notional Market", "value": "50", "value-effect": "Debit"}
    notional["legs"] = [{name: value for name, value in leg.items() if name != "quantity"}]
    bodies = {
        "orders": [market, notional, limit, far, stop, market | {"legs": [{**leg, "symbol": "AAPL"}]}],
        "complex-orders": [
            {"type": "OCO", "orders": [far, stop]},
            {"type": "OTOCO", "trigger-order": limit, "orders": [far, stop]},
        ],
    }
    for path, found in bodies.items():
        for body in found:
            content = json.dumps(body).encode()
            answer = sent(application, f"{account}/{path}", method="POST", body=content)
            assert answer.status == 201, answer.body
    application.move_to(datetime(2026, 11, 20, 16, tzinfo=UTC))
    return application


@pytest.fixture
def traded_data(traded: Application) -> Callable[[str], Any]:
    """Ask the application that has traded and return the data of a good answer."""

    def get(target: str) -> Any:
        answer = sent(traded, target)
        assert answer.status == 200, answer.body[:300]
        return json.loads(answer.body)["data"]

    return get


@pytest.fixture
def ask(application: Application) -> Callable[..., Answer]:
    """Ask the application and return the answer."""
    return lambda target, **changes: sent(application, target, **changes)


@pytest.fixture
def data(ask: Callable[..., Answer]) -> Callable[[str], Any]:
    """Ask the application and return the data of a good answer."""

    def get(target: str) -> Any:
        answer = ask(target)
        assert answer.status == 200, answer.body[:300]
        return json.loads(answer.body)["data"]

    return get


@contextlib.asynccontextmanager
async def running(
    *, clock: ManualClock | None = None, **settings: Any
) -> AsyncIterator[tuple[Sandbox, httpx.AsyncClient]]:
    """Run a sandbox and a client that is logged in."""
    defaults: dict[str, Any] = {"seed": SEED, "symbols": 30} | ({} if clock else {"as_of": AS_OF})
    async with Sandbox(SandboxSettings(**defaults | settings), clock=clock) as sandbox:
        token = sandbox.application.tokens.issue("test", 1e6)
        headers = {"User-Agent": "test/1", "Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, timeout=5) as client:
            yield sandbox, client


@pytest.fixture
def run() -> Callable[..., contextlib.AbstractAsyncContextManager[tuple[Sandbox, httpx.AsyncClient]]]:
    return running


class StreamClient:
    """A market data client that does no more than it is told."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.fields: dict[str, list[str]] = {}

    async def say(self, kind: str, channel: int = 0, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, "channel": channel, **members}))

    async def hear(self) -> dict[str, Any]:
        message = await self.socket.recv()
        assert isinstance(message, str)
        assert len(message.encode()) <= 65_536
        heard = json.loads(message)
        assert isinstance(heard, dict)
        self.fields |= heard.get("eventFields", {})
        return heard

    async def hear_kind(self, kind: str) -> dict[str, Any]:
        while (message := await self.hear())["type"] != kind:
            pass
        return message

    async def open(
        self, token: str, *, contract: str = "AUTO", data_format: str = "COMPACT", **setup: Any
    ) -> None:
        """Go through all steps up to an open channel 1."""
        await self.say("SETUP", version="0.1-test", **setup)
        await self.say("AUTH", token=token)
        await self.say("CHANNEL_REQUEST", 1, service="FEED", parameters={"contract": contract})
        await self.hear_kind("CHANNEL_OPENED")
        await self.say("FEED_SETUP", 1, acceptAggregationPeriod=0, acceptDataFormat=data_format)
        await self.hear_kind("FEED_CONFIG")

    async def add(self, *entries: tuple[str, str] | tuple[str, str, int]) -> None:
        """Subscribe to (type, symbol) or (type, symbol, fromTime)."""
        names = ("type", "symbol", "fromTime")
        await self.say(
            "FEED_SUBSCRIPTION", 1, add=[dict(zip(names, entry, strict=False)) for entry in entries]
        )

    async def events(self, count: int) -> list[dict[str, Any]]:
        """Hear events until there are ``count``, read by the announced fields."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            message = await self.hear()
            if message["type"] == "FEED_DATA":
                found += decoded(message["data"], self.fields)
            else:
                assert message["type"] in {"KEEPALIVE", "FEED_CONFIG"}, message
        return found


def decoded(feed: list[Any], fields: dict[str, list[str]]) -> list[dict[str, Any]]:
    if isinstance(feed[0], dict):
        return feed
    kind, values = feed
    names = fields[kind]
    assert len(values) % len(names) == 0
    rows = [values[start : start + len(names)] for start in range(0, len(values), len(names))]
    return [{"eventType": kind, **dict(zip(names, row, strict=True))} for row in rows]


@contextlib.asynccontextmanager
async def streaming(sandbox: Sandbox) -> AsyncIterator[StreamClient]:
    address = f"ws://{urlsplit(sandbox.url).netloc}/realtime"
    async with websockets.connect(address, compression=None, max_size=65_536, ping_interval=None) as socket:
        yield StreamClient(socket)


@pytest.fixture
def stream() -> Callable[[Sandbox], contextlib.AbstractAsyncContextManager[StreamClient]]:
    return streaming


@pytest.fixture
def quote_token() -> Callable[[Sandbox], str]:
    return lambda sandbox: sandbox.application.tokens.issue("quote", 1e6)
