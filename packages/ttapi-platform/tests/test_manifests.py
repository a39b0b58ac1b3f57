# SPDX-License-Identifier: Apache-2.0
"""Manifests: what is written is read, and nothing in them changes unnoticed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import CorruptEntryError, Outcome
from ttapi_platform.manifests import (
    FileFacts,
    Manifest,
    Record,
    RecordFacts,
    decode_manifest,
    encode_manifest,
    entry_name,
    facts_of_record,
    is_entry_name,
    records_of,
)
from ttapi_platform.store import Store

DIGEST = "ab" * 32
instants = st.datetimes(
    timezones=st.just(UTC),
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - bounds are without a zone, by contract
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - as above
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    records, offset = [], 0
    for key in draw(st.lists(st.text(min_size=1, max_size=9), max_size=4)):
        rows = draw(st.integers(0, 1000))
        records.append(
            RecordFacts(
                key=key,
                rows=rows,
                offset=offset,
                sequence=draw(st.integers(0, 2**40)),
                content_hash=DIGEST,
                fetched_at=draw(instants),
                known_at=draw(instants),
                outcome=Outcome.FRESH if rows else Outcome.EMPTY,
                run_id=draw(st.text(max_size=9)),
                since=draw(st.none() | st.dates()),
                upstream=draw(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)),
                skipped=tuple(draw(st.lists(st.text(max_size=9), max_size=2))),
            )
        )
        offset += rows
    return Manifest(
        format_version=1,
        provider="sandbox",
        dataset="quotes",
        schema_version=draw(st.integers(1, 9)),
        run_id="run",
        created=draw(instants),
        writer="1-0",
        files={
            "data.parquet": FileFacts(size=1, sha256=DIGEST),
            "data.csv": FileFacts(size=2, sha256=DIGEST),
        },
        rows=offset,
        records=tuple(records),
    )


@given(manifest=manifests())
def test_manifest_survives_the_round_trip(manifest: Manifest) -> None:
    content = encode_manifest(manifest)
    name = entry_name(manifest.created, content)
    assert is_entry_name(name)
    assert decode_manifest(content, name) == manifest


@given(manifest=manifests(), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_changed_bit_is_noticed(manifest: Manifest, at: float, bit: int) -> None:
    content = bytearray(encode_manifest(manifest))
    name = entry_name(manifest.created, bytes(content))
    content[int(at * len(content))] ^= 1 << bit
    with pytest.raises(CorruptEntryError, match="digest"):
        decode_manifest(bytes(content), name)


@given(manifest=manifests())
def test_record_moves_to_another_entry_unchanged(manifest: Manifest) -> None:
    for facts, record in zip(manifest.records, records_of(manifest, "entry"), strict=True):
        assert facts_of_record(record, facts.offset) == facts


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"format_version": "1"}', b"\xff\xfe", b'{"format_version": 1}']
)
def test_text_that_is_no_manifest_is_corrupt(content: bytes) -> None:
    with pytest.raises(CorruptEntryError, match="cannot be read"):
        decode_manifest(content, entry_name(datetime(2026, 1, 1, tzinfo=UTC), content))


def test_manifest_reads_well(store: Store, sample: Any) -> None:
    """A person who opens the file finds sorted keys, indentation, and no defaults."""
    store.write("sandbox", "quotes", sample.entry(sample.item("SPY", since=date(2025, 1, 2))))
    (path,) = store.root.glob("*/*/*/manifest.json")
    text = path.read_text()
    content = json.loads(text)
    assert list(content) == sorted(content)
    assert '\n "created": "2026-11-20T21:30:00Z"' in text
    assert content["records"][0]["since"] == "2025-01-02"
    assert {"attempts", "skipped", "outcome"}.isdisjoint(content["records"][0])


def test_name_sorts_by_time_and_says_it_in_utc() -> None:
    moment = datetime(2026, 11, 20, 16, 30, 0, 123456, tzinfo=UTC) - timedelta(hours=2)
    name = entry_name(moment, b"x")
    assert name.startswith("20261120T143000.123456Z-")
    assert name < entry_name(moment + timedelta(microseconds=1), b"x")
    assert not is_entry_name(name + "0")
    assert not is_entry_name(".tmp-" + name)


def test_record_is_immutable(store: Store, sample: Any) -> None:
    (record,) = store.write("sandbox", "quotes", sample.entry(sample.item("SPY")))
    assert isinstance(record, Record)
    with pytest.raises(AttributeError):
        record.rows = 7
