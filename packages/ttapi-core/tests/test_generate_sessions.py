# SPDX-License-Identifier: Apache-2.0
"""The shipped tables against their source; skipped where the source is not installed."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date, datetime
from pathlib import Path
from types import ModuleType

import pytest

from ttapi_core import sessions

pytestmark = pytest.mark.filterwarnings("ignore")  # pandas warns of itself
exchange_calendars = pytest.importorskip("exchange_calendars")
pd = pytest.importorskip("pandas")
TOOL = Path(__file__).parents[1] / "tools" / "generate_sessions.py"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_sessions", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_generator_knows_the_shipped_venues(generator: ModuleType) -> None:
    assert sessions.venues() == generator.VENUES


@pytest.mark.parametrize("venue", sessions.venues())
def test_every_session_equals_the_source(venue: str) -> None:
    first, last = sessions.coverage(venue)
    calendar = exchange_calendars.get_calendar(venue, start=str(first), end=str(last))
    early = {closing.date() for closing in calendar.early_closes}
    expected = [
        (
            day.date(),
            *(moment(row[name]) for name in ("open", "close", "break_start", "break_end")),
            day.date() in early,
        )
        for day, row in calendar.schedule.iterrows()
    ]
    ours = [
        (day.date, day.open_at, day.close_at, day.break_start, day.break_end, day.early_close)
        for day in sessions.sessions(venue, first, last)
    ]
    assert ours == expected


def moment(value: object) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()  # type: ignore[attr-defined]  # pandas is not typed here


def test_generating_again_gives_the_same_bytes(generator: ModuleType) -> None:
    shipped = (generator.TABLES / "XSES.csv").read_bytes()
    version = f"exchange_calendars {exchange_calendars.__version__},"
    if version.encode() not in shipped:
        pytest.skip(f"the tables are from another version than {exchange_calendars.__version__}")
    assert generator.table_of("XSES").encode() == shipped


def test_runs_break_at_gaps_and_changes_and_leave_off_mask_days_alone(generator: ModuleType) -> None:
    hours = ["09:00,17:00,,,"] * 4 + ["09:00,12:00,,,early"]
    days = [date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 5), date(2026, 1, 7), date(2026, 1, 8)]
    rows = list(generator.runs(list(map(generator.Day, days, hours)), "1111100"))
    assert [(first.day, last.day) for first, last, _ in rows] == [(2, 5), (3, 3), (7, 7), (8, 8)]
