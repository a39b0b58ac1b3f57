# SPDX-License-Identifier: Apache-2.0
"""A DXLink server on loopback and a REST API in a function, whose manners can be chosen."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

DAY_MS = 86_400_000
FIRST_DAY_MS = 1_795_046_400_000  # 2026-11-19
FIELDS = [
    "eventSymbol",
    "eventFlags",
    "index",
    "time",
    "count",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "vwap",
]


def candle_rows(event_symbol: str, days: int) -> list[list[Any]]:
    """Make the events of one snapshot, newest first, as a server sends them."""
    rows: list[list[Any]] = []
    for age in range(days):
        time_ms = FIRST_DAY_MS - age * DAY_MS
        close = 100.0 + len(event_symbol) + age
        index = (time_ms // 1000) << 32
        rows.append(
            [event_symbol, 0, index, time_ms, 7, close, close + 1, close - 1, close, 1000 + age, close]
        )
    if not rows:
        return [[event_symbol, 14, 0, 0, 0, "NaN", "NaN", "NaN", "NaN", "NaN", "NaN"]]
    rows[0][1] |= 4
    rows[-1][1] |= 8
    return rows


@dataclass
class FakeDXLink:
    """
    A server that answers candles for every symbol but those it does not know.

    Its manners: ``split`` events a frame; ``silent`` symbols are never answered; ``empty`` ones have no candles;
    ``snipped`` ones are cut at a limit; those of ``unpriced`` have no prices;
    ``in_flight_max`` refuses more subscriptions at a time; ``drop_after`` closes each connection after so many
    snapshots; ``garbage_every`` spoils every n-th data frame; ``mute_connections`` says of how many connections,
    from the first on, nothing is heard after the channel has opened; ``full`` sends objects.
    """

    url: str = ""
    days: int = 5
    split: int = 1000
    silent: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    snipped: set[str] = field(default_factory=set)
    unpriced: set[str] = field(default_factory=set)
    in_flight_max: int = 1000
    drop_after: int | None = None
    garbage_every: int | None = None
    mute_connections: int = 0
    full: bool = False
    refuse_tokens: int = 0
    connections: int = 0
    asked: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    open_sockets: list[ServerConnection] = field(default_factory=list)
    _data_frames: int = 0
    _fields: list[str] = field(default_factory=lambda: FIELDS)

    async def handle(self, socket: ServerConnection) -> None:
        self.connections += 1
        self.open_sockets.append(socket)
        with contextlib.suppress(ConnectionClosed):
            await self._serve(socket, mute=self.connections <= self.mute_connections)

    async def _serve(self, socket: ServerConnection, *, mute: bool) -> None:
        snapshots = 0
        async for frame in socket:
            message = json.loads(frame)
            self.frames.append(message)
            for answer in self._greeting(message):
                await socket.send(json.dumps(answer))
            if mute or message["type"] != "FEED_SUBSCRIPTION":
                continue
            added = [item for item in message.get("add", []) if item["type"] == "Candle"]
            quoted = [item["symbol"] for item in message.get("add", []) if item["type"] == "Quote"]
            if quoted:
                await self.send_quotes(socket, message["channel"], quoted)
            if len(added) > self.in_flight_max:
                await socket.send(
                    json.dumps(
                        {
                            "type": "ERROR",
                            "channel": message["channel"],
                            "error": "BAD_ACTION",
                            "message": f"subscription size {len(added)} is too big",
                        }
                    )
                )
                continue
            for item in added:
                if self.drop_after is not None and snapshots >= self.drop_after:
                    await socket.close(1012, "restart")
                    return
                snapshots += await self._send_snapshot(socket, message["channel"], item["symbol"])

    def _greeting(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        channel = message["channel"]
        match message["type"]:
            case "SETUP":
                return [
                    {"type": "SETUP", "channel": 0, "version": "1.0-fake", "keepaliveTimeout": 60},
                    {"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"},
                ]
            case "AUTH" if self.refuse_tokens > 0:
                self.refuse_tokens -= 1
                return [{"type": "ERROR", "channel": 0, "error": "UNAUTHORIZED", "message": "no"}]
            case "AUTH":
                return [{"type": "AUTH_STATE", "channel": 0, "state": "AUTHORIZED", "userId": "u"}]
            case "CHANNEL_REQUEST":
                return [{"type": "CHANNEL_OPENED", "channel": channel, "service": "FEED", "parameters": {}}]
            case "FEED_SETUP":
                self._fields = list(message["acceptEventFields"].get("Candle", FIELDS))
                data_format = "FULL" if self.full else "COMPACT"
                config = {
                    "type": "FEED_CONFIG",
                    "channel": channel,
                    "aggregationPeriod": 0.1,
                    "dataFormat": data_format,
                }
                return [config, {**config, "eventFields": message["acceptEventFields"]}]
            case "CHANNEL_CANCEL":
                return [{"type": "CHANNEL_CLOSED", "channel": channel}]
            case _:
                return []

    async def _send_snapshot(self, socket: ServerConnection, channel: int, event_symbol: str) -> int:
        symbol = event_symbol.partition("{")[0]
        self.asked.append(symbol)
        if symbol in self.silent:
            return 0
        rows = candle_rows(event_symbol, 0 if symbol in self.empty else self.days)
        if symbol in self.snipped:
            rows[-1][1] ^= 8 | 16
        if symbol in self.unpriced:
            rows = [[*row[:5], *["NaN"] * 4, *row[9:]] for row in rows]
        for start in range(0, len(rows), self.split):
            await self._send_rows(socket, channel, rows[start : start + self.split])
        return 1

    async def _send_rows(self, socket: ServerConnection, channel: int, rows: list[list[Any]]) -> None:
        self._data_frames += 1
        if self.garbage_every is not None and self._data_frames % self.garbage_every == 0:
            await socket.send('{"type":"FEED_DATA","channel":1,"data":["Cand')
            return
        known = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        data: list[Any] = ["Candle", [row.get(name) for row in known for name in self._fields]]
        if self.full:
            data = [{"eventType": "Candle", **dict(zip(FIELDS, row, strict=True))} for row in rows]
        await socket.send(json.dumps({"type": "FEED_DATA", "channel": channel, "data": data}))

    async def send_quotes(self, socket: ServerConnection, channel: int, symbols: list[str]) -> None:
        """Send a quote of each symbol: bid 10, ask 11, sizes 3 and 4, in the order of a `QuoteEvent`."""
        values = [
            value for symbol in symbols for value in (symbol, FIRST_DAY_MS, FIRST_DAY_MS, 10.0, 11.0, 3, 4)
        ]
        await socket.send(json.dumps({"type": "FEED_DATA", "channel": channel, "data": ["Quote", values]}))

    async def send_trades(
        self, socket: ServerConnection, channel: int, symbol: str, prices: list[Any]
    ) -> None:
        """Send a trade of each price, in the order of a `TradeEvent`."""
        rows = [[symbol, 0, 0, "X", price, None, 3, 0, None, None, "ZERO", True] for price in prices]
        values = [value for row in rows for value in row]
        await socket.send(json.dumps({"type": "FEED_DATA", "channel": channel, "data": ["Trade", values]}))


async def start(fake: FakeDXLink) -> Server:
    """Let ``fake`` listen on a free port."""
    server = await serve(fake.handle, "127.0.0.1", 0, compression=None)
    port = next(iter(server.sockets)).getsockname()[1]
    fake.url = f"ws://127.0.0.1:{port}/realtime"
    return server


@pytest.fixture
async def dxlink_server() -> AsyncIterator[FakeDXLink]:
    """A well-mannered server; a test changes its manners."""
    fake = FakeDXLink()
    server = await start(fake)
    yield fake
    server.close()
    await asyncio.wait_for(server.wait_closed(), 5)


class FakeBroker:
    """
    A REST API in a function, for `httpx.MockTransport`: a small market, and answers that a test may replace.

    ``replaced`` maps a path to a function from the request and the number of its call (from 1 on) to an answer,
    None for the usual one.
    """

    def __init__(self, symbols: list[str], dxlink_url: str = "ws://127.0.0.1:1/x") -> None:
        self.symbols = symbols
        self.dxlink_url = dxlink_url
        self.without_chain: set[str] = set()
        self.page_size = 1000
        self.calls: list[httpx.Request] = []
        self.replaced: dict[str, Callable[[httpx.Request, int], httpx.Response | None]] = {}
        self._counts: Counter[str] = Counter()

    def paths(self) -> Counter[str]:
        """Count the calls by path."""
        return Counter(request.url.path for request in self.calls)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        path = request.url.raw_path.decode().partition("?")[0]
        self._counts[path] += 1
        replace = self.replaced.get(path)
        answer = replace(request, self._counts[path]) if replace is not None else None
        return answer if answer is not None else self._usual(path, request)

    def _usual(self, path: str, request: httpx.Request) -> httpx.Response:
        parts = [unquote(part) for part in path.split("/")[1:]]
        match parts:
            case ["oauth", "token"]:
                return httpx.Response(200, json={"access_token": "token", "expires_in": 900})
            case ["customers", "me", "accounts"]:
                return listed([{"account": self.account(number)} for number in ("5WT00001", "5WT00002")])
            case ["accounts", number, "balances"]:
                return listed([self.balance(number)])
            case ["accounts", number, "positions"]:
                return listed([self.position(number, "SPY", "Long"), self.position(number, "QQQ", "Zero")])
            case ["instruments", "equities"]:
                asked = request.url.params.get_list("symbol[]")
                return listed([self.equity(symbol) for symbol in asked if symbol in self.symbols])
            case ["instruments", "equities", "active"]:
                return self._page([self.equity(symbol) for symbol in self.symbols], request)
            case ["market-data", "by-type"]:
                kind = "index" if "index" in request.url.params else "equity"
                asked = request.url.params.get_list(kind)
                indexes = {"SPX"}
                found = [s for s in asked if s in self.symbols and (s in indexes) == (kind == "index")]
                return listed([self.quote(symbol) for symbol in found])
            case ["option-chains", symbol, "nested"]:
                if symbol not in self.symbols or symbol in self.without_chain:
                    return refused(404, "record_not_found")
                return listed([self.chain(symbol)])
            case ["market-time", "sessions"]:
                return listed(self.sessions(request.url.params["from-date"], request.url.params["to-date"]))
            case ["market-time", "equities", "sessions", "current"]:
                day = {
                    "open-at": "2026-11-19T14:30:00.000+00:00",
                    "close-at": "2026-11-19T21:00:00.000+00:00",
                }
                return data({"instrument-collection": "Equity", "state": "Open", **day})
            case ["market-time", "equities", "holidays"]:
                return data({"market-holidays": ["2026-11-26"], "market-half-days": ["2026-11-27"]})
            case ["api-quote-tokens"]:
                return data({"token": "quote-token", "dxlink-url": self.dxlink_url, "level": "api"})
            case ["sessions", "validate"]:
                return httpx.Response(201)
            case ["public-watchlists"]:
                return listed([{"name": "Tech"}, {"name": "Banks"}])
            case ["public-watchlists", "Tech"]:
                entries = [
                    {"symbol": "AAPL"},
                    {"symbol": "../x"},
                    {"symbol": "AAPL"},
                    {"instrument-type": "Equity"},
                ]
                return data({"name": "Tech", "watchlist-entries": entries})
            case _:
                return httpx.Response(404, text="<html>no such path</html>")

    def _page(self, items: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("page-offset", 0))
        page = items[offset * self.page_size : (offset + 1) * self.page_size]
        pages = max(1, -(-len(items) // self.page_size))
        pagination = {"page-offset": offset, "total-pages": pages, "current-item-count": len(page)}
        return httpx.Response(200, json={"data": {"items": page}, "pagination": pagination})

    def account(self, number: str) -> dict[str, Any]:
        """Make an account."""
        return {
            "account-number": number,
            "nickname": None,
            "account-type-name": "Individual",
            "margin-or-cash": "Margin",
            "opened-at": "2025-02-03T15:04:05.000+00:00",
            "is-closed": False,
        }

    def balance(self, number: str) -> dict[str, Any]:
        """Make a balance."""
        return {
            "account-number": number,
            "currency": "USD",
            "cash-balance": "25000.10",
            "net-liquidating-value": 31120,
            "equity-buying-power": "50000.0",
            "derivative-buying-power": "25000.0",
            "maintenance-requirement": "1836.0",
            "updated-at": "2026-11-20T21:05:00.000Z",
        }

    def position(self, number: str, symbol: str, direction: str) -> dict[str, Any]:
        """Make a position."""
        return {
            "account-number": number,
            "symbol": symbol,
            "instrument-type": "Equity",
            "quantity": 0 if direction == "Zero" else "2.5",
            "quantity-direction": direction,
            "average-open-price": "12.1",
            "close-price": None,
            "multiplier": 1,
            "realized-day-gain": "3.0",
            "realized-day-gain-effect": "Debit",
            "updated-at": "2026-11-19T15:30:00.000+00:00",
        }

    def equity(self, symbol: str) -> dict[str, Any]:
        """Make an equity."""
        return {
            "symbol": symbol,
            "instrument-type": "Equity",
            "description": f"Sample {symbol}",
            "is-index": symbol == "SPX",
            "is-etf": False,
            "active": True,
            "is-closing-only": False,
            "listed-market": "XNYS",
            "streamer-symbol": symbol,
            "option-tick-sizes": [] if symbol in self.without_chain else [{"value": "0.01"}],
            "news": {"unknown": ["member"]},
        }

    def quote(self, symbol: str) -> dict[str, Any]:
        """Make a quote."""
        return {
            "symbol": symbol,
            "updated-at": "2026-11-20T18:00:00.120Z",
            "bid": "511.2",
            "ask": 511.24,
            "bid-size": "NaN",
            "day-high-price": "512.0",
            "volume": "21044210.0",
            "is-trading-halted": False,
        }

    def chain(self, symbol: str) -> dict[str, Any]:
        """Make a nested chain of two expirations."""
        strikes = [
            {"strike-price": price, "call": f"{symbol} C{price}", "put": f"{symbol} P{price}"}
            for price in ("510.0", "505.5")
        ]
        expirations = [
            {
                "expiration-type": "Regular",
                "expiration-date": day,
                "days-to-expiration": days,
                "settlement-type": "PM",
                "strikes": strikes,
            }
            for day, days in (("2027-01-15", "56"), ("2026-12-18", 28))
        ]
        return {
            "underlying-symbol": symbol,
            "root-symbol": symbol,
            "option-chain-type": "Standard",
            "shares-per-contract": 100,
            "expirations": expirations,
        }

    def sessions(self, first: str, last: str) -> list[dict[str, Any]]:
        """Make the sessions of the weekdays from first to last; Fridays close early."""
        days = days_between(first, last)
        return [
            {
                "instrument-collection": "Equity",
                "session-date": str(day),
                "open-at": f"{day}T14:30:00.000+00:00",
                "close-at": f"{day}T{18 if day.weekday() == 4 else 21}:00:00.000+00:00",
            }
            for day in days
            if day.weekday() < 5
        ]


def days_between(first: str, last: str) -> list[date]:
    """List the days from first to last."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def data(value: dict[str, Any]) -> httpx.Response:
    """Answer with one object."""
    return httpx.Response(200, json={"data": value, "context": "/x"})


def listed(items: list[Any]) -> httpx.Response:
    """Answer with an unpaged list."""
    return httpx.Response(200, json={"data": {"items": items}, "context": "/x", "pagination": None})


def refused(status: int, code: str) -> httpx.Response:
    """Answer with an error."""
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}})


@pytest.fixture
def broker(dxlink_server: FakeDXLink) -> FakeBroker:
    """A broker with three equities and an index, whose stream is the fake one."""
    return FakeBroker(["AAPL", "BRK/B", "MSFT", "SPX"], dxlink_server.url)
