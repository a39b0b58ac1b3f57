# SPDX-License-Identifier: Apache-2.0
"""
Orders, balances and positions as they change, over a real socket: the thin shell around `AccountEngine`.

Needs the extra ``stream``. Notices wait in order, up to a bound; nothing is conflated. At the bound they are
given up and counted, and the state is read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from ttapi_client.account_engine import (
    AccountEngine,
    AccountItem,
    AccountPolicy,
    AccountStatistics,
    Reread,
)
from ttapi_client.authentication import Authenticator
from ttapi_client.dxlink_engine import Instant, OpenLine
from ttapi_client.link import open_socket, require_stream_extra
from ttapi_client.logs import get_logger
from ttapi_client.socket_lines import SocketLines, pause
from ttapi_core.clock import Clock, SystemClock
from ttapi_core.errors import StreamInterruptedError, TTError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

_log = get_logger(__name__)

StateReader = Callable[[Sequence[str]], Awaitable[Sequence[Any]]]
"""Reads the state of accounts: their orders, balances and positions, as typed values."""


class AccountFeed:
    """
    The account stream of some accounts; open while its context is entered.

    Parameters
    ----------
    url
        ``wss://streamer.tastyworks.com``, or that of the sandbox.
    accounts
        Account numbers.
    authenticator
        Knows the access token, and renews it before it ends: every message carries a good one.
    read_state
        Reads the state again after a gap; see `StateReader`.
    policy
        Waits and bounds.
    clock
        Tells the time and waits.
    seed
        Seed of the jitter.

    Raises
    ------
    MissingExtraError
        If the extra ``stream`` is not installed.
    ParameterError
        If there is no account.
    """

    def __init__(
        self,
        url: str,
        accounts: Sequence[str],
        authenticator: Authenticator,
        *,
        read_state: StateReader,
        policy: AccountPolicy | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        require_stream_extra()
        self._url = url
        self._authenticator = authenticator
        self._read_state = read_state
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._engine = AccountEngine(accounts, policy or AccountPolicy(), self._instant(), seed=seed)
        self._headers: dict[str, str] = {}
        self._lines = SocketLines(received=self._on_frame, lost=self._on_lost)
        self._line = 0
        self._reading: set[asyncio.Task[None]] = set()
        self._wakeup = asyncio.Event()
        self._due_s = 0.0
        self._arrived = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def statistics(self) -> AccountStatistics:
        """What the stream saw."""
        return self._engine.statistics

    def _instant(self) -> Instant:
        return Instant(self._clock.monotonic(), self._clock.now())

    async def __aenter__(self) -> Self:
        """
        Begin to connect.

        Raises
        ------
        UsageError
            If it was entered before.
        """
        if self._driver is not None or self._closed:
            raise UsageError("this feed was started before", hint="make a new one")
        self._engine.start(self._instant())
        self._driver = asyncio.create_task(self._drive(), name="account-feed-driver")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the socket and join all tasks; whoever reads the items comes to their end. Idempotent."""
        self._closed = True
        self._arrived.set()
        tasks = [*self._reading, *([self._driver] if self._driver is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._lines.aclose()

    async def items(self) -> AsyncGenerator[AccountItem, None]:
        """
        Yield notices and reports as they come, until the feed is closed. For one reader.

        Yields
        ------
        AccountItem
            An `AccountNotice`; after an outage a `GapReport` and an `AccountState`; a `NoticeRejected`.

        Raises
        ------
        TTError
            If the stream cannot go on: the grant was refused, or the outage lasted too long.
        UsageError
            If the feed was not entered.
        """
        if self._driver is None:
            raise UsageError("this feed was not started", hint="enter it with `async with`")
        while True:
            self._arrived.clear()
            for item in self._engine.take():
                yield item
            if self._closed:
                return
            if self._engine.failure is not None:
                raise self._engine.failure
            if not self._engine.waiting:
                await self._arrived.wait()

    # The driver

    async def _drive(self) -> None:
        try:
            while self._engine.failure is None:
                await self._use_good_token()
                self._engine.tick(self._instant())
                self._act()
                self._due_s = self._engine.next_timer_s
                await pause(self._clock, self._due_s, self._wakeup)
        except Exception:
            _log.exception("account_feed_driver_failed")
            self._engine.failure = StreamInterruptedError("the feed failed")
            raise
        finally:
            self._arrived.set()

    async def _use_good_token(self) -> None:
        if self._line:
            try:
                self._engine.use_token(await self._token())
            except TTError as exc:  # the token at hand may be good for a while; a refusal would be told
                _log.warning("token_not_renewed", cause=str(exc))

    async def _token(self) -> str:
        self._headers = dict(await self._authenticator.headers())
        return self._headers.get("Authorization", "").removeprefix("Bearer ")

    def _act(self) -> None:
        for action in self._engine.actions():
            if isinstance(action, OpenLine):
                self._lines.start(action.line, self._open(action.line, fresh=action.fresh_token))
            elif isinstance(action, Reread):
                task = asyncio.create_task(self._reread(action), name="account-feed-reread")
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
            else:
                self._lines.close(action.line)
        self._lines.send(self._line, self._engine.frames_to_send())
        if self._engine.waiting:
            self._arrived.set()

    async def _open(self, line: int, *, fresh: bool) -> None:
        try:
            if fresh:
                await self._authenticator.refused(self._headers)
            token = await self._token()
            socket = await open_socket(self._url)
        except TTError as exc:
            self._engine.failed(line, exc, self._instant())
            self._wakeup.set()
            return
        self._line = line
        self._lines.attach(line, socket)
        self._engine.opened(line, token, self._instant())
        self._wakeup.set()
        await self._lines.serve(line, socket)

    async def _reread(self, action: Reread) -> None:
        await self._clock.sleep(action.wait_s)
        result: Sequence[Any] | TTError
        try:
            result = await self._read_state(self._engine.accounts)
        except TTError as exc:
            result = exc
        except Exception as exc:  # noqa: BLE001 - the end of a task: a fault of the caller's function
            _log.exception("account_state_reader_failed")
            result = StreamInterruptedError(f"the state could not be read: {type(exc).__name__}")
        self._engine.reread(action.gap, result)
        self._wakeup.set()
        self._arrived.set()

    def _on_frame(self, line: int, frame: bytes) -> None:
        self._engine.received(line, frame, self._instant())
        self._act()
        if self._engine.next_timer_s < self._due_s:
            self._wakeup.set()

    def _on_lost(self, line: int, reason: str) -> None:
        self._engine.lost(line, reason, self._instant())
        self._wakeup.set()
