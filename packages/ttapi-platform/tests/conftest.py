# SPDX-License-Identifier: Apache-2.0
"""Samples of what is stored, and a process that forks children on demand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ttapi_core import ManualClock, Outcome
from ttapi_platform.disk import Disk
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.store import Store

START = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)


def make_frame(key: str, value: float = 1.0, rows: int = 3) -> pl.DataFrame:
    """Return bars of consecutive days, the close ``value`` on the first."""
    days = [START.date() + timedelta(days=day) for day in range(rows)]
    closes = [value + day for day in range(rows)]
    return pl.DataFrame(
        {"symbol": [key] * rows, "date": days, "close": closes},
        schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64},
    )


def make_item(key: str, value: float = 1.0, rows: int = 3, **changes: Any) -> ItemDraft:
    facts: dict[str, Any] = {
        "frame": make_frame(key, value, rows),
        "outcome": Outcome.FRESH if rows else Outcome.EMPTY,
        "fetched_at": START,
    }
    return ItemDraft(key=key, **(facts | changes))


def make_entry(*items: ItemDraft, run_id: str = "run-1", schema_version: int = 1) -> EntryDraft:
    return EntryDraft(schema_version=schema_version, run_id=run_id, items=items)


@pytest.fixture
def sample() -> type[Sample]:
    return Sample


class Sample:
    """The builders, for tests that cannot import this module."""

    START = START
    frame = staticmethod(make_frame)
    item = staticmethod(make_item)
    entry = staticmethod(make_entry)

    @staticmethod
    def disk() -> Disk:
        """Return a disk that is not waited for."""
        return HastyDisk()

    @staticmethod
    def store(root: Path) -> Store:
        """Open a store on a disk that is not waited for."""
        return Store(root, disk=HastyDisk())

    @staticmethod
    def tree(root: Path) -> set[str]:
        """Return the paths of all files below ``root``, but not who is writing or locking."""
        files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return {str(path) for path in files if path.parts[0] not in (".writers", ".locks")}


class HastyDisk(Disk):
    """A disk that is not waited for: right wherever no power is cut."""

    def synchronise(self, descriptor: int) -> None:
        pass


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store(tmp_path / "data", clock=clock, disk=HastyDisk()) as opened:
        yield opened


@pytest.fixture
def zygote() -> Iterator[Callable[..., list[Any]]]:
    """
    A process that has everything imported and forks a child for each command that it is sent.

    Called with commands it returns what their children said, each a JSON value; see `zygote.py`.
    """
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("zygote.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(*commands: dict[str, Any]) -> list[Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(commands) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the zygote died"
        return list(json.loads(answer))

    with process:
        yield run
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=20) == 0
