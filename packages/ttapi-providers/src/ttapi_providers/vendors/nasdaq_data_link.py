# SPDX-License-Identifier: Apache-2.0
"""Nasdaq Data Link (once Quandl): time series of many publishers, and the tables of some."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    ResponseError,
    TTError,
)
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader, Skip, query_is, refused
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import sound
from ttapi_providers.spelling import ticker
from ttapi_providers.statements import items_of

_BAR_COLUMNS: Final = frozenset({"open", "high", "low", "close"})
_SHARES: Final = share_classes(".")
_CLASS: Final = re.compile(r"[A-Z]{1,5}/[A-Z]")
_PERIODS: Final = {"Y": "annual", "Q": "quarter", "T": "ttm"}
_NO_ITEMS: Final = frozenset(
    {"ticker", "dimension", "calendardate", "datekey", "reportperiod", "fiscalperiod", "lastupdated"}
)
_DAYS: Final = {"start_date": "{since}", "end_date": "{until}"}


def _dataset(body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found: dict[str, Any] = body.get("dataset_data") or place(body, "dataset")
    return found


def _code(asked: Asked) -> str:
    """Return ``DATABASE/CODE`` of a request."""
    path = asked.variables.get("symbol") or asked.variables["code"]
    code = path.removesuffix("/data.json").removesuffix("/data")
    return code.removesuffix(".json")


def _rows(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the lines of a time series, each a value by the name of its column."""
    dataset = _dataset(body)
    names = dataset["column_names"]
    about = {name: dataset.get(name) for name in ("database_code", "dataset_code", "name", "frequency")}
    for line in dataset["data"] or ():
        yield Row({"about": about, "line": dict(zip(names, line, strict=True)), "first": names[0]})


def _holds_bars(body: Any) -> bool:  # noqa: ANN401 - JSON
    return {str(name).strip().lower() for name in _dataset(body)["column_names"]} >= _BAR_COLUMNS


def _observations(row: Row, asked: Asked) -> Iterator[Values]:
    """
    Read a line: each value is of a series of its own, named by its column.

    The first column that was asked for by its number, and one that is alone, need no name.
    """
    line, about = row.row("line"), row.row("about")
    first = row.value["first"]
    day = line.day(first)
    names = [name for name in line.value if name != first]
    is_alone = len(names) == 1 and asked.query.get("column_index", "1") == "1"
    frequency, title = about.text("frequency"), about.text("name")
    series = "/".join(filter(None, (about.text("database_code"), about.text("dataset_code")))) or _code(asked)
    for name in names:
        yield {
            "series": series if is_alone else f"{series}:{name}",
            "date": day,
            "value": line.number(name),
            "frequency": frequency,
            "title": f"{title or series}: {name}",  # which of its columns was asked for
            "vendor_symbol": _code(asked),
        }


def _bar(row: Row, asked: Asked) -> Values:
    line = Row({str(name).strip().lower(): value for name, value in row.value["line"].items()})
    code = _code(asked).rpartition("/")[2]
    return sound(
        {
            "symbol": code.replace("_", "/"),
            "vendor_symbol": _code(asked),
            "date": line.day("date"),
            **{name: line.number(name) for name in ("open", "high", "low", "close", "volume")},
            "adjusted_close": line.number("adj. close", "adj_close"),
            "adjustment": "raw" if line.has("adj. close", "adj_close") else None,
        }
    )


