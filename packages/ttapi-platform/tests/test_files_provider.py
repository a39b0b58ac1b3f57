# SPDX-License-Identifier: Apache-2.0
"""The files provider: a user's CSV and Parquet files, every row read or named."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import date
from importlib.metadata import distribution
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core import (
    ConfigurationError,
    DataAnswer,
    DataRequest,
    DecodeError,
    Outcome,
    StoreUnavailableError,
    UnknownNameError,
    UsageError,
)
from ttapi_platform.delimited import read_delimited
from ttapi_platform.files_provider import FilesProvider

GOOD = (
    "Date,Open,High,Low,Close,Volume,Adj Close\n2026-01-05,10,12,9,11,1000,10.5\n2026-01-06,11,13,10,12,,\n"
)


async def ask(provider: FilesProvider, *keys: str, since: date | None = None) -> dict[str, DataAnswer]:
    request = DataRequest(dataset="eod_data", keys=keys, since=since)
    return {answer.key: answer async for answer in provider.get_data(request)}


def frame_of(answer: DataAnswer) -> pl.DataFrame:
    assert answer.columns is not None, answer
    return pl.DataFrame(answer.columns)


async def test_csv_with_usual_names_is_read_without_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD)
    answer = (await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]
    frame = frame_of(answer)
    assert frame["date"].to_list() == [date(2026, 1, 5), date(2026, 1, 6)]
    assert frame["adjusted_close"].to_list() == [10.5, None]
    assert (answer.outcome, answer.skipped) == (Outcome.FRESH, ())


async def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD)
    table = pl.read_csv(tmp_path / "AAPL.csv", try_parse_dates=True)
    table.write_parquet(tmp_path / "MSFT.parquet")
    answers = await ask(FilesProvider(tmp_path), "AAPL", "MSFT")
    assert frame_of(answers["AAPL"]).drop("symbol").equals(frame_of(answers["MSFT"]).drop("symbol"))


async def test_malformed_rows_are_named_by_file_and_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    lines = [
        "2026-01-05,10,12,9,11,1",
        "2026-01-06,ten,12,9,11,1",
        "2026-01-07,10,12",
        "",
        "someday,1,1,1,1,1",
    ]
    (tmp_path / "AAPL.csv").write_text("Date,Open,High,Low,Close,Volume\n" + "\n".join(lines) + "\n")
    answer = (await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]
    assert frame_of(answer).height == 1
    assert sorted(answer.skipped) == [
        "AAPL.csv, line 3: Open ten is no number",
        "AAPL.csv, line 4: 3 fields, expected 6",
        "AAPL.csv, line 6: Date someday is no date",
    ]


async def test_mapping_names_columns_files_and_date_form(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text("day;o;h;l;Settle\n05/01/2026;10;12;9;11\n")
    (tmp_path / "notes.csv").write_text("nothing\n")
    (tmp_path / "ttapi-files.toml").write_text(
        '[eod_data]\nfiles = "A*.csv"\ndate_format = "%d/%m/%Y"\ncolumns = { close = "Settle" }\n'
    )
    provider = FilesProvider(tmp_path)
    assert await provider.universe("all") == ["AAPL"]
    assert frame_of((await ask(provider, "AAPL"))["AAPL"])["date"].to_list() == [date(2026, 1, 5)]


async def test_dates_that_can_be_read_in_two_ways_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text("Date,Open,High,Low,Close\n05/01/2026,10,12,9,11\n")
    answer = (await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]
    assert answer.outcome is Outcome.FAILED
    assert "05/01/2026 is no date" in str(answer.cause)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no heading"),
        (b"Date,Open\n2026-01-05,1\n", "no column for it"),
        (b"Date,Open,High,Low,Close\n2026-01-05,\xff,1,1,1\n", "line 2: not UTF-8"),
        (b"Date,Open,High,Low,Close\n2026-01-05,\x00,1,1,1\n", "NUL"),
        (b"Date,Open,High,Low,Close\nx,x,x,x,x\n", "no usable row"),
    ],
)
async def test_unusable_file_fails_its_symbol_alone(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "AAPL.csv").write_bytes(content)
    (tmp_path / "MSFT.csv").write_text(GOOD)
    answers = await ask(FilesProvider(tmp_path), "AAPL", "MSFT")
    assert answers["AAPL"].outcome is Outcome.FAILED
    assert words in str(answers["AAPL"].cause)
    assert answers["MSFT"].outcome is Outcome.FRESH


async def test_damaged_parquet_fails_its_symbol_alone(tmp_path: Path) -> None:
    (tmp_path / "AAPL.parquet").write_bytes(b"PAR1 nonsense PAR1")
    answer = (await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]
    assert answer.outcome is Outcome.FAILED


async def test_heading_without_rows_is_empty_and_days_before_since_are_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD.splitlines()[0] + "\n")
    (tmp_path / "MSFT.csv").write_text(GOOD)
    provider = FilesProvider(tmp_path)
    answers = await ask(provider, "AAPL", "MSFT", "NOPE", since=date(2026, 1, 6))
    assert answers["AAPL"].outcome is Outcome.EMPTY
    assert frame_of(answers["MSFT"]).height == 1
    assert answers["NOPE"].outcome is Outcome.UNKNOWN_SYMBOL


async def test_share_classes_and_names_that_are_no_symbol(tmp_path: Path) -> None:
    for name in ("BRK-B.csv", "my notes.csv", "AAPL.csv"):
        (tmp_path / name).write_text(GOOD)
    provider = FilesProvider(tmp_path)
    assert "BRK/B" in await provider.universe("all")
    answers = await ask(provider, "my notes", "AAPL")
    assert answers["my notes"].outcome is Outcome.FAILED


async def test_rows_of_a_symbol_are_gathered_from_files_with_a_symbol_column(tmp_path: Path) -> None:
    for day, symbols in (("2026-01-05", "AAPL,MSFT"), ("2026-01-06", "AAPL, ,x y")):
        rows = "".join(f"{symbol},{day},10,12,9,11\n" for symbol in symbols.split(","))
        (tmp_path / f"{day}.csv").write_text("Ticker,Date,Open,High,Low,Close\n" + rows)
    provider = FilesProvider(tmp_path)
    keys = await provider.universe("all")
    assert keys == ["2026-01-06.csv (rows without a symbol)", "AAPL", "MSFT", "x y"]
    answers = await ask(provider, *keys)
    assert frame_of(answers["AAPL"]).height == 2
    assert [answers[key].outcome for key in (keys[0], "x y")] == [Outcome.FAILED, Outcome.FAILED]


async def test_unreadable_lines_of_a_shared_file_are_a_failure_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(
        "Ticker,Date,Open,High,Low,Close\nAAPL,2026-01-05,10,12,9,11\nMSFT,2026\n"
    )
    provider = FilesProvider(tmp_path)
    answers = await ask(provider, *await provider.universe("all"))
    assert answers["AAPL"].outcome is Outcome.FRESH
    assert "all.csv, line 3: 2 fields, expected 6" in str(answers["all.csv"].cause)


async def test_cut_gzip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    answer = (await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]
    assert "no whole gzip file" in str(answer.cause)


async def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD)
    provider = FilesProvider(tmp_path)
    before = provider.fingerprint("eod_data", "AAPL")
    (tmp_path / "AAPL.csv").write_text(GOOD + "2026-01-07,1,1,1,1,1,1\n")
    provider = FilesProvider(tmp_path)
    assert provider.fingerprint("eod_data", "AAPL") != before
    assert "file/AAPL.csv" not in provider.fingerprint("eod_data", "NOPE")


def test_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        FilesProvider(tmp_path / "none")


@pytest.mark.parametrize(
    "text", ["[eod_data", '[eod_data]\ncolumn = "x"\n', '[eod_data]\ncolumns = { price = "x" }\n']
)
def test_unusable_mapping_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "ttapi-files.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="ttapi-files"):
        FilesProvider(tmp_path)


async def test_what_files_cannot_do_is_refused_and_health_is_told(tmp_path: Path) -> None:
    provider = FilesProvider(tmp_path)
    assert not (await provider.health_check()).reachable
    (tmp_path / "AAPL.csv").write_text(GOOD)
    assert (await provider.health_check()).reachable
    with pytest.raises(UnknownNameError):
        await provider.universe("some")
    with pytest.raises(UnknownNameError):
        await anext(provider.get_data(DataRequest(dataset="quotes", keys=("AAPL",))))
    with pytest.raises(UsageError):
        await anext(provider.subscribe(["quote"], ["AAPL"]))
    await provider.aclose()


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["1", "2.5", "", "x", '"1"', " 3 ", "1,5"])),
        max_size=20,
    )
)
def test_quick_and_careful_reading_agree_and_lose_no_line(rows: list[tuple[int, str]]) -> None:
    body = "".join(f"{date.fromordinal(738000 + day)},{value}\n" for day, value in rows)
    named, problems = read_delimited(f"Date,Close\n{body}".encode(), file_name="A.csv")
    assert named.frame.height + len(problems) == len(rows)


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_a_documented_error(content: bytes) -> None:
    with suppress(DecodeError):
        named, problems = read_delimited(content, file_name="A.csv")
        assert named.frame.height + len(problems) <= content.count(b"\n") + content.count(b"\r") + 1


def sample_file() -> Path:
    """The daily bars that bokeh_sampledata ships, read as a file: the package is never imported."""
    return Path(str(distribution("bokeh_sampledata").locate_file("bokeh_sampledata/_data/stocks.csv.gz")))


async def test_real_bars_of_a_published_sample_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "stocks.csv.gz").write_bytes(sample_file().read_bytes())
    provider = FilesProvider(tmp_path)
    assert await provider.universe("all") == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    answers = await ask(provider, "AAPL", "FB", "GOOG", "IBM", "MSFT")
    assert sum(frame_of(answer).height for answer in answers.values()) == 12_154
    assert not any(answer.skipped for answer in answers.values())
    assert frame_of(answers["AAPL"])["adjusted_close"].null_count() == 0
