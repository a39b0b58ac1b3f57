# SPDX-License-Identifier: Apache-2.0
"""
Forks a child for each command: a process ready to work in milliseconds instead of an interpreter's start.

Each line of standard input is a JSON list of commands, run at the same time; the answer is one line with a
JSON list of what each child said, or null for a child that was killed (``kill_after_s`` once it was ready). Nothing here touches Polars before the
fork, because its threads would be missing in the child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from ttapi_core import Outcome
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.readthrough import ReadThrough
from ttapi_platform.store import Store

PROVIDER, DATASET = "sandbox", "eod_data"


def frame_of(key: str, version: int) -> pl.DataFrame:
    """Return rows whose number and content follow from their version."""
    rows = 5 + version % 40
    return pl.DataFrame({"symbol": [key] * rows, "version": [version] * rows, "row": range(rows)})


def draft_of(keys: list[str], version: int) -> EntryDraft:
    now = datetime.now(UTC)
    items = tuple(
        ItemDraft(key=key, frame=frame_of(key, version), fetched_at=now, request_id=str(version))
        for key in keys
    )
    return EntryDraft(schema_version=1, run_id=f"run-{version}", items=items)


def is_whole(frame: pl.DataFrame, key: str) -> bool:
    """Tell whether rows are those of one version."""
    mine = frame.filter(pl.col("symbol") == key)
    return mine.height > 0 and mine.equals(frame_of(key, mine["version"][0]))


def write_forever(root: str, log: str, first: int, ready: Callable[[], None]) -> None:
    """Write until killed, noting each version once its write has returned; ready after the first."""
    with Path(log).open("a", buffering=1) as notes, Store(Path(root)) as store:
        for version in range(first, first + 1_000_000):
            keys = (
                [f"K{number:02d}" for number in range(20)] if version % 3 == 0 else [f"K{version % 20:02d}"]
            )
            store.write(PROVIDER, DATASET, draft_of(keys, version))
            notes.write(f"{version} {','.join(keys)}\n")
            if version == first:
                ready()
            if version % 7 == 0:
                store.compact(PROVIDER, DATASET, force=True)


def write_for(root: str, seconds: float, writer: int) -> dict[str, Any]:
    """Write one key after the other until the time is over."""
    written, end = 0, time.monotonic() + seconds
    with Store(Path(root), generations=2) as store:
        while written < 2 or time.monotonic() < end:
            keys = [f"K{number:02d}" for number in range(6)] if written % 2 else [f"K{written % 6:02d}"]
            store.write(PROVIDER, DATASET, draft_of(keys, 1000 * writer + written))
            if written % 10 == 9:
                store.compact(PROVIDER, DATASET, force=True)
            written += 1
    return {"written": written}


def read_for(root: str, seconds: float) -> dict[str, Any]:
    """Read until the time is over and count what is not whole."""
    reads, bad, quarantined, end = 0, 0, 0, time.monotonic() + seconds
    with Store(Path(root)) as store:
        while not reads or time.monotonic() < end:
            store.memory.clear()
            frame = store.read(PROVIDER, DATASET)
            keys = frame["symbol"].unique().to_list()
            bad += len(keys) != 6 or not all(is_whole(frame, key) for key in keys)
            reads += 1
        quarantined = store.stats().quarantined
    return {"reads": reads, "bad": bad, "quarantined": quarantined}


def get_once(root: str, calls: str, start: float) -> dict[str, Any]:
    """Ask for one key at an agreed time, noting each call upstream."""
    with Store(Path(root)) as store:
        through = ReadThrough(store)
        time.sleep(max(0.0, start - time.time()))

        def fetch() -> EntryDraft:
            with Path(calls).open("a") as notes:
                notes.write("call\n")
            time.sleep(0.1)
            return draft_of(["SPY"], 7)

        reading = through.get_sync(
            PROVIDER,
            DATASET,
            "SPY",
            is_fresh=lambda record: record.is_fresh(datetime.now(UTC), timedelta(hours=1)),
            fetch=fetch,
        )
        return {"rows": reading.frame.height, "fetched": reading.outcome is Outcome.FRESH}


def hold_forever(root: str, key: str, ready: Callable[[], None]) -> None:
    """Hold the lock of a key until killed."""
    with Store(Path(root)) as store, store.locks.try_acquire(PROVIDER, DATASET, [key]) as lease:
        assert lease.keys == (key,)
        ready()
        time.sleep(60)


def try_lock(root: str, keys: list[str]) -> dict[str, Any]:
    """Say which keys are free."""
    with Store(Path(root)) as store, store.locks.try_acquire(PROVIDER, DATASET, keys) as lease:
        return {"free": lease.keys, "busy": lease.busy}


COMMANDS: dict[str, Callable[..., Any]] = {
    command.__name__: command
    for command in (write_forever, write_for, read_for, get_once, hold_forever, try_lock)
}


def start(command: dict[str, Any]) -> tuple[int, int, float | None]:
    kill_after_s = command.pop("kill_after_s", None)
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader, kill_after_s
    if kill_after_s is not None:
        command["ready"] = lambda: os.write(writer, b" ")
    try:
        answer = COMMANDS[command.pop("do")](**command)
        os.write(writer, json.dumps(answer).encode())
    except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def finish(child: int, reader: int, kill_after_s: float | None) -> Any:
    if kill_after_s is not None:
        os.read(reader, 1)  # it is ready
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else None


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where the children log
    for line in sys.stdin:
        children = [start(command) for command in json.loads(line)]
        answers.write(json.dumps([finish(*child) for child in children]) + "\n")


if __name__ == "__main__":
    main()
