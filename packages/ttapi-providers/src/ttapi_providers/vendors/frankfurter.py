# SPDX-License-Identifier: Apache-2.0
"""Frankfurter: reference exchange rates of central banks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ttapi_core import NotFoundError
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.items import by_name, listed, one
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values, day_of


def _of_list(row: Row, asked: Asked) -> Values:
    if asked.told("group"):
        raise Skip("an average of several days")
    return _rate(row.text("base") or "", row.text("quote") or "", row.text("date"), row.number("rate"))


def _rate(base: str, quote: str, day: str | None, rate: float | None) -> Values:
    if rate is None or not base or not quote:
        raise Skip("a day without a rate" if rate is None else "a rate without its two currencies")
    return {
        "symbol": pair(base, quote),
        "vendor_symbol": quote,
        "date": day_of(day, "date"),
        "rate": rate,
    }


def _days(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the rates of version 1: of one day by currency, or of several by day."""
    rates = body["rates"]
    over_time = "date" not in body and all(isinstance(held, dict) for held in rates.values())
    by_day = rates if over_time else {body["date"]: rates}
    return [
        Row(
            {"date": day, "base": body["base"], "quote": quote, "rate": rate, "amount": body.get("amount", 1)}
        )
        for day, quotes in by_day.items()
        for quote, rate in quotes.items()
    ]


def _of_day(row: Row, _asked: Asked) -> Values:
    amount = row.number("amount") or 1.0  # rates are of as many units of the base as were asked for
    rate = row.number("rate")
    return _rate(
        row.text("base") or "",
        row.text("quote") or "",
        row.text("date"),
        None if rate is None else rate / amount,
    )


def _currency(row: Row, _asked: Asked) -> Values:
    code = row.text("iso_code") or row.name
    return {
        "symbol": code,
        "vendor_symbol": code,
        "description": row.text("name") if isinstance(row.value, dict) else str(row.value),
        "instrument_type": "Currency",
    }


def _base(wanted: Wanted) -> str | None:
    return wanted.keys[0].partition("/")[0] if wanted.keys else None


def _quote(wanted: Wanted) -> str | None:
    return wanted.keys[0].partition("/")[2] or None if wanted.keys else None


_NOW: Final = ("latest", "current")


def _old_endpoints() -> Iterator[Endpoint]:
    for path in ("/v1/{day}", "/{day}"):
        yield Endpoint(
            dataset="fx_rates",
            request=get(path),
            when=lambda asked: asked.told("day") in _NOW or asked.told("day")[:1].isdigit(),
            items=_days,
            row=_of_day,
            derived=frozenset({"rate"}),
            retired=path == "/{day}",
        )
    for path in ("/v1/currencies", "/currencies"):
        yield Endpoint(
            dataset="symbols",
            request=get(path),
            items=by_name(),
            row=_currency,
            batch=0,
            retired=path == "/currencies",
        )


PROVIDER: Final = Provider(
    name="frankfurter",
    title="Frankfurter",
    site="https://frankfurter.dev",
    bases=("https://api.frankfurter.dev",),
    codes={"invalid currency": NotFoundError},
    aliases=("api.frankfurter.app", "frankfurter.app", "www.frankfurter.app"),
    endpoints=(
        Endpoint(
            dataset="fx_rates",
            request=get("/v2/rates", {"base": _base, "quotes": _quote, "from": "{since}", "to": "{until}"}),
            items=listed(),
            row=_of_list,
        ),
        Endpoint(dataset="fx_rates", request=get("/v2/rate/{base}/{quote}"), items=one(), row=_of_list),
        Endpoint(dataset="fx_rates", request=get("/v2/rates.csv"), format=Format.CSV, row=_of_list),
        Endpoint(dataset="fx_rates", request=get("/v2/{scope*}/rates"), row=_of_list, retired=True),
        Endpoint(dataset="symbols", request=get("/v2/currencies"), items=listed(), row=_currency, batch=0),
        Endpoint(dataset="symbols", request=get("/v2/currency/{symbol}"), items=one(), row=_currency),
        *_old_endpoints(),
    ),
)
