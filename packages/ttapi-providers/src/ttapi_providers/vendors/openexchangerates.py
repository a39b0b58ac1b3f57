# SPDX-License-Identifier: Apache-2.0
"""Open Exchange Rates: rates of some 200 currencies, of now, of a past day, over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
    TTError,
)
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip, query_is
from ttapi_providers.items import by_name, one, place
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values

_CODES: Final[Mapping[str, type[ResponseError]]] = {
    "invalid_app_id": AuthenticationError,
    "missing_app_id": AuthenticationError,
    "not_allowed": NotEntitledError,
    "access_restricted": RateLimitError,
    "not_available": NotFoundError,
    "not_found": NotFoundError,
    "invalid_currency": NotFoundError,
    "invalid_base": NotFoundError,
}
_A_DAY: Final = ("1d", "24h")
_INTERVALS: Final = {
    "1m": "1m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1h", "12h": "12h", "1w": "1w", "1mo": "1mo",
}  # fmt: skip


def _of_one_time(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    shared = {"base": body.get("base", "USD"), "timestamp": place(body, "timestamp")}
    return [
        Row({**shared, "rate": rate, "quote": quote}) for quote, rate in (place(body, "rates") or {}).items()
    ]


def _over_time(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [
        Row({"base": body.get("base", "USD"), "date": day, "rate": rate, "quote": quote})
        for day, rates in (place(body, "rates") or {}).items()
        for quote, rate in rates.items()
    ]


def _of_period(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    shared = {"base": body.get("base", "USD"), "start": body["start_time"], "end": body["end_time"]}
    return [
        Row({**shared, "rate": rate, "quote": quote}) for quote, rate in (place(body, "rates") or {}).items()
    ]


def _pair_of(row: Row) -> Values:
    base, quote = row.text("base") or "", row.text("quote") or ""
    if base == quote:
        raise Skip("the base itself")
    return {"symbol": pair(base, quote), "vendor_symbol": quote}


def _rate(row: Row, asked: Asked) -> Values:
    at = row.epoch("timestamp")
    told = asked.told("day")
    shown = row.number("rate.mid") if isinstance(row.value["rate"], dict) else row.number("rate")
    if shown is None:
        raise Skip("no rate")
    return {
        **_pair_of(row),
        # The rates of a past day are those of its end, and their time may be the first second of the next.
        "date": Row({"day": told}).day("day")
        if told
        else row.day("date") or (at.date() if at is not None else None),
        "rate": shown,
        "bid": row.number("rate.bid"),
        "ask": row.number("rate.ask"),
        "observed_at": at,
    }


def _bar(row: Row, _asked: Asked) -> Values:
    start, end = row.time("start"), row.time("end")
    if start is None or end is None or not 86_000 <= (end - start).total_seconds() <= 86_400:
        raise Skip("a period that is no day")
    return {
        **_pair_of(row),
        "date": start.date(),
        **{name: row.number(f"rate.{name}") for name in ("open", "high", "low")},
        "rate": row.number("rate.close"),
        "observed_at": end,
    }


def _short_bar(row: Row, asked: Asked) -> Values:
    return {
        **_pair_of(row),
        "interval": _INTERVALS[asked.told("period")],
        "opened_at": row.time("start"),
        **{name: row.number(f"rate.{name}") for name in ("open", "high", "low", "close")},
    }


def _converted(row: Row, asked: Asked) -> Values:
    base, quote = asked.told("base").upper(), asked.told("quote").upper()
    at = row.epoch("meta.timestamp")
    if at is None or row.number("meta.rate") is None:
        raise Skip("no rate")
    return {
        "symbol": pair(base, quote),
        "vendor_symbol": quote,
        "date": at.date(),
        "rate": row.number("meta.rate"),
        "observed_at": at,
    }


def _currency(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": row.name,
        "vendor_symbol": row.name,
        "description": str(row.value),
        "instrument_type": "Currency",
    }


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict) or not body.get("error"):
        return None
    code = str(body.get("message", ""))
    words = str(body.get("description") or code)
    return _CODES.get(code, RequestRefusedError)(words, status=int(body.get("status") or 400), peer_code=code)


def _base(wanted: Wanted) -> str | None:
    bases = {key.partition("/")[0] for key in wanted.keys}
    return bases.pop() if len(bases) == 1 and bases != {"USD"} else None


def _quotes(wanted: Wanted) -> str | None:
    return ",".join(sorted({key.partition("/")[2] for key in wanted.keys if "/" in key})) or None


def _is_of_now(wanted: Wanted) -> bool:
    return wanted.since is None or wanted.since >= wanted.today


def _until(wanted: Wanted) -> str:
    return (wanted.until or wanted.today).isoformat()


_PAIRS: Final[Mapping[str, Param]] = {"base": _base, "symbols": _quotes, "prettyprint": "false"}

PROVIDER: Final = Provider(
    name="openexchangerates",
    title="Open Exchange Rates",
    site="https://docs.openexchangerates.org",
    bases=("https://openexchangerates.org",),
    credentials=(
        Credential(
            variable="TTAPI_OPENEXCHANGERATES_KEY",
            param="app_id",
            obtained="https://openexchangerates.org/signup/free",
        ),
    ),
    limits=(RateWindow(requests=1000, seconds=30 * 86_400),),
    told=_told,
    codes=_CODES,
    samples={"fx_rates": "USD/EUR"},
    endpoints=(
        # Rates of the dollar are in every plan, another base and rates over time in dearer ones.
        Endpoint(
            dataset="fx_rates",
            request=get("/api/latest.json", {"symbols": _quotes, "prettyprint": "false"}),
            when=query_is(base=("", "USD")),
            takes=lambda key: key.startswith("USD/"),
            asked_when=_is_of_now,
            items=_of_one_time,
            row=_rate,
            batch=100,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/api/latest.json", _PAIRS),
            when=lambda asked: asked.query.get("base", "USD") != "USD",
            takes=lambda key: "/" in key,
            asked_when=_is_of_now,
            items=_of_one_time,
            row=_rate,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/api/time-series.json", {**_PAIRS, "start": "{since}", "end": _until}),
            items=_over_time,
            row=_rate,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/api/historical/{day}.json", _PAIRS),
            items=_of_one_time,
            row=_rate,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/api/convert/{amount}/{base}/{quote}"),
            items=one(),
            row=_converted,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/api/ohlc.json", _PAIRS),
            when=query_is(period=_A_DAY),
            items=_of_period,
            row=_bar,
            retired=True,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get("/api/ohlc.json", _PAIRS),
            when=query_is(period=tuple(_INTERVALS)),
            items=_of_period,
            row=_short_bar,
            retired=True,
        ),
        Endpoint(
            dataset="symbols", request=get("/api/currencies.json"), items=by_name(), row=_currency, batch=0
        ),
    ),
)
