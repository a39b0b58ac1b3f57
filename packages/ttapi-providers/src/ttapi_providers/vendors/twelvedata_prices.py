# SPDX-License-Identifier: Apache-2.0
"""Twelve Data: bars, quotes and rates, of one symbol or of several in one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ttapi_core import DataError, InstrumentKind
from ttapi_providers.asking import Asked, get
from ttapi_providers.contracts import contract_columns
from ttapi_providers.declaring import Endpoint, RowReader, Skip
from ttapi_providers.items import Finder
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import kind_of, shares_and_pairs, ticker

NAMING: Final = shares_and_pairs(".", "/")
_INTERVALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "45min": "45m", "1h": "1h", "2h": "2h",
        "4h": "4h", "8h": "8h", "1day": "1d", "1week": "1w", "1month": "1mo",
    }
)  # fmt: skip
_ADJUSTMENTS: Final = {"": "splits", "splits": "splits", "all": "splits_dividends", "none": "raw"}
_ERROR: Final = "error"
_ONE: Final = frozenset({"meta", "values", "status", "price", "code", "symbol", "close", "rate", "message"})


def is_failure(value: object) -> bool:
    """Whether a part of an answer is an error."""
    return isinstance(value, dict) and value.get("status") == _ERROR


def by_symbol(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find what there is of each symbol: one alone, or several by their names."""
    if isinstance(body, dict) and not _ONE & set(body):
        yield from (Row(part, name) for name, part in body.items())
    elif isinstance(body, dict):
        yield Row(body, asked.name)


def _kind(part: Row) -> InstrumentKind | None:
    meta = part.row("meta")
    if (meta.text("type") or "").lower() == "digital currency":
        return InstrumentKind.CRYPTO
    if (meta.text("type") or "").lower() == "physical currency":
        return InstrumentKind.FX
    return kind_of(NAMING.canonical(meta.text("symbol") or part.name))


def _dataset(part: Row) -> str:
    """Return which dataset the bars of a symbol belong to."""
    kind, daily = _kind(part), part.row("meta").text("interval") == "1day"
    if kind is InstrumentKind.CRYPTO:
        return "crypto_bars"
    if not daily:
        return "intraday_bars"
    return "fx_rates" if kind is InstrumentKind.FX else "eod_data"


