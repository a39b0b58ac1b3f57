# SPDX-License-Identifier: Apache-2.0
"""Killed, cut off or refused by the disk at any moment: always the old state or the new one, nothing between."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ttapi_core import DiskFullError, StoreError, StoreUnavailableError
from ttapi_platform.disk import Disk
from ttapi_platform.store import Store

SANDBOX = ("sandbox", "eod_data")
KILLS = 100


def frame_of(key: str, version: int) -> pl.DataFrame:
    """Return what `zygote.py` writes."""
    rows = 5 + version % 40
    return pl.DataFrame({"symbol": [key] * rows, "version": [version] * rows, "row": range(rows)})


def test_kill_at_any_moment_leaves_whole_entries_and_no_orphan(
    tmp_path: Path, zygote: Callable[..., Any]
) -> None:
    """What was acknowledged is there, what is there is what its manifest says, and orphans go at the next start."""
    root, log, chance = tmp_path / "data", tmp_path / "log", random.Random(20261120)
    orphans = 0
    for kill in range(KILLS):
        command = {"do": "write_forever", "root": str(root), "log": str(log), "first": 1000 * kill}
        assert zygote(command | {"kill_after_s": chance.uniform(0, 0.04)}) == [None]
        orphans += len(list(root.glob("*/*/.tmp-*")))
        with Store(root) as store:
            assert list(root.glob("*/*/.tmp-*")) == []
            assert len(list((root / ".writers").iterdir())) == 1
            report = store.verify()
            assert report.damaged == ()
            check_contents(store)
            check_acknowledged(store, log)
    assert orphans >= KILLS // 20, "the kills came between the writes, not into them"
    assert len(log.read_text().splitlines()) > KILLS


def check_contents(store: Store) -> None:
    found = store.read(*SANDBOX).partition_by("symbol", as_dict=True)
    records = store.records(*SANDBOX)
    assert {key for (key,) in found} == set(records)
    for (key,), frame in found.items():
        assert frame.equals(frame_of(key, int(records[key].request_id))), key
    for path in store.root.glob("*/*/*/manifest.json"):
        records = json.loads(path.read_text())["records"]
        table = pl.read_csv(path.with_name("data.csv"))
        assert table.height == sum(record["rows"] for record in records)
        assert table["symbol"].unique().sort().to_list() == [record["key"] for record in records]


def check_acknowledged(store: Store, log: Path) -> None:
    """A write that has returned is never lost, although the process was killed right after it."""
    acknowledged: dict[str, int] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        version, _, keys = line.partition(" ")
        acknowledged |= dict.fromkeys(keys.split(","), int(version))
    found = {key: int(record.request_id) for key, record in store.records(*SANDBOX).items()}
    assert all(found.get(key, -1) >= version for key, version in acknowledged.items())


class CutError(BaseException):
    """The process is no more."""


class CrashingDisk(Disk):
    """
    Stops everything before operation ``at``; with ``power`` also forgets what was not made durable.

    Forgetting plays the file systems that reorder: content of files that were not synchronised is torn, names
    in directories that were not synchronised are undone, as far as ``chance`` says.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.undo: list[tuple[str, Path, Path | None]] = []

    def synchronise(self, descriptor: int) -> None:
        """Not waited for: what would be lost is told by `forget`."""

    def step(self, operation: str, path: Path) -> None:
        if self.count >= self.at:
            raise CutError
        self.count += 1
        if operation == "create":
            self.undo += [("name", path, None), ("content", path, None)]
        elif operation == "sync":
            self.undo.remove(("content", path, None))
        elif operation == "make_directory":
            self.undo.append(("name", path, None))
        elif operation == "sync_directory":
            self.undo = [
                entry for entry in self.undo if entry[0] == "content" or (entry[2] or entry[1]).parent != path
            ]

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.undo = [(kind, moved(path, source, target), back) for kind, path, back in self.undo]
        self.undo.append(("rename", source, target))

    def forget(self, chance: random.Random, share: float) -> None:
        for kind, path, target in reversed(self.undo):
            if chance.random() > share:
                continue
            if kind == "rename" and target is not None and target.exists() and not path.exists():
                target.rename(path)
            elif kind == "content" and path.is_file():
                content = path.read_bytes()
                path.write_bytes(content[: len(content) // 2] + b"\0" * (len(content) % 7))
            elif kind == "name" and path.exists():
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def moved(path: Path, source: Path, target: Path) -> Path:
    return target / path.relative_to(source) if path.is_relative_to(source) else path


def old_state(root: Path, sample: Any) -> None:
    with Store(root, generations=2, disk=CrashingDisk(10_000)) as store:
        for value in (1, 2, 3):
            store.write(*SANDBOX, sample.entry(sample.item("SPY", value), sample.item("QQQ", value)))
            store.write(*SANDBOX, sample.entry(sample.item("GLD", value)))


def change(store: Store, sample: Any, done: list[str]) -> None:
    """Write, drop an obsolete entry and merge."""
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 40), sample.item("QQQ", 40)))
    done.append("written")
    store.compact(*SANDBOX, force=True)


