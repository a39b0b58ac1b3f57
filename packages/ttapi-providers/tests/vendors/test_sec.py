# SPDX-License-Identifier: Apache-2.0
"""EDGAR's submissions, facts, feeds, indexes and heads of filings become rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import DecodeError, NotFoundError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.sec import PROVIDER

Answered = Callable[..., Any]

DATA, SITE = "https://data.sec.gov", "https://www.sec.gov"
NUMBER = "0000021344-26-000010"


def _submissions(**changed: Any) -> dict[str, Any]:
    recent = {
        "accessionNumber": [NUMBER], "filingDate": ["2026-02-20"], "reportDate": ["2025-12-31"],
        "acceptanceDateTime": ["2026-02-20T21:05:00.000Z"], "form": ["10-K"], "items": [""], "size": [1000],
        "primaryDocument": ["ko.htm"], "primaryDocDescription": ["10-K"], **changed,
    }  # fmt: skip
    return {
        "cik": "0000021344",
        "name": "COCA COLA CO",
        "sic": "2080",
        "filings": {"recent": recent, "files": []},
    }


def test_submissions_are_filings_and_a_profile_under_the_cik(answered: Answered) -> None:
    answers = answered(PROVIDER, f"{DATA}/submissions/CIK0000021344.json", _submissions())
    (row,) = answers.rows("filings")
    assert (row["symbol"], row["accession"], row["form"]) == ("0000021344", NUMBER, "10-K")
    assert row["accepted_at"] == datetime(2026, 2, 20, 21, 5, tzinfo=UTC)
    assert row["url"].endswith("/21344/000002134426000010/ko.htm")
    assert answers.rows("company_profiles")[0]["sic"] == "2080"


def test_lists_of_different_lengths_are_no_answer(answered: Answered) -> None:
    with pytest.raises(DecodeError):
        answered(PROVIDER, f"{DATA}/submissions/CIK0000021344.json", _submissions(form=[])).frame("filings")


def test_facts_have_their_period_by_its_length(answered: Answered) -> None:
    fact = {
        "val": 47,
        "accn": NUMBER,
        "fy": 2025,
        "fp": "FY",
        "form": "10-K",
        "filed": "2026-02-20",
        "end": "2025-12-31",
    }
    units = {"USD": [{**fact, "start": "2025-01-01"}, {**fact, "start": "2025-10-01"}], "USD/shares": [fact]}
    body = {"cik": 21344, "entityName": "COCA COLA CO", "facts": {"us-gaap": {"Revenues": {"units": units}}}}
    rows = answered(PROVIDER, f"{DATA}/api/xbrl/companyfacts/CIK0000021344.json", body).rows("fundamentals")
    assert {(row["unit"], row["period_type"]) for row in rows} == {
        ("USD", "annual"),
        ("USD", "quarter"),
        ("USD/shares", "instant"),
    }
    assert {(row["symbol"], row["item"], row["currency"]) for row in rows} == {
        ("0000021344", "us-gaap:Revenues", "USD")
    }


ENTRY = """<entry><title>4 - {company} ({cik}) ({role})</title>
<link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/x-index.htm"/>
<summary type="html"> &lt;b&gt;Filed:&lt;/b&gt; 2026-01-05 &lt;b&gt;AccNo:&lt;/b&gt; 0000021344-26-000010</summary>
<updated>2026-01-05T18:02:43-05:00</updated><category scheme="x" label="form type" term="4"/>
<id>urn:tag:sec.gov,2008:accession-number=0000021344-26-000010</id></entry>"""


def test_the_feed_of_all_filings_has_each_company_of_a_filing_once(answered: Answered) -> None:
    roles = (
        ("A CO", "0000000001", "Issuer"),
        ("B MAN", "0000000002", "Reporting"),
        ("A CO", "0000000001", "Filer"),
    )
    entries = "".join(ENTRY.format(company=c, cik=k, role=r) for c, k, r in roles)
    text = f'<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
    url = f"{SITE}/cgi-bin/browse-edgar?action=getcurrent&output=atom&count=100&start=0"
    answers = answered(PROVIDER, url, text, content_type="application/atom+xml")
    assert {(row["symbol"], row["company"]) for row in answers.rows("filings")} == {
        ("0000000001", "A CO"),
        ("0000000002", "B MAN"),
    }
    assert answers["filings"].decoded.skipped_count == 1


def test_a_ticker_is_asked_for_by_the_feed_of_its_company_and_a_cik_by_its_submissions() -> None:
    filings = [e for e in PROVIDER.endpoints if e.dataset == "filings"]
    by_cik, by_ticker = filings[:2]
    assert by_cik.takes is not None
    assert (by_cik.takes("0000021344"), by_cik.takes("KO")) == (True, False)
    assert by_cik.request.ask(
        Wanted(keys=("0000021344",), names=(PROVIDER.naming.to_vendor("0000021344"),)), ""
    ).path == ("/submissions/CIK0000021344.json")
    asked = by_ticker.request.ask(Wanted(keys=("BRK/B",), names=(PROVIDER.naming.to_vendor("BRK/B"),)), "")
    assert asked.query["CIK"] == "BRK-B"


def test_the_head_of_a_filing(answered: Answered) -> None:
    text = (
        "<SEC-DOCUMENT>x.txt : 20050427\n<SEC-HEADER>x\n<ACCEPTANCE-DATETIME>20050427122550\n<PRIVATE-TO-PUBLIC>\n"
        f"ACCESSION NUMBER:\t\t{NUMBER}\nCONFORMED SUBMISSION TYPE:\t8-K\nCONFORMED PERIOD OF REPORT:\t20050426\n"
        "ITEM INFORMATION:\tOther Events\nFILED AS OF DATE:\t20050427\n\tCOMPANY CONFORMED NAME:\t\tCOCA COLA CO\n"
        "\tCENTRAL INDEX KEY:\t\t0000021344\n</SEC-HEADER>\nthe filing"
    )
    url = f"{SITE}/Archives/edgar/data/21344/000002134426000010/{NUMBER}.txt"
    (row,) = answered(PROVIDER, url, text, content_type="text/plain").rows("filings")
    assert (row["accession"], row["company"], row["items"]) == (NUMBER, "COCA COLA CO", "Other Events")
    assert (row["report_date"], row["accepted_at"]) == (
        date(2005, 4, 26),
        datetime(2005, 4, 27, 16, 25, 50, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("master.idx", f"21344|COCA COLA CO|10-K|2026-02-20|edgar/data/21344/{NUMBER}.txt"),
        (
            "form.idx",
            f"10-K        COCA COLA CO        21344       2026-02-20  edgar/data/21344/{NUMBER}.txt  ",
        ),
        (
            "company.idx",
            f"COCA COLA CO        10-K        21344       2026-02-20  edgar/data/21344/{NUMBER}.txt  ",
        ),
    ],
)
def test_indexes_of_filings(answered: Answered, name: Any, line: Any) -> None:
    text = f"Description: an index\n\nCIK|Company Name|Form Type\n-----\n{line}\n"
    url = f"{SITE}/Archives/edgar/full-index/2026/QTR1/{name}"
    (row,) = answered(PROVIDER, url, text, content_type="text/plain").rows("filings")
    assert (row["symbol"], row["form"], row["company"], row["accession"]) == (
        "0000021344",
        "10-K",
        "COCA COLA CO",
        NUMBER,
    )


def test_a_search_gives_each_filing_once(answered: Answered) -> None:
    source = {"ciks": ["0000021344"], "display_names": ["COCA COLA CO  (KO)  (CIK 0000021344)"], "adsh": NUMBER,
              "form": "10-K", "file_date": "2026-02-20", "period_ending": "2025-12-31"}  # fmt: skip
    hits = [{"_id": f"{NUMBER}:{document}", "_source": source} for document in ("ko.htm", "exhibit.htm")]
    answers = answered(
        PROVIDER,
        "https://efts.sec.gov/LATEST/search-index?q=sugar",
        {"hits": {"total": {"value": 2}, "hits": hits}},
    )
    (row,) = answers.rows("filings")
    assert (row["company"], row["accession"]) == ("COCA COLA CO", NUMBER)
    assert answers["filings"].decoded.skipped_count == 1


def test_tickers_with_their_exchange(answered: Answered) -> None:
    body = {
        "fields": ["cik", "name", "ticker", "exchange"],
        "data": [[1067983, "BERKSHIRE HATHAWAY INC", "BRK-B", "NYSE"]],
    }
    (row,) = answered(PROVIDER, f"{SITE}/files/company_tickers_exchange.json", body).rows("symbols")
    assert (row["symbol"], row["cik"], row["listed_market"]) == ("BRK/B", "0001067983", "NYSE")


def test_an_unknown_company_is_not_found(answered: Answered) -> None:
    text = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>'
    with pytest.raises(NotFoundError):
        answered(
            PROVIDER,
            f"{DATA}/submissions/CIK0000000009.json",
            text,
            status=404,
            content_type="application/xml",
        ).frame("filings")


def test_older_files_are_followed_as_far_back_as_days_are_wanted() -> None:
    files = [{"name": f"CIK0000021344-submissions-00{n}.json", "filingTo": day}
             for n, day in ((1, "2020-01-01"), (2, "2010-01-01"), (3, "2000-01-01"))]  # fmt: skip
    body = {"filings": {"files": files, "recent": {}}}
    endpoint = next(
        e for e in PROVIDER.endpoints if e.dataset == "filings" and "submissions" in e.request.path
    )
    first = endpoint.request.ask(Wanted(keys=("KO",), names=("0000021344",), since=date(2009, 1, 1)), DATA)
    second = endpoint.next_page(body, first)
    assert second.path == "/submissions/CIK0000021344-submissions-001.json"
    third = endpoint.next_page({"accessionNumber": []}, second)
    assert third.path == "/submissions/CIK0000021344-submissions-002.json"
    assert endpoint.next_page({"accessionNumber": []}, third) is None
    everything = endpoint.request.ask(Wanted(keys=("KO",), names=("0000021344",)), DATA)
    assert endpoint.next_page(body, everything) is None


def test_tickers_of_the_old_list_stand_in_lower_case(answered: Answered) -> None:
    text = "ko\t21344\nbrk-b\t1067983\n"
    rows = answered(PROVIDER, f"{SITE}/include/ticker.txt", text, content_type="text/plain").rows("symbols")
    assert {(row["symbol"], row["cik"]) for row in rows} == {("KO", "0000021344"), ("BRK/B", "0001067983")}


@pytest.mark.parametrize("path", ["xbrlrss.all.xml", "usgaap.rss.xml"])
def test_feeds_of_filings_have_several_names(answered: Answered, path: str) -> None:
    text = (
        '<rss xmlns:edgar="x"><channel><item><link>https://x.invalid</link><edgar:xbrlFiling>'
        "<edgar:companyName>Sugar water</edgar:companyName><edgar:formType>10-K</edgar:formType>"
        "<edgar:filingDate>02/20/2026</edgar:filingDate><edgar:cikNumber>0000021344</edgar:cikNumber>"
        f"<edgar:accessionNumber>{NUMBER}</edgar:accessionNumber></edgar:xbrlFiling></item></channel></rss>"
    )
    url = f"{SITE}/Archives/edgar/{path}"
    (row,) = answered(PROVIDER, url, text, content_type="text/xml").rows("filings")
    assert (row["accession"], row["form"], row["filed_date"]) == (NUMBER, "10-K", date(2026, 2, 20))
