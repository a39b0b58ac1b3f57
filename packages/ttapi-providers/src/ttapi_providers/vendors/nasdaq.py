# SPDX-License-Identifier: Apache-2.0
"""Nasdaq: quotes, bars, chains, calendars, statements, profiles, as the pages of its site ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from ttapi_core import InstrumentKind, NotFoundError, RateWindow, TTError
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.contracts import contract_columns
from ttapi_providers.declaring import Endpoint, Provider, Skip, refused
from ttapi_providers.items import one, place
from ttapi_providers.naming import share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors import nasdaq_companies, nasdaq_listings
from ttapi_providers.vendors.nasdaq_companies import money, next_class, table, us_day

_CONTRACT: Final = re.compile(r"([A-Z0-9]+)-+(\d{6})[CP]\d{8}")
_EASTERN: Final = "America/New_York"
_STOCKS: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})
_STAMP: Final = re.compile(r"([A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d{2} [AP]M) ET")


def _bar(row: Row, _asked: Asked) -> Values:
    return sound(
        {
            "date": us_day(row, "date", "dateTime"),
            **{name: money(row, name) for name in ("open", "high", "low", "close", "volume")},
        }
    )


def _charted(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [Row(point["z"]) for point in place(body, "data.chart") or ()]


def _has_bars(body: Any) -> bool:  # noqa: ANN401 - JSON
    points = list(place(body, "data.chart?") or ())
    return bool(points) and "high" in points[0].get("z", {})


def _quote(row: Row, asked: Asked) -> Values:
    told = row.row("primaryData")
    stamp = _STAMP.search(told.text("lastTradeTimestamp") or "")
    moment = stamp.group(1) if stamp is not None else None
    quoted = Row({"at": moment}).time("at", zone=_EASTERN, form="%b %d, %Y %I:%M %p")
    bid, ask = money(told, "bidPrice"), money(told, "askPrice")
    return priced(
        {
            "vendor_symbol": asked.name or ticker(row, "symbol"),
            "last": money(told, "lastSalePrice"),
            "bid": bid,
            "bid_size": money(told, "bidSize") if bid is not None else None,
            "ask": ask,
            "ask_size": money(told, "askSize") if ask is not None else None,
            "volume": money(told, "volume"),
            "prev_close": money(row, "keyStats.previousclose.value", "keyStats.PreviousClose.value"),
            "quoted_at": quoted,
            "currency": told.text("currency"),
        }
    )


def _watched(row: Row, asked: Asked) -> Values:
    told = row if row.has("primaryData") else Row({"primaryData": row.value})
    return {**_quote(told, asked), "vendor_symbol": ticker(row, "symbol")}


def _watch_list(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    found = place(body, "data")
    records = found if isinstance(found, list) else Row(found).raw("rows")
    return [Row(record) for record in records or ()]


def _contracts(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the contracts of a chain: a line has a call and a put, or heads the lines of a date."""
    day = None
    for line in table("table")(body, asked):
        if line.text("strike") is None:
            day = line.day("expirygroup", form="%B %d, %Y") or day
            continue
        for side in ("c", "p"):
            yield Row({"side": side, "day": day.isoformat() if day else None, **line.value})


def _option(row: Row, asked: Asked) -> Values:
    side = row.text("side") or ""
    name = (row.text("drillDownURL") or "").rpartition("/")[2].upper()
    found = _CONTRACT.fullmatch(name)
    day: date | None = Row([found[2]]).day(0, form="%y%m%d") if found else row.day("day")
    strike = money(row, "strike")
    if day is None or strike is None:
        raise Skip("the contract has no expiration or no strike")
    # The address is that of the call; the put differs in one letter.
    root = found[1] if found else asked.name.upper()
    contract = f"{root}{day:%y%m%d}{side.upper()}{round(strike * 1000):08d}"
    return {
        **contract_columns(contract),
        "symbol": asked.keys[0] if asked.keys else None,
        "strike": strike,
        "bid": money(row, f"{side}_Bid"),
        "ask": money(row, f"{side}_Ask"),
        "last": money(row, f"{side}_Last"),
        "volume": money(row, f"{side}_Volume"),
        "open_interest": money(row, f"{side}_Openinterest"),
        "currency": "USD",
    }


def _told(body: Any, asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    """
    Find the error beside ``data: null`` in an answer of status 200.

    Of a request that was just made for a key it is none while another class of instruments is left to try.
    """
    if asked.keys and next_class(body, asked):
        return None
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, dict):
        return None
    code = status.get("rCode")
    if not isinstance(code, int) or code < 400:
        return None
    words = [str(part.get("errorMessage")) for part in status.get("bCodeMessage") or ()]
    return refused("; ".join(words) or str(body.get("message") or "no reason given"), status=code)


def _far(wanted: Wanted) -> str:
    return (wanted.until or wanted.today).isoformat()


PROVIDER: Final = Provider(
    name="nasdaq",
    title="Nasdaq",
    site="https://www.nasdaq.com/market-activity",
    bases=("https://api.nasdaq.com", "https://www.nasdaqtrader.com"),
    aliases=("www.nasdaq.com", "charting.nasdaq.com"),
    limits=(RateWindow(requests=60, seconds=60),),
    naming=share_classes("."),
    headers={
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Accept-Language": "en-US,en;q=0.9",
        "Origin": "https://www.nasdaq.com",
        "Referer": "https://www.nasdaq.com/",
    },
    told=_told,
    codes={"symbol not exist": NotFoundError, "symbol does not exist": NotFoundError},
    endpoints=(
        Endpoint(
            dataset="eod_data",
            request=get(
                "/api/quote/{symbol}/historical",
                {"assetclass": "stocks", "fromdate": "{since}", "todate": _far, "limit": "9999"},
            ),
            row=_bar,
            items=table("tradesTable"),
            kinds=_STOCKS,
            next_page=next_class,
        ),
        Endpoint(
            dataset="eod_data",
            request=get("/api/quote/{symbol}/chart"),
            row=_bar,
            items=_charted,
            shape=_has_bars,
        ),
        Endpoint(
            dataset="quotes",
            request=get("/api/quote/{symbol}/info", {"assetclass": "stocks"}),
            row=_quote,
            items=one("data"),
            next_page=next_class,
        ),
        Endpoint(
            dataset="quotes",
            request=get("/api/quote/watchlist"),
            row=_watched,
            items=_watch_list,
        ),
        Endpoint(
            dataset="option_chains",
            request=get(
                "/api/quote/{symbol}/option-chain",
                {"assetclass": "stocks", "limit": "10000", "fromdate": "all", "money": "all", "type": "all"},
            ),
            row=_option,
            items=_contracts,
            next_page=next_class,
        ),
        *nasdaq_companies.ENDPOINTS,
        *nasdaq_listings.ENDPOINTS,
    ),
)
