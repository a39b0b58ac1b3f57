# SPDX-License-Identifier: Apache-2.0
"""FINRA's summaries, short interest and daily files become rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import DecodeError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.finra import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://api.finra.org/data/group/otcMarket/name"
WEEK = {"issueSymbolIdentifier": "BRK.B", "totalWeeklyShareQuantity": 700, "totalWeeklyTradeCount": 5,
        "lastUpdateDate": "2026-01-20"}  # fmt: skip


def _filters(**equal: str) -> dict[str, Any]:
    return {
        "compareFilters": [
            {"compareType": "EQUAL", "fieldName": n, "fieldValue": v} for n, v in equal.items()
        ]
    }


def test_what_the_record_leaves_out_is_what_was_asked_for(answered: Answered) -> None:
    asked = _filters(weekStartDate="2025-12-29", summaryTypeCode="ATS_W_SMBL", tierIdentifier="T1")
    (row,) = answered(PROVIDER, f"{ROOT}/weeklySummary", [WEEK], method="POST", posted=asked).rows(
        "off_exchange_volume"
    )
    assert (row["symbol"], row["period_start"], row["period"], row["kind"]) == (
        "BRK/B",
        date(2025, 12, 29),
        "week",
        "ats",
    )
    assert (row["shares"], row["trades"], row["tier"]) == (700.0, 5.0, "T1")


@pytest.mark.parametrize(
    ("code", "firm", "kind"),
    [
        ("ATS_W_SMBL_FIRM", "A POOL", "ats"),
        ("OTC_W_SMBL_FIRM", "A DEALER", "otc"),
        ("OTC_W_SMBL_FIRM", "De Minimis Firms", "otc_small"),
    ],
)
def test_kinds_of_volume(answered: Answered, code: Any, firm: Any, kind: Any) -> None:
    record = {
        **WEEK,
        "weekStartDate": "2025-12-29",
        "summaryTypeCode": code,
        "MPID": "ABCD",
        "marketParticipantName": firm,
    }
    (row,) = answered(PROVIDER, f"{ROOT}/weeklySummary", [record], method="POST").rows("off_exchange_volume")
    assert (row["kind"], row["venue"], row["venue_name"]) == (kind, "ABCD", firm)


def test_volume_of_a_week_that_nothing_tells_is_refused(answered: Answered) -> None:
    with pytest.raises(DecodeError):
        answered(PROVIDER, f"{ROOT}/weeklySummary", [WEEK], method="POST").frame("off_exchange_volume")


def test_short_interest_is_in_shares(answered: Answered) -> None:
    record = {"symbolCode": "KO", "issueName": "Coca-Cola", "settlementDate": "2026-01-15", "currentShortPositionQuantity": 30_000_000,
              "previousShortPositionQuantity": 29_000_000, "changePercent": 3.45, "averageDailyVolumeQuantity": 15_000_000,
              "daysToCoverQuantity": 2.0, "marketClassCode": "NYSE"}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/consolidatedShortInterest", [record], method="POST").rows(
        "short_interest"
    )
    assert (row["short_interest"], row["change_percent"], row["days_to_cover"]) == (30e6, 3.45, 2.0)


def test_a_daily_file_ends_with_the_number_of_its_lines(answered: Answered) -> None:
    text = (
        "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market\r\n20260105|KO|300|5|700|B,Q,N\r\n1\r\n"
    )
    url = "https://cdn.finra.org/equity/regsho/daily/CNMSshvol20260105.txt"
    (row,) = answered(PROVIDER, url, text, content_type="text/plain").rows("off_exchange_volume")
    assert (row["period_start"], row["kind"], row["venue"]) == (date(2026, 1, 5), "short_sale", "B,Q,N")
    assert (row["short_shares"], row["short_exempt_shares"], row["shares"]) == (300.0, 5.0, 700.0)


def test_no_volume_is_an_empty_answer(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/weeklySummary", [], method="POST")["off_exchange_volume"].rows == 0


def test_symbols_and_days_are_asked_for_in_the_body() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "short_interest")
    asked = endpoint.request.ask(
        Wanted(keys=("KO",), names=("KO",), since=date(2026, 1, 1), until=date(2026, 1, 31)), ""
    )
    assert asked.posted("domainFilters", 0, "values") == ["KO"]
    assert asked.posted("dateRangeFilters", 0, "endDate") == "2026-01-31"
    assert endpoint.found_by(asked) == ["KO"]


@pytest.mark.parametrize("case", ["otcMarket/name/consolidatedShortInterest",
                                  "otcmarket/name/consolidatedshortinterest",
                                  "OTCMarket/name/consolidatedShortInterest"])  # fmt: skip
def test_what_could_not_be_divided_is_unknown(answered: Answered, case: str) -> None:
    record = {"symbolCode": "KO", "settlementDate": "2026-01-15", "currentShortPositionQuantity": 100,
              "previousShortPositionQuantity": 0, "changePercent": 100, "daysToCoverQuantity": 999.99}  # fmt: skip
    (row,) = answered(PROVIDER, f"https://api.finra.org/data/group/{case}", [record], method="POST").rows(
        "short_interest"
    )
    assert (row["short_interest"], row["change_percent"], row["days_to_cover"]) == (100.0, None, None)


def test_the_next_page_is_asked_for_in_the_body() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "short_interest")
    asked = endpoint.request.ask(Wanted(keys=("KO",), names=("KO",)), "")
    limit = asked.posted("limit")
    following = endpoint.next_page([{}] * limit, asked)
    assert following.posted("offset") == limit
    assert endpoint.next_page([{}] * limit, following).posted("offset") == 2 * limit
    assert endpoint.next_page([{}], following) is None
