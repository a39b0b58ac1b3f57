# SPDX-License-Identifier: Apache-2.0
"""The Treasury's feeds and tables become points of curves, in percent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import DecodeError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.us_treasury import PROVIDER

Answered = Callable[..., Any]


PAGES = "https://home.treasury.gov/resource-center/data-chart-center/interest-rates"


def _feed(*entries: Any) -> Any:
    def entry(fields: Any) -> Any:
        held = "".join(
            f'<d:{name} m:type="Edm.Double" m:null="true"/>' if value is None
            else f'<d:{name} m:type="Edm.Double">{value}</d:{name}>'
            for name, value in fields.items()
        )  # fmt: skip
        return f'<entry><content type="application/xml"><m:properties>{held}</m:properties></content></entry>'

    return f'<feed xmlns="a" xmlns:m="m" xmlns:d="d"><title>t</title>{"".join(map(entry, entries))}</feed>'


def _rows(
    answered: Answered, kind: str, *entries: Any, dataset: str = "yield_curves", page: str = "xml"
) -> Any:
    return answered(
        PROVIDER, f"{PAGES}/pages/{page}?data={kind}", _feed(*entries), content_type="text/xml"
    ).rows(dataset)


@pytest.mark.parametrize("page", ["xml", "xmlview"])
def test_par_yields_are_points_in_percent(answered: Answered, page: str) -> None:
    fields = {"NEW_DATE": "2026-03-02T00:00:00", "BC_1MONTH": "3.71", "BC_1_5MONTH": "3.72", "BC_4MONTH": None,
              "BC_30YEAR": "4.6", "BC_30YEARDISPLAY": "4.6"}  # fmt: skip
    rows = _rows(answered, "daily_treasury_yield_curve", fields, page=page)
    assert [(row["tenor"], row["months"], row["rate_percent"]) for row in rows] == [
        ("1M", 1.0, 3.71), ("1.5M", 1.5, 3.72), ("30Y", 360.0, 4.6)
    ]  # fmt: skip
    assert {(row["curve"], row["kind"], row["currency"], row["date"]) for row in rows} == {
        ("UST_PAR", "par", "USD", date(2026, 3, 2))
    }


def test_the_old_server_is_read_still(answered: Answered) -> None:
    body = _feed({"NEW_DATE": "2020-03-02T00:00:00", "BC_10YEAR": "1.1"})
    url = "https://data.treasury.gov/feed.svc/DailyTreasuryYieldCurveRateData?$filter=year(NEW_DATE)%20eq%202020"
    (row,) = answered(PROVIDER, url, body).rows("yield_curves")
    assert (row["curve"], row["tenor"], row["rate_percent"]) == ("UST_PAR", "10Y", 1.1)


def test_real_yields_are_a_curve_of_their_own(answered: Answered) -> None:
    (row,) = _rows(
        answered, "daily_treasury_real_yield_curve", {"NEW_DATE": "2026-03-02T00:00:00", "TC_5YEAR": "-0.2"}
    )
    assert (row["curve"], row["kind"], row["tenor"], row["rate_percent"]) == ("UST_REAL", "real", "5Y", -0.2)


def test_bills_have_a_discount_and_a_yield(answered: Answered) -> None:
    fields = {"INDEX_DATE": "2026-03-02T00:00:00", "ROUND_B1_CLOSE_13WK_2": "3.6", "ROUND_B1_YIELD_13WK_2": "3.68",
              "CUSIP_13WK": "X"}  # fmt: skip
    rows = _rows(answered, "daily_treasury_bill_rates", fields)
    assert {(row["curve"], row["tenor"], row["months"], row["rate_percent"]) for row in rows} == {
        ("UST_BILL_DISCOUNT", "13W", 3.0, 3.6), ("UST_BILL_YIELD", "13W", 3.0, 3.68)
    }  # fmt: skip


def test_long_term_rates_are_reference_rates(answered: Answered) -> None:
    day = {"QUOTE_DATE": "2026-03-02T00:00:00"}
    rows = _rows(
        answered, "daily_treasury_long_term_rate", {**day, "RATE_TYPE": "BC_20year", "RATE": "4.9"},
        {**day, "RATE_TYPE": "Over_10_Years", "RATE": "4.8"}, dataset="reference_rates",
    )  # fmt: skip
    assert {(row["rate"], row["rate_percent"]) for row in rows} == {
        ("UST_20Y_PAR", 4.9), ("UST_LONG_TERM_COMPOSITE", 4.8)
    }  # fmt: skip
    (row,) = _rows(
        answered, "daily_treasury_real_long_term", {**day, "RATE": "2.4"}, dataset="reference_rates"
    )
    assert (row["rate"], row["rate_percent"]) == ("UST_LONG_TERM_REAL", 2.4)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("daily_treasury_yield_curve", 'Date,"1 Mo","1.5 Month","10 Yr"\n03/02/2026,3.7,,4.1\n', {("UST_PAR", "1M", 3.7), ("UST_PAR", "10Y", 4.1)}),
        ("daily_treasury_real_yield_curve", 'Date,"5 YR"\n03/02/2026,1.5\n', {("UST_REAL", "5Y", 1.5)}),
        (
            "daily_treasury_bill_rates",
            'Date,"4 WEEKS BANK DISCOUNT","4 WEEKS COUPON EQUIVALENT"\n03/02/2026,3.6,3.7\n',
            {("UST_BILL_DISCOUNT", "4W", 3.6), ("UST_BILL_YIELD", "4W", 3.7)},
        ),
    ],
)  # fmt: skip
def test_tables_for_download_are_read(answered: Answered, kind: str, body: Any, expected: Any) -> None:
    url = f"{PAGES}/daily-treasury-rates.csv/2026/all?type={kind}&field_tdr_date_value=2026&_format=csv"
    rows = answered(PROVIDER, url, body, content_type="text/csv").rows("yield_curves")
    assert {(row["curve"], row["tenor"], row["rate_percent"]) for row in rows} == expected
    assert rows[0]["date"] == date(2026, 3, 2)


def test_the_long_term_table_is_read(answered: Answered) -> None:
    body = (
        'Date,"LT Composite (>10 Yrs)","TREASURY 20-Yr CMT","Extrapolation Factor"\n03/02/2026,4.8,4.9,N/A\n'
    )
    url = f"{PAGES}/daily-treasury-rates.csv/2026/all?type=daily_treasury_long_term_rate"
    rows = answered(PROVIDER, url, body).rows("reference_rates")
    assert {(row["rate"], row["rate_percent"]) for row in rows} == {
        ("UST_20Y_PAR", 4.9), ("UST_LONG_TERM_COMPOSITE", 4.8)
    }  # fmt: skip


def test_a_month_without_days_is_empty(answered: Answered) -> None:
    assert (
        answered(PROVIDER, f"{PAGES}/pages/xml?data=daily_treasury_yield_curve", _feed())["yield_curves"].rows
        == 0
    )


def test_a_page_instead_of_a_feed_is_no_empty_answer(answered: Answered) -> None:
    body = "<html><head><title>Busy</title></head><body/></html>"
    with pytest.raises(DecodeError):
        answered(PROVIDER, f"{PAGES}/pages/xml?data=daily_treasury_yield_curve", body).frame("yield_curves")


def test_a_year_is_asked_for_after_the_other_up_to_the_present_one() -> None:
    endpoint: Any = PROVIDER.endpoints[0]

    def asked(since: date | None) -> Any:
        return endpoint.request.ask(Wanted(since=since, today=date(2026, 3, 20)), PROVIDER.bases[0])

    assert asked(None).query["field_tdr_date_value_month"] == "202603"
    assert endpoint.next_page({"feed": {}}, asked(None)) is None
    year = asked(date(2025, 2, 1))
    assert year.query["field_tdr_date_value"] == "2025"
    assert endpoint.next_page({"feed": {"updated": "2026-03-20T00:00:00Z"}}, year) == {
        "field_tdr_date_value": "2026"
    }
    assert endpoint.next_page({"feed": {"updated": "2025-12-31T00:00:00Z"}}, year) is None
    assert endpoint.next_page({"feed": {}}, year) is None
