# SPDX-License-Identifier: Apache-2.0
"""The Bank of England's tables become series, units of a currency for one pound, and rates in percent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError, RequestRefusedError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.boe import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://www.bankofengland.co.uk/boeapps/database/_iadb-fromshowcolumns.asp"


def _asked(codes: str, mark: str = "csv.x") -> Any:
    return f"{ROOT}?{mark}=yes&SeriesCodes={codes}&UsingCodes=Y&CSVF=TN"


TABLES = {
    "a column a series": "DATE,XUDLUSS,XUDLJYS\n02 Mar 2026,1.34,212.5\n03 Mar 2026,1.35,\n",
    "with titles": 'SERIES,DESCRIPTION\nXUDLUSS,"Spot, US $"\nXUDLJYS,Spot yen\n\nDATE,XUDLUSS,XUDLJYS\n'
                   "02 Mar 2026,1.34,212.5\n03 Mar 2026,1.35,\n",
    "one column": "DATE,SERIES,VALUE\n02 Mar 2026,XUDLUSS,1.34\n03 Mar 2026,XUDLUSS,1.35\n02 Mar 2026,XUDLJYS,212.5\n"
                  "03 Mar 2026,XUDLJYS,\n",
}  # fmt: skip


@pytest.mark.parametrize("body", TABLES.values(), ids=TABLES)
def test_rates_are_of_one_pound_in_every_layout(answered: Answered, body: Any) -> None:
    replayed = answered(PROVIDER, _asked("XUDLUSS,XUDLJYS"), body, content_type="application/csv")
    assert {(row["symbol"], row["date"].day, row["rate"]) for row in replayed.rows("fx_rates")} == {
        ("GBP/USD", 2, 1.34), ("GBP/USD", 3, 1.35), ("GBP/JPY", 2, 212.5)
    }  # fmt: skip
    assert replayed["fx_rates"].decoded.skipped_count == 1
    assert replayed["economic_series"].rows == 4


@pytest.mark.parametrize(
    ("code", "text", "day"),
    [
        ("LPMVWYR", "31 Jan 2026", date(2026, 1, 1)),
        ("RPQB3C8", "31 Mar 2026", date(2026, 1, 1)),
        ("XUAAUSS", "31 Dec 2025", date(2025, 1, 1)),
        ("IUDSNZC", "30 Jan 2026", date(2026, 1, 30)),
    ],
)
def test_a_period_is_dated_with_its_first_day(answered: Answered, code: str, text: str, day: date) -> None:
    (row,) = answered(PROVIDER, _asked(code), f"DATE,{code}\n{text},1.5\n").rows("economic_series")
    assert (row["series"], row["date"], row["value"]) == (code, day, 1.5)


def test_xml_is_read_and_a_series_that_stands_twice_counted_once(answered: Answered) -> None:
    series = (
        '<Cube SCODE="LPMVWYR" DESC="Notes and coin"><Cube FREQ_NAME="Monthly"/>'
        '<Cube CAT_NAME="SEASONAL ADJUSTMENT" VAL_DESC="Seasonally adjusted"/><Cube TIME="2026-01-31" OBS_VALUE="9.5"/></Cube>'
    )
    replayed = answered(PROVIDER, _asked("LPMVWYR", "xml.x"), f"<Envelope>{series}{series}</Envelope>")
    (row,) = replayed.rows("economic_series")
    assert (row["value"], row["title"], row["seasonal_adjustment"]) == (
        9.5,
        "Notes and coin",
        "Seasonally adjusted",
    )
    assert replayed["economic_series"].decoded.skipped_count == 1


@pytest.mark.parametrize("path", ["iadb/fromshowcolumns.asp", "database/_iadb-FromShowColumns.asp"])
def test_other_addresses_are_read_too(answered: Answered, path: str) -> None:
    url = f"https://www.bankofengland.co.uk/boeapps/{path}?csv.x=yes&SeriesCodes=IUMABEDR"
    (row,) = answered(PROVIDER, url, "DATE,IUMABEDR\n31 Jan 2026,3.75\n").rows("economic_series")
    assert (row["date"], row["value"], row["frequency"]) == (date(2026, 1, 1), 3.75, "monthly")


def test_sonia_and_bank_rate_are_reference_rates(answered: Answered) -> None:
    rows = answered(
        PROVIDER, _asked("IUDSOIA,IUDBEDR"), "DATE,IUDSOIA,IUDBEDR\n02 Mar 2026,3.72,3.75\n"
    ).rows("reference_rates")
    assert {row["rate"]: row["rate_percent"] for row in rows} == {"SONIA": 3.72, "BANK_RATE": 3.75}


def test_what_is_asked_for_beside_a_rate_is_none(answered: Answered) -> None:
    replayed = answered(PROVIDER, _asked("XUDLUSS,IUDBEDR"), "DATE,XUDLUSS,IUDBEDR\n02 Mar 2026,1.34,3.75\n")
    (row,) = replayed.rows("reference_rates")
    assert (row["rate"], row["rate_percent"]) == ("BANK_RATE", 3.75)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["rate"]) == ("GBP/USD", 1.34)


@pytest.mark.parametrize(
    ("words", "error"),
    [("The series code NOPE is invalid", NotFoundError), ("Please try again later", RequestRefusedError)],
)
def test_a_page_instead_of_a_table_is_a_refusal(
    answered: Answered, words: str, error: type[Exception]
) -> None:
    body = f"<html><head><title>x</title></head><body><p>{words}</p></body></html>"
    with pytest.raises(error):
        answered(PROVIDER, _asked("NOPE"), body, content_type="text/html").frame("economic_series")


def test_a_table_without_days_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, _asked("XUDLUSS"), "DATE,XUDLUSS\n")["economic_series"].rows == 0


def test_pairs_are_asked_for_by_code_and_days_in_its_spelling() -> None:
    names = tuple(PROVIDER.naming.to_vendor(key) for key in ("GBP/USD", "GBP/EUR"))
    endpoint: Any = next(e for e in PROVIDER.endpoints if e.dataset == "fx_rates")
    wanted = Wanted(keys=("GBP/USD", "GBP/EUR"), names=names, since=date(2026, 3, 2), until=date(2026, 3, 5))
    asked = endpoint.request.ask(wanted, PROVIDER.bases[0])
    assert (asked.query["SeriesCodes"], asked.query["Datefrom"], asked.query["Dateto"]) == (
        "XUDLUSS,XUDLERS", "02/Mar/2026", "05/Mar/2026"
    )  # fmt: skip
    assert not endpoint.takes("EUR/USD")
