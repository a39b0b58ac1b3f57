# SPDX-License-Identifier: Apache-2.0
"""One budget for all programs of a machine that use the same credential of the same provider."""

from __future__ import annotations

import asyncio
import hashlib
import math
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ttapi_client.budget import Permit
from ttapi_client.budget_file import BudgetFile
from ttapi_client.logs import get_logger
from ttapi_client.sharing import SILENT_S, Answer, Grant, Quota, Report, Settled
from ttapi_core import Clock, LimitPolicy, SystemClock, TTError, UsageError

REPORT_S: Final = 0.025
"""What became of a request is told to the others within this time."""
HEARTBEAT_S: Final = 1.0
"""Who has requests under way reports at least this often."""
STALE_S: Final = 0.25
"""Permits that nobody used for so long are given back."""
SOON_S: Final = 1e-4
"""Said where a permit is asked for at once: the answer still takes a turn of the loop."""

_log = get_logger(__name__)


class SharedBudget:
    """
    A budget that is kept in a file, for all programs that open it with the same provider and credential.

    What one program learns from a refusal all obey: the rate, a pause (``Retry-After``), an announced quota.
    Declared limits (`LimitPolicy.windows`) are kept across programs and restarts. A program that is killed
    holds nothing for longer than five seconds, except that what it may have sent stays spent.

    While nothing limits anybody, requests go straight out and a few short transactions a second are made;
    from the first limit on, permits are fetched in small batches. The transactions run in a thread of their
    own. A damaged or locked file is a `StoreError` for the calls that wait, never a hang.

    Made by `open`; belongs to one client, which closes it.

    Parameters
    ----------
    file
        Where it is kept.
    name
        Its name there.
    clock
        Tells the time and waits. All programs of a machine share the monotonic clock of the system.

    Examples
    --------
    >>> import asyncio, httpx, tempfile
    >>> from pathlib import Path
    >>> from ttapi_client import ResilientClient
    >>> from ttapi_core import LimitPolicy, RateWindow
    >>> async def main(directory: Path) -> int:
    ...     transport = httpx.MockTransport(lambda request: httpx.Response(200))
    ...     limits = LimitPolicy(windows=(RateWindow(requests=500, seconds=86_400),))
    ...     budget = SharedBudget.open(directory, provider="example", credential="a key")
    ...     async with ResilientClient(
    ...         "https://api.example.com", limits=limits, budget=budget, transport=transport
    ...     ) as client:
    ...         return (await client.request("GET", "/status")).status_code
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     asyncio.run(main(Path(directory)))
    200
    """

    def __init__(self, file: BudgetFile, *, name: str, clock: Clock) -> None:
        self._file = file
        self._name = name
        self._clock = clock
        self._limits = LimitPolicy()
        self._program = uuid.uuid4().hex
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ttapi budget")
        self._lock = asyncio.Lock()
        self._reporter: asyncio.Task[None] | None = None
        self._is_closed = False
        # What is to be told.
        self._sent: list[float] = []
        self._answers: list[Answer] = []
        self._quotas: list[Quota] = []
        self._settled: list[tuple[Permit, float, bool]] = []
        # What was granted.
        self._permits: deque[Permit] = deque()
        self._under_way = 0
        self._told_at = -math.inf
        self._ask_at = -math.inf
        self._free_until = -math.inf
        self._paused_until = -math.inf
        self._blocked_until = -math.inf
        self._blocked_weight = 0
        self._rate_per_s = math.inf
        self._passed_at = -math.inf
        self._refusing_since: float | None = None

    @classmethod
    def open(
        cls, directory: Path, *, provider: str, credential: str | None = None, clock: Clock | None = None
    ) -> Self:
        """
        Open the budget of a provider and a credential.

        Parameters
        ----------
        directory
            Where the budgets of this user are kept; made where it is missing. On a local disk: SQLite's
            locks need one.
        provider
            Name of the provider.
        credential
            What the provider counts by, such as an API key; None where it counts by address. Only a hash of
            it is kept.
        clock
            Tells the time and waits; None for that of the system.

        Raises
        ------
        ConfigurationError
            If the directory cannot be made or written.
        StoreUnavailableError
            If the file is damaged, or locked for too long.
        """
        digest = hashlib.sha256(f"{provider}\0{credential or ''}".encode()).hexdigest()
        file = BudgetFile.open(directory)
        return cls(file, name=f"{provider}:{digest}", clock=clock if clock is not None else SystemClock())

    def obey(self, limits: LimitPolicy) -> None:
        """
        Take over the rate to begin with and the declared limits.

        Raises
        ------
        UsageError
            If it is closed: it belongs to one client.
        """
        if self._is_closed:
            raise UsageError("the budget is closed")
        self._limits = limits

    @property
    def rate_per_s(self) -> float:
        """The learnt rate of all programs together, as last heard; infinite while there is no limit."""
        return self._rate_per_s

    @property
    def passed_at(self) -> float:
        """When the last request of any program passed, as last heard; minus infinity before the first."""
        return self._passed_at

    def refusing_s(self, now: float) -> float:
        """Return the seconds for which the peer has refused everybody; zero if its last answer was none."""
        return 0.0 if self._refusing_since is None else now - self._refusing_since

    def blocked_s(self, now: float, weight: int) -> float:
        """Return the seconds for which the declared windows have no room for ``weight``, as last heard."""
        return self._blocked_until - now if weight >= self._blocked_weight else 0.0

    # Permits.

    def delay_s(self, now: float, weight: int) -> float:
        """Return the seconds until it is worth asking for a permit; zero or less for at once."""
        if self._permits and self._permits[0].weight >= weight:
            return max(self._permits[0].at, self._paused_until) - now
        if now < self._free_until:
            return 0.0
        return max(self._ask_at - now, self._paused_until - now, SOON_S)

    def take(self, now: float, weight: int, *, waited: bool) -> Permit:
        """Take a permit where `delay_s` is zero or less."""
        if self._permits and self._permits[0].weight >= weight:
            return self._permits.popleft()
        self._sent.append(now)
        self._report_soon()
        return Permit(now, waited, weight)

    async def wait(self, delay_s: float, weights: Sequence[int]) -> None:
        """
        Wait for at most about ``delay_s`` and ask for permits.

        Raises
        ------
        StoreError
            If the file cannot be used.
        """
        # In any case a turn of the loop: whoever waits must not keep the others from running.
        await self._clock.sleep(delay_s if delay_s > SOON_S else 0.0)
        if self._permits and weights and self._permits[0].weight < weights[0]:
            self._give_back()
        if not self._permits and self._clock.monotonic() >= max(self._ask_at, self._free_until):
            await self._exchange(weights)

    def _give_back(self) -> None:
        while self._permits:
            self.settle(self._permits.popleft(), spent=False)

    # What became of them.

    def passed(self, permit: Permit, now: float) -> None:
        """Learn from an answer that was no refusal."""
        self._passed_at = now
        self._refusing_since = None
        self._answers.append(Answer(permit, now))
        self._report_soon()

    def refused(self, permit: Permit, now: float, *, retry_after_s: float | None = None) -> None:
        """Learn from a refusal, and from the wait that the peer asked for."""
        if self._refusing_since is None:
            self._refusing_since = now
        if retry_after_s is not None:
            self._paused_until = max(self._paused_until, now + retry_after_s)
        # Nothing is free any more.
        self._free_until = -math.inf
        self._answers.append(Answer(permit, now, is_refusal=True, retry_after_s=retry_after_s))
        self._report_soon()

    def told(self, remaining: int, reset_s: float, now: float) -> None:
        """Obey a quota that the peer announced."""
        self._free_until = -math.inf
        self._quotas.append(Quota(remaining, reset_s, now))
        self._report_soon()

    def settle(self, permit: Permit, *, spent: bool) -> None:
        """Note that a request is over; one that was not ``spent`` was never sent."""
        if permit.holder:
            self._settled.append((permit, self._clock.now().timestamp(), spent))
            self._report_soon()

    def _report_soon(self) -> None:
        if self._reporter is None and not self._is_closed:
            self._reporter = asyncio.get_running_loop().create_task(self._run_reporter(), name="ttapi budget")

    def _has_news(self) -> bool:
        return bool(self._sent or self._answers or self._quotas or self._settled)

    async def _run_reporter(self) -> None:
        # Holds as long as there is something to tell or under way.
        try:
            while self._has_news() or self._under_way:
                await self._clock.sleep(REPORT_S if self._has_news() else HEARTBEAT_S)
                now = self._clock.monotonic()
                if self._permits and self._permits[0].at < now - STALE_S:
                    self._give_back()
                if self._has_news() or now - self._told_at >= HEARTBEAT_S:
                    await self._told_others()
        finally:
            self._reporter = None

    async def _told_others(self) -> None:
        try:
            await self._exchange(None)
        except TTError as error:
            # The next call that needs a permit learns it as well, and fails.
            _log.warning("the shared budget cannot be told", error=error.code)
            await self._clock.sleep(HEARTBEAT_S)

    # The way to the file and back.

    async def _exchange(self, weights: Sequence[int] | None, *, is_leaving: bool = False) -> None:
        async with self._lock:
            now = self._clock.monotonic()
            report = self._report(weights, now, is_leaving=is_leaving)
            loop = asyncio.get_running_loop()
            going = loop.run_in_executor(self._thread, self._carried, report)
            try:
                grant = await asyncio.shield(going)
            except asyncio.CancelledError:
                # What it brings home is used, or given back, by whoever comes next.
                going.add_done_callback(lambda done: self._take_home_late(done, report))
                raise
            except TTError:
                self._tell_again(report)
                raise
            self._take_home(grant, report)

    def _carried(self, report: Report) -> Grant:
        return self._file.exchange(self._name, report, limits=self._limits, clock=self._clock)

    def _report(self, weights: Sequence[int] | None, now: float, *, is_leaving: bool) -> Report:
        if now - self._told_at > SILENT_S:
            # The others may have taken this program for dead, and its permits for spent.
            self._program = uuid.uuid4().hex
            self._permits.clear()
            self._under_way = 0
        self._told_at = now
        settled = [
            Settled(permit.weight, at, spent)
            for permit, at, spent in self._settled
            if permit.holder == self._program
        ]
        report = Report(
            program=self._program,
            sent=tuple(self._sent),
            answers=tuple(self._answers),
            quotas=tuple(self._quotas),
            settled=settled,
            weights=weights,
            windows=self._limits.windows,
            is_leaving=is_leaving,
        )
        for told in (self._sent, self._answers, self._quotas, self._settled):
            told.clear()
        self._under_way -= len(settled)
        return report

    def _tell_again(self, report: Report) -> None:
        self._sent[:0] = report.sent
        self._answers[:0] = report.answers
        self._quotas[:0] = report.quotas
        self._settled[:0] = [
            (Permit(0.0, weight=each.weight, holder=report.program), each.at_wall, each.spent)
            for each in report.settled
        ]
        self._under_way += len(report.settled)

    def _take_home_late(self, done: asyncio.Future[Grant], report: Report) -> None:
        if done.cancelled() or done.exception() is not None:
            self._tell_again(report)
        else:
            self._take_home(done.result(), report)

    def _take_home(self, grant: Grant, report: Report) -> None:
        now = self._clock.monotonic()
        self._rate_per_s = grant.rate_per_s
        self._passed_at = max(self._passed_at, grant.passed_at)
        self._refusing_since = grant.refusing_since
        # A refusal that came meanwhile is not known to the others yet.
        is_old = any(answer.is_refusal for answer in self._answers) or bool(self._quotas)
        self._free_until = -math.inf if is_old else now + grant.free_s
        if report.weights is None:
            return
        self._permits.extend(grant.permits)
        self._under_way += len(grant.permits)
        self._ask_at = now + grant.delay_s
        self._blocked_until = now + grant.blocked_s
        self._blocked_weight = report.weights[len(grant.permits)] if grant.blocked_s else 0
        if self._under_way:
            self._report_soon()

    async def aclose(self) -> None:
        """Give back whatever is left; idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._reporter is not None:
            self._reporter.cancel()
            await asyncio.gather(self._reporter, return_exceptions=True)
        self._give_back()
        try:
            if self._told_at > -math.inf or self._has_news():
                await self._exchange((), is_leaving=True)
        except TTError as error:
            # The others take it for dead in a moment.
            _log.warning("the shared budget cannot be told", error=error.code)
        finally:
            with suppress(RuntimeError):
                self._thread.submit(self._file.close)
            self._thread.shutdown()
