# SPDX-License-Identifier: Apache-2.0
"""
Which candle snapshots to ask for next: a plan without sockets.

A server refuses more than a few snapshots at a time, does not answer for symbols that it does not know, may
lose a frame, and may fall mute. The plan keeps a window of questions open, starts again what was damaged, and
gives every symbol exactly one result: a whole series, an empty one, or an error after a bounded number of
attempts.

A symbol without an answer is *silent* only if a question asked later was answered meanwhile. Where there is
no later question, one is asked: the canary, a symbol known to have candles. If that stays without an answer
too, the channel is mute, and nothing is concluded about the symbol.

Likewise a symbol is *empty* only if it was answered so twice, and a question asked later brought candles:
servers have been seen to answer everything with nothing.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ttapi_client.candles import (
    CandleSeries,
    SnapshotAssembler,
    candle_symbol,
    canonical_candle_symbol,
    split_by_symbol,
)
from ttapi_client.dxlink_protocol import FeedData
from ttapi_core.errors import CapacityError, DecodeError, TTError

Result = tuple[str, CandleSeries | TTError]
"""A symbol and what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPolicy:
    """
    How snapshots are asked for.

    Parameters
    ----------
    in_flight_max
        Snapshots asked for and not yet whole, at a time; halved whenever the server says that it is too much.
    progress_timeout_s
        Seconds without an event of a snapshot after which it is doubted.
    attempts_max
        Attempts for a symbol whose snapshot came damaged or stopped half-way.
    silent_attempts_max
        Attempts for a symbol that stays without any answer while others are answered.
    empty_answers_min
        Answers without a candle that make a series empty: a stream has been seen to give an empty one by
        mistake.
    canary
        A symbol that has candles for certain.
    """

    in_flight_max: int = 16
    progress_timeout_s: float = 5.0
    attempts_max: int = 6
    silent_attempts_max: int = 3
    empty_answers_min: int = 2
    canary: str = "SPY"


@dataclass(slots=True)
class _Question:
    symbol: str
    event_symbol: str
    assembler: SnapshotAssembler
    asked_at_s: float = 0.0
    progress_at_s: float = 0.0
    number: int = 0
    attempts: int = 0
    empties: int = 0
    canary: bool = False


@dataclass(slots=True)
class Changes:
    """
    Subscriptions to take away and to add, as candle symbols, in that order.

    ``canary`` is to be added too, with a beginning so early that there are candles for certain.
    """

    remove: list[str] = field(default_factory=list)
    add: list[str] = field(default_factory=list)
    canary: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not (self.remove or self.add or self.canary)


