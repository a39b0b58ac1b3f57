# SPDX-License-Identifier: Apache-2.0
"""Nasdaq's site: lists of stocks, funds and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ttapi_providers.asking import Asked, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, RowReader, Skip
from ttapi_providers.items import listed
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors.nasdaq_companies import table


def _listing(kind: str) -> RowReader:
    def read(row: Row, _asked: Asked) -> Values:
        return {
            "vendor_symbol": ticker(row, "symbol"),
            "description": row.text("name", "companyName"),
            "instrument_type": kind,
            "is_etf": kind == "etf",
            "is_index": kind == "index",
            "country": row.text("country"),
        }

    return read


_DIRECTORY: Final = "https://www.nasdaqtrader.com"


def _directory(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - text
    """Find the lines of a directory of symbols: parted by bars, the last tells when it was made."""
    lines = body.splitlines()
    names = lines[0].split("|") if lines else []
    for line in lines[1:]:
        values = line.split("|")
        if len(values) == len(names) and not values[0].startswith("File Creation Time"):
            yield Row(dict(zip(names, values, strict=True)))


def _directed(row: Row, _asked: Asked) -> Values:
    if row.flag("Test Issue"):
        raise Skip("a symbol for tests")
    is_etf = row.flag("ETF")
    return {
        "vendor_symbol": ticker(row, "Symbol", "ACT Symbol"),
        "description": row.text("Security Name"),
        "instrument_type": "etf" if is_etf else None,
        "is_etf": is_etf,
        "listed_market": row.text("Listing Exchange", "Exchange"),
    }


def _found_listing(row: Row, _asked: Asked) -> Values:
    kind = (row.text("asset") or "").lower() or None
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "description": row.text("name"),
        "instrument_type": kind,
        "is_etf": kind == "etf" if kind else None,
        "is_index": kind == "index" if kind else None,
        "listed_market": row.text("exchange"),
    }


def _screener(kind: str, *places: str, retired: bool = False) -> Endpoint:
    name = "stocks" if kind == "stock" else kind
    return Endpoint(
        dataset="symbols",
        request=get(f"/api/screener/{name}"),
        row=_listing(kind),
        items=table("", *places),
        batch=0,
        retired=retired,
    )


ENDPOINTS: Final = (
    _screener("stock", "table"),
    Endpoint(
        dataset="symbols",
        request=get("/api/autocomplete/slookup/{count}"),
        row=_found_listing,
        items=listed("data"),
    ),
    _screener("etf", "data", "records.data"),
    _screener("index", "data", "records.data", retired=True),  # read, not asked: fifty at a time
    *(
        Endpoint(
            dataset="symbols",
            request=get(f"/dynamic/SymDir/{name}.txt", base=_DIRECTORY),
            row=_directed,
            items=_directory,
            format=Format.TEXT,
            batch=0,
        )
        for name in ("nasdaqtraded", "nasdaqlisted", "otherlisted")
    ),
)