def _table(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the lines of a table, each with the names of its columns."""
    table = place(body, "datatable")
    names = [column["name"] for column in table["columns"]]
    yield from (Row(dict(zip(names, line, strict=True))) for line in table["data"] or ())


def _table_bar(row: Row, _asked: Asked) -> Values:
    is_adjusted = row.has("closeadj")  # Sharadar's prices are adjusted for splits
    return sound(
        {
            "vendor_symbol": ticker(row, "ticker"),
            "date": row.day("date"),
            **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
            "adjusted_close": row.number("closeadj", "adj_close"),
            "adjustment": "splits" if is_adjusted else "raw",
            "currency": "USD",
        }
    )


def _fundamentals(row: Row, _asked: Asked) -> Iterable[Values]:
    """Read a line of Sharadar's statements; ``dimension`` tells the period, and whether it was restated."""
    dimension = row.text("dimension") or ""
    about: Values = {
        "vendor_symbol": ticker(row, "ticker"),
        "statement": "facts",
        "period_type": _PERIODS.get(dimension[-1:]),
        "period_end": row.day("reportperiod", "calendardate"),
        "fiscal_period": row.text("fiscalperiod"),
        "filed_date": row.day("datekey"),
        "source_id": dimension,
    }
    return items_of(row.value, about, unit=lambda _name: None, without=_NO_ITEMS)


def _listing(row: Row, _asked: Asked) -> Values:
    category = row.text("category")
    return {
        "vendor_symbol": ticker(row, "ticker"),
        "description": row.text("name"),
        "instrument_type": category,
        "is_etf": "ETF" in category if category else None,
        "active": None if row.flag("isdelisted") is None else not row.flag("isdelisted"),
        "listed_market": row.text("exchange"),
        "currency": row.text("currency"),
        "figi": row.text("figi"),
    }


def _action(row: Row, _asked: Asked) -> Values:
    kind, value = row.text("action") or "", row.number("value")
    about: Values = {
        "vendor_symbol": ticker(row, "ticker"),
        "ex_date": row.day("date"),
        "kind": kind,
        "currency": "USD",
    }
    if kind in {"dividend", "specialdividend"} and value:
        return {**about, "action": "dividend", "adjusted_amount": value}
    if kind == "split" and value:
        return {**about, "action": "split", "split_from": 1.0, "split_to": value}
    raise Skip(f"{kind[:30]!r} is neither a split nor a dividend")


def _indicator(row: Row, _asked: Asked) -> Values:
    return {
        "series": ticker(row, "indicator", "code", "indicator_id"),
        "date": row.day("date"),
        "value": row.number("value"),
    }


def _tabled(
    dataset: str, *tables: str, row: RowReader, params: dict[str, str] | None = None
) -> Iterator[Endpoint]:
    for table in tables:
        for end in ("", ".json"):
            yield Endpoint(
                dataset=dataset,
                request=get(f"/api/v3/datatables/{table}{end}", params or {}),
                row=row,
                items=_table,
                next_page=_following,
            )


def _following(body: Any, _asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    cursor = (body.get("meta") or {}).get("next_cursor_id")
    return {"qopts.cursor_id": cursor} if cursor else None


_NO_SERIES: Final = (".csv", ".xml", "/metadata", "/metadata.json")


def _is_plain(asked: Asked) -> bool:
    """Whether the values are those of a series as it is: not transformed, nor those of longer periods."""
    return (
        "/" in _code(asked)
        and not asked.path.endswith(_NO_SERIES)
        and query_is(query="", transform=("", "none"), collapse=("", "none"))(asked)
    )


def _series(dataset: str, row: RowReader, shape: Callable[[Any], bool]) -> Iterator[Endpoint]:
    """
    Give the endpoint that is asked for the first column of a series, and the one that reads all others.

    What those hold has other names than the series that was asked for.
    """
    first = query_is(column_index="1")
    yield Endpoint(
        dataset=dataset,
        request=get("/api/v3/datasets/{symbol*}", {**_DAYS, "column_index": "1"}),
        row=row,
        items=_rows,
        shape=shape,
        when=lambda asked: _is_plain(asked) and first(asked),
        found_by=lambda asked: [_code(asked)],
    )
    yield Endpoint(
        dataset=dataset,
        request=get("/api/v3/datasets/{code*}"),
        row=row,
        items=_rows,
        shape=shape,
        when=lambda asked: _is_plain(asked) and not first(asked),
        retired=True,
    )


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    error = body.get("quandl_error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    return refused(str(error.get("message") or "no reason given"), code=str(error.get("code") or ""))


_CODES: Final[Mapping[str, type[ResponseError]]] = {
    "QECx02": NotFoundError,
    "QECx05": NotFoundError,
    "QEAx01": AuthenticationError,
    "QEAx02": AuthenticationError,
    "QEPx04": NotEntitledError,
    "QEPx05": NotEntitledError,
    "QELx01": RateLimitError,
    "QELx02": RateLimitError,
    "QELx04": RateLimitError,
}
_TICKER: Final = {"ticker": "{symbols}", "date.gte": "{since}", "date.lte": "{until}"}

PROVIDER: Final = Provider(
    name="nasdaq_data_link",
    title="Nasdaq Data Link",
    site="https://docs.data.nasdaq.com",
    bases=("https://data.nasdaq.com",),
    aliases=("www.quandl.com", "quandl.com"),
    credentials=(Credential(variable="TTAPI_NASDAQ_DATA_LINK_KEY", param="api_key"),),
    limits=(
        RateWindow(requests=300, seconds=10),
        RateWindow(requests=2000, seconds=600),
        RateWindow(requests=50_000, seconds=86_400),
    ),
    naming=Naming(
        to_vendor=lambda key: _SHARES.to_vendor(key) if _CLASS.fullmatch(key) else key,
        to_canonical=_SHARES.to_canonical,
    ),
    told=_told,
    codes={
        **_CODES,
        **{code.lower(): kind for code, kind in _CODES.items()},  # as a part of the words of a refusal
        "incorrect quandl code": NotFoundError,
        "speed limit": RateLimitError,
        "do not have permission": NotEntitledError,
    },
    endpoints=(
        *_series("economic_series", _observations, lambda body: not _holds_bars(body)),
        *_tabled("eod_data", "SHARADAR/SEP", "SHARADAR/SFP", "QUOTEMEDIA/PRICES", "WIKI/PRICES",
                 row=_table_bar, params=_TICKER),
        *_series("eod_data", _bar, _holds_bars),
        *_tabled("fundamentals", "SHARADAR/SF1", row=_fundamentals, params={"ticker": "{symbols}"}),
        *_tabled("symbols", "SHARADAR/TICKERS", row=_listing, params={"ticker": "{symbols}"}),
        *_tabled("corporate_actions", "SHARADAR/ACTIONS", row=_action, params=_TICKER),
        *_tabled("economic_series", "QDL/ODA", "QDL/BCHAIN", row=_indicator),
    ),
)  # fmt: skip
