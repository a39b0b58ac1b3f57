# SPDX-License-Identifier: Apache-2.0
"""The collector: every key ends with an outcome, what is fresh is not asked for, what fails says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ttapi_core import (
    AuthenticationError,
    ConnectError,
    DataAnswer,
    DataRequest,
    ManualClock,
    NotEntitledError,
    Outcome,
    ParameterError,
    ServerFaultError,
    StreamInterruptedError,
    TTLPolicy,
    UnknownNameError,
)
from ttapi_platform import CATALOGUE, Collector, CollectReport, Store
from ttapi_platform.logs import get_logger
from ttapi_platform.testing import NOW, ScriptedProvider

KEYS = ("AAPL", "MSFT", "SPY")
ALL = {"accounts": 1, "symbols": 3, "trading_days": 1, "quotes": 3, "eod_data": 3, "expiration_series": 3}


class Bench:
    """A store, a provider and a clock that stand still between the runs of a test."""

    def __init__(self, root: Path) -> None:
        self.clock = ManualClock(NOW, auto_advance=True)
        self.store = Store(root, clock=self.clock)
        self.provider = ScriptedProvider(KEYS)

    async def run(self, *datasets: str, keys: tuple[str, ...] = KEYS, **options: object) -> CollectReport:
        self.provider.requests.clear()
        collector = Collector(self.store, self.provider, clock=self.clock)
        return await collector.collect(keys, datasets=datasets or None, **options)

    def read(self, dataset: str) -> pl.DataFrame:
        return self.store.read(self.provider.name, dataset)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "data")


def counts(report: CollectReport, outcome: Outcome) -> dict[str, int]:
    return {name: by[outcome.value] for name, by in report.datasets.items() if by[outcome.value]}


async def test_first_run_fetches_everything_and_stores_it(bench: Bench) -> None:
    report = await bench.run()
    assert counts(report, Outcome.FRESH) == ALL
    assert report.missing == ()
    assert {name: bench.read(name).height for name in ALL} == {
        name: by["rows"] for name, by in report.datasets.items()
    }
    assert bench.read("eod_data").schema == pl.Schema(CATALOGUE["eod_data"].schema.dtypes)


async def test_second_run_asks_nothing(bench: Bench) -> None:
    await bench.run()
    report = await bench.run()
    assert bench.provider.requests == []
    assert counts(report, Outcome.CACHED) == ALL
    assert report.requests.sent == 0


async def test_refresh_asks_everything_again(bench: Bench) -> None:
    await bench.run()
    bench.clock.advance(1)
    assert counts(await bench.run(refresh=True), Outcome.FRESH) == ALL


async def test_what_is_older_than_its_time_to_live_is_asked_again_and_nothing_else(bench: Bench) -> None:
    await bench.run()
    bench.clock.advance(5 * 60 - 1)
    assert counts(await bench.run(), Outcome.FRESH) == {}
    bench.clock.advance(2)
    assert counts(await bench.run(), Outcome.FRESH) == {"quotes": 3}
    bench.clock.advance(60 * 60)
    assert counts(await bench.run(), Outcome.FRESH) == {"accounts": 1, "quotes": 3}


async def test_a_clock_set_back_makes_nothing_fresh_that_was_fetched_later(bench: Bench) -> None:
    await bench.run("quotes")
    bench.clock.set_wall_time(NOW - timedelta(hours=1))
    assert counts(await bench.run("quotes"), Outcome.FRESH) == {"quotes": 3}


async def test_daily_bars_do_not_age_while_the_exchange_is_shut(bench: Bench) -> None:
    await bench.run("eod_data")
    bench.clock.set_wall_time(datetime(2026, 11, 23, 14, 29, tzinfo=UTC))  # Monday, a minute before the open
    assert counts(await bench.run("eod_data"), Outcome.CACHED) == {"eod_data": 3}
    bench.clock.set_wall_time(datetime(2026, 11, 23, 14, 31, tzinfo=UTC))
    assert counts(await bench.run("eod_data"), Outcome.FRESH) == {"eod_data": 3}


async def test_daily_bars_fetched_during_a_session_are_asked_again_after_its_close(bench: Bench) -> None:
    bench.clock.set_wall_time(datetime(2026, 11, 23, 20, 55, tzinfo=UTC))
    await bench.run("eod_data")
    bench.clock.set_wall_time(datetime(2026, 11, 23, 21, 5, tzinfo=UTC))
    assert counts(await bench.run("eod_data"), Outcome.FRESH) == {"eod_data": 3}


async def test_an_earlier_first_day_is_fetched_and_a_later_one_is_covered(bench: Bench) -> None:
    await bench.run("eod_data", since=date(2026, 1, 1))
    assert counts(await bench.run("eod_data", since=date(2026, 6, 1)), Outcome.CACHED) == {"eod_data": 3}
    assert counts(await bench.run("eod_data", since=date(2025, 1, 1)), Outcome.FRESH) == {"eod_data": 3}


async def test_a_later_first_day_keeps_the_history_that_is_there(bench: Bench) -> None:
    await bench.run("eod_data", since=date(2020, 1, 1))
    bench.clock.advance(1)
    await bench.run("eod_data", since=date(2026, 6, 1), refresh=True)
    assert [request.since for request in bench.provider.requests] == [date(2020, 1, 1)]
    assert bench.store.record("scripted", "eod_data", "AAPL").since == date(2020, 1, 1)


async def test_keys_with_and_without_history_are_asked_from_their_own_first_day(bench: Bench) -> None:
    await bench.run("eod_data", keys=("AAPL",), since=date(2020, 1, 1))
    bench.clock.advance(1)
    await bench.run("eod_data", since=date(2026, 6, 1), refresh=True)
    asked = {request.since: request.keys for request in bench.provider.requests}
    assert asked == {date(2020, 1, 1): ("AAPL",), date(2026, 6, 1): ("MSFT", "SPY")}


async def test_ages_count_from_asking_so_a_run_across_the_close_is_asked_again(bench: Bench) -> None:
    bench.clock.set_wall_time(datetime(2026, 11, 20, 20, 59, 58, tzinfo=UTC))
    bars = bench.provider._eod_data

    def slow(request: DataRequest, key: str) -> DataAnswer:
        bench.clock.advance(10)
        return DataAnswer(dataset="eod_data", key=key, outcome=Outcome.FRESH, columns=bars(key, request))

    bench.provider.overrides["eod_data", "AAPL"] = slow
    await bench.run("eod_data", keys=("AAPL",))
    assert counts(await bench.run("eod_data", keys=("AAPL",)), Outcome.FRESH) == {"eod_data": 1}


async def test_sessions_are_those_of_the_venue_of_the_run(bench: Bench) -> None:
    """London closes at 16:30 UTC; what was fetched at 16:00 is not served as final at 17:00."""
    bench.clock.set_wall_time(datetime(2026, 11, 20, 16, tzinfo=UTC))

    async def run() -> CollectReport:
        collector = Collector(bench.store, bench.provider, clock=bench.clock, venue="XLON")
        return await collector.collect(("AAPL",), datasets=["eod_data"])

    await run()
    bench.clock.set_wall_time(datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert counts(await run(), Outcome.FRESH) == {"eod_data": 1}


async def test_fewer_days_than_before_are_noticed(bench: Bench) -> None:
    await bench.run("eod_data")
    bars = bench.provider._eod_data

    def shrunk(request: DataRequest, key: str) -> DataAnswer:
        columns = {name: values[:5] for name, values in bars(key, request).items()}
        return DataAnswer(dataset="eod_data", key=key, outcome=Outcome.FRESH, columns=columns)

    bench.provider.overrides["eod_data", "AAPL"] = shrunk
    bench.clock.advance(1)
    document = (await bench.run("eod_data", refresh=True)).to_dict()
    assert document["notices"] == [
        {"dataset": "eod_data", "symbol": "AAPL", "notice": "5 rows, 36 fewer than on 2026-11-20 22:00Z"}
    ]


async def test_series_made_by_a_calendar_that_is_replaced_meanwhile_is_fetched_again(bench: Bench) -> None:
    other = ScriptedProvider(KEYS)
    other.last_day = date(2027, 1, 8)
    series = bench.provider._expiration_series

    async def replace_calendar() -> None:
        await Collector(bench.store, other, clock=bench.clock).collect(
            KEYS, datasets=["trading_days"], refresh=True
        )

    pending: list[asyncio.Task[None]] = []

    def meanwhile(request: DataRequest, key: str) -> DataAnswer:
        bench.clock.advance(1)
        pending.append(asyncio.ensure_future(replace_calendar()))
        return DataAnswer(
            dataset=request.dataset, key=key, outcome=Outcome.FRESH, columns=series(key, request)
        )

    bench.provider.overrides["expiration_series", "AAPL"] = meanwhile
    held = bench.provider.get_data

    async def held_open(request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        async for answer in held(request):
            yield answer
        await asyncio.gather(*pending)

    bench.provider.get_data = held_open
    await bench.run("expiration_series", keys=("AAPL",))
    bench.provider.overrides.clear()
    assert counts(await bench.run("expiration_series", keys=("AAPL",)), Outcome.FRESH) == {
        "expiration_series": 1
    }


async def test_empty_on_account_of_a_passing_fault_keeps_the_rows_that_are_there(bench: Bench) -> None:
    await bench.run("eod_data")
    bench.clock.advance(1)
    cause = StreamInterruptedError("silent")
    bench.provider.fail("eod_data", "AAPL", cause=cause, outcome=Outcome.EMPTY)
    report = await bench.run("eod_data", refresh=True)
    assert [(missing.outcome, missing.rows) for missing in report.missing] == [(Outcome.STALE, 41)]
    assert bench.store.record("scripted", "eod_data", "AAPL").rows == 41


async def test_failure_over_an_empty_record_is_a_failure(bench: Bench) -> None:
    bench.provider.overrides["quotes", "SPY"] = lambda request, key: DataAnswer(
        dataset="quotes", key=key, outcome=Outcome.EMPTY
    )
    await bench.run("quotes")
    bench.clock.advance(1)
    bench.provider.fail("quotes", "SPY", cause=ServerFaultError("down", status=503))
    report = await bench.run("quotes", refresh=True)
    assert [missing.outcome for missing in report.missing] == [Outcome.FAILED]


async def test_answer_that_names_another_dataset_fails_its_key_alone(bench: Bench) -> None:
    bench.provider.overrides["quotes", "SPY"] = lambda request, key: DataAnswer(
        dataset="eod_data", key=key, outcome=Outcome.EMPTY
    )
    report = await bench.run("quotes")
    assert counts(report, Outcome.FRESH) == {"quotes": 2}
    assert "asked for quotes, got 'eod_data'" in str(report.missing[0].cause)


async def test_account_that_is_listed_no_more_is_empty_from_then_on(bench: Bench) -> None:
    await bench.run("accounts")
    bench.clock.advance(3601)
    bench.provider.overrides["accounts", "5WT00001"] = lambda request, key: None
    for _ in range(2):
        assert counts(await bench.run("accounts"), Outcome.EMPTY) == {"accounts": 1}
    assert bench.provider.requests == []


async def test_dataset_without_any_key_is_in_the_report(bench: Bench) -> None:
    bench.provider.overrides["accounts", "5WT00001"] = lambda request, key: None
    assert (await bench.run("accounts")).datasets["accounts"]["requested"] == 0


async def test_a_new_trading_calendar_makes_the_expiration_series_stale_and_nothing_else(
    bench: Bench,
) -> None:
    await bench.run()
    bench.provider.last_day = date(2027, 6, 29)
    ttls = TTLPolicy(ttls={"trading_days": timedelta(seconds=1)})
    bench.clock.advance(2)
    report = await Collector(bench.store, bench.provider, ttls=ttls, clock=bench.clock).collect(KEYS)
    assert counts(report, Outcome.FRESH) == {"trading_days": 1, "expiration_series": 3}


async def test_the_same_calendar_fetched_again_leaves_the_expiration_series_fresh(bench: Bench) -> None:
    await bench.run()
    ttls = TTLPolicy(ttls={"trading_days": timedelta(seconds=1)})
    bench.clock.advance(2)
    report = await Collector(bench.store, bench.provider, ttls=ttls, clock=bench.clock).collect(KEYS)
    assert counts(report, Outcome.FRESH) == {"trading_days": 1}


async def test_expirations_count_sessions_by_the_calendar_and_bring_it_along(bench: Bench) -> None:
    report = await bench.run("expiration_series")
    assert set(report.datasets) == {"trading_days", "expiration_series"}
    # From Friday 2026-11-20 to 2026-12-18: 20 weekdays less Thanksgiving.
    assert bench.read("expiration_series")["trading_days_to_expiration"].to_list()[:2] == [19, 37]


async def test_expirations_are_counted_by_the_shipped_table_when_the_provider_lists_no_sessions(
    bench: Bench,
) -> None:
    bench.provider.fail("trading_days", "XNYS", cause=ServerFaultError("no", status=502))
    report = await bench.run("expiration_series")
    assert counts(report, Outcome.FAILED) == {"trading_days": 1}
    assert bench.read("expiration_series")["trading_days_to_expiration"].to_list()[:2] == [19, 37]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN_SYMBOL, Outcome.NOT_ENTITLED])
async def test_failure_of_one_key_is_named_and_the_next_run_asks_only_for_it(
    bench: Bench, outcome: Outcome
) -> None:
    cause = NotEntitledError("not for you", status=403)
    bench.provider.fail("quotes", "MSFT", cause=cause, outcome=outcome)
    report = await bench.run("quotes")
    (missing,) = report.missing
    assert (missing.key, missing.outcome, missing.cause, missing.attempts) == ("MSFT", outcome, cause, 3)
    assert report.missing_fraction == pytest.approx(1 / 3)
    bench.provider.overrides.clear()
    again = await bench.run("quotes")
    assert bench.provider.asked("quotes") == ["MSFT"]
    assert again.missing == ()


async def test_failure_with_an_older_record_serves_it_as_stale_with_the_cause(bench: Bench) -> None:
    await bench.run("quotes")
    bench.clock.advance(600)
    bench.provider.fail("quotes", "MSFT", cause=ServerFaultError("down", status=503))
    report = await bench.run("quotes")
    (stale,) = report.missing
    assert (stale.outcome, stale.rows, report.missing_fraction) == (Outcome.STALE, 1, 0.0)
    assert bench.read("quotes").height == 3


async def test_provider_that_breaks_off_fails_what_it_left_unanswered(bench: Bench) -> None:
    bench.provider.raises["quotes"] = ConnectError("cannot connect")
    bench.provider.overrides["quotes", "SPY"] = lambda request, key: None
    report = await bench.run("quotes")
    assert counts(report, Outcome.FRESH) == {"quotes": 2}
    assert [(missing.key, str(missing.cause)) for missing in report.missing] == [("SPY", "cannot connect")]


async def test_provider_that_forgets_a_key_or_answers_another_is_found_out(bench: Bench) -> None:
    def another(request: DataRequest, key: str) -> DataAnswer:
        return DataAnswer(dataset=request.dataset, key="TSLA", outcome=Outcome.EMPTY)

    bench.provider.overrides["quotes", "SPY"] = another
    report = await bench.run("quotes")
    (missing,) = report.missing
    assert (missing.key, missing.outcome) == ("SPY", Outcome.FAILED)
    assert "did not answer for SPY" in str(missing.cause)


@pytest.mark.parametrize("dataset", ["quotes", "accounts"])
async def test_second_answer_for_a_key_changes_nothing(bench: Bench, dataset: str) -> None:
    first = bench.provider.get_data

    async def twice(request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        async for answer in first(request):
            yield answer
            yield replace(answer, outcome=Outcome.FAILED, columns=None)

    bench.provider.get_data = twice
    report = await bench.run(dataset)
    assert report.missing == ()
    assert bench.read(dataset).height == report.datasets[dataset]["requested"]


async def test_rows_of_another_symbol_fail_their_key_and_never_reach_the_store(bench: Bench) -> None:
    good = bench.provider._quotes

    def swapped(request: DataRequest, key: str) -> DataAnswer:
        return DataAnswer(dataset="quotes", key=key, outcome=Outcome.FRESH, columns=good("AAPL", request))

    bench.provider.overrides["quotes", "MSFT"] = swapped
    report = await bench.run("quotes")
    assert [missing.key for missing in report.missing] == ["MSFT"]
    assert bench.read("quotes")["symbol"].to_list() == ["AAPL", "SPY"]


async def test_malformed_rows_are_counted_in_the_report_of_this_and_of_the_next_run(bench: Bench) -> None:
    bars = bench.provider._eod_data

    def one_bad(request: DataRequest, key: str) -> DataAnswer:
        columns = bars(key, request)
        columns["high"][3] = 0.0
        return DataAnswer(
            dataset="eod_data", key=key, outcome=Outcome.FRESH, columns=columns, skipped=("line 9: no date",)
        )

    bench.provider.overrides["eod_data", "MSFT"] = one_bad
    for _ in range(2):
        report = await bench.run("eod_data")
        assert report.skipped_rows == 2
        (entry,) = report.to_dict()["skipped"]
        assert (entry["symbol"], entry["rows"], entry["reasons"][0]) == ("MSFT", 2, "line 9: no date")


async def test_empty_is_an_answer_that_is_kept(bench: Bench) -> None:
    def empty(request: DataRequest, key: str) -> DataAnswer:
        return DataAnswer(dataset=request.dataset, key=key, outcome=Outcome.EMPTY)

    bench.provider.overrides["expiration_series", "SPY"] = empty
    for _ in range(2):
        report = await bench.run("expiration_series")
        assert counts(report, Outcome.EMPTY) == {"expiration_series": 1}
        assert report.missing_fraction == 0
    assert bench.provider.requests == []


async def test_accounts_are_whatever_the_provider_lists_now(bench: Bench) -> None:
    await bench.run("accounts")
    bench.clock.advance(3601)
    bench.provider.raises["accounts"] = ConnectError("cannot connect")
    bench.provider.overrides["accounts", "5WT00001"] = lambda request, key: None
    report = await bench.run("accounts")
    assert counts(report, Outcome.STALE) == {"accounts": 1}


async def test_accounts_that_cannot_be_listed_at_all_are_one_failure(bench: Bench) -> None:
    bench.provider.raises["accounts"] = ConnectError("cannot connect")
    bench.provider.overrides["accounts", "5WT00001"] = lambda request, key: None
    report = await bench.run("accounts")
    assert counts(report, Outcome.FAILED) == {"accounts": 1}


async def test_refused_credentials_end_the_run_and_keep_what_came(bench: Bench) -> None:
    bench.provider.raises["eod_data"] = AuthenticationError("token revoked", status=401)
    with pytest.raises(AuthenticationError, match="token revoked"):
        await bench.run("eod_data")
    assert bench.read("eod_data")["symbol"].n_unique() == 3


async def test_cancellation_keeps_what_came_and_the_next_run_goes_on(bench: Bench) -> None:
    await bench.run("symbols")
    bench.provider.pause = asyncio.Event()
    bench.provider.entered.clear()
    task = asyncio.create_task(bench.run())
    await bench.provider.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bench.provider.pause = None
    report = await bench.run()
    assert counts(report, Outcome.CACHED) == {"symbols": 3}
    assert sum(counts(report, Outcome.FRESH).values()) == sum(ALL.values()) - 3


async def test_two_runs_at_once_fetch_each_key_once(bench: Bench) -> None:
    first, second = await asyncio.gather(
        *(Collector(bench.store, bench.provider, clock=bench.clock).collect(KEYS) for _ in range(2))
    )
    asked = {name: len(bench.provider.asked(name)) for name in ALL if name != "accounts"}
    assert asked == {name: count for name, count in ALL.items() if name != "accounts"}
    assert [request.dataset for request in bench.provider.requests].count("accounts") == 1
    assert {tuple(report.datasets) for report in (first, second)} == {tuple(ALL)}
    assert first.missing == second.missing == ()


async def test_unwritable_row_is_a_failure_of_its_key_alone(bench: Bench, tmp_path: Path) -> None:
    report = await bench.run("quotes")
    assert report.missing == ()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


async def test_every_log_line_of_a_run_carries_its_id(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def logging_answer(request: DataRequest, key: str) -> None:
        get_logger("provider").info("asked", key=key)

    caplog.set_level("INFO")
    bench.provider.overrides["quotes", "AAPL"] = logging_answer
    report = await bench.run("quotes")
    lines = [record for record in caplog.records if record.name in {"provider", "ttapi_platform.collector"}]
    assert {record.message for record in lines} == {"asked", "key not brought up to date"}
    assert {vars(record)["run_id"] for record in lines} == {report.run_id}


async def test_progress_ends_at_the_total_of_each_dataset(bench: Bench) -> None:
    seen: dict[str, tuple[int, int]] = {}
    collector = Collector(
        bench.store,
        bench.provider,
        clock=bench.clock,
        on_progress=lambda progress: seen.update({progress.dataset: (progress.done, progress.total)}),
    )
    await collector.collect(KEYS)
    assert seen == {name: (count, count) for name, count in ALL.items()}


async def test_report_is_the_documented_document(bench: Bench) -> None:
    bench.provider.fail("quotes", "MSFT", cause=ServerFaultError("down", status=503))
    document = (await bench.run("quotes")).to_dict()
    assert list(document) == [
        "run_id",
        "provider",
        "simulated",
        "started_at",
        "elapsed_s",
        "requests",
        "datasets",
        "missing",
        "skipped",
        "fallbacks",
        "notices",
    ]
    assert document["requests"] == {"sent": 1, "retried": 0, "failed": 0}
    assert document["datasets"] == {
        "quotes": {
            "requested": 3,
            "fresh": 2,
            "cached": 0,
            "stale": 0,
            "empty": 0,
            "unknown": 0,
            "not_entitled": 0,
            "failed": 1,
            "rows": 2,
        }
    }
    assert document["missing"] == [
        {
            "dataset": "quotes",
            "symbol": "MSFT",
            "outcome": "failed",
            "cause": "down",
            "attempts": 3,
            "fetched_at": None,
        }
    ]


async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(bench: Bench) -> None:
    with pytest.raises(UnknownNameError, match="bars"):
        await bench.run("bars")
    with pytest.raises(ParameterError, match="distinct"):
        await bench.run(keys=("AAPL", "AAPL"))
    with pytest.raises(ParameterError, match="not in the future"):
        await bench.run(since=date(2026, 11, 21))
    bench.provider.datasets = frozenset({"quotes"})
    with pytest.raises(UnknownNameError, match="scripted"):
        await bench.run("eod_data")
    assert list((await bench.run()).datasets) == ["quotes"]
