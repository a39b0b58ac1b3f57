# SPDX-License-Identifier: Apache-2.0
"""Several processes on one store: whole entries for every reader, one fetch for many askers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ttapi_platform.store import Store

SANDBOX = ("sandbox", "eod_data")


def test_writers_and_readers_of_one_dataset_never_disturb_each_other(
    tmp_path: Path, zygote: Callable[..., Any], sample: Any
) -> None:
    """4 writers that also merge and drop entries, 8 readers: no error, no mixture, nothing taken for damaged."""
    root = tmp_path / "data"
    assert zygote({"do": "write_for", "root": str(root), "seconds": 0.3, "writer": 9})[0]["written"] > 1
    writers = [
        {"do": "write_for", "root": str(root), "seconds": 1.5, "writer": number} for number in range(4)
    ]
    readers = [{"do": "read_for", "root": str(root), "seconds": 1.5}] * 8
    answers = zygote(*writers, *readers)
    assert None not in answers
    assert all(answer["written"] > 0 for answer in answers[:4])
    assert all(answer["reads"] > 0 for answer in answers[4:])
    assert [answer["bad"] for answer in answers[4:]] == [0] * 8
    assert {answer["quarantined"] for answer in answers[4:]} == {0}
    with Store(root) as store:
        assert store.verify().damaged == ()
        assert not list(root.glob("*/*/.tmp-*"))


def test_eight_processes_that_miss_one_key_cause_one_call(tmp_path: Path, zygote: Callable[..., Any]) -> None:
    for attempt in range(2):
        root, calls = tmp_path / f"data-{attempt}", tmp_path / f"calls-{attempt}"
        command = {"do": "get_once", "root": str(root), "calls": str(calls), "start": time.time() + 0.2}
        answers = zygote(*[command] * 8)
        assert [answer["rows"] for answer in answers] == [12] * 8
        assert sum(answer["fetched"] for answer in answers) == 1
        assert calls.read_text().splitlines() == ["call"]


def test_lock_of_a_key_is_seen_by_other_processes_and_ends_with_its_holder(
    tmp_path: Path, zygote: Callable[..., Any]
) -> None:
    root = tmp_path / "data"
    asked = {"do": "try_lock", "root": str(root), "keys": ["SPY", "QQQ"]}
    with Store(root) as store:
        with store.locks.try_acquire(*SANDBOX, ["SPY", "IWM"]) as lease:
            assert lease.keys == ("SPY", "IWM")
            assert zygote(asked) == [{"free": ["QQQ"], "busy": ["SPY"]}]
        assert zygote(asked) == [{"free": ["SPY", "QQQ"], "busy": []}]
        holder = {"do": "hold_forever", "root": str(root), "key": "SPY", "kill_after_s": 0.0}
        assert zygote(holder) == [None]
        assert store.locks.try_acquire(*SANDBOX, ["SPY"]).keys == ("SPY",)


def test_child_has_a_seat_and_locks_of_its_own(tmp_path: Path) -> None:
    """A fork must not share the temporary names of its parent, nor take its seat away when it ends."""
    code = """
import os, sys
from pathlib import Path
from ttapi_platform.store import Store
store = Store(Path(sys.argv[1]))
lease = store.locks.try_acquire("a", "b", ["k"])
mine = store._seat.temporary(Path()).name.rsplit("-", 1)[0]
child = os.fork()
if child == 0:
    theirs = store._seat.temporary(Path()).name.rsplit("-", 1)[0]
    assert theirs != mine, (theirs, mine)
    assert store.locks.try_acquire("a", "b", ["k", "free"]).keys == ("free",)
    sys.exit(0)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert [path.name for path in (store.root / ".writers").iterdir()] == [mine.removeprefix(".tmp-")]
assert store.locks.try_acquire("a", "b", ["k"]).busy == ("k",)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data" / ".writers").iterdir()) == []
