# SPDX-License-Identifier: Apache-2.0
"""EODHD: names, bars, quotes, ticks and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from ttapi_core import DataError, InstrumentKind
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.contracts import contract_columns
from ttapi_providers.declaring import Condition, Endpoint, RowReader, query_is
from ttapi_providers.items import by_name, listed, parallel
from ttapi_providers.naming import Naming, pair, pairs, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import PAIRS, kind_of, named_kinds, ticker

_SHARES, _COINS, _MONEY = share_classes("-"), pairs("-"), pairs()
_DAYS: Final = {"from": "{since}", "to": "{until}", "fmt": "json"}
_INTERVALS: Final = {"5m": "5m", "1m": "1m", "1h": "1h"}
_MS_MIN: Final = 100_000_000_000  # a count this large is of milliseconds
_LISTED: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})


def _to_vendor(symbol: str) -> str:
    kind = kind_of(symbol)
    if kind is InstrumentKind.FX:
        return f"{symbol.replace('/', '')}.FOREX"
    if kind is InstrumentKind.CRYPTO:
        return f"{symbol.replace('/', '-')}.CC"
    return symbol if "." in symbol else f"{_SHARES.to_vendor(symbol)}.US"


def _to_canonical(name: str) -> str | None:
    code, _, exchange = name.rpartition(".")
    if exchange == "FOREX":
        return pair(code[:3], code[3:]) if len(code) == 6 else pair("USD", code)
    if exchange == "CC":
        return _COINS.to_canonical(code)
    if exchange == "US" or not code:
        return _SHARES.to_canonical(code or name)
    return None


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)
_of_crypto: Final = named_kinds(NAMING, InstrumentKind.CRYPTO)
_of_money: Final = named_kinds(NAMING, InstrumentKind.FX)


def _no_pair(asked: Asked) -> bool:
    return bool(asked.names) and kind_of(NAMING.canonical(asked.names[0])) not in PAIRS


def _prices(row: Row) -> Values:
    # Prices are as traded; only the closes are adjusted beside them.
    return {
        "open": row.number("open", "Open"),
        "high": row.number("high", "High"),
        "low": row.number("low", "Low"),
        "close": row.number("close", "Close"),
        "volume": row.number("volume", "Volume"),
    }


def _name(row: Row) -> Values:
    """Name a row of a whole exchange; one of a single instrument is named by the request."""
    code, exchange = row.text("code", "Code"), row.text("exchange_short_name", "exchange", "Ex")
    return {"vendor_symbol": f"{code}.{exchange}"} if code and exchange else {}


def _bar(row: Row, _asked: Asked) -> Values:
    return sound(
        {
            **_name(row),
            **_prices(row),
            "date": row.day("date", "Date"),
            "adjusted_close": row.number("adjusted_close", "Adjusted_close"),
        }
    )


def _crypto_day(row: Row, _asked: Asked) -> Values:
    return sound(
        {
            **_name(row),
            **_prices(row),
            "volume": None,  # counted in dollars, not in coins
            "interval": "1d",
            "opened_at": row.time("date", "Date", zone="UTC"),
        }
    )


def _rate(row: Row, _asked: Asked) -> Values:
    prices = _prices(row)
    return {
        **_name(row),
        **{side: prices[side] for side in ("open", "high", "low")},
        "date": row.day("date", "Date"),
        "rate": prices["close"],
    }


def _long_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a week or a month; whatever day it is dated, it began with the week or the month."""
    day = row.day("date", "Date")
    is_week = asked.query.get("period") == "w"
    if day is None:
        raise DataError("the bar has no date", column="date")
    start = day - timedelta(days=day.weekday()) if is_week else day.replace(day=1)
    return sound(
        {
            **_prices(row),
            "interval": "1w" if is_week else "1mo",
            "opened_at": datetime.combine(start, time(), UTC),
        }
    )


def _intraday(row: Row, asked: Asked) -> Values:
    return sound(
        {
            **_prices(row),
            "interval": _INTERVALS[asked.query.get("interval", "5m")],
            "opened_at": row.epoch("timestamp", "Timestamp"),
        }
    )


def _crypto_intraday(row: Row, asked: Asked) -> Values:
    return {**_intraday(row, asked), "volume": None}


