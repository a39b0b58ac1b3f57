# SPDX-License-Identifier: Apache-2.0
"""The files provider: a user's CSV and Parquet files, every row read or named."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from datetime import date, datetime, time, timedelta
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
        (b'Date,"Open"\n2026-01-05,' + b"1" * 140_000 + b"\n", "line 2: field larger than"),
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


async def test_malformed_lines_of_a_shared_file_reach_who_asks_for_their_symbol_by_name(
    tmp_path: Path,
) -> None:
    rows = ["AAPL,2026-01-05,10,12,9,11", "AAPL,2026-01-06,10", "IBM,2026-01-05,10,12,9,11", "MSFT,2026"]
    (tmp_path / "all.csv").write_text("Ticker,Date,Open,High,Low,Close\n" + "\n".join(rows) + "\n")
    answers = await ask(FilesProvider(tmp_path), "AAPL", "IBM", "MSFT")
    assert frame_of(answers["AAPL"]).height == 1
    assert answers["AAPL"].skipped == ("all.csv, line 3: 3 fields, expected 6",)
    assert answers["IBM"].skipped == ()
    assert "all.csv, line 5: 2 fields, expected 6" in str(answers["MSFT"].cause)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("2026-01-06,10", "line 4: 2 fields"),
        ("2026-01-06,10,12,9,11,x y,7", "line 4: 7 fields"),
        ('2026-01-06,10,12,9,11,"IBM\n2026-01-07,10,12,9,11,IBM",1', "lines 4 to 5: 7 fields"),
    ],
)
async def test_malformed_lines_of_no_known_symbol_reach_every_symbol_of_their_file(
    tmp_path: Path, line: str, named: str
) -> None:
    rows = ["2026-01-05,10,12,9,11,BRK-B", "2026-01-06,10,12,9,11,BRK/B", line, "2026-01-05,10,12,9,11,IBM"]
    (tmp_path / "all.csv").write_text("Date,Open,High,Low,Close,Ticker\n" + "\n".join(rows) + "\n")
    provider = FilesProvider(tmp_path)
    assert await provider.universe("all") == ["BRK/B", "IBM", "all.csv"]
    answers = await ask(provider, "BRK/B", "IBM", "all.csv")
    assert frame_of(answers["BRK/B"]).height == 2
    for key in ("BRK/B", "IBM"):
        assert [named in text for text in answers[key].skipped] == [True]
    assert named in str(answers["all.csv"].cause)
    assert answers["BRK/B"].request_id == "all.csv"


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
def test_no_line_is_lost(rows: list[tuple[int, str]]) -> None:
    body = "".join(f"{date.fromordinal(738000 + day)},{value}\n" for day, value in rows)
    named, malformed = read_delimited(f"Date,Close\n{body}".encode(), file_name="A.csv")
    assert named.frame.height + len(malformed) == len(rows)


FIELD = st.text(st.characters(exclude_characters='"\0,\r\n', exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=100)
@given(st.lists(st.tuples(FIELD, FIELD), max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_quick_and_careful_reading_agree(rows: list[tuple[str, str]], end: str) -> None:
    body = end.join(f"{day},{close}" for day, close in rows)
    # One quoted heading is enough for the careful way.
    quick = read_delimited(f" Date ,Close{end}{body}".encode(), file_name="A.csv")
    careful = read_delimited(f'" Date ",Close{end}{body}'.encode(), file_name="A.csv")
    assert quick[0].frame.rows() == careful[0].frame.rows() == rows
    assert quick[0].frame.columns == careful[0].frame.columns == ["Date", "Close"]
    assert quick[0].lines.to_list() == careful[0].lines.to_list() == list(range(2, len(rows) + 2))
    assert quick[1] == careful[1] == ()


@pytest.mark.parametrize("heading", ["Date,Close, Close", 'Date,"Close",Close'])
def test_column_that_stands_twice_is_refused_by_name(heading: str) -> None:
    with pytest.raises(DecodeError, match="'Close' stands twice"):
        read_delimited(f"{heading}\n2026-01-05,1,2\n".encode(), file_name="A.csv")


def test_separator_is_not_taken_from_inside_a_quoted_heading() -> None:
    named, _ = read_delimited(b'"Day, local, or so";Close\n2026-01-05;1\n', file_name="A.csv")
    assert named.frame.columns == ["Day, local, or so", "Close"]


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_a_documented_error(content: bytes) -> None:
    with suppress(DecodeError):
        named, malformed = read_delimited(content, file_name="A.csv")
        assert named.frame.height + len(malformed) <= content.count(b"\n") + content.count(b"\r") + 1


PRICES = {"open": [10.0, 11.0], "high": [12.0, 12.0], "low": [9.0, 9.0], "close": [11.0, 11.5]}
DAYS = [date(2026, 1, 5), date(2026, 1, 6)]
AT_8_PM = [datetime(2026, 1, 5, 20), datetime(2026, 1, 6, 20)]  # noqa: DTZ001 - the zone is added by column


async def ask_parquet(directory: Path, **columns: object) -> DataAnswer:
    pl.DataFrame({"date": DAYS, **PRICES, **columns}).write_parquet(directory / "AAPL.parquet")
    return (await ask(FilesProvider(directory), "AAPL", since=date(2000, 1, 1)))["AAPL"]


@pytest.mark.parametrize(
    "dates",
    [
        pl.Series(AT_8_PM),
        pl.Series(AT_8_PM).dt.replace_time_zone("America/New_York"),
        pl.Series([day.replace(hour=0) for day in AT_8_PM]).dt.replace_time_zone("Asia/Tokyo"),
        pl.Series([20260105, 20260106]),
        pl.Series([20260105, 20260106], dtype=pl.UInt32),
        pl.Series(["2026-01-05", "2026-01-06"], dtype=pl.Categorical),
        pl.Series(["2026-01-05", "2026-01-06"], dtype=pl.Enum(["2026-01-05", "2026-01-06"])),
    ],
    ids=str,
)
async def test_typed_dates_are_the_day_at_their_own_place(tmp_path: Path, dates: pl.Series) -> None:
    answer = await ask_parquet(tmp_path, date=dates)
    assert frame_of(answer)["date"].to_list() == DAYS
    assert answer.skipped == ()


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("date", [1_767_571_200, 1_767_657_600], "date 1767571200 is no date"),
        ("date", [2026111, 2026112], "date 2026111 is no date"),
        ("date", [1_767_571_200.0, 1_767_657_600.0], "'date': AAPL.parquet: Float64 holds no dates"),
        ("date", [time(1), time(2)], "'date': AAPL.parquet: Time holds no dates"),
        ("date", [b"2026-01-05", b"2026-01-06"], "Binary holds no dates"),
        ("close", [[1.0], [2.0]], "'close': AAPL.parquet: List(Float64) holds no numbers"),
        ("close", [{"a": 1}, {"a": 2}], "holds no numbers"),
        ("close", DAYS, "Date holds no numbers"),
        # Beyond what polars can show: it panics, which is no Exception.
        ("date", pl.Series([2**31 - 1] * 2).cast(pl.Date), "cannot be read as daily bars"),
        ("symbol", [["AAPL"], ["AAPL"]], "List(String) holds no symbols"),
        ("symbol", [timedelta(1), timedelta(1)], "holds no symbols"),
    ],
)
async def test_column_of_an_unusable_type_fails_its_file_alone(
    tmp_path: Path, column: str, values: object, words: str
) -> None:
    (tmp_path / "MSFT.csv").write_text(GOOD)
    answer = await ask_parquet(tmp_path, **{column: values})
    assert answer.outcome is Outcome.FAILED
    assert words in str(answer.cause)
    assert (await ask(FilesProvider(tmp_path), "MSFT"))["MSFT"].outcome is Outcome.FRESH


async def test_no_column_name_is_reserved(tmp_path: Path) -> None:
    odd = {"__line": [1, 2], "raw date": [1, 2], "{}": [1, 2], "symbol": ["AAPL", "AAPL"]}
    assert frame_of(await ask_parquet(tmp_path, **odd)).height == 2


async def test_impossible_years_are_named_and_never_filtered_away(tmp_path: Path) -> None:
    heading = "Date,Open,High,Low,Close\n"
    (tmp_path / "AAPL.csv").write_text(heading + "05.01.26,10,12,9,11\n")
    (tmp_path / "MSFT.csv").write_text(heading + "05.01.2026,10,12,9,11\n06.01.26,10,12,9,11\n")
    (tmp_path / "IBM.csv").write_text(heading + "05.01.1999,10,12,9,11\n")
    answers = await ask(FilesProvider(tmp_path), "AAPL", "MSFT", "IBM", since=date(2000, 1, 1))
    assert answers["AAPL"].outcome is Outcome.FAILED
    assert "Date 05.01.26 lies outside the years 1800 to 2200" in str(answers["AAPL"].cause)
    assert answers["MSFT"].skipped == ("MSFT.csv, line 3: Date 06.01.26 lies outside the years 1800 to 2200",)
    assert (answers["IBM"].outcome, answers["IBM"].skipped) == (Outcome.EMPTY, ())


async def test_nothing_in_the_asked_range_beside_unreadable_rows_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD + "someday,1,1,1,1,1,1\n")
    answer = (await ask(FilesProvider(tmp_path), "AAPL", since=date(2026, 2, 1)))["AAPL"]
    assert answer.outcome is Outcome.FAILED
    assert "someday is no date" in str(answer.cause)


async def test_fraction_is_no_count_and_missing_is_null(tmp_path: Path) -> None:
    typed = await ask_parquet(tmp_path, trade_count=[12.7, 3.0])
    assert typed.skipped == ("AAPL.parquet, row 0: trade_count 12.7 is no whole number",)
    assert frame_of(typed)["trade_count"].to_list() == [3]
    missing = await ask_parquet(tmp_path, trade_count=[float("nan"), 3.0])
    assert frame_of(missing)["trade_count"].to_list() == [None, 3]
    (tmp_path / "MSFT.csv").write_text(
        "Date,Open,High,Low,Close,Trades\n2026-01-05,10,12,9,11,12.7\n2026-01-06,10,12,9,11,3.0\n"
    )
    text = (await ask(FilesProvider(tmp_path), "MSFT"))["MSFT"]
    assert text.skipped == ("MSFT.csv, line 2: Trades 12.7 is no whole number",)
    assert frame_of(text)["trade_count"].to_list() == [3]


async def test_lone_carriage_returns_end_lines(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_bytes(GOOD.replace("\n", "\r").encode())
    assert frame_of((await ask(FilesProvider(tmp_path), "AAPL"))["AAPL"]).height == 2


async def test_only_regular_files_count(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").mkdir()
    os.mkfifo(tmp_path / "MSFT.csv")
    (tmp_path / "IBM.csv").write_text(GOOD)
    (tmp_path / "GE.csv").symlink_to(tmp_path / "nowhere.csv")
    provider = FilesProvider(tmp_path)
    assert await provider.universe("all") == ["GE", "IBM"]
    assert (await ask(provider, "GE"))["GE"].outcome is Outcome.FAILED


@pytest.mark.parametrize("pattern", ["", "/x/*.csv", "../*.csv"])
def test_pattern_that_leads_elsewhere_is_refused(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "ttapi-files.toml").write_text(f'[eod_data]\nfiles = "{pattern}"\n')
    with pytest.raises(ConfigurationError, match=r"eod_data\.files"):
        FilesProvider(tmp_path)


async def test_open_provider_sees_changes_and_reads_only_what_changed(tmp_path: Path) -> None:
    for name in ("AAPL", "MSFT"):
        (tmp_path / f"{name}.csv").write_text(GOOD)
    provider = FilesProvider(tmp_path)
    assert await provider.universe("all") == ["AAPL", "MSFT"]
    before = {key: provider.fingerprint("eod_data", key) for key in ("AAPL", "MSFT")}
    (tmp_path / "AAPL.csv").write_text(GOOD + "2026-01-07,11,13,10,12,1,1\n")
    assert provider.fingerprint("eod_data", "AAPL") != before["AAPL"]
    assert provider.fingerprint("eod_data", "MSFT") == before["MSFT"]
    answers = await ask(provider, "AAPL", "MSFT")
    assert frame_of(answers["AAPL"]).height == 3
    assert provider.counts.sent == 3
    after = provider.fingerprint("eod_data", "AAPL")
    assert after == FilesProvider(tmp_path).fingerprint("eod_data", "AAPL")


async def test_open_provider_sees_files_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD)
    provider = FilesProvider(tmp_path)
    await provider.universe("all")
    before = provider.fingerprint("universes", "*"), provider.fingerprint("eod_data", "AAPL")
    (tmp_path / "notes.txt").write_text("no file that counts")
    assert (provider.fingerprint("universes", "*"), provider.fingerprint("eod_data", "AAPL")) == before
    (tmp_path / "MSFT.csv").write_text(GOOD)
    assert provider.fingerprint("universes", "*") != before[0]
    assert await provider.universe("all") == ["AAPL", "MSFT"]
    assert provider.fingerprint("eod_data", "AAPL") == before[1]
    (tmp_path / "MSFT.csv").unlink()
    answers = await ask(provider, "AAPL", "MSFT")
    assert answers["MSFT"].outcome is Outcome.UNKNOWN_SYMBOL
    assert provider.fingerprint("universes", "*") == before[0]


async def test_record_is_never_taken_for_made_from_what_came_after_its_rows_were_read(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(GOOD)
    provider = FilesProvider(tmp_path)
    await ask(provider, "AAPL")
    (tmp_path / "AAPL.csv").write_text(GOOD + "2026-01-07,11,13,10,12,1,1\n")
    for dataset, key in (("eod_data", "AAPL"), ("universes", "*")):
        stored = provider.fingerprint(dataset, key)
        assert provider.fingerprint(dataset, key) != stored
        assert FilesProvider(tmp_path).fingerprint(dataset, key) != stored


async def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "ttapi-files.toml").write_text('[eod_data]\nfiles = "**/*.csv"\n')
    for year, day in (("2025", "2025-01-06"), ("2026", "2026-01-05")):
        (tmp_path / year).mkdir()
        (tmp_path / year / "AAPL.csv").write_text(f"Date,Open,High,Low,Close\n{day},10,12,9,11\n{year}\n")
    provider = FilesProvider(tmp_path)
    answer = (await ask(provider, "AAPL"))["AAPL"]
    assert answer.request_id == "2025/AAPL.csv, 2026/AAPL.csv"
    assert answer.skipped[1] == "2026/AAPL.csv, line 3: 1 fields, expected 5"
    assert {"file/2025/AAPL.csv", "file/2026/AAPL.csv"} < provider.fingerprint("eod_data", "AAPL").keys()


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
