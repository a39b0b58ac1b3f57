# SPDX-License-Identifier: Apache-2.0
"""The store: what is written is read, the newest record wins, generations are kept, names are safe."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import (
    CorruptEntryError,
    DataError,
    ManualClock,
    Outcome,
    ParameterError,
    StoreUnavailableError,
    UnknownNameError,
    UsageError,
)
from ttapi_platform.manifests import entry_name
from ttapi_platform.store import Store

SANDBOX = ("sandbox", "eod_data")


def test_write_then_read_returns_the_rows_sorted_by_key(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 5), sample.item("AAPL", 2)))
    assert_frame_equal(store.read(*SANDBOX), pl.concat([sample.frame("AAPL", 2), sample.frame("SPY", 5)]))


def test_write_returns_the_records_that_are_then_found(store: Store, sample: Any) -> None:
    written = store.write(*SANDBOX, sample.entry(sample.item("SPY"), sample.item("AAPL")))
    assert {record.key: record for record in written} == dict(store.records(*SANDBOX))


def test_record_carries_all_that_the_draft_said(store: Store, sample: Any) -> None:
    item = sample.item(
        "SPY",
        since=date(2025, 1, 2),
        upstream={"trading_days/XNYS": "ab"},
        request_id="req-1",
        skipped=("row 7: no date",),
        skipped_count=3,
        attempts=2,
    )
    (record,) = store.write(*SANDBOX, sample.entry(item, schema_version=4))
    found = Store(store.root, read_only=True).record(*SANDBOX, "SPY")
    assert found == record
    assert (record.schema_version, record.run_id, record.request_id) == (4, "run-1", "req-1")
    assert (record.since, record.upstream) == (date(2025, 1, 2), {"trading_days/XNYS": "ab"})
    assert (record.skipped, record.skipped_count, record.attempts) == (("row 7: no date",), 3, 2)
    assert (record.fetched_at, record.known_at, record.rows) == (sample.START, sample.START, 3)


def test_all_column_types_of_the_datasets_survive(store: Store, sample: Any) -> None:
    frame = pl.DataFrame(
        {
            "account_number": ["5WX\n01", 'say "hi", you'],
            "cash_balance": [Decimal("12.345"), None],
            "opened_at": [datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=UTC), None],
            "day": [date(1990, 1, 2), None],
            "flag": [True, None],
            "count": [2**40, None],
            "price": [0.1 + 0.2, float("inf")],
        }
    )
    store.write("sandbox", "accounts", sample.entry(sample.item("5WX01", frame=frame)))
    assert_frame_equal(store.read("sandbox", "accounts"), frame)


def test_csv_holds_the_same_rows_with_one_header(store: Store, sample: Any) -> None:
    store.write(
        *SANDBOX, sample.entry(sample.item("SPY", 5), sample.item("AAPL", 2), sample.item("X", rows=0))
    )
    (path,) = store.root.glob("*/*/*/data.csv")
    assert_frame_equal(pl.read_csv(path, try_parse_dates=True), store.read(*SANDBOX))


def test_newest_record_wins_and_older_entry_is_untouched(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(f"S{number}") for number in range(50))))
    before = sample.tree(store.root)
    store.write(*SANDBOX, sample.entry(sample.item("S7", 100)))
    assert before < sample.tree(store.root)
    assert store.read(*SANDBOX, ["S7"])["close"].to_list() == [100, 101, 102]
    assert store.read(*SANDBOX).height == 150


def test_newest_write_wins_although_the_clock_was_set_back(
    store: Store, clock: ManualClock, sample: Any
) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 1)))
    clock.set_wall_time(sample.START - timedelta(days=300))
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 2)))
    assert store.read(*SANDBOX)["close"][0] == 2


def test_empty_outcome_is_a_record_without_rows(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY"), sample.item("NONE", rows=0)))
    record = store.record(*SANDBOX, "NONE")
    assert record is not None
    assert (record.outcome, record.rows) == (Outcome.EMPTY, 0)
    assert store.read(*SANDBOX, ["NONE"]).shape == (0, 3)


def test_entry_of_empty_records_only_keeps_them(store: Store, sample: Any) -> None:
    item = sample.item("NONE", rows=0, frame=None)
    store.write(*SANDBOX, sample.entry(item))
    assert store.get(*SANDBOX, "NONE") is not None
    assert store.read(*SANDBOX).is_empty()
    assert store.verify().damaged == ()


def test_empty_record_hides_the_rows_of_the_older_one(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    store.write(*SANDBOX, sample.entry(sample.item("SPY", rows=0, frame=None)))
    assert store.read(*SANDBOX).is_empty()


def test_generations_beyond_the_kept_ones_go_with_their_entries(
    store: Store, clock: ManualClock, sample: Any
) -> None:
    for value in range(6):
        clock.advance(60)
        store.write(*SANDBOX, sample.entry(sample.item("SPY", value)))
    history = store.history(*SANDBOX, "SPY")
    assert [record.known_at for record in history] == [sample.START + timedelta(minutes=m) for m in (6, 5, 4)]
    assert len(list(store.root.glob("*/*/*/manifest.json"))) == 3


def test_entry_stays_while_one_of_its_keys_needs_it(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 0), sample.item("QQQ", 9)))
    for value in range(5):
        store.write(*SANDBOX, sample.entry(sample.item("SPY", value)))
    assert store.read(*SANDBOX, ["QQQ"])["close"][0] == 9
    assert len(store.history(*SANDBOX, "SPY")) == 3


def test_as_of_shows_what_was_known_then(store: Store, clock: ManualClock, sample: Any) -> None:
    for value in range(3):
        store.write(*SANDBOX, sample.entry(sample.item("SPY", value)))
        clock.advance(60)
    at = [sample.START + timedelta(seconds=seconds) for seconds in (-1, 0, 59, 60, 3600)]
    seen = [store.read(*SANDBOX, as_of=moment) for moment in at]
    assert [frame["close"][0] if frame.height else None for frame in seen] == [None, 0, 0, 1, 2]


def test_as_of_without_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        store.read(*SANDBOX, as_of=datetime(2026, 1, 2))  # noqa: DTZ001 - the point of the test


def test_read_of_some_keys_and_columns(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(f"S{number:03d}", number) for number in range(100))))
    store.write(*SANDBOX, sample.entry(sample.item("S050", 1000)))
    frame = store.read(*SANDBOX, ["S051", "S003", "S050", "unheard of"], columns=["close", "symbol"])
    assert frame.columns == ["close", "symbol"]
    assert frame["symbol"].to_list() == ["S003"] * 3 + ["S050"] * 3 + ["S051"] * 3
    assert frame["close"].to_list()[::3] == [3, 1000, 51]


def test_read_of_an_unknown_column_names_those_that_exist(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    with pytest.raises(UnknownNameError, match="symbol, date, close") as caught:
        store.read(*SANDBOX, columns=["symbol", "delta"])
    assert caught.value.known == ("symbol", "date", "close")


def test_read_of_nothing_is_an_empty_frame(store: Store) -> None:
    assert store.read(*SANDBOX).shape == (0, 0)
    assert store.scan(*SANDBOX).collect().shape == (0, 0)
    assert dict(store.records(*SANDBOX)) == {}
    assert store.get(*SANDBOX, "SPY") is None
    assert store.load([]).is_empty()


def test_rows_of_an_older_schema_get_null_in_new_columns(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("OLD")))
    newer = sample.frame("NEW").with_columns(vwap=pl.lit(1.5))
    store.write(*SANDBOX, sample.entry(sample.item("NEW", frame=newer), schema_version=2))
    frame = store.read(*SANDBOX, columns=["symbol", "vwap"])
    assert frame["vwap"].to_list() == [1.5] * 3 + [None] * 3


def test_schemas_that_do_not_fit_together_are_a_data_error(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("OLD")))
    other = sample.frame("NEW").with_columns(date=pl.lit([1]), close=pl.lit(True))
    other = other.with_columns(date=pl.lit(b"x").cast(pl.String).cast(pl.Categorical))
    store.write(*SANDBOX, sample.entry(sample.item("NEW", frame=other), schema_version=2))
    with pytest.raises(DataError, match="schema versions"):
        store.read(*SANDBOX)


def test_scan_outlives_the_entries_it_was_planned_on(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(f"S{number}", number) for number in range(5))))
    store.write(*SANDBOX, sample.entry(sample.item("S3", 77)))
    expected = store.read(*SANDBOX)
    plans = [store.scan(*SANDBOX), store.scan(*SANDBOX)]  # the second one on files known to be good
    assert store.clear() == 2
    for plan in plans:
        assert_frame_equal(plan.collect(), expected)


def test_load_reads_these_records_or_fails(store: Store, sample: Any) -> None:
    (old,) = store.write(*SANDBOX, sample.entry(sample.item("SPY", 1)))
    store.write(*SANDBOX, sample.entry(sample.item("SPY", 2)))
    assert store.load([old])["close"][0] == 1
    store.memory.clear()
    store.clear()
    with pytest.raises(CorruptEntryError, match="no longer"):
        store.load([old])


def test_load_of_two_datasets_is_refused(store: Store, sample: Any) -> None:
    records = [
        store.write("sandbox", name, sample.entry(sample.item("SPY")))[0] for name in ("quotes", "symbols")
    ]
    with pytest.raises(ParameterError, match="one dataset"):
        store.load(records)


def test_second_read_is_served_from_memory_and_is_the_callers_own(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    first = store.read(*SANDBOX)
    first[0, "close"] = -1.0
    assert store.read(*SANDBOX)["close"][0] == 1.0
    assert store.memory.statistics.hits == 1


def test_another_store_sees_what_was_written_at_once(store: Store, sample: Any) -> None:
    other = Store(store.root, read_only=True)
    for value in range(5):
        store.write(*SANDBOX, sample.entry(sample.item("SPY", value)))
        assert other.read(*SANDBOX)["close"][0] == value


def test_content_hash_follows_rows_columns_and_schema_version_only(store: Store, sample: Any) -> None:
    def hashed(version: int, frame: pl.DataFrame, neighbours: int = 0) -> str:
        items = [sample.item(f"A{number}") for number in range(neighbours)]
        items.append(sample.item("SPY", frame=frame))
        records = store.write(
            "sandbox", f"d{version}-{len(items)}", sample.entry(*items, schema_version=version)
        )
        return records[-1].content_hash

    frame = sample.frame("SPY")
    base = hashed(1, frame)
    assert hashed(1, frame.clone()) == base
    assert hashed(1, frame, neighbours=3) == base
    assert hashed(2, frame) != base
    assert hashed(1, frame.with_columns(close=pl.col("close") + 1e-12)) != base
    assert hashed(1, frame.rename({"close": "last"})) != base


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(), min_size=1, max_size=6), slow=st.booleans())
def test_content_hash_is_of_the_keys_own_lines(
    texts: list[str], slow: bool, tmp_path: Path, sample: Any
) -> None:
    """Formatting all keys at once and each alone give the same text, whatever the cells hold."""
    columns = {"text": texts + (["line\nbreak"] if slow else [])}
    item = sample.item("SPY", frame=pl.DataFrame(columns))
    with sample.store(tmp_path / "d") as store:
        alone = store.write("sandbox", "alone", sample.entry(item))[0]
        beside = sample.item("AAPL", frame=pl.DataFrame({"text": ["a", None, ""]}))
        together = store.write("sandbox", "together", sample.entry(item, beside))[1]
        assert alone.content_hash == together.content_hash
        assert_frame_equal(store.read("sandbox", "together", ["SPY"]), pl.DataFrame(columns))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.sets(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=300),
        min_size=1,
        max_size=5,
    )
)
def test_any_key_stays_inside_the_store(keys: set[str], tmp_path: Path, sample: Any) -> None:
    hostile = keys | {"../../etc/passwd", "/abs", "CON", "a" * 10_000, "con.", "BRK/B", "brk/b"}
    with sample.store(tmp_path / "inside") as store:
        store.write(
            *SANDBOX, sample.entry(*(sample.item(key, number) for number, key in enumerate(sorted(hostile))))
        )
        assert set(store.records(*SANDBOX)) == hostile
        for number, key in enumerate(sorted(hostile)):
            assert store.read(*SANDBOX, [key])["close"][0] == number
        assert {path.name for path in tmp_path.iterdir()} == {"inside"}
        assert all(len(path.name) < 60 for path in tmp_path.rglob("*"))
        store.clear()


@pytest.mark.parametrize("key", ["", "a\nb", "a\0b", "\x1b[31m", "\u2028"])
def test_key_with_control_characters_is_refused(key: str, sample: Any) -> None:
    with pytest.raises(ParameterError, match="key"):
        sample.item(key)


@pytest.mark.parametrize(
    "name", ["", "..", "../up", "a/b", "A", ".quarantine", "con", "lpt1", "x" * 65, "a b", "é"]
)
def test_name_that_is_no_safe_folder_is_refused(store: Store, sample: Any, name: str) -> None:
    with pytest.raises(ParameterError, match="provider"):
        store.records(name, "quotes")
    with pytest.raises(ParameterError, match="dataset"):
        store.write("sandbox", name, sample.entry(sample.item("SPY")))


def test_age_is_counted_in_utc_across_daylight_saving(store: Store, sample: Any) -> None:
    """Two wall times of one zone, 2:00 apart on the clock and 1:00 in truth."""
    zone = ZoneInfo("America/New_York")
    before, after = datetime(2026, 3, 8, 1, 30, tzinfo=zone), datetime(2026, 3, 8, 3, 30, tzinfo=zone)
    (record,) = store.write(*SANDBOX, sample.entry(sample.item("SPY", fetched_at=before)))
    assert record.age(after) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(minutes=4, seconds=59), True),
        (timedelta(minutes=5), False),
        (timedelta(days=400), False),
        (timedelta(microseconds=-1), False),
        (timedelta(hours=-1), False),
        (timedelta(days=-1), False),
    ],
)
def test_record_is_fresh_within_its_time_to_live_only(
    store: Store, sample: Any, age: timedelta, fresh: bool
) -> None:
    (record,) = store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    assert record.is_fresh(sample.START + age, timedelta(minutes=5)) is fresh


def test_age_does_not_follow_the_files_time(store: Store, sample: Any) -> None:
    (record,) = store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    for path in store.root.rglob("*"):
        os.utime(path, (4e9, 4e9))
    found = Store(store.root, read_only=True).record(*SANDBOX, "SPY")
    assert found == record


def test_age_without_time_zone_is_refused(store: Store, sample: Any) -> None:
    (record,) = store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    with pytest.raises(ParameterError, match="time zone"):
        record.age(datetime(2026, 1, 2))  # noqa: DTZ001 - the point of the test


def test_many_small_entries_are_merged_and_nothing_changes(
    store: Store, clock: ManualClock, sample: Any
) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(f"S{number:02d}", number) for number in range(40))))
    for number in range(40):
        clock.advance(60)
        store.write(*SANDBOX, sample.entry(sample.item(f"S{number % 20:02d}", 100 + number)))
    store.write(*SANDBOX, sample.entry(sample.item("S39", rows=0, frame=None)))
    moments = [None, sample.START + timedelta(minutes=10), sample.START + timedelta(minutes=30)]
    before = [store.read(*SANDBOX, as_of=moment) for moment in moments]
    history = {key: store.history(*SANDBOX, key) for key in store.records(*SANDBOX)}

    assert store.compact(*SANDBOX) == 42
    store.memory.clear()

    assert store.stats().datasets[0].entries == 3
    for moment, frame in zip(moments, before, strict=True):
        assert_frame_equal(store.read(*SANDBOX, as_of=moment), frame)
    for key, records in history.items():
        assert [unplaced(record) for record in store.history(*SANDBOX, key)] == [unplaced(r) for r in records]
    assert store.verify().damaged == ()


def unplaced(record: Any) -> dict[str, Any]:
    facts = {name: getattr(record, name) for name in record.__struct_fields__}
    return {name: value for name, value in facts.items() if name not in ("entry", "offset")}


def test_merging_waits_until_there_are_many(store: Store, sample: Any) -> None:
    for number in range(32):
        store.write(*SANDBOX, sample.entry(sample.item(f"S{number}")))
    assert store.compact(*SANDBOX) == 0
    store.write(*SANDBOX, sample.entry(sample.item("ONE MORE")))
    assert store.compact(*SANDBOX) == 33
    assert store.compact(*SANDBOX, force=True) == 0


def test_merging_leaves_the_dataset_to_another_process_that_merges_it(store: Store, sample: Any) -> None:
    for number in range(3):
        store.write(*SANDBOX, sample.entry(sample.item(f"S{number}")))
    with store.locks.try_acquire(*SANDBOX, ["\0compaction"]):
        assert store.compact(*SANDBOX, force=True) == 0
    assert store.compact(*SANDBOX, force=True) == 3


def test_merging_after_the_clock_was_set_back_ends(store: Store, clock: ManualClock, sample: Any) -> None:
    for number in range(4):
        store.write(*SANDBOX, sample.entry(sample.item(f"S{number}")))
    clock.set_wall_time(sample.START - timedelta(days=300))
    assert store.compact(*SANDBOX, force=True) == 4
    assert store.stats().datasets[0].entries == 1


def test_a_program_that_never_ends_a_run_is_merged_for(tmp_path: Path, sample: Any) -> None:
    with sample.store(tmp_path / "d") as store:
        for number in range(130):
            store.write(*SANDBOX, sample.entry(sample.item(f"S{number:03d}", number)))
        assert store.stats().datasets[0].entries < 32
        assert store.read(*SANDBOX)["close"].to_list()[::3] == list(range(130))


def test_stats_count_what_there_is(store: Store, clock: ManualClock, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY"), sample.item("QQQ", rows=2)))
    clock.advance(60)
    store.write(*SANDBOX, sample.entry(sample.item("SPY", fetched_at=clock.now())))
    store.write("files", "quotes", sample.entry(sample.item("SPY")))
    files, found = store.stats().datasets
    assert (files.provider, files.dataset, found.provider, found.dataset) == ("files", "quotes", *SANDBOX)
    assert (found.keys, found.rows, found.records, found.entries) == (2, 5, 3, 2)
    assert (found.fetched_first, found.fetched_last) == (sample.START, clock.now())
    assert store.stats().size_bytes == sum(path.stat().st_size for path in store.root.glob("*/*/*/data.*"))
    assert (store.providers(), store.datasets("files"), store.datasets("nobody")) == (
        ("files", "sandbox"),
        ("quotes",),
        (),
    )


def test_clear_removes_what_is_named(store: Store, sample: Any) -> None:
    for provider, dataset in [("a", "quotes"), ("a", "symbols"), ("b", "quotes")]:
        store.write(provider, dataset, sample.entry(sample.item("SPY")))
    assert store.clear("a", "quotes") == 1
    assert not store.records("a", "quotes")
    assert store.clear("b") == 1
    assert store.records("a", "symbols")
    assert store.clear() == 1
    assert sample.tree(store.root) == set()


def test_root_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    with Store(tmp_path / "deep" / "data") as store:
        assert stat.S_IMODE(store.root.stat().st_mode) == 0o700


def test_root_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(StoreUnavailableError, match="file") as caught:
            Store(root)
        assert isinstance(caught.value, OSError)


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize(("mode", "read_only"), [(0o555, False), (0o000, True)])
def test_root_that_may_not_be_used_is_unavailable(tmp_path: Path, mode: int, read_only: bool) -> None:
    """In a process of its own that gives up being root, if it is: root may read and write everything."""
    code = f"""