class SnapshotPlan:
    """
    The plan for one set of symbols.

    Parameters
    ----------
    symbols
        Streamer symbols, distinct.
    period, regular_hours_only
        See `candle_symbol`.
    policy
        Window, timeouts and bounds.

    Raises
    ------
    ParameterError
        If the period or a symbol cannot be used.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        *,
        period: str = "d",
        regular_hours_only: bool = True,
        policy: SnapshotPolicy | None = None,
    ) -> None:
        self._policy = policy if policy is not None else SnapshotPolicy()
        self._window = self._policy.in_flight_max
        self._numbers = itertools.count(1)
        self._answered_number = 0  # the latest question of this connection that was answered
        self._doubtful: list[_Question] = []  # answered without candles: empty, or is something wrong?
        self._open: dict[str, _Question] = {}
        self._to_remove: list[str] = []
        self._results: deque[Result] = deque()
        self._mute = False
        self._held_until_s = 0.0

        def question(symbol: str, *, canary: bool = False) -> _Question:
            event_symbol = candle_symbol(symbol, period=period, regular_hours_only=regular_hours_only)
            return _Question(symbol, event_symbol, SnapshotAssembler(symbol), canary=canary)

        self._waiting = deque(question(symbol) for symbol in symbols)
        self._canary = question(self._policy.canary, canary=True)
        self._event_symbols = {q.event_symbol for q in (*self._waiting, self._canary)}

    @property
    def done(self) -> bool:
        """Whether every symbol has its result, and all results were taken."""
        return not (self._waiting or self._results or self._doubtful or self._asked_for_symbols())

    @property
    def mute(self) -> bool:
        """Whether nothing is answered, not even the canary: the connection is of no use any more."""
        return self._mute

    @property
    def window(self) -> int:
        """Snapshots that may be in flight now."""
        return self._window

    def _asked_for_symbols(self) -> int:
        return sum(not question.canary for question in self._open.values())

    def take_results(self) -> list[Result]:
        """Return the results that are there, each once."""
        results = list(self._results)
        self._results.clear()
        return results

    # What to send

    def changes(self, now_s: float) -> Changes:
        """Return the subscriptions to change now; they count as asked."""
        changes = Changes(remove=self._to_remove)
        self._to_remove = []
        if now_s < self._held_until_s:
            return changes
        room = self._window - self._asked_for_symbols() - len(self._results)
        while self._waiting and room > 0:
            question = self._waiting.popleft()
            self._ask(question, now_s)
            changes.add.append(question.event_symbol)
            room -= 1
        if self._canary_needed(now_s):
            self._ask(self._canary, now_s)
            changes.canary = self._canary.event_symbol
        return changes

    def _ask(self, question: _Question, now_s: float) -> None:
        question.asked_at_s = question.progress_at_s = now_s
        question.number = next(self._numbers)
        question.assembler.restart()
        self._open[question.event_symbol] = question

    def _canary_needed(self, now_s: float) -> bool:
        if self._canary.event_symbol in self._open:
            return False
        if len(self._doubtful) > self._window or (self._doubtful and not (self._waiting or self._open)):
            return True
        return any(self._overdue(q, now_s) and q.number > self._answered_number for q in self._open.values())

    def _overdue(self, question: _Question, now_s: float) -> bool:
        return now_s - question.progress_at_s >= self._policy.progress_timeout_s

    # What came

    def on_data(self, data: FeedData, now_s: float) -> bool:
        """Take candle events; return whether there is something to take or to send now."""
        told = 0
        for event_symbol, events in split_by_symbol(data.fields, data.columns):
            told += len(events.flags)
            question = self._question_of(event_symbol)
            if question is None:
                if canonical_candle_symbol(event_symbol) not in self._event_symbols:
                    self.on_frame_lost()  # a spoilt symbol: whose candle was it?
                continue  # else late events of what was removed
            question.progress_at_s = now_s
            series = question.assembler.feed(events)
            if series is not None:
                self._on_series(question, series)
        if told < data.count:  # events without a symbol
            self.on_frame_lost()
        return bool(self._results or self._to_remove or self._mute)

    def _on_series(self, question: _Question, series: CandleSeries) -> None:
        self._answered_number = max(self._answered_number, question.number)
        # 1. candles: they prove what was asked before; 2. none: asked again, or kept until there is proof
        if len(series) or series.skipped:
            attempts = question.attempts + 1
            self._answer(question, series if attempts == 1 else replace(series, attempts=attempts))
            self._settle_doubts(question.number)
        elif question.canary:
            self._mute = True
        else:
            self._doubt(question)

    def _doubt(self, question: _Question) -> None:
        question.empties += 1
        question.attempts += 1
        if question.empties < self._policy.empty_answers_min:
            self._put_back(question)
        else:
            self._close(question)
            self._doubtful.append(question)

    def _settle_doubts(self, number: int) -> None:
        settled = [question for question in self._doubtful if question.number < number]
        self._doubtful = [question for question in self._doubtful if question.number > number]
        for question in settled:
            empty = CandleSeries(symbol=question.symbol, attempts=question.attempts)
            self._results.append((question.symbol, empty))

    def _close(self, question: _Question) -> None:
        del self._open[question.event_symbol]
        self._to_remove.append(question.event_symbol)

    def _question_of(self, event_symbol: str) -> _Question | None:
        return self._open.get(event_symbol) or self._open.get(canonical_candle_symbol(event_symbol))

    def _answer(self, question: _Question, result: CandleSeries | TTError) -> None:
        self._close(question)
        if not question.canary:
            self._results.append((question.symbol, result))

    def on_frame_lost(self) -> None:
        """Start again every snapshot of which a part is here: the lost frame may have held another part."""
        for question in [q for q in self._open.values() if q.assembler.begun]:
            self._try_again(question, DecodeError(f"the candles of {question.symbol} came damaged"))

    def on_too_many(self, message: str, now_s: float) -> None:
        """Ask for less at a time, because the server refused; what has not begun is asked for again later."""
        refused = [q for q in self._open.values() if not q.assembler.begun]
        at_least = self._window == 1
        self._window = max(1, self._window // 2)
        self._held_until_s = now_s + self._policy.progress_timeout_s / 10
        for question in reversed(refused):
            if at_least:
                error = CapacityError(f"the server refused even one snapshot: {message}", limit=1)
                self._try_again(question, error)
            else:
                self._put_back(question)

    def on_disconnected(self) -> None:
        """Forget what is half here; everything without a result is asked for again on the next connection."""
        for question in reversed(list(self._open.values())):
            self._put_back(question)
        for question in reversed(self._doubtful):
            question.empties = 0
            self._waiting.appendleft(question)
        self._doubtful.clear()
        self._to_remove.clear()
        self._answered_number = 0
        self._mute = False
        self._held_until_s = 0.0

    def _put_back(self, question: _Question) -> None:
        self._close(question)
        question.assembler.restart()
        if not question.canary:
            self._waiting.appendleft(question)

    def _try_again(self, question: _Question, error: TTError, *, attempts_max: int | None = None) -> None:
        question.attempts += 1
        if question.canary or question.attempts < (attempts_max or self._policy.attempts_max):
            self._put_back(question)
        else:
            self._answer(question, error)

    def give_up(self, cause: TTError) -> None:
        """Let ``cause`` be the result of every symbol that has none."""
        self.on_disconnected()
        self._results.extend((question.symbol, cause) for question in self._waiting)
        self._waiting.clear()

    # Time

    def tick(self, now_s: float) -> None:
        """Judge the snapshots that make no progress."""
        for question in [q for q in self._open.values() if self._overdue(q, now_s)]:
            if question.number < self._answered_number:
                self._judge_stalled(question)
            elif now_s - question.progress_at_s >= 2 * self._policy.progress_timeout_s:
                self._mute = True  # the canary had its time as well

    def _judge_stalled(self, question: _Question) -> None:
        # 1. half of it came; 2. nothing came, and the attempts are used up; 3. nothing came yet
        if question.assembler.begun:
            self._try_again(question, DecodeError(f"the candles of {question.symbol} never came to an end"))
        elif question.attempts + 1 >= self._policy.silent_attempts_max and not question.canary:
            attempts = question.attempts + 1
            self._answer(question, CandleSeries(symbol=question.symbol, silent=True, attempts=attempts))
        else:
            self._try_again(question, DecodeError(f"no candles of {question.symbol} came"))
