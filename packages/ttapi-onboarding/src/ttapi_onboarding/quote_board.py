# SPDX-License-Identifier: Apache-2.0
"""
The table of quotes that moves: what changed, how old it is, and whether it can be believed.

A price is green or red by which way it went last, and bold for a moment after it moved. While nothing comes
in, the line above says so and all prices are dim: a table that stands still must not look like a calm market.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ttapi_onboarding.amounts import (
    change_text,
    percent_text,
    price_text,
    quantity_text,
    symbol_text,
    time_text,
)
from ttapi_onboarding.columns import Column, fitted
from ttapi_onboarding.durations import age_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from ttapi_core import FeedGap, MarketSnapshot, MarketWatch, Symbol

FLASH_S: Final = 1.0
"""Seconds for which a price that moved is bold."""
STALE_S: Final = 60.0
"""Seconds after which a row that did not move is dim."""
_MOVING: Final = ("bid", "ask", "last")


@dataclass(slots=True)
class _Row:
    market: MarketSnapshot
    seen_s: float
    moved: dict[str, tuple[bool, float]] = field(default_factory=dict)
    """By name of a price: whether it rose, and when."""


class QuoteBoard:
    """
    What is seen of markets, put together for a screen.

    Parameters
    ----------
    label
        Where it comes from.
    monotonic_s
        Tells seconds that never go back.
    """

    def __init__(self, *, label: str, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._monotonic_s = monotonic_s
        self._begun_s = monotonic_s()
        self._rows: dict[Symbol, _Row] = {}
        self._updates = 0
        self._gaps = 0
        self._left_out = 0
        self._is_live = False
        self._has_ended = False
        self._blind_since_s = self._begun_s
        self._last_gap: FeedGap | None = None

    def put(self, market: MarketSnapshot, *, is_update: bool = True) -> None:
        """Take the latest of a market."""
        now_s = self._monotonic_s()
        known = self._rows.get(market.symbol)
        row = self._rows[market.symbol] = _Row(market, now_s, known.moved if known is not None else {})
        self._updates += is_update
        for name in _MOVING:
            before, after = getattr(known and known.market, name, None), getattr(market, name)
            if None not in (before, after) and before != after:
                row.moved[name] = (after > before, now_s)

    def put_gap(self, gap: FeedGap) -> None:
        """Take a gap that begins or ends."""
        self._last_gap = gap

    def look_at(self, watch: MarketWatch) -> None:
        """Take what the watch says of itself."""
        if self._is_live and not watch.is_live:
            self._blind_since_s = self._monotonic_s()
        self._is_live, self._gaps, self._left_out = watch.is_live, watch.gaps, watch.left_out

    def end(self) -> None:
        """Say that it moves no more."""
        self._has_ended = True

    @property
    def summary(self) -> str:
        """What was seen, in one line."""
        seconds = timedelta(seconds=self._monotonic_s() - self._begun_s)
        symbols = _count(len(self._rows), "symbol")
        parts = [
            f"{_count(self._updates, 'update')} of {symbols} in {age_text(seconds)}",
            _count(self._gaps, "gap"),
        ]
        if self._left_out:
            parts.append(f"{_count(self._left_out, 'event')} could not be read")
        return ", ".join(parts)

    def drawn(self, width: int) -> RenderableType:
        """Return the table as it is now."""
        from rich.console import Group

        now_s = self._monotonic_s()
        rows = list(self._rows.values())
        columns = quote_columns([row.market for row in rows])
        for index, column in enumerate(columns):
            if column.heading in _MOVING:
                cells = [self._moving(row, column.heading, now_s) for row in rows]
                columns[index] = Column(heading=column.heading, cells=cells)
        ages = [self._age(row, now_s) for row in rows]
        columns.insert(_age_place(columns), Column(heading="age", cells=ages))
        table, _ = fitted(f"quotes · times in UTC · {self._label}", columns, width=width)
        return Group(self._status(now_s), table)

    def _moving(self, row: _Row, name: str, now_s: float) -> Text:
        from rich.text import Text

        text = price_text(getattr(row.market, name)) or "-"
        if not self._is_live or self._has_ended:
            return Text(text, style="dim")
        if name not in row.moved:
            return Text(text)
        rose, at_s = row.moved[name]
        return Text(text, style=f"{'bold ' if now_s - at_s < FLASH_S else ''}{'green' if rose else 'red'}")

    def _age(self, row: _Row, now_s: float) -> Text:
        from rich.text import Text

        age_s = max(0.0, now_s - row.seen_s)
        return Text(age_text(timedelta(seconds=age_s)), style="dim" if age_s > STALE_S else "")

    def _status(self, now_s: float) -> Text:
        from rich.text import Text

        if self._has_ended:
            return Text("ended", style="dim")
        counts = f"{_count(self._updates, 'update')} · {_count(self._gaps, 'gap')}"
        if self._left_out:
            counts += f" · {self._left_out:,} unreadable"
        blind = age_text(timedelta(seconds=now_s - self._blind_since_s))
        if self._is_live:
            line = Text("LIVE", style="bold green")
            line.append(f" · {counts}{self._gap_text()} · Ctrl-C ends", style="default")
        elif not self._updates and not self._gaps:
            line = Text(f"connecting for {blind}", style="yellow")
            line.append(" · prices below are from before", style="default")
        else:
            line = Text(f"INTERRUPTED for {blind}", style="bold red")
            line.append(f" · {counts} · nothing below is current", style="default")
        return line

    def _gap_text(self) -> str:
        gap = self._last_gap
        if gap is None or gap.end is None or gap.start is None:
            return ""
        lasted = age_text(gap.end - gap.start)
        return f", the last {lasted} until {time_text(gap.end, today=datetime.now(UTC).date())}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _age_place(columns: Sequence[Column]) -> int:
    return next(i for i, column in enumerate(columns) if column.heading == "time") + 1


def quote_columns(markets: Sequence[MarketSnapshot]) -> list[Column]:
    """Return the columns of markets; those of the day's range and the sizes need a wide terminal."""
    today = datetime.now(UTC).date()

    def prices(name: str) -> list[str | None]:
        return [price_text(getattr(market, name)) for market in markets]

    def numbers(name: str) -> list[str | None]:
        return [quantity_text(getattr(market, name)) for market in markets]

    return [
        Column(heading="symbol", cells=[_name(market) for market in markets], is_left=True),
        Column(heading="bid", cells=prices("bid")),
        Column(heading="ask", cells=prices("ask")),
        Column(heading="bid size", cells=numbers("bid_size"), rank=5),
        Column(heading="ask size", cells=numbers("ask_size"), rank=5),
        Column(heading="last", cells=prices("last")),
        Column(heading="change", cells=[change_text(market.change) for market in markets]),
        Column(heading="%", cells=[percent_text(market.change_fraction) for market in markets], rank=1),
        Column(heading="volume", cells=numbers("volume"), rank=2),
        Column(heading="low", cells=prices("low"), rank=4),
        Column(heading="high", cells=prices("high"), rank=4),
        Column(heading="time", cells=[time_text(market.time, today=today) for market in markets], rank=3),
    ]


def _name(market: MarketSnapshot) -> Any:  # noqa: ANN401 - text with a style
    from rich.text import Text

    name = symbol_text(market.symbol)
    return Text(f"{name} HALTED", style="bold yellow") if market.is_halted else name
