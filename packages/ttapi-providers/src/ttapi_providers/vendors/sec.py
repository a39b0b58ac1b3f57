# SPDX-License-Identifier: Apache-2.0
"""SEC: filings, facts of statements, companies and their tickers, from EDGAR."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, RateWindow
from ttapi_providers.asking import Asked, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider
from ttapi_providers.items import by_name, one, place
from ttapi_providers.naming import Naming, share_classes
from ttapi_providers.reading import Row, Values, day_of
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors import sec_filings
from ttapi_providers.vendors.sec_filings import DATA, SITE, cik_of, has_cik

_CURRENCY: Final = re.compile(r"([A-Z]{3})(?:/shares)?")
_SHARES: Final = share_classes("-")
_YEAR: Final = range(350, 381)
_QUARTER: Final = range(80, 101)
_MAIL: Final = "%a, %d %b %Y %H:%M:%S %z"


def _period(start: date | None, end: date | None) -> str:
    if start is None or end is None:
        return "instant"
    days = (end - start).days
    return "annual" if days in _YEAR else "quarter" if days in _QUARTER else "other"


@lru_cache(maxsize=8192)
def _day(text: str) -> date | None:
    """Read a day; a file of many thousand facts has few different ones."""
    return day_of(text, "day")


@lru_cache(maxsize=8192)
def _word(text: str | None) -> str | None:
    return Row([text]).text(0)


def _about(cik: object, item: str, unit: str) -> Values:
    """Return what the facts of a company, an item and a unit have in common."""
    money = _CURRENCY.fullmatch(unit)
    return {
        "symbol": cik_of(cik),
        "vendor_symbol": cik_of(cik),
        "statement": "facts",
        "item": item,
        "unit": unit,
        "currency": money[1] if money else None,
    }


def _facts(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the facts of a company, or those of one of its tags."""
    if "facts" in body:
        taxonomies = body["facts"]
    else:
        taxonomies = {body["taxonomy"]: {body["tag"]: {"units": place(body, "units")}}}
    for taxonomy, tags in taxonomies.items():
        for tag, told in tags.items():
            for unit, facts in told["units"].items():
                about = _about(body["cik"], f"{taxonomy}:{tag}", unit)
                yield from (Row((about, fact)) for fact in facts)


def _fact(row: Row, _asked: Asked) -> Values:
    about, fact = row.value
    told = Row(fact)
    start, end = _day(str(fact.get("start", ""))), _day(str(fact.get("end", "")))
    return {
        **about,
        "value": told.number("val"),
        "period_type": _period(start, end),
        "period_start": start,
        "period_end": end,
        "fiscal_year": told.integer("fy"),
        "fiscal_period": _word(fact.get("fp")),
        "filed_date": _day(str(fact.get("filed", ""))),
        "form": _word(fact.get("form")),
        "source_id": _word(fact.get("accn")),
    }


