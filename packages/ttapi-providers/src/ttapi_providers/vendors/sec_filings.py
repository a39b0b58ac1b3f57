# SPDX-License-Identifier: Apache-2.0
"""EDGAR: filings, from submissions, feeds, indexes, full-text search, and the heads of filings themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Condition, Endpoint, Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values

DATA: Final = "https://data.sec.gov"
SITE: Final = "https://www.sec.gov"
SEARCH: Final = "https://efts.sec.gov"
EASTERN: Final = "America/New_York"
_ACCESSION: Final = re.compile(r"(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
_CURRENT: Final = re.compile(r"(?P<form>.+?) - (?P<company>.*) \((?P<cik>\d{1,10})\) \((?P<role>[^()]*)\)")
_FILED: Final = re.compile(r"Filed:</b>\s*(\d{4}-\d{2}-\d{2})")
_GAP: Final = re.compile(r" {2,}")
_SHOWN: Final = re.compile(r"(?P<company>.*?)\s*(?:\((?P<tickers>[^()]*)\)\s*)?\(CIK (?P<cik>\d{10})\)")
_PAGE: Final = 100
_INDEX_COLUMNS: Final = 5
_TITLE_MAX: Final = 500  # what is longer is no title, and would be slow to match


def cik_of(number: object) -> str:
    """Return a CIK with its ten digits."""
    return str(number).strip().zfill(10)


def accession_of(text: str) -> str:
    """
    Return the accession number that stands in a text.

    Raises
    ------
    DataError
        If there is none.
    """
    found = _ACCESSION.search(text)
    if found is None:
        raise DataError("the record has no accession number", column="accession")
    return "-".join(found.groups())


def has_cik(asked: Asked) -> bool:
    """Whether the request is about one CIK and nothing behind it."""
    return bool(asked.names) and asked.names[0].isdigit()


_COLUMNS: Final = (
    "filingDate", "reportDate", "acceptanceDateTime", "form", "items", "size", "primaryDocument",
    "primaryDocDescription",
)  # fmt: skip


def _submitted(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the filings of a company, written as lists side by side, of its first file or of a later one."""
    lists = body["filings"]["recent"] if "filings" in body else body
    numbers = place(lists, "accessionNumber")
    for name in _COLUMNS:
        if len(lists.get(name, numbers)) != len(numbers):
            raise DecodeError(f"{name} is not as long as the list of accession numbers")
    about = {"cik": body.get("cik"), "company": body.get("name")}
    for at, number in enumerate(numbers):
        told = {name: lists[name][at] for name in _COLUMNS if name in lists}
        yield Row({**about, **told, "accession": number})


def _filing(row: Row, asked: Asked) -> Values:
    cik = cik_of(row.text("cik") or asked.variables["symbol"][:10])
    number = row.text("accession") or ""
    document = row.text("primaryDocument")
    folder = f"{SITE}/Archives/edgar/data/{int(cik)}/{number.replace('-', '')}"
    return {
        "vendor_symbol": cik,
        "symbol": cik,
        "filed_date": row.day("filingDate"),
        "accession": number,
        "form": row.text("form"),
        "cik": cik,
        "company": row.text("company"),
        "report_date": row.day("reportDate"),
        "accepted_at": row.time("acceptanceDateTime"),
        "title": row.text("primaryDocDescription"),
        "url": f"{folder}/{document}" if document else folder,
        "items": row.text("items"),
        "size_bytes": row.integer("size"),
    }


def _later_file(body: Any, asked: Asked) -> Asked | None:  # noqa: ANN401 - JSON
    """
    Ask for the next file of older filings, as far back as the wanted days reach.

    Without a first day the first file is all: a year of filings, or the last thousand.
    """
    if "filings" in body:
        first = asked.since.isoformat() if asked.since else "9"
        files = body["filings"].get("files") or ()
        names = [str(told["name"]) for told in files if str(told["filingTo"]) >= first]
    else:
        names = [name for name in asked.variables.get("later", "").split(",") if name]
    if not names:
        return None
    return Asked(
        method="GET",
        base=asked.base,
        path=f"/submissions/{names[0]}",
        variables={"later": ",".join(names[1:])},
    )


