# SPDX-License-Identifier: Apache-2.0
"""The main job against the sandbox: everything comes, nothing is wrong, and faults cost only time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ttapi_core import Outcome
from ttapi_platform import CATALOGUE, Collector, CollectReport, Store, resolve_universe

Starter = Callable[..., Any]  # of the fixture start_sandbox
AS_OF = ("--as-of", "2026-11-20T22:00", "--seed", "7")
KEYED = ("symbols", "quotes", "eod_data", "expiration_series")


async def collect(start: Starter, store: Store, *flags: str) -> CollectReport:
    """Run the main job once against a sandbox of its own."""
    async with start(*AS_OF, *flags).provider() as provider:
        universe = await resolve_universe(provider, store=store)
        return await Collector(store, provider).collect(universe.keys)


def tables(store: Store) -> dict[str, pl.DataFrame]:
    return {name: store.read("sandbox", name) for name in CATALOGUE}


def counts(report: CollectReport, outcome: Outcome) -> dict[str, int]:
    return {name: by[outcome.value] for name, by in report.datasets.items() if by[outcome.value]}


@pytest.mark.slow
async def test_507_symbols_come_whole_and_the_second_run_sends_nothing(
    start_sandbox: Starter, tmp_path: Path
) -> None:
    store = Store(tmp_path / "data")
    first = await collect(start_sandbox, store)
    assert first.missing == ()
    assert counts(first, Outcome.FRESH) == {"accounts": 1, "trading_days": 1, **dict.fromkeys(KEYED, 507)}
    assert first.datasets["eod_data"]["rows"] > 507 * 240
    second = await collect(start_sandbox, store)
    assert second.requests.sent == 0
    assert counts(second, Outcome.CACHED) == counts(first, Outcome.FRESH)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_with_faults_every_symbol_is_accounted_for_and_none_is_wrong(
    start_sandbox: Starter, tmp_path: Path
) -> None:
    """Seven requests in a hundred fail in one of eight ways, for 1,000 symbols."""
    truth, store = Store(tmp_path / "truth"), Store(tmp_path / "data")
    await collect(start_sandbox, truth, "--symbols", "1000")
    report = await collect(start_sandbox, store, "--symbols", "1000", "--fault", "mix=0.07")
    requested = {name: by["requested"] for name, by in report.datasets.items()}
    assert requested == {"accounts": 1, "trading_days": 1, **dict.fromkeys(KEYED, 1000)}
    assert report.requests.retried > 0
    lost = {(missing.dataset, missing.key) for missing in report.missing}
    again = await collect(start_sandbox, store, "--symbols", "1000")
    assert {(o.dataset, o.key) for o in again.outcomes if o.outcome is Outcome.FRESH} == lost
    assert again.missing == ()
    for name, table in tables(store).items():
        assert_frame_equal(table, tables(truth)[name], check_exact=True)


async def test_endpoint_that_always_fails_is_named_with_cause_and_attempts(
    start_sandbox: Starter, tmp_path: Path
) -> None:
    fault = ("--fault", "kind=500,rate=1,path=/option-chains")
    report = await collect(start_sandbox, Store(tmp_path / "data"), "--symbols", "1", *fault)
    (missing,) = report.missing
    assert (missing.dataset, missing.outcome, missing.attempts) == ("expiration_series", Outcome.FAILED, 6)
    assert "answered 500" in str(missing.cause)
    assert (report.requests.retried, report.requests.failed) == (5, 1)
