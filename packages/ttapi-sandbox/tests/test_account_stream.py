# SPDX-License-Identifier: Apache-2.0
"""The account stream: who may say what, and what is delivered, on a real socket and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets

from ttapi_core import ManualClock
from ttapi_sandbox import FaultSpec
from ttapi_sandbox.account_stream import AccountSession
from ttapi_sandbox.connections import Connection
from ttapi_sandbox.faults import Fault
from ttapi_sandbox.sockets import EndedError, StreamSocket
from ttapi_sandbox.statistics import Statistics

OPEN = datetime(2026, 11, 19, 17, tzinfo=UTC)
NUMBER = "5WT00001"


def session() -> AccountSession:
    return AccountSession(7, accepts=lambda token: token == "good", known=frozenset({NUMBER}))


def say(session: AccountSession, action: str, **members: Any) -> dict[str, Any]:
    message = {"action": action, "auth-token": "Bearer good", "request-id": 3, **members}
    (answer,) = session.receive(json.dumps(message))
    found = json.loads(answer)
    assert isinstance(found, dict)
    return found


def test_connect_is_answered_with_the_accounts_and_the_number_of_the_request() -> None:
    assert say(session(), "connect", value=[NUMBER]) == {
        "status": "ok",
        "action": "connect",
        "web-socket-session-id": "00000007",
        "value": [NUMBER],
        "request-id": 3,
    }


@pytest.mark.parametrize("value", [["5WT99999"], [NUMBER, "5WT00002"], [""], ["quote-alerts"]])
def test_account_of_another_customer_is_refused(value: list[str]) -> None:
    one = session()
    answer = say(one, "connect", value=value)
    assert (answer["status"], answer["message"]) == ("error", "failed: an account is not permitted")
    assert (one.accounts, answer["request-id"]) == (None, 3)
    assert say(one, "connect", value=[NUMBER])["status"] == "ok"


async def test_quote_alerts_come_to_whoever_asked_for_them(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _), talking(sandbox) as asked, talking(sandbox) as silent:
        for talk in (asked, silent):
            await talk.ask("connect", value=[NUMBER])
        await asked.ask("quote-alerts-subscribe")
        board = sandbox.application.notices
        board.publish("quote-alerts", {"type": "QuoteAlert", "data": {"symbol": "SPY"}})
        board.publish(NUMBER, {"type": "Order", "data": {"id": 1}})
        assert [json.loads(await asked.socket.recv())["type"] for _ in range(2)] == ["QuoteAlert", "Order"]
        assert json.loads(await silent.socket.recv())["type"] == "Order"


def test_nothing_comes_before_connect() -> None:
    answer = say(session(), "heartbeat")
    assert (answer["status"], answer["message"], answer["action"]) == (
        "error",
        "connect-not-completed",
        "heartbeat",
    )


@pytest.mark.parametrize(
    "action",
    ["heartbeat", "public-watchlists-subscribe", "quote-alerts-subscribe", "user-message-subscribe"],
)
def test_actions_after_connect_are_taken(action: str) -> None:
    one = session()
    say(one, "connect", value=[NUMBER])
    assert say(one, action)["status"] == "ok"


@pytest.mark.parametrize(
    ("action", "members"),
    [
        ("connect", {"value": []}),
        ("connect", {"value": NUMBER}),
        ("connect", {"value": [7]}),
        ("connect", {"value": [NUMBER], "auth-token": "Bearer bad"}),
        ("connect", {"value": [NUMBER], "auth-token": 7}),
        ("nope", {}),
    ],
)
def test_message_that_cannot_be_taken_is_refused_and_not_the_end(
    action: str, members: dict[str, Any]
) -> None:
    one = session()
    if action != "connect":
        say(one, "connect", value=[NUMBER])
    answer = say(one, action, **members)
    assert answer["status"] == "error"
    assert answer["message"].startswith("failed")
    assert say(one, "connect", value=[NUMBER])["status"] == "ok"


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "{}", '{"action": 7}'])
def test_rubbish_is_refused(text: str) -> None:
    (answer,) = session().receive(text)
    assert json.loads(answer)["status"] == "error"


def test_notices_are_numbered() -> None:
    one = session()
    sequence = [json.loads(one.notice({"type": "Order", "data": {}}))["ws-sequence"] for _ in range(3)]
    assert sequence == [1, 2, 3]


class Talk:
    """A client of the account stream."""

    def __init__(self, socket: websockets.ClientConnection, token: str) -> None:
        self.socket = socket
        self.token = token

    async def ask(self, action: str, **members: Any) -> dict[str, Any]:
        await self.socket.send(
            json.dumps({"action": action, "auth-token": f"Bearer {self.token}", **members})
        )
        return await self.hear()

    async def hear(self) -> dict[str, Any]:
        found = json.loads(await asyncio.wait_for(self.socket.recv(), 5))
        assert isinstance(found, dict)
        return found


async def hear_for_ever(talk: Talk) -> None:
    while True:
        await talk.hear()


@asynccontextmanager
async def talking(sandbox: Any) -> AsyncIterator[Talk]:
    token = sandbox.application.tokens.issue("access", 1e6)
    url = sandbox.url.replace("http", "ws", 1)
    async with websockets.connect(url, compression=None, ping_interval=None) as socket:
        yield Talk(socket, token)


async def test_what_is_published_after_connect_is_delivered_in_order(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _), talking(sandbox) as talk:
        board = sandbox.application.notices
        board.publish(NUMBER, {"type": "Order", "data": {"id": 0}, "timestamp": 1})
        assert (await talk.ask("connect", value=[NUMBER]))["status"] == "ok"
        for number in (1, 2):
            board.publish(NUMBER, {"type": "Order", "data": {"id": number}, "timestamp": number})
            board.publish("5WT99999", {"type": "Order", "data": {"id": 9}, "timestamp": 1})
        heard = [await talk.hear() for _ in range(2)]
        assert [(one["data"]["id"], one["ws-sequence"]) for one in heard] == [(1, 1), (2, 2)]
        await talk.socket.close()


async def test_subscription_ends_with_the_socket(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _):
        async with talking(sandbox) as talk:
            await talk.ask("connect", value=[NUMBER])
            assert sandbox.application.notices.subscriptions == 1
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not sandbox.application.notices.subscriptions:
                break
        assert sandbox.application.notices.subscriptions == 0


async def test_client_that_takes_nothing_is_closed_as_too_slow(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _), talking(sandbox) as talk:
        await talk.ask("connect", value=[NUMBER])
        for number in range(10_001):
            sandbox.application.notices.publish(NUMBER, {"type": "Order", "data": {"id": number}})
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await hear_for_ever(talk)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1013


async def test_silent_client_is_given_up_after_a_minute(run: Callable[..., Any]) -> None:
    clock = ManualClock(OPEN)
    async with run(clock=clock, ticks_per_s=0) as (sandbox, _), talking(sandbox) as talk:
        await talk.ask("connect", value=[NUMBER])

        async def pass_time() -> None:
            while True:
                clock.advance(5)
                await asyncio.sleep(0.01)

        passing = asyncio.create_task(pass_time())
        assert [message async for message in talk.socket] == []
        passing.cancel()
        assert clock.monotonic() >= 60


@pytest.mark.parametrize("kind", ["stream-drop", "stream-reset", "stream-restart"])
async def test_faults_cut_the_account_stream_too(run: Callable[..., Any], kind: str) -> None:
    async with run(faults=(f"kind={kind},after=2",)) as (sandbox, _), talking(sandbox) as talk:
        await talk.ask("connect", value=[NUMBER])
        await talk.ask("heartbeat")
        with pytest.raises(websockets.ConnectionClosed):
            await talk.ask("heartbeat")
        assert sandbox.statistics.faults[kind] == 1


async def suffered(kind: str) -> tuple[list[str], bool]:
    """Send three messages through a socket that suffers a fault after the first; say what came of it."""
    sent: list[str] = []

    class Counts:
        statistics = Statistics()

    async def send(message: Any) -> None:
        sent.append(message.get("text", message["type"]))

    fault = Fault(kind, FaultSpec(kinds=(kind,), after=1), 1)
    application: Any = Counts()
    socket = StreamSocket(application, fault, Connection(), send=send, suffer=lambda kind: [kind])
    try:
        await socket.send(["first-message", "second-message", "third-message"])
    except EndedError:
        return sent, True
    return sent, False


async def test_garbled_message_is_cut_and_the_stream_goes_on() -> None:
    assert await suffered("stream-garbled") == (["first-message", "second-me", "third-message"], False)


async def test_expired_token_is_said_and_ends_the_stream() -> None:
    assert await suffered("stream-expired") == (["first-message", "stream-expired", "websocket.close"], True)


async def test_frozen_stream_says_nothing_more_and_does_not_end() -> None:
    assert await suffered("stream-mute") == (["first-message"], False)