import os, sys
from pathlib import Path
from ttapi_core.errors import StoreUnavailableError
from ttapi_platform.manifests import entry_name
from ttapi_platform.store import Store
root = Path(sys.argv[1])
os.chdir(root.parent)
if os.geteuid() == 0:
    os.chown(root, 65534, 65534)
    os.setuid(65534)
os.chmod("data", {mode})
try:
    Store(Path("data"), read_only={read_only})
except StoreUnavailableError as error:
    print(error)
"""
    (tmp_path / "data").mkdir(mode=0o777)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "data"], capture_output=True, text=True, check=True
    )
    assert "data: Permission denied" in done.stdout


def test_read_only_store_changes_nothing(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    (parquet,) = store.root.glob("*/*/*/data.parquet")
    parquet.write_bytes(b"rotten")
    before = sample.tree(store.root)
    reader = Store(store.root, read_only=True)
    assert reader.read(*SANDBOX).is_empty()
    for change in (
        reader.sweep,
        reader.clear,
        lambda: reader.write(*SANDBOX, sample.entry(sample.item("X"))),
    ):
        with pytest.raises(UsageError, match="read-only"):
            change()
    assert sample.tree(store.root) == before


def test_read_only_store_without_directory_is_empty(tmp_path: Path) -> None:
    reader = Store(tmp_path / "nothing", read_only=True)
    assert (reader.providers(), reader.stats().datasets) == ((), ())
    assert not (tmp_path / "nothing").exists()


def test_closed_store_refuses_to_write_and_still_reads(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    store.close()
    store.close()
    with pytest.raises(UsageError, match="closed"):
        store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    assert store.read(*SANDBOX).height == 3
    assert list((store.root / ".writers").iterdir()) == []


def test_generations_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="generations"):
        Store(tmp_path, generations=0)


def test_entry_of_a_newer_release_is_left_alone(store: Store, sample: Any) -> None:
    """Its format is unknown here: it is not served, and not mistaken for damage."""
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    (entry,) = store.root.glob("*/*/*Z-*")
    content = json.loads((entry / "manifest.json").read_text()) | {"format_version": 99}
    replant(entry, json.dumps(content).encode())
    reader = Store(store.root)
    assert reader.read(*SANDBOX).is_empty()
    assert (reader.stats().quarantined, reader.verify().damaged) == (0, ())
    reader.write(*SANDBOX, sample.entry(sample.item("SPY", 2)))
    assert reader.read(*SANDBOX)["close"][0] == 2
    reader.close()


def replant(entry: Path, manifest: bytes) -> None:
    """Give an entry another manifest, and the name that goes with it."""
    (entry / "manifest.json").write_bytes(manifest)
    entry.rename(entry.with_name(entry_name(datetime(2026, 1, 1, tzinfo=UTC), manifest)))


@pytest.mark.skipif(sys.platform != "linux", reason="what is in /proc")
def test_reading_leaves_no_descriptor_open(store: Store, sample: Any) -> None:
    for number in range(5):
        store.write(*SANDBOX, sample.entry(sample.item(f"S{number}")))
    store.read(*SANDBOX)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        store.memory.clear()
        store.read(*SANDBOX)
        store.verify()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
