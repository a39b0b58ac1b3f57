# SPDX-License-Identifier: Apache-2.0
"""Providers asked in turn: the next one is asked for what is missing, and the report says who answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttapi_core import (
    CredentialsError,
    ManualClock,
    NotFoundError,
    Outcome,
    ParameterError,
    RequestTimeoutError,
    UnknownNameError,
)
from ttapi_platform import Collector, Store
from ttapi_platform.fallback import collect_in_turn
from ttapi_platform.report import CollectReport, KeyOutcome
from ttapi_platform.testing import NOW, ScriptedProvider

KEYS = ("AAPL", "MSFT", "SPY")
UNKNOWN = NotFoundError("no such symbol", status=404)


class Pair:
    """Two providers over one store."""

    def __init__(self, root: Path) -> None:
        self.clock = ManualClock(NOW, auto_advance=True)
        self.store = Store(root, clock=self.clock)
        self.first = ScriptedProvider(KEYS, name="first")
        self.second = ScriptedProvider(KEYS, name="second")

    async def run(self, *datasets: str, **options: object) -> CollectReport:
        collectors = [Collector(self.store, one, clock=self.clock) for one in (self.first, self.second)]
        return await collect_in_turn(collectors, KEYS, datasets=datasets or None, **options)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path / "data")


def outcome_of(report: CollectReport, key: str) -> KeyOutcome:
    (outcome,) = [o for o in report.outcomes if o.key == key]
    return outcome


async def test_the_second_is_asked_nothing_while_the_first_has_all(pair: Pair) -> None:
    report = await pair.run("quotes")
    assert pair.second.requests == []
    assert report.answered_by == {"first": 3}


async def test_a_key_that_the_first_lacks_comes_from_the_second_alone(pair: Pair) -> None:
    pair.first.fail("quotes", "MSFT", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    report = await pair.run("quotes")
    assert pair.second.asked("quotes") == ["MSFT"]
    assert report.answered_by == {"first": 2, "second": 1}
    assert outcome_of(report, "MSFT").tried == (("first", "unknown: no such symbol"),)
    assert pair.store.read("first", "quotes")["symbol"].to_list() == ["AAPL", "SPY"]
    assert pair.store.read("second", "quotes")["symbol"].to_list() == ["MSFT"]


async def test_what_no_one_has_keeps_the_first_answer_and_names_who_was_asked(pair: Pair) -> None:
    pair.first.fail("quotes", "SPY", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    pair.second.fail("quotes", "SPY", cause=RequestTimeoutError("slow"))
    outcome = outcome_of(await pair.run("quotes"), "SPY")
    assert (outcome.outcome, outcome.provider) == (Outcome.UNKNOWN_SYMBOL, "first")
    assert outcome.tried == (("second", "failed: slow"),)


async def test_a_stale_answer_gives_way_to_a_fresh_one_of_the_second(pair: Pair) -> None:
    await pair.run("quotes")
    pair.clock.advance(3600)
    pair.first.fail("quotes", "AAPL", cause=RequestTimeoutError("slow"))
    outcome = outcome_of(await pair.run("quotes"), "AAPL")
    assert (outcome.outcome, outcome.provider) == (Outcome.FRESH, "second")


async def test_a_dataset_that_the_first_has_not_is_asked_of_the_second(pair: Pair) -> None:
    pair.first.datasets = frozenset({"quotes"})
    report = await pair.run("quotes", "symbols")
    assert {(o.dataset, o.provider) for o in report.outcomes} == {("quotes", "first"), ("symbols", "second")}


async def test_a_dataset_that_no_one_has_is_named(pair: Pair) -> None:
    pair.first.datasets = pair.second.datasets = frozenset({"quotes"})
    with pytest.raises(UnknownNameError, match="symbols"):
        await pair.run("symbols")


async def test_missing_credentials_of_the_second_do_not_cost_the_first_its_answers(pair: Pair) -> None:
    pair.first.fail("quotes", "MSFT", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    pair.second.raises["quotes"] = CredentialsError("TTAPI_SECOND_KEY", "is not set")
    report = await pair.run("quotes")
    assert report.answered_by == {"first": 2}
    ((name, cause),) = outcome_of(report, "MSFT").tried
    assert name == "second"
    assert "TTAPI_SECOND_KEY" in cause


async def test_missing_credentials_of_all_are_raised(pair: Pair) -> None:
    for one in (pair.first, pair.second):
        one.raises["quotes"] = CredentialsError("TTAPI_KEY", "is not set")
    with pytest.raises(CredentialsError):
        await pair.run("quotes")


async def test_the_report_names_every_fallback_in_its_json(pair: Pair) -> None:
    pair.first.fail("quotes", "MSFT", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    document = (await pair.run("quotes")).to_dict()
    assert document["answered_by"] == {"first": 2, "second": 1}
    (entry,) = document["fallbacks"]
    assert (entry["symbol"], entry["answered_by"], entry["tried"][0]["provider"]) == (
        "MSFT",
        "second",
        "first",
    )


async def test_without_a_provider_there_is_nothing_to_ask() -> None:
    with pytest.raises(ParameterError, match="at least one"):
        await collect_in_turn([], KEYS)