def _framed(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find one fact each of many companies."""
    about = {"item": f"{body['taxonomy']}:{body['tag']}", "unit": body["uom"].replace("-per-", "/")}
    yield from (Row({**about, **fact}) for fact in place(body, "data"))


def _framed_fact(row: Row, asked: Asked) -> Values:
    cik = ticker(row, "cik")
    return _fact(Row((_about(cik, row.text("item") or "", row.text("unit") or ""), row.value)), asked)


def _profile(row: Row, _asked: Asked) -> Values:
    address = row.row("addresses").row("business")
    cik = cik_of(row.text("cik"))
    return {
        "symbol": cik,
        "vendor_symbol": cik,
        "name": row.text("name"),
        "exchange": row.text("exchanges.0"),
        "country": address.text("country"),
        "industry": row.text("sicDescription"),
        "sic": row.text("sic"),
        "cik": cik,
        "lei": row.text("lei"),
        "website": row.text("website"),
        "description": row.text("description"),
        "address": row.text("addresses.business.street1"),
        "city": address.text("city"),
        "state": address.text("stateOrCountry"),
        "phone": row.text("phone"),
    }


def _listing(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "ticker", "symbol"),
        "description": row.text("title", "name"),
        "listed_market": row.text("exchange"),
        "cik": cik_of(row.text("cik_str", "cik")),
    }


def _fields(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    names = place(body, "fields")
    yield from (Row(dict(zip(names, line, strict=True))) for line in place(body, "data"))


def _pairs(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - text
    """Find the tickers in lower case and the numbers of their companies, a tabulator between them."""
    for line in body.splitlines():
        name, mark, number = line.strip().partition("\t")
        if mark:
            yield Row({"ticker": name.upper(), "cik": number})


def _news(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": "MARKET",
        "published_at": row.time("pubDate", form=_MAIL),
        "news_id": row.text("guid", "guid.#text", "link"),
        "title": row.text("title"),
        "summary": row.text("description"),
        "url": row.text("link"),
        "source": "SEC",
    }


def _releases(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    found = place(body, "rss.channel").get("item", [])
    return [Row(item) for item in (found if isinstance(found, list) else [found])]


PROVIDER: Final = Provider(
    name="sec",
    title="Securities and Exchange Commission",
    site="https://www.sec.gov/search-filings/edgar-application-programming-interfaces",
    bases=(DATA, SITE, sec_filings.SEARCH),
    credentials=(
        Credential(
            variable="TTAPI_SEC_CONTACT",
            header="User-Agent",
            form="ttapi {}",
            obtained="no registration: a name and a mail address by which you can be reached",
        ),
    ),
    samples={"fundamentals": "0000320193", "company_profiles": "0000320193"},
    limits=(RateWindow(requests=10, seconds=1),),
    naming=Naming(
        to_vendor=lambda key: cik_of(key) if key.isdigit() else _SHARES.to_vendor(key),
        to_canonical=_SHARES.to_canonical,
    ),
    codes={
        "nosuchkey": NotFoundError,
        "request rate threshold": RateLimitError,
        "undeclared automated tool": AuthenticationError,
    },
    endpoints=(
        *sec_filings.ENDPOINTS,
        Endpoint(
            dataset="company_profiles",
            request=get("/submissions/CIK{symbol}.json", base=DATA),
            row=_profile,
            items=one(),
            when=has_cik,
            takes=str.isdigit,
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/api/xbrl/companyfacts/CIK{symbol}.json", base=DATA),
            row=_fact,
            items=_facts,
            takes=str.isdigit,
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/api/xbrl/companyconcept/CIK{symbol}/{taxonomy}/{tag}.json", base=DATA),
            row=_fact,
            items=_facts,
            retired=True,  # read, not asked: all facts of a company are one request
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/api/xbrl/frames/{taxonomy}/{tag}/{unit}/{period}.json", base=DATA),
            row=_framed_fact,
            items=_framed,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/files/company_tickers_exchange.json", base=SITE),
            row=_listing,
            items=_fields,
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/files/company_tickers.json", base=SITE),
            row=_listing,
            items=by_name(),
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/files/company_tickers_mf.json", base=SITE),
            row=_listing,
            items=_fields,
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/include/ticker.txt", base=SITE),
            row=_listing,
            items=_pairs,
            format=Format.TEXT,
            retired=True,
        ),
        *(
            Endpoint(
                dataset="news",
                request=get(path, base=SITE),
                row=_news,
                items=_releases,
                format=Format.XML,
                batch=0,
                retired=not path.endswith(("pressreleases.rss", "litigation-releases/rss")),
            )
            for path in (
                "/news/pressreleases.rss",
                "/enforcement-litigation/litigation-releases/rss",
                "/enforcement-litigation/administrative-proceedings/rss",
                "/news/speeches-statements.rss",
                "/news/statements.rss",
                "/news/speeches.rss",
                "/rss/litigation/litreleases.xml",
                "/rss/litigation/admin.xml",
                "/rss/news/press.xml",
            )
        ),
    ),
)
