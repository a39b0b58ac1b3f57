# SPDX-License-Identifier: Apache-2.0
"""The live table says what moved, how old it is, and when it cannot be believed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ttapi_core import FeedGap, MarketSnapshot, Symbol
from ttapi_onboarding.quote_board import QuoteBoard

TIME = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


class Seconds:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def board(seconds: Seconds) -> QuoteBoard:
    return QuoteBoard(label="somewhere", monotonic_s=seconds)


def market(bid: str, **more: Any) -> MarketSnapshot:
    return MarketSnapshot(symbol=Symbol.parse("SPY"), time=TIME, bid=Decimal(bid), **more)


def watch(*, live: bool, gaps: int = 0, left_out: int = 0) -> Any:
    return SimpleNamespace(is_live=live, gaps=gaps, left_out=left_out)


def lines(board: QuoteBoard, width: int = 80, *, styled: bool = False) -> list[str]:
    console = Console(width=width, force_terminal=True, color_system="standard" if styled else None)
    with console.capture() as capture:
        console.print(board.drawn(width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_before_the_first_update_it_says_that_it_connects(board: QuoteBoard, seconds: Seconds) -> None:
    board.put(market("612.00"), is_update=False)
    seconds.now_s += 3
    assert lines(board)[0] == "connecting for 3s · prices below are from before"


def test_a_price_that_rose_is_green_and_bold_for_a_moment(board: QuoteBoard, seconds: Seconds) -> None:
    board.put(market("612.00"), is_update=False)
    board.look_at(watch(live=True))
    board.put(market("612.01"))
    assert any("\x1b[1;32m612.01" in line for line in lines(board, styled=True))
    seconds.now_s += 2
    shown = lines(board, styled=True)
    assert any("\x1b[32m612.01" in line for line in shown)
    board.put(market("611.99"))
    assert any("\x1b[1;31m611.99" in line for line in lines(board, styled=True))


def test_a_row_shows_how_old_it_is(board: QuoteBoard, seconds: Seconds) -> None:
    board.put(market("612.00"))
    board.look_at(watch(live=True))
    seconds.now_s += 125
    assert lines(board)[-1].endswith(" 2m")


def test_an_interruption_is_said_and_all_prices_are_dim(board: QuoteBoard, seconds: Seconds) -> None:
    board.put(market("612.00"))
    board.look_at(watch(live=True))
    seconds.now_s += 5
    board.look_at(watch(live=False, gaps=1))
    seconds.now_s += 7
    assert lines(board)[0] == "INTERRUPTED for 7s · 1 update · 1 gap · nothing below is current"
    assert any("\x1b[2m612.00" in line for line in lines(board, styled=True))


def test_a_gap_that_is_over_is_told_with_its_length(board: QuoteBoard) -> None:
    board.put(market("612.00"))
    board.put_gap(FeedGap(number=1, cause="x"))
    board.look_at(watch(live=True, gaps=1, left_out=2))
    board.put_gap(FeedGap(number=1, cause="x", start=TIME, end=TIME + timedelta(seconds=9)))
    assert "LIVE · 1 update · 1 gap · 2 unreadable, the last 9s until" in lines(board, 120)[0]


def test_a_halt_is_shown_and_the_end_sums_up(board: QuoteBoard, seconds: Seconds) -> None:
    board.put(market("612.00", is_halted=True))
    seconds.now_s += 61
    board.look_at(watch(live=True, gaps=2, left_out=1))
    board.end()
    assert lines(board)[0] == "ended"
    assert any("SPY HALTED" in line for line in lines(board))
    assert board.summary == "1 update of 1 symbol in 1m, 2 gaps, 1 event could not be read"


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_it_is_never_wider_than_the_terminal(board: QuoteBoard, width: int) -> None:
    board.put(market("612.00", volume=Decimal(2_051_323), last=Decimal("612.00"), low=Decimal(600)))
    board.look_at(watch(live=True))
    assert all(len(line) <= width for line in lines(board, width)[1:])
