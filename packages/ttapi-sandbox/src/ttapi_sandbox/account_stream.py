# SPDX-License-Identifier: Apache-2.0
"""
The account stream: actions in, answers and notices out.

There is no log-in: every message carries the access token. Notices are whole objects and come in the order in
which they were published, from the ``connect`` on that names their accounts; there is no opening state.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ttapi_sandbox.answers import encode
from ttapi_sandbox.quote_alerts import ALERTS_ACCOUNT
from ttapi_sandbox.sockets import EndedError, StreamSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ttapi_sandbox.application import Application
    from ttapi_sandbox.asgi import Receive, Send
    from ttapi_sandbox.connections import Connection
    from ttapi_sandbox.faults import Fault
    from ttapi_sandbox.notices import NoticeBoard, Subscription

SILENCE_MAX_S: Final = 60.0
"""A client that says nothing for so long is given up."""
TOO_SLOW: Final = 1013
SUBSCRIBING: Final = frozenset(
    {"public-watchlists-subscribe", "quote-alerts-subscribe", "user-message-subscribe"}
)
ACCOUNTS_MAX: Final = 1000


class AccountSession:
    """
    One connection, without its socket.

    Parameters
    ----------
    number
        Of the connection; its id is made of it.
    accepts
        Says whether an access token is valid.
    known
        The accounts of the customer; others are refused.

    Attributes
    ----------
    accounts
        Whose notices are to be delivered; None before ``connect``.
    topics
        What else is subscribed to: names under which notices of the customer are published.
    """

    def __init__(self, number: int, *, accepts: Callable[[str], bool], known: frozenset[str]) -> None:
        self._id = f"{number:08x}"
        self._accepts = accepts
        self._known = known
        self.topics: frozenset[str] = frozenset()
        self._sequence = 0
        self.accounts: tuple[str, ...] | None = None

    def receive(self, text: str) -> list[str]:
        """Take a message and return the answers to it."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return [self._refusal({}, "failed: the message is not JSON")]
        if not isinstance(message, dict) or not isinstance(message.get("action"), str):
            return [self._refusal({}, "failed: the message has no action")]
        return [self._answer(message["action"], message)]

    def _answer(self, action: str, message: Mapping[str, Any]) -> str:
        # 1. who are you; 2. connect; 3. nothing else before it; 4. what may come after it
        token = message.get("auth-token")
        if not isinstance(token, str) or not self._accepts(token.removeprefix("Bearer ")):
            return self._refusal(message, "failed: the token is invalid or has expired")
        if action == "connect":
            return self._connect(message)
        if self.accounts is None:
            return self._refusal(message, "connect-not-completed")
        if action == "quote-alerts-subscribe":
            self.topics |= {ALERTS_ACCOUNT}
        if action == "heartbeat" or action in SUBSCRIBING:
            return self._said(message, status="ok")
        return self._refusal(message, f"failed: action {action!r} is not known")

    def _connect(self, message: Mapping[str, Any]) -> str:
        value = message.get("value")
        accounts = value if isinstance(value, list) else []
        if not 0 < len(accounts) <= ACCOUNTS_MAX or not all(isinstance(number, str) for number in accounts):
            return self._refusal(message, "failed: value is no list of account numbers")
        if not self._known.issuperset(accounts):
            return self._refusal(message, "failed: an account is not permitted")
        self.accounts = tuple(accounts)
        return self._said(message, status="ok", value=accounts)

    def expired(self) -> str:
        """Return the word that the token of the connection ran out."""
        return self._refusal({}, "failed: the token has expired")

    def notice(self, notice: Mapping[str, Any]) -> str:
        """Return the message that carries a notice."""
        self._sequence += 1
        return encode({**notice, "ws-sequence": self._sequence}).decode()

    def _refusal(self, message: Mapping[str, Any], text: str) -> str:
        return self._said(message, status="error", message=text)

    def _said(self, asked: Mapping[str, Any], **members: object) -> str:
        answer = {"action": asked.get("action"), "web-socket-session-id": self._id, **members}
        if "request-id" in asked:
            answer["request-id"] = asked["request-id"]
        return encode(answer).decode()


async def serve_account_stream(
    application: Application,
    fault: Fault | None,
    connection: Connection,
    *,
    receive: Receive,
    send: Send,
    board: NoticeBoard,
) -> None:
    """Serve one account stream until either side ends it; notices come from ``board``."""
    await receive()
    await send({"type": "websocket.accept"})
    socket = StreamSocket(application, fault, connection, send=send, suffer=lambda _: [session.expired()])
    session = AccountSession(
        application.statistics.streams, accepts=application.tokens.accepts, known=application.desks.numbers
    )
    stream = _AccountStream(application, session, socket, board)
    await stream.run(receive)


class _AccountStream:
    def __init__(
        self, application: Application, session: AccountSession, socket: StreamSocket, board: NoticeBoard
    ) -> None:
        self._application = application
        self._session = session
        self._socket = socket
        self._board = board
        self._subscription: Subscription | None = None
        self._connected = asyncio.Event()
        self._heard_at = application.clock.monotonic()
        self._turn = asyncio.Lock()

    async def run(self, receive: Receive) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(receive), name="account stream reader")
                tasks.create_task(self._deliver(), name="account stream notices")
                tasks.create_task(self._watch(), name="account stream watch")
        except* (EndedError, OSError):
            pass  # either side ended it, or the client went away while something was on its way to it
        finally:
            if self._subscription is not None:
                self._subscription.close()

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                raise EndedError
            self._heard_at = self._application.clock.monotonic()
            self._application.statistics.messages_in += 1
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            before = self._session.accounts
            answers = self._session.receive(text)
            if self._session.accounts is not before:
                self._subscribe()  # before the answer goes out: what happens from then on is delivered
            if self._subscription is not None:
                self._subscription.accounts |= self._session.topics
            await self._send(answers)

    def _subscribe(self) -> None:
        stale, self._subscription = self._subscription, self._board.subscribe(self._session.accounts or ())
        if stale is not None:
            stale.close()
        self._connected.set()

    async def _deliver(self) -> None:
        await self._connected.wait()
        while True:
            subscription = self._subscription
            assert subscription is not None
            async for _, notice in subscription:
                await self._send([self._session.notice(notice)])
            if subscription.overflowed:
                await self._socket.close(TOO_SLOW)

    async def _send(self, messages: Iterable[str]) -> None:
        async with self._turn:
            await self._socket.send(messages)

    async def _watch(self) -> None:
        clock = self._application.clock
        while True:
            await clock.sleep(SILENCE_MAX_S / 4)
            if clock.monotonic() - self._heard_at > SILENCE_MAX_S:
                with suppress(OSError):
                    await self._socket.close(1000)
                raise EndedError