def closes(store: Store, key: str) -> list[float]:
    return [store.load([record])["close"][0] for record in store.history(*SANDBOX, key)]


def crashes(tmp_path: Path, sample: Any, share: float | None) -> Iterator[tuple[int, Store, list[str]]]:
    """Crash before operation 0, 1, 2 ... until the change completes; yield each store opened afterwards."""
    old_state(tmp_path / "old", sample)
    for at in range(1000):
        root = tmp_path / f"crash-{at}"
        shutil.copytree(tmp_path / "old", root)
        disk, done, completed = CrashingDisk(at), [], False
        try:
            with Store(root, generations=2, disk=disk) as store:
                change(store, sample, done)
                completed = True
        except CutError:
            pass
        if share is not None:
            disk.forget(random.Random(at), share)
        with Store(root, generations=2, disk=CrashingDisk(10_000)) as store:
            yield at, store, done
        shutil.rmtree(root)
        if completed:
            return
    pytest.fail("never completed")


@pytest.mark.parametrize("share", [None, 1.0, 0.5])
def test_crash_before_each_operation_leaves_the_old_or_the_new_state(
    tmp_path: Path, sample: Any, share: float | None
) -> None:
    """None is a kill; 1.0 a power cut that forgets all that is not durable, 0.5 one that forgets half of it."""
    crashes_seen = 0
    for at, store, done in crashes(tmp_path, sample, share):
        crashes_seen = at
        spy = closes(store, "SPY")
        assert spy in ([[3, 2], [40, 3]] if not done else [[40, 3]]), at
        assert closes(store, "QQQ") == spy, at
        assert closes(store, "GLD") == [3, 2], at
        assert store.verify().damaged == (), at
        assert store.stats().quarantined == 0, at
        assert not list(store.root.glob("*/*/.tmp-*")), at
    assert crashes_seen > 30