def _quote(row: Row, _asked: Asked) -> Values:
    last = row.number("close")
    if last is None and row.number("previousClose") is None:
        raise DataError("there is no price of the instrument", column="close")
    return {
        "vendor_symbol": ticker(row, "code"),
        "last": last,
        "open": row.number("open"),
        "high": row.number("high"),
        "low": row.number("low"),
        "volume": row.number("volume"),
        "prev_close": row.number("previousClose"),
        "quoted_at": row.epoch("timestamp"),
    }


def _us_quote(row: Row, _asked: Asked) -> Values:
    return priced(
        {
            "vendor_symbol": row.text("symbol", "code") or row.name,
            "last": row.number("lastTradePrice", "close"),
            "bid": row.number("bidPrice"),
            "ask": row.number("askPrice"),
            "open": row.number("open"),
            "high": row.number("high"),
            "low": row.number("low"),
            "volume": row.number("volume"),
            "prev_close": row.number("previousClosePrice", "previousClose"),
            "quoted_at": row.epoch(
                "timestamp", unit="ms" if (row.number("timestamp") or 0) > _MS_MIN else "s"
            ),
            "currency": "USD",
        }
    )


def _one_or_many(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [Row(body)] if isinstance(body, dict) else [*listed()(body, asked)]


def _quotes_of_us(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    inner = body.get("data", body) if isinstance(body, dict) else body
    return [*by_name()(inner, asked)] if isinstance(inner, dict) else [*listed()(inner, asked)]


def _tick(row: Row, _asked: Asked) -> Values:
    return {
        "traded_at": row.epoch("ts", unit="ms"),
        "trade_id": row.text("seq"),
        "price": row.number("price"),
        "size": row.number("shares"),
        "venue": row.text("mkt"),
        "conditions": row.text("sl"),
    }


def _printed(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the ticks of a list; they have no number but their place among those of one moment."""
    seen: dict[object, int] = {}
    for record in body:
        moment = record.get("timestamp")
        seen[moment] = seen.get(moment, 0) + 1
        yield Row({**record, "place": seen[moment]})


def _print(row: Row, _asked: Asked) -> Values:
    moment = row.integer("timestamp") or 0
    return {
        "traded_at": row.epoch("timestamp", unit="ms" if moment > _MS_MIN else "s"),
        "trade_id": f"{moment}-{row.text('place')}",
        "price": row.number("price"),
        "size": row.number("volume", "shares"),
        "venue": row.text("mkt"),
        "conditions": row.text("sl"),
    }


def _option(row: Row, _asked: Asked) -> Values:
    told = row.row("attributes") if row.has("attributes") else row
    name = ticker(told, "contract", "contractName")
    return {
        **contract_columns(name),
        "bid": told.number("bid"),
        "bid_size": told.number("bid_size"),
        "ask": told.number("ask"),
        "ask_size": told.number("ask_size"),
        "last": told.number("last", "lastPrice"),
        "volume": told.number("volume"),
        "open_interest": told.number("open_interest", "openInterest"),
        "implied_volatility": told.number("volatility"),
        **{greek: told.number(greek) for greek in ("delta", "gamma", "theta", "vega", "rho")},
        "currency": told.text("currency"),
    }


def _old_options(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for series in body["data"]:
        for side in ("CALL", "PUT"):
            yield from (Row(contract) for contract in series["options"].get(side) or ())


def _old_option(row: Row, asked: Asked) -> Values:
    # The old answers wrote the volatility in percent; whether a given one does is not sure.
    return {**_option(row, asked), "implied_volatility": None}


def _underlying(wanted: Wanted) -> str | None:
    return wanted.keys[0].replace("/", "-") if wanted.keys else None


def _daily(
    dataset: str, row: RowReader, belongs: Condition, *, kinds: frozenset[InstrumentKind], **constant: object
) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get("/api/eod/{symbol}", {**_DAYS, "period": "d"}),
        row=row,
        format=Format.ANY,
        when=lambda asked: belongs(asked) and query_is(period=("", "d"), filter="")(asked),
        kinds=kinds,
        constant=constant,
    )


def _bulk(dataset: str, row: RowReader, exchanges: Condition, **constant: object) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get("/api/eod-bulk-last-day/{exchange}", {"fmt": "json"}),
        row=row,
        format=Format.ANY,
        when=lambda asked: exchanges(asked) and query_is(type="")(asked),
        constant=constant,
    )


def _exchange_is(*names: str, no: bool = False) -> Condition:
    return lambda asked: (asked.variables["exchange"].upper() in names) is not no


_RAW: Final[Mapping[str, object]] = {"adjustment": "raw"}
_TICKS: Final = parallel(
    {"ts": "ts", "price": "price?", "shares": "shares?", "mkt": "mkt?", "seq": "seq?", "sl": "sl?"}
)

ENDPOINTS: Final = (
    _daily("eod_data", _bar, _no_pair, kinds=_LISTED, **_RAW),
    _daily("crypto_bars", _crypto_day, _of_crypto, kinds=frozenset({InstrumentKind.CRYPTO})),
    _daily("fx_rates", _rate, _of_money, kinds=frozenset({InstrumentKind.FX})),
    _bulk("eod_data", _bar, _exchange_is("CC", "FOREX", no=True), **_RAW),
    _bulk("crypto_bars", _crypto_day, _exchange_is("CC")),
    _bulk("fx_rates", _rate, _exchange_is("FOREX")),
    Endpoint(
        dataset="intraday_bars",
        request=get(
            "/api/intraday/{symbol}",
            {"interval": "5m", "from": "{since_s}", "to": "{until_s}", "fmt": "json"},
        ),
        row=_intraday,
        format=Format.ANY,
        when=lambda asked: asked.query.get("interval", "5m") in _INTERVALS and not _of_crypto(asked),
        kinds=_LISTED | {InstrumentKind.FX},
        weight=5,
    ),
    Endpoint(
        dataset="crypto_bars",
        request=get("/api/intraday/{symbol}", {"interval": "1h", "fmt": "json"}),
        row=_crypto_intraday,
        format=Format.ANY,
        when=lambda asked: asked.query.get("interval", "5m") in _INTERVALS and _of_crypto(asked),
        weight=5,
    ),
    Endpoint(
        dataset="intraday_bars",
        request=get("/api/eod/{symbol}", {**_DAYS, "period": "w"}),
        row=_long_bar,
        format=Format.ANY,
        when=lambda asked: not _of_crypto(asked) and query_is(period=("w", "m"), filter="")(asked),
        constant=_RAW,
    ),
    Endpoint(
        dataset="quotes",
        request=get("/api/real-time/{symbol}", {"fmt": "json"}),
        row=_quote,
        items=_one_or_many,
        when=query_is(fmt="json"),
    ),
    Endpoint(
        dataset="quotes",
        request=get("/api/us-quote-delayed", {"s": "{symbols}", "fmt": "json"}),
        row=_us_quote,
        items=_quotes_of_us,
    ),
    Endpoint(
        dataset="option_chains",
        request=get(
            "/api/mp/unicornbay/options/eod",
            {"filter[underlying_symbol]": _underlying, "sort": "-exp_date", "page[limit]": "1000"},
        ),
        row=_option,
        items=listed("data"),
        found_by=lambda asked: [name] if (name := asked.query.get("filter[underlying_symbol]")) else [],
        next_page=lambda body, _asked: (body.get("links") or {}).get("next"),
        weight=10,
    ),
    Endpoint(
        dataset="option_chains",
        request=get("/api/mp/unicornbay/options/contracts"),
        row=_option,
        items=listed("data"),
        found_by=lambda asked: [name] if (name := asked.query.get("filter[underlying_symbol]")) else [],
    ),
    Endpoint(
        dataset="option_chains",
        request=get("/api/options/{symbol}"),
        row=_old_option,
        items=_old_options,
        retired=True,
    ),
    *(
        Endpoint(
            dataset="trades", request=get(path, {"s": "{symbol}", "fmt": "json"}), row=_tick, items=_TICKS
        )
        for path in ("/api/ticks", "/api/mp/unicornbay/tickdata/ticks")
    ),
    Endpoint(
        dataset="trades",
        request=get("/api/ticks/{symbol}", {"limit": "10000", "fmt": "json"}),
        row=_print,
        items=_printed,
    ),
)