def _bars(dataset: str) -> Finder:
    def find(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
        for part in by_symbol(body, asked):
            if is_failure(part.value):
                yield Row({"failure": part.text("message")}, part.name)
            elif _dataset(part) == dataset:
                meta = part.row("meta")
                name = part.name or meta.text("symbol") or ""
                yield from (Row({**bar.value, "meta": meta.value}, name) for bar in part.rows("values"))

    return find


def _holds(dataset: str) -> Any:  # noqa: ANN401 - a predicate
    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON
        parts = [part for part in by_symbol(body, _NOTHING) if not is_failure(part.value)]
        # An answer of nothing but errors belongs to whatever was asked for; daily bars, as a rule.
        return any(_dataset(part) == dataset for part in parts) or (not parts and dataset == "eod_data")

    return holds


_NOTHING: Final = Asked(method="GET", base="", path="")


def _prices(row: Row) -> Values:
    if row.has("failure"):
        raise Skip(f"{row.name}: {row.text('failure')}")
    return sound(
        {
            "vendor_symbol": row.name or None,
            **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
        }
    )


def _bar(row: Row, asked: Asked) -> Values:
    return {
        **_prices(row),
        "date": row.day("datetime"),
        "adjustment": _ADJUSTMENTS.get(asked.query.get("adjust", "").lower()),
        "currency": row.text("meta.currency"),
    }


def _zone(row: Row, asked: Asked) -> str:
    """Return the zone of an answer's times: what was asked for, else the exchange's, else UTC for pairs."""
    zone = asked.query.get("timezone", "Exchange")
    if zone.lower() != "exchange":
        return zone
    told = row.text("meta.exchange_timezone")
    return told or ("UTC" if "/" in row.name else "")


def _interval(row: Row) -> str:
    code = row.text("meta.interval") or ""
    if code not in _INTERVALS:
        raise DataError(f"{code[:20]!r} is no known length", column="interval")
    return _INTERVALS[code]


def _opened(row: Row, asked: Asked) -> Values:
    interval = _interval(row)
    zone = _zone(row, asked) if interval[-1] in "mh" else "UTC"  # longer bars are dated, not timed
    return {"interval": interval, "opened_at": row.time("datetime", zone=zone)}


def _intraday(row: Row, asked: Asked) -> Values:
    return {
        **_prices(row),
        **_opened(row, asked),
        "adjustment": _ADJUSTMENTS.get(asked.query.get("adjust", "").lower())
        if "/" not in row.name
        else None,
        "currency": row.text("meta.currency"),
    }


def _crypto(row: Row, asked: Asked) -> Values:
    return {**_prices(row), **_opened(row, asked), "venue": row.text("meta.exchange")}


def _rate(row: Row, _asked: Asked) -> Values:
    prices = _prices(row)
    return {
        **{name: prices[name] for name in ("vendor_symbol", "open", "high", "low")},
        "date": row.day("datetime"),
        "rate": prices["close"],
    }


def _quote(row: Row, _asked: Asked) -> Values:
    if is_failure(row.value):
        raise Skip(f"{row.name}: {row.text('message')}")
    return priced(
        {
            "vendor_symbol": row.name or row.text("symbol"),
            "last": row.number("close"),
            "open": row.number("open"),
            "high": row.number("high"),
            "low": row.number("low"),
            "volume": row.number("volume"),
            "prev_close": row.number("previous_close"),
            "quoted_at": row.epoch("last_quote_at", "timestamp"),
            "currency": row.text("currency"),
        }
    )


def _price(row: Row, _asked: Asked) -> Values:
    if is_failure(row.value):
        raise Skip(f"{row.name}: {row.text('message')}")
    return priced({"vendor_symbol": row.name or None, "last": row.number("price")})


def _close(row: Row, _asked: Asked) -> Values:
    if is_failure(row.value):
        raise Skip(f"{row.name}: {row.text('message')}")
    return priced(
        {
            "vendor_symbol": row.name or row.text("symbol"),
            "close": row.number("close"),
            "currency": row.text("currency"),
        }
    )


def _exchange_rate(row: Row, _asked: Asked) -> Values:
    if is_failure(row.value):
        raise Skip(f"{row.name}: {row.text('message')}")
    observed = row.epoch("timestamp")
    return {
        "vendor_symbol": row.name or ticker(row, "symbol"),
        "date": observed.date() if observed else None,
        "rate": row.number("rate"),
        "observed_at": observed,
    }


def _contracts(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for side in ("calls", "puts"):
        yield from (Row(contract) for contract in body.get(side) or ())


def _option(row: Row, _asked: Asked) -> Values:
    return {
        **contract_columns(ticker(row, "contract_name", "option_id")),
        "bid": row.number("bid"),
        "ask": row.number("ask"),
        "last": row.number("last_price"),
        "volume": row.number("volume"),
        "open_interest": row.number("open_interest"),
        "implied_volatility": row.number("implied_volatility"),
    }


def _series(dataset: str, row: RowReader, interval: str, *kinds: InstrumentKind) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get(
            "/time_series",
            {
                "symbol": "{symbols}", "interval": interval,
                "start_date": "{since}", "end_date": "{until} 23:59:59",
                "outputsize": "5000", "timezone": "UTC" if interval != "1day" else "Exchange",
            },
        ),
        row=row,
        items=_bars(dataset),
        shape=_holds(dataset),
        kinds=frozenset(kinds),
        batch=8,
    )  # fmt: skip


def _last(dataset: str, path: str, row: RowReader) -> Endpoint:
    return Endpoint(
        dataset=dataset, request=get(path, {"symbol": "{symbols}"}), row=row, items=by_symbol, batch=8
    )


_K: Final = InstrumentKind
ENDPOINTS: Final = (
    _series("eod_data", _bar, "1day", _K.EQUITY, _K.ETF, _K.INDEX),
    _series("intraday_bars", _intraday, "5min", _K.EQUITY, _K.ETF, _K.INDEX, _K.FX),
    _series("crypto_bars", _crypto, "1day", _K.CRYPTO),
    _series("fx_rates", _rate, "1day", _K.FX),
    _last("quotes", "/quote", _quote),
    _last("quotes", "/price", _price),
    _last("quotes", "/eod", _close),
    _last("fx_rates", "/exchange_rate", _exchange_rate),
    _last("fx_rates", "/currency_conversion", _exchange_rate),
    Endpoint(
        dataset="option_chains",
        request=get("/options/chain", {"symbol": "{symbol}"}),
        row=_option,
        items=_contracts,
        retired=True,
    ),
)