class RefusingDisk(Disk):
    """Fails one operation with an error of the operating system."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.code = 0
        self.count = 0

    def arm(self, at: int, code: int) -> None:
        self.at, self.code, self.count = at, code, 0

    def step(self, operation: str, path: Path) -> None:
        if self.at is not None and self.count == self.at:
            self.at = None
            raise OSError(self.code, os.strerror(self.code), str(path))
        self.count += 1


def write_both(store: Store, sample: Any, value: int) -> StoreError | None:
    try:
        store.write(*SANDBOX, sample.entry(sample.item("SPY", value), sample.item("QQQ", value)))
    except StoreError as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EIO, StoreUnavailableError),
        (errno.EACCES, StoreUnavailableError),
        (errno.EROFS, StoreUnavailableError),
        (errno.EMFILE, StoreUnavailableError),
    ],
)
def test_error_at_each_operation_is_a_store_error_and_leaves_no_part(
    tmp_path: Path, sample: Any, code: int, error: type[StoreError]
) -> None:
    """The write is refused or done; the store goes on, also without being opened anew."""
    disk = RefusingDisk()
    with Store(tmp_path / "data", disk=disk) as store:
        for at in range(100):
            before = {key: record.sequence for key, record in store.records(*SANDBOX).items()}
            disk.arm(at, code)
            refusal = write_both(store, sample, at)
            after = {key: record.sequence for key, record in store.records(*SANDBOX).items()}
            if refusal is None:
                assert min(after.values()) > max(before.values(), default=0)
            else:
                assert type(refusal) is error
                assert str(tmp_path) in str(refusal)
                assert after == before or set(after.values()) == {max(after.values())}
                assert not list(store.root.glob("*/*/.tmp-*"))
            assert store.verify().damaged == ()
            if disk.at is not None:
                break  # the write has fewer operations than this
        else:
            pytest.fail("never completed")
        disk.at = None
        store.write(*SANDBOX, sample.entry(sample.item("SPY", 999)))
        assert store.read(*SANDBOX, ["SPY"])["close"][0] == 999
    assert at > 10


def test_full_disk_is_named_and_the_store_is_as_before(tmp_path: Path, sample: Any) -> None:
    """On a real file system of 256 kB, where one may be mounted."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mount)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    try:
        with Store(mount / "data") as store:
            store.write(*SANDBOX, sample.entry(sample.item("SPY")))
            large = sample.item("BIG", frame=pl.DataFrame({"x": random.Random(1).randbytes(400_000).hex()}))
            with pytest.raises(DiskFullError, match="No space left") as caught:
                store.write(*SANDBOX, sample.entry(large))
            assert caught.value.retryable
            assert set(store.records(*SANDBOX)) == {"SPY"}
            assert not list(store.root.glob("*/*/.tmp-*"))
            assert store.verify().damaged == ()
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_file_size_limit_counts_as_full_disk(tmp_path: Path, sample: Any) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    large = sample.item("BIG", frame=pl.DataFrame({"x": random.Random(1).randbytes(400_000).hex()}))
    with Store(tmp_path / "data") as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(DiskFullError, match="File too large"):
                store.write(*SANDBOX, sample.entry(large))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        assert not list(store.root.glob("*/*/*"))


def test_too_many_open_files_are_no_damage(tmp_path: Path, sample: Any) -> None:
    """The store is unavailable for the moment; nothing is quarantined, and afterwards all is there."""
    resource = pytest.importorskip("resource")
    with Store(tmp_path / "data") as store:
        store.write(*SANDBOX, sample.entry(sample.item("SPY")))
        reader = Store(store.root, read_only=True)
        reader.records(*SANDBOX)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            with pytest.raises(StoreUnavailableError, match="Too many open files"):
                reader.read(*SANDBOX)
            with pytest.raises(StoreUnavailableError, match="Too many open files"):
                store.verify()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert reader.read(*SANDBOX).equals(store.read(*SANDBOX))
        assert store.stats().quarantined == 0


def test_orphans_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path, sample: Any) -> None:
    root = tmp_path / "data"
    with Store(root) as living:
        living.write(*SANDBOX, sample.entry(sample.item("SPY")))
        seat = next((root / ".writers").iterdir()).name
        mine, dead = (
            root / "sandbox" / "eod_data" / f".tmp-{writer}-7" for writer in (seat, "99-" + "0" * 16)
        )
        for path in (mine, dead):
            path.mkdir()
            (path / "data.csv").write_text("half")
        (root / ".writers" / "98-1111111111111111").touch()
        with Store(root) as other:
            assert mine.exists()
            assert not dead.exists()
            assert {path.name for path in (root / ".writers").iterdir()} >= {seat}
            assert not (root / ".writers" / "98-1111111111111111").exists()
            assert other.sweep().orphans == 0
        living.close()
        with Store(root) as later:
            assert not mine.exists()
            assert later.read(*SANDBOX).height == 3
