# SPDX-License-Identifier: Apache-2.0
"""Financial Modeling Prep: bars and quotes, of the present interface and of version 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from ttapi_core import InstrumentKind
from ttapi_providers.asking import Asked, RequestForm, get
from ttapi_providers.declaring import Condition, Endpoint, RowReader, query_is
from ttapi_providers.items import Finder, listed, with_parent
from ttapi_providers.reading import Row, Values, epoch_of
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import PAIRS, kind_of, named_kinds, shares_and_pairs, ticker

NAMING: Final = shares_and_pairs("-", "", no_pairs=frozenset({"ALIUSD", "RTYUSD", "MGCUSD", "SILUSD"}))
_INTERVALS: Final[Mapping[str, str]] = MappingProxyType(  # the first is what is asked for
    {"5min": "5m", "1min": "1m", "15min": "15m", "30min": "30m", "1hour": "1h", "4hour": "4h"}
)
_EASTERN: Final = "America/New_York"
_MS_MIN: Final = 100_000_000_000  # a count this large is of milliseconds
_DAYS: Final = {"from": "{since}", "to": "{until}"}


def _range(row: Row) -> Values:
    return {
        "open": row.number("open", "adjOpen"),
        "high": row.number("high", "adjHigh"),
        "low": row.number("low", "adjLow"),
    }


def _named(row: Row) -> Values:
    return {"vendor_symbol": ticker(row, "symbol")} if row.has("symbol") else {}


def _bar(row: Row, _asked: Asked) -> Values:
    # What the vendor calls vwap is the mean of the four prices; it is left out.
    plain = row.has("close")
    return sound(
        {
            **_named(row),
            **_range(row),
            "date": row.day("date"),
            "close": row.number("close") if plain else row.number("adjClose"),
            "volume": row.number("volume"),
            "adjusted_close": row.number("adjClose") if plain else None,
        }
    )


def _crypto_bar(row: Row, _asked: Asked) -> Values:
    return sound(
        {
            **_named(row),
            **_range(row),
            "interval": "1d",
            "opened_at": row.time("date", zone="UTC"),
            "close": row.number("close"),
            "volume": row.number("volume"),
        }
    )


def _rate(row: Row, _asked: Asked) -> Values:
    return {**_named(row), **_range(row), "date": row.day("date"), "rate": row.number("close", "price")}


def _intraday_bar(row: Row, _asked: Asked) -> Values:
    return sound(
        {
            **_range(row),
            "opened_at": row.time("date", zone=_EASTERN),
            "close": row.number("close"),
            "volume": row.number("volume"),
        }
    )


def _quote(row: Row, _asked: Asked) -> Values:
    return priced(
        {
            "vendor_symbol": ticker(row, "symbol"),
            "last": row.number("price"),
            "bid": row.number("bidPrice", "bid"),
            "bid_size": row.number("bidSize", "bsize"),
            "ask": row.number("askPrice", "ask"),
            "ask_size": row.number("askSize", "asize"),
            "open": row.number("open"),
            "high": row.number("dayHigh"),
            "low": row.number("dayLow"),
            "prev_close": row.number("previousClose"),
            "volume": row.number("volume"),
            "quoted_at": _moment(row.raw("timestamp")),
        }
    )


def _moment(count: Any) -> datetime | None:  # noqa: ANN401 - JSON
    in_ms = isinstance(count, int) and count >= _MS_MIN
    return epoch_of(count, "timestamp", unit="ms" if in_ms else "s") if count else None


def _history(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    if body == {}:  # what version 3 says of a symbol without bars
        return []
    if isinstance(body, dict) and "historicalStockList" in body:
        return [*with_parent("historicalStockList", "historical")(body, asked)]
    return [*with_parent("", "historical")(body, asked)]


def _of_us(asked: Asked) -> bool:
    """Whether the times are known to be those of New York: no pair, no listing elsewhere."""
    name = asked.names[0] if asked.names else ""
    return bool(name) and "." not in name and _no_pair(asked)


def _no_pair(asked: Asked) -> bool:
    return bool(asked.names) and kind_of(NAMING.canonical(asked.names[0])) not in PAIRS


_CRYPTO: Final = named_kinds(NAMING, InstrumentKind.CRYPTO)
_FX: Final = named_kinds(NAMING, InstrumentKind.FX)
_SHARES: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})


def _daily(form: RequestForm, items: Finder, *, retired: bool) -> Iterator[Endpoint]:
    kinds: tuple[tuple[str, RowReader, Condition, frozenset[InstrumentKind], Mapping[str, object]], ...] = (
        ("eod_data", _bar, _no_pair, _SHARES, {"adjustment": "splits"}),
        ("crypto_bars", _crypto_bar, _CRYPTO, frozenset({InstrumentKind.CRYPTO}), {}),
        ("fx_rates", _rate, _FX, frozenset({InstrumentKind.FX}), {}),
    )
    lines = query_is(serietype=("", "bar"))  # a line has closes alone
    for dataset, row, belongs, which, constant in kinds:
        yield Endpoint(
            dataset=dataset,
            request=form,
            row=row,
            items=items,
            when=lambda asked, belongs=belongs: belongs(asked) and lines(asked),  # type: ignore[misc] # bound now
            kinds=which,
            constant=constant,
            retired=retired,
        )


def _variant(path: str, adjustment: str) -> Endpoint:
    return Endpoint(
        dataset="eod_data",
        request=get(f"/stable/historical-price-eod/{path}", {"symbol": "{symbol}", **_DAYS}),
        row=_bar,
        when=_no_pair,
        kinds=_SHARES,
        constant={"adjustment": adjustment},
    )


def _intraday(path: str, params: Mapping[str, str]) -> Endpoint:
    return Endpoint(
        dataset="intraday_bars",
        request=get(path, params),
        row=_intraday_bar,
        when=_of_us,
        kinds=_SHARES,
        constant={"interval": _INTERVALS[path.split("/historical-chart/")[1].partition("/")[0]]},
        retired=not path.startswith("/stable"),
    )


def _quotes(form: RequestForm, *, batch: int = 1, retired: bool = False) -> Endpoint:
    return Endpoint(dataset="quotes", request=form, row=_quote, batch=batch, retired=retired)


ENDPOINTS: Final = (
    *_daily(
        get("/stable/historical-price-eod/full", {"symbol": "{symbol}", **_DAYS}), listed(), retired=False
    ),
    _variant("non-split-adjusted", "raw"),
    _variant("dividend-adjusted", "splits_dividends"),
    *_daily(get("/api/v3/historical-price-full/{symbols}"), _history, retired=True),
    *(_intraday(f"/stable/historical-chart/{code}", {"symbol": "{symbol}", **_DAYS}) for code in _INTERVALS),
    *(_intraday(f"/api/v3/historical-chart/{code}/{{symbol}}", {}) for code in _INTERVALS),
    Endpoint(
        dataset="fx_rates",
        request=get("/stable/historical-price-eod/light", {"symbol": "{symbol}", **_DAYS}),
        row=_rate,
        when=_FX,
        kinds=frozenset({InstrumentKind.FX}),
        retired=True,  # of shares and coins it has closes alone
    ),
    _quotes(get("/stable/batch-quote", {"symbols": "{symbols}"}), batch=100),
    _quotes(get("/stable/quote", {"symbol": "{symbols}"})),
    _quotes(get("/stable/quote-short", {"symbol": "{symbols}"})),
    _quotes(get("/stable/batch-quote-short", {"symbols": "{symbols}"})),
    _quotes(get("/stable/aftermarket-quote", {"symbol": "{symbols}"})),
    _quotes(get("/stable/batch-aftermarket-quote", {"symbols": "{symbols}"})),
    *(
        _quotes(get(f"/stable/batch-{kind}"))
        for kind in (
            "exchange-quote",
            "mutualfund-quotes",
            "etf-quotes",
            "commodity-quotes",
            "crypto-quotes",
            "forex-quotes",
            "index-quotes",
        )
    ),
    _quotes(get("/api/v3/quote/{symbols}"), retired=True),
    _quotes(get("/api/v3/quote-short/{symbols}"), retired=True),
    _quotes(get("/api/v3/quotes/{list}"), retired=True),
    *(
        _quotes(get(path), retired=True)
        for path in (
            "/stable/aftermarket-trade",
            "/stable/batch-aftermarket-trade",
            "/api/v4/pre-post-market/{symbol}",
            "/api/v4/pre-post-market-trade/{symbol}",
        )
    ),
)
