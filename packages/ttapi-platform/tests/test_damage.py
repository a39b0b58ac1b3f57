# SPDX-License-Identifier: Apache-2.0
"""Entries that are not what they were when they were written: never served, never fatal, put into quarantine."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ttapi_core import CorruptEntryError
from ttapi_platform.manifests import entry_name
from ttapi_platform.segments import parquet_bytes
from ttapi_platform.store import Store

SANDBOX = ("sandbox", "eod_data")
MUTANTS = 1000

Mutation = Callable[[bytes, random.Random], bytes]


def flip_bits(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 8])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(content: bytes, chance: random.Random) -> bytes:
    return content[
        : chance.choice([0, 4, len(content) - 1, len(content) - 8, chance.randrange(len(content))])
    ]


def zero_block(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    length = min(chance.choice([16, 512, 4096]), len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


def overwrite(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    garbage = chance.randbytes(chance.randrange(1, 64))[: len(content) - start]
    return content[:start] + garbage + content[start + len(garbage) :]


def footer_edge(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    changed[-chance.randrange(1, 13)] = chance.randrange(256)
    return bytes(changed)


def append(content: bytes, chance: random.Random) -> bytes:
    return content + chance.randbytes(chance.choice([1, 100]))


def edit_number(content: bytes, chance: random.Random) -> bytes:
    digits = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
    at = chance.choice(digits)
    return content[:at] + str((int(chr(content[at])) + 1) % 10).encode() + content[at + 1 :]


MUTATIONS: list[Mutation] = [flip_bits, truncate, zero_block, overwrite, footer_edge, append]


@pytest.mark.parametrize("part", range(4))
def test_mutated_entry_is_never_served_and_never_fatal(tmp_path: Path, sample: Any, part: int) -> None:
    """1,000 mutants in four parts: what is served is right, what is not is in quarantine, nothing is raised."""
    chance = random.Random(part)
    original = tmp_path / "original"
    with sample.store(original) as store:
        items = [sample.item(f"S{number:02d}", 1.5 * number, rows=60) for number in range(12)]
        store.write(*SANDBOX, sample.entry(*items))
        expected = store.read(*SANDBOX)
    caught = 0
    for number in range(MUTANTS // 4):
        root = tmp_path / f"mutant-{number}"
        shutil.copytree(original, root)
        damaged = mutate(root, chance)
        with sample.store(root) as store:
            reader = chance.choice([read, read_one, load_all, scan, verify_records])
            seen = reader(store)
            assert seen is None or not seen.width or is_part(seen, expected)
            assert not damaged or store.verify().damaged or store.stats().quarantined
            if damaged:
                assert store.read(*SANDBOX).is_empty()
                assert dict(store.records(*SANDBOX)) == {}
                store.write(*SANDBOX, sample.entry(*items))
            assert store.read(*SANDBOX).equals(expected)
        caught += damaged
        shutil.rmtree(root)
    assert caught > MUTANTS // 4 * 0.8


def is_part(seen: pl.DataFrame, expected: pl.DataFrame) -> bool:
    return seen.equals(expected.filter(pl.col("symbol").is_in(seen["symbol"].unique().to_list())))


def mutate(root: Path, chance: random.Random) -> bool:
    """Change a file of the entry; say whether its content is another one now."""
    (entry,) = root.glob("*/*/*")
    path = entry / chance.choice(["data.parquet"] * 6 + ["data.csv", "manifest.json", "manifest.json"])
    if chance.random() < 0.05:
        path.unlink()
        return True
    mutations = [*MUTATIONS, edit_number] if path.suffix == ".json" else MUTATIONS
    before = path.read_bytes()
    after = chance.choice(mutations)(before, chance)
    path.write_bytes(after)
    return before != after


def read(store: Store) -> pl.DataFrame:
    return store.read(*SANDBOX)


def read_one(store: Store) -> pl.DataFrame:
    return store.read(*SANDBOX, ["S07"])


def scan(store: Store) -> pl.DataFrame | None:
    try:
        frame = store.scan(*SANDBOX).collect()
    except CorruptEntryError:
        return None
    return frame if frame.width else None


def load_all(store: Store) -> pl.DataFrame | None:
    try:
        return store.load(store.records(*SANDBOX).values())
    except CorruptEntryError:
        return None


def verify_records(store: Store) -> pl.DataFrame | None:
    records = store.records(*SANDBOX, verify=True)
    return store.load(records.values()) if records else None


@pytest.fixture
def damaged(store: Store, sample: Any) -> Path:
    """An entry that holds the only generation of SPY and the newest of QQQ, with a flipped bit."""
    store.write(*SANDBOX, sample.entry(sample.item("QQQ", 1)))
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 2), sample.item("QQQ", 2)))
    (entry,) = (path.parent for path in store.root.glob("*/*/*/data.csv") if "SPY" in path.read_text())
    content = bytearray((entry / "data.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (entry / "data.parquet").write_bytes(content)
    return entry


def test_damage_brings_back_the_older_generation_and_forgets_the_rest(store: Store, damaged: Path) -> None:
    assert store.read(*SANDBOX)["close"].to_list() == [1, 2, 3]
    assert set(store.records(*SANDBOX)) == {"QQQ"}


def test_damaged_entry_is_quarantined_with_the_reason(store: Store, damaged: Path) -> None:
    store.read(*SANDBOX)
    moved = store.root / ".quarantine" / "sandbox" / "eod_data" / damaged.name
    assert not damaged.exists()
    reason = json.loads((moved / "reason.json").read_text())
    assert reason["entry"] == damaged.name
    assert "digest differs" in reason["reason"]
    assert {path.name for path in moved.iterdir()} == {
        "data.csv",
        "data.parquet",
        "manifest.json",
        "reason.json",
    }
    assert store.stats().quarantined == 1


def test_records_are_verified_on_demand_only(store: Store, damaged: Path) -> None:
    assert set(store.records(*SANDBOX)) == {"QQQ", "SPY"}
    assert set(store.records(*SANDBOX, verify=True)) == {"QQQ"}


def test_verify_names_what_is_damaged(store: Store, damaged: Path) -> None:
    report = store.verify()
    assert report.entries == 2
    (found,) = report.damaged
    assert (found.provider, found.dataset, found.entry) == (*SANDBOX, damaged.name)
    assert "data.parquet" in found.reason
    assert store.verify().entries == 1


def test_load_of_a_damaged_record_is_a_corrupt_entry_error(store: Store, damaged: Path) -> None:
    with pytest.raises(CorruptEntryError, match=damaged.name):
        store.load(store.records(*SANDBOX).values())


def test_damage_after_a_read_is_noticed_by_the_next_one(store: Store, sample: Any) -> None:
    """The digest is verified once for an unchanged file, and again when the file is another one."""
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 4)))
    (parquet,) = store.root.glob("*/*/*/data.parquet")
    tables = (parquet_bytes(sample.frame("SPY", value)) for value in range(5, 1000))
    other = next(table for table in tables if len(table) == parquet.stat().st_size)
    assert store.read(*SANDBOX)["close"][0] == 4
    store.memory.clear()
    parquet.write_bytes(other)  # a table without a fault, but not this one
    assert store.read(*SANDBOX).is_empty()


def test_damaged_entry_that_cannot_be_moved_is_not_served_either(store: Store, damaged: Path) -> None:
    (store.root / ".quarantine").write_text("in the way")
    assert store.read(*SANDBOX)["close"].to_list() == [1, 2, 3]
    assert damaged.exists()
    assert set(store.records(*SANDBOX)) == {"QQQ"}


def test_quarantine_keeps_the_newest_only(store: Store, sample: Any) -> None:
    shelf = store.root / ".quarantine" / "sandbox" / "eod_data"
    for number in range(70):
        (shelf / f"20260101T0000{number:02d}.000000Z-0000000000000000").mkdir(parents=True)
    assert store.sweep().quarantined == 6
    assert min(path.name for path in shelf.iterdir()).startswith("20260101T000006")
    assert store.clear() == 64


def swapped(entry: Path) -> None:
    """Put the entry into another dataset."""
    target = entry.parent.with_name("quotes")
    target.mkdir()
    entry.rename(target / entry.name)


def edited(**changes: Any) -> Callable[[Path], None]:
    """Rewrite the manifest and name the entry after it, as somebody would who knows how."""

    def edit(entry: Path) -> None:
        manifest = json.loads((entry / "manifest.json").read_text())
        for name, value in changes.items():
            target = manifest if name in manifest else manifest["records"][0]
            target[name] = value
        content = json.dumps(manifest).encode()
        (entry / "manifest.json").write_bytes(content)
        entry.rename(entry.with_name(entry_name(datetime(2026, 1, 1, tzinfo=UTC), content)))

    return edit


def unparsable(entry: Path) -> None:
    """Give the entry a Parquet file with a right digest and no table in it."""
    content = b"PAR1" + bytes(100) + b"PAR1"
    (entry / "data.parquet").write_bytes(content)
    manifest = json.loads((entry / "manifest.json").read_text())
    manifest["files"]["data.parquet"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edited(files=manifest["files"])(entry)


def replaced_by_directory(entry: Path) -> None:
    (entry / "data.parquet").unlink()
    (entry / "data.parquet").mkdir()


def replaced_by_link(entry: Path) -> None:
    """The right content, but outside of the store: a link could point anywhere tomorrow."""
    outside = entry.parents[3] / "outside.parquet"
    (entry / "data.parquet").rename(outside)
    (entry / "data.parquet").symlink_to(outside)


def replaced_by_pipe(entry: Path) -> None:
    (entry / "manifest.json").unlink()
    os.mkfifo(entry / "manifest.json")


def replaced_by_file(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.write_text("not a directory")


@pytest.mark.parametrize(
    "harm",
    [
        swapped,
        edited(rows=7),
        edited(offset=-1),
        edited(provider="other"),
        edited(offset=1),
        edited(outcome="empty"),
        edited(outcome="stale by hand"),
        edited(fetched_at="2026-01-01T00:00:00"),
        edited(content_hash="no digest"),
        edited(files={}),
        unparsable,
        replaced_by_directory,
        replaced_by_link,
        replaced_by_pipe,
        replaced_by_file,
    ],
)
def test_planted_entry_is_quarantined(store: Store, sample: Any, harm: Callable[[Path], None]) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    (entry,) = store.root.glob("*/*/*Z-*")
    harm(entry)
    reader = Store(store.root)
    for dataset in ("eod_data", "quotes"):
        assert reader.read("sandbox", dataset).is_empty()
        assert not reader.records("sandbox", dataset)
    assert reader.stats().quarantined == 1
    reader.close()
