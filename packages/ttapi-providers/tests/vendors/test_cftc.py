# SPDX-License-Identifier: Apache-2.0
"""The CFTC's reports become positions of groups of traders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import RequestRefusedError
from ttapi_providers import Asked
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.cftc import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://publicreporting.cftc.gov/resource"
ABOUT = {
    "report_date_as_yyyy_mm_dd": "2026-01-06T00:00:00.000", "cftc_contract_market_code": "067651", "open_interest_all": "1000",
    "market_and_exchange_names": "WTI - NYMEX", "commodity_name": "CRUDE OIL",
}  # fmt: skip


def test_a_name_that_ends_in_all_wins_over_that_of_old_crops(answered: Answered) -> None:
    record = {**ABOUT, "noncomm_positions_long_all": "400", "noncomm_positions_short_all": "300",
              "noncomm_postions_spread_all": "50", "noncomm_positions_spread": "7", "change_in_noncomm_long_all": "-10",
              "pct_of_oi_noncomm_long_all": "40.0", "traders_noncomm_long_all": "8"}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/6dca-aqww.json", [record]).rows("commitments_of_traders")
    assert (row["market"], row["report"], row["category"]) == ("067651", "legacy_futures", "noncommercial")
    assert (row["long"], row["spreading"], row["long_change"], row["long_percent"]) == (
        400.0,
        50.0,
        -10.0,
        40.0,
    )
    assert (row["report_date"], row["traders_long"]) == (date(2026, 1, 6), 8.0)


@pytest.mark.parametrize(
    ("resource", "report", "record", "category"),
    [
        ("72hh-3qpy", "disaggregated_futures", {"prod_merc_positions_long": "5"}, "producer_merchant"),
        (
            "kh3c-gbw2",
            "disaggregated_combined",
            {"swap_positions_long_all": "5", "swap__positions_short_all": "6"},
            "swap_dealer",
        ),
        ("gpe5-46if", "financial_futures", {"lev_money_positions_long": "5"}, "leveraged_funds"),
        ("yw9f-hn96", "financial_combined", {"dealer_positions_long_all": "5"}, "dealer"),
        (
            "4zgm-a668",
            "supplemental_combined",
            {"ncomm_postions_long_all_nocit": "5"},
            "noncommercial_without_index",
        ),
        ("4zgm-a668", "supplemental_combined", {"cit_positions_long_all": "5"}, "index_trader"),
    ],
)
def test_each_report_has_its_groups(
    answered: Answered, resource: Any, report: Any, record: Any, category: Any
) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/{resource}.json", [{**ABOUT, **record}]).rows(
        "commitments_of_traders"
    )
    assert (row["report"], row["category"], row["long"]) == (report, category, 5.0)


def test_a_record_without_a_market_is_skipped(answered: Answered) -> None:
    good = {**ABOUT, "comm_positions_long_all": "5"}
    replayed = answered(PROVIDER, f"{ROOT}/jun7-fc8e.json", [good, {"open_interest_all": "5"}])[
        "commitments_of_traders"
    ]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_no_report_is_an_empty_answer(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/jun7-fc8e.json", [])["commitments_of_traders"].rows == 0


def test_days_and_markets_are_asked_for_and_pages_followed() -> None:
    endpoint = PROVIDER.endpoints[0]
    asked = endpoint.request.ask(
        Wanted(keys=("067651",), names=("067651",), since=date(2026, 1, 1)), PROVIDER.bases[0]
    )
    assert (
        asked.query["$where"]
        == "report_date_as_yyyy_mm_dd >= '2026-01-01' AND cftc_contract_market_code in ('067651')"
    )
    assert endpoint.next_page([{}] * 5000, asked) == {"$offset": "5000"}
    assert endpoint.next_page([{}], asked) is None
    assert PROVIDER.claims(Asked.of("GET", f"{ROOT}/aaaa-bbbb.json")) == []


def test_a_bad_condition_is_refused(answered: Answered) -> None:
    body = {
        "code": "query.soql.no-such-column",
        "error": True,
        "message": "Query coordinator error: no such column",
    }
    with pytest.raises(RequestRefusedError):
        answered(PROVIDER, f"{ROOT}/jun7-fc8e.json", body, status=400).frame("commitments_of_traders")


@pytest.mark.parametrize("query", ["$select=a,b", "$select=a&$group=a", "$q=gold"])
def test_what_is_not_the_plain_records_is_not_claimed(query: str) -> None:
    claimed = PROVIDER.claims(Asked.of("GET", f"{ROOT}/jun7-fc8e.json?{query}"))
    assert claimed == []


def test_records_as_a_table_are_read_alike(answered: Answered) -> None:
    text = (
        "cftc_contract_market_code,report_date_as_yyyy_mm_dd,noncomm_positions_long_all,open_interest_all\n"
        "067651,2026-01-06T00:00:00.000,100,400\n"
    )
    rows = answered(PROVIDER, f"{ROOT}/6dca-aqww.csv", text, content_type="text/csv").rows(
        "commitments_of_traders"
    )
    assert [(row["category"], row["long"], row["open_interest"]) for row in rows] == [
        ("noncommercial", 100.0, 400.0)
    ]
