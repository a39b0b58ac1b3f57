# SPDX-License-Identifier: Apache-2.0
"""
For tests of what stands on this package: a provider in memory whose answers a test writes down.

Not imported by the package itself: ``from ttapi_platform.testing import ScriptedProvider``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from ttapi_core import (
    DataAnswer,
    DataRequest,
    Event,
    Health,
    Outcome,
    RequestCounts,
    TTError,
    UnknownNameError,
    sessions,
)

NOW: Final = datetime(2026, 11, 20, 22, tzinfo=UTC)
"""A Friday, an hour after the close of New York: the instant that its answers are of."""

ALL: Final = ("accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series")
"""The datasets that a `ScriptedProvider` can make up."""

Answering = Callable[[DataRequest, str], DataAnswer | None]
"""Makes the answer for one key of a request; None leaves the key unanswered."""


class ScriptedProvider:
    """
    Answers every dataset with small correct tables, unless told otherwise for a (dataset, key).

    Parameters
    ----------
    symbols
        Its universe ``all``.
    name
        What it is called.
    datasets
        What it has, all of it or some.

    Attributes
    ----------
    requests
        Every request, in order.
    overrides
        What answers instead for a (dataset, key).
    raises
        What is raised after all answers of a dataset.
    last_day
        The last session that it lists.
    pause
        Where set, every request waits for it; `entered` says that one has begun to.
    """

    simulated: Final = True

    def __init__(
        self,
        symbols: Sequence[str] = ("AAPL", "MSFT", "SPY"),
        *,
        name: str = "scripted",
        datasets: Sequence[str] = ALL,
    ) -> None:
        self.name = name
        self.datasets = frozenset(datasets)
        self.symbols = list(symbols)
        self.requests: list[DataRequest] = []
        self.overrides: dict[tuple[str, str], Answering] = {}
        self.raises: dict[str, TTError] = {}
        self.last_day = date(2027, 6, 30)
        self.pause: asyncio.Event | None = None
        self.entered = asyncio.Event()
        self.closed = False

    @property
    def counts(self) -> RequestCounts:
        """Requests so far."""
        return RequestCounts(sent=len(self.requests))

    def asked(self, dataset: str) -> list[str]:
        """Every key of a dataset that was asked for, in order, repetitions included."""
        return [key for request in self.requests if request.dataset == dataset for key in request.keys]

    def fail(self, dataset: str, key: str, *, cause: TTError, outcome: Outcome = Outcome.FAILED) -> None:
        """Answer a (dataset, key) with a failure from now on."""

        def answer(request: DataRequest, key: str) -> DataAnswer:
            return DataAnswer(dataset=request.dataset, key=key, outcome=outcome, cause=cause, attempts=3)

        self.overrides[dataset, key] = answer

    async def universe(self, name: str) -> Sequence[str]:
        """Return its symbols under ``all``."""
        if name != "all":
            raise UnknownNameError("universe", name, ("all",))
        return self.symbols

    async def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """Answer each key as told, or with a small correct table."""
        self.requests.append(request)
        self.entered.set()
        if self.pause is not None:
            await self.pause.wait()
        for key in request.keys or ("5WT00001",):
            override = self.overrides.get((request.dataset, key))
            answer = override(request, key) if override else self._answer(request, key)
            if answer is not None:
                yield answer
            await asyncio.sleep(0)
        if request.dataset in self.raises:
            raise self.raises[request.dataset]

    def _answer(self, request: DataRequest, key: str) -> DataAnswer:
        make = getattr(self, f"_{request.dataset}")
        columns = make(key, request)
        return DataAnswer(
            dataset=request.dataset, key=key, outcome=Outcome.FRESH, columns=columns, request_id="r-1"
        )

    def _accounts(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        money: dict[str, list[object]] = {
            name: [Decimal("1000.25")]
            for name in (
                "cash_balance",
                "net_liquidating_value",
                "equity_buying_power",
                "derivative_buying_power",
                "maintenance_requirement",
            )
        }
        return {
            "account_number": [key],
            "nickname": ["Sample"],
            "account_type": ["Individual"],
            "margin_or_cash": ["Margin"],
            "opened_at": [NOW],
            "is_closed": [False],
            "currency": ["USD"],
            "position_count": [2],
            **money,
        }

    def _symbols(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        flags: dict[str, list[object]] = {name: [False] for name in ("is_etf", "is_index", "is_closing_only")}
        return {
            "symbol": [key],
            "description": [f"Sample {key}"],
            "instrument_type": ["Equity"],
            "active": [True],
            "listed_market": ["XNAS"],
            "lendability": ["Easy To Borrow"],
            "streamer_symbol": [key],
            **flags,
        }

    def _trading_days(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        assert request.since is not None
        listed = sessions.sessions(key, request.since, min(self.last_day, request.until or self.last_day))
        return {
            "venue": [key] * len(listed),
            "date": [session.date for session in listed],
            "open_at": [session.open_at for session in listed],
            "close_at": [session.close_at for session in listed],
            "early_close": [False] * len(listed),
        }

    def _quotes(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        prices: dict[str, list[object]] = {
            name: [100.0] for name in ("mid", "mark", "last", "open", "high", "low", "close", "prev_close")
        }
        return {
            "symbol": [key],
            "bid": [99.99],
            "ask": [100.01],
            "bid_size": [1.0],
            "ask_size": [2.0],
            "volume": [1e6],
            "is_halted": [False],
            "quoted_at": [NOW],
            **prices,
        }

    def _eod_data(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        days = [date(2026, 11, 20) - timedelta(days=at) for at in range(40, -1, -1)]
        closes = [100.0 + (at * 7 + len(key)) % 5 for at in range(len(days))]
        return {
            "symbol": [key] * len(days),
            "date": list(days),
            "open": list(closes),
            "high": [close + 1 for close in closes],
            "low": [close - 1 for close in closes],
            "close": list(closes),
            "volume": [1e6] * len(days),
            "vwap": [None] * len(days),
            "trade_count": [None] * len(days),
            "adjusted_close": [None] * len(days),
            "final": [True] * len(days),
        }

    def _expiration_series(self, key: str, request: DataRequest) -> dict[str, list[object]]:
        days = [date(2026, 12, 18), date(2027, 1, 15)]
        return {
            "symbol": [key] * 2,
            "root_symbol": [key] * 2,
            "option_chain_type": ["Standard"] * 2,
            "shares_per_contract": [100] * 2,
            "expiration_date": list(days),
            "expiration_type": ["Regular"] * 2,
            "settlement_type": ["PM"] * 2,
            "days_to_expiration": [(day - NOW.date()).days for day in days],
            "strike_count": [30] * 2,
            "strike_min": [50.0] * 2,
            "strike_max": [150.0] * 2,
        }

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """Yield nothing."""
        return
        yield  # makes this an asynchronous generator

    async def health_check(self) -> Health:
        """Say that all is well."""
        return Health(reachable=True, latency_s=0.0)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True