def _entries(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    feed = body["feed"]
    found = feed.get("entry", []) if isinstance(feed, dict) else []
    about = {"company-info": feed.get("company-info")} if isinstance(feed, dict) else {}
    return [Row({**about, **entry}) for entry in (found if isinstance(found, list) else [found])]


def _current(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    """Find the entries of the feed of all filings, marking those that name one company a second time."""
    seen: set[tuple[str, str]] = set()
    rows = []
    for row in _entries(body, asked):
        match = _CURRENT.fullmatch((row.text("title") or "")[:_TITLE_MAX])
        key = (match["cik"] if match else "", row.text("id") or "")
        rows.append(Row({**row.value, "again": key in seen}))
        seen.add(key)
    return rows


def _current_filing(row: Row, _asked: Asked) -> Values:
    if row.flag("again"):
        raise Skip("the same company in another role at the same filing")
    match = _CURRENT.fullmatch((row.text("title") or "")[:_TITLE_MAX])
    if match is None:
        raise DataError("the title of the entry is of another form", column="title")
    filed = _FILED.search(str(row.raw("summary.#text", "summary")))
    return {
        "vendor_symbol": cik_of(match["cik"]),
        "symbol": cik_of(match["cik"]),
        "filed_date": row.day("day") if filed is None else Row([filed[1]]).day(0),
        "accession": accession_of(row.text("id") or ""),
        "form": row.text("category.term") or match["form"],
        "cik": cik_of(match["cik"]),
        "company": match["company"],
        "accepted_at": row.time("updated"),
        "url": row.text("link.href"),
    }


def _company_filing(row: Row, asked: Asked) -> Values:
    content, company = row.row("content"), row.row("company-info")
    cik = company.text("cik")
    return {
        "vendor_symbol": asked.name or (cik_of(cik) if cik else None),
        "filed_date": content.day("filing-date"),
        "accession": content.text("accession-number", "accession-nunber"),
        "form": content.text("filing-type") or row.text("category.term"),
        "cik": cik_of(cik) if cik else None,
        "company": company.text("conformed-name"),
        "title": content.text("form-name"),
        "url": content.text("filing-href") or row.text("link.href"),
        "items": content.text("items-desc"),
    }


def _following(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - XML
    count = int(asked.query.get("count", "40"))
    full = len(_entries(body, asked)) >= count
    return {"start": str(int(asked.query.get("start", "0")) + count)} if full else None


def _items(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    found = place(body, "rss.channel").get("item", [])
    return [Row(item) for item in (found if isinstance(found, list) else [found])]


def _published(row: Row, _asked: Asked) -> Values:
    told = row.row("xbrlFiling")
    cik = cik_of(told.text("cikNumber") or "0")
    return {
        "vendor_symbol": cik,
        "symbol": cik,
        "filed_date": told.day("filingDate", form="%m/%d/%Y"),
        "accession": told.text("accessionNumber"),
        "form": told.text("formType"),
        "cik": cik,
        "company": told.text("companyName"),
        "report_date": told.day("period"),
        "accepted_at": told.time("acceptanceDatetime", zone=EASTERN, form="%Y%m%d%H%M%S"),
        "url": row.text("link"),
    }


def _hits(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the documents that a search met, marking those of a filing that is there already."""
    seen: set[str] = set()
    for hit in place(body, "hits.hits"):
        number = hit["_source"].get("adsh") or hit["_id"].partition(":")[0]
        yield Row({**hit["_source"], "_id": hit["_id"], "again": number in seen})
        seen.add(number)


def _hit(row: Row, _asked: Asked) -> Values:
    if row.flag("again"):
        raise Skip("another document of a filing that the answer has")
    cik = cik_of(row.text("ciks.0") or "0")
    shown = _SHOWN.search(str(row.raw("display_names.0") or "")[:_TITLE_MAX])
    number = row.text("adsh") or (row.text("_id") or "").partition(":")[0]
    return {
        "vendor_symbol": cik,
        "symbol": cik,
        "filed_date": row.day("file_date"),
        "accession": number,
        "form": row.text("form", "file_type", "root_form"),
        "cik": cik,
        "company": shown["company"] if shown else row.text("display_names.0"),
        "report_date": row.day("period_ending"),
        "url": f"{SITE}/Archives/edgar/data/{int(cik)}/{number.replace('-', '')}",
        "items": ",".join(map(str, row.raw("items") or ())) or None,
    }


def _index_lines(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - text
    """Find the lines of an index: parted by bars, or by blanks with the company or the form first."""
    by_form = "form" in asked.variables["file"]
    for line in body.splitlines():
        barred = "|" in line
        parts = line.split("|") if barred else _GAP.split(line.strip())
        if len(parts) != _INDEX_COLUMNS:
            continue
        first, second, third, day, path = (part.strip() for part in parts)
        cik, company, form = (first, second, third) if barred else (third, first, second)
        if by_form and not barred:
            company, form = form, company
        if not cik.isdigit():
            continue  # the names of the columns
        yield Row({"cik": cik, "company": company, "form": form, "day": day, "path": path})


def _indexed(row: Row, _asked: Asked) -> Values:
    cik = cik_of(row.text("cik"))
    path = row.text("path") or ""
    return {
        "vendor_symbol": cik,
        "symbol": cik,
        "filed_date": row.day("day"),
        "accession": accession_of(path),
        "form": row.text("form"),
        "cik": cik,
        "company": row.text("company"),
        "url": f"{SITE}/Archives/{path}",
    }


def _head(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - text
    """Find the head of a filing, as it was submitted."""
    head, found, _ = body.partition("</SEC-HEADER>")
    if not found:
        head, found, _ = body.partition("</IMS-HEADER>")
    if not found:
        raise DecodeError("the filing has no head")
    fields: dict[str, list[str]] = {}
    for line in head.splitlines():
        mark = ">" if line.startswith("<") else ":"
        name, _, value = line.strip().lstrip("<").partition(mark)
        if value.strip():
            fields.setdefault(name.strip(), []).append(value.strip())
    return [Row(fields)]


def _headed(row: Row, asked: Asked) -> Values:
    cik = cik_of(row.text("CENTRAL INDEX KEY.0") or asked.variables["cik"])
    return {
        "vendor_symbol": cik,
        "symbol": cik,
        "filed_date": row.day("FILED AS OF DATE.0"),
        "accession": row.text("ACCESSION NUMBER.0"),
        "form": row.text("CONFORMED SUBMISSION TYPE.0"),
        "cik": cik,
        "company": row.text("COMPANY CONFORMED NAME.0"),
        "report_date": row.day("CONFORMED PERIOD OF REPORT.0"),
        "accepted_at": row.time("ACCEPTANCE-DATETIME.0", zone=EASTERN, form="%Y%m%d%H%M%S"),
        "url": f"{asked.base}{asked.path}",
        "items": "; ".join(row.raw("ITEM INFORMATION") or ()) or None,
    }


def _action(name: str) -> Condition:
    return lambda asked: asked.query.get("action") == name and asked.query.get("output") in {"atom", "xml"}


_FEED: Final = {"output": "atom", "owner": "include", "count": str(_PAGE), "start": "0"}

ENDPOINTS: Final = (
    Endpoint(
        dataset="filings",
        request=get("/submissions/CIK{symbol}.json", base=DATA),
        row=_filing,
        items=_submitted,
        when=has_cik,
        takes=str.isdigit,
        next_page=_later_file,
    ),
    Endpoint(
        dataset="filings",
        request=get("/cgi-bin/browse-edgar", {"action": "getcompany", "CIK": "{symbol}", **_FEED}, base=SITE),
        row=_company_filing,
        items=_entries,
        format=Format.XML,
        when=_action("getcompany"),
        next_page=_following,
    ),
    Endpoint(
        dataset="filings",
        request=get("/submissions/CIK{symbol}-submissions-{part}.json", base=DATA),
        row=_filing,
        items=_submitted,
        when=has_cik,
        retired=True,  # asked for as a later page of the first file
    ),
    Endpoint(
        dataset="filings",
        request=get("/cgi-bin/browse-edgar", {"action": "getcurrent", **_FEED}, base=SITE),
        row=_current_filing,
        items=_current,
        format=Format.XML,
        when=_action("getcurrent"),
    ),
    *(
        Endpoint(
            dataset="filings",
            request=get(path, base=SITE),
            row=_published,
            items=_items,
            format=Format.XML,
        )
        for path in (
            "/Archives/edgar/{feed}.rss.xml",
            "/Archives/edgar/{feed}.all.xml",
            "/Archives/edgar/monthly/{feed}.xml",
        )
    ),
    Endpoint(
        dataset="filings",
        request=get("/LATEST/search-index", base=SEARCH),
        row=_hit,
        items=_hits,
    ),
    *(
        Endpoint(
            dataset="filings",
            request=get(f"/Archives/edgar/{kind}/{{year}}/{{quarter}}/{{file}}", base=SITE),
            row=_indexed,
            items=_index_lines,
            format=Format.TEXT,
            when=lambda asked: asked.variables["file"].endswith(".idx"),
        )
        for kind in ("full-index", "daily-index")
    ),
    *(
        Endpoint(
            dataset="filings",
            request=get(path, base=SITE),
            row=_headed,
            items=_head,
            format=Format.TEXT,
            when=lambda asked: (
                _ACCESSION.search(asked.variables["file"]) is not None
                and asked.variables["file"].endswith(".txt")
            ),
        )
        for path in ("/Archives/edgar/data/{cik}/{folder}/{file}", "/Archives/edgar/data/{cik}/{file}")
    ),
)
