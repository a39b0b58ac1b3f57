# SPDX-License-Identifier: Apache-2.0
"""Binance's two futures markets, USD-M and COIN-M: the same requests on two servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ttapi_providers.asking import Asked, Param, RequestForm, Wanted, get
from ttapi_providers.declaring import Endpoint
from ttapi_providers.exchanges import book_levels, is_pair, one_or_many
from ttapi_providers.items import listed
from ttapi_providers.vendors.binance_market import (
    bar,
    book_level,
    curve_contract,
    expected,
    funding,
    funding_expected,
    is_funded,
    quote,
    series_name,
    trade,
)
from ttapi_providers.vendors.binance_symbols import contract_listed

USD: Final = "https://fapi.binance.com"
USD_API: Final = "/fapi/v1"
COIN: Final = "https://dapi.binance.com"
COIN_API: Final = "/dapi/v1"
_COIN_DAYS: Final = 200
_COIN_MARGINED: Final = re.compile(r"[A-Z0-9]+USD_\w+")
_OPTION: Final = re.compile(r"\w+-\d{6}-[\d.]+-[CP]")
Takes = Callable[[str], bool]
"""Which keys a market answers for: the names of its contracts have a form of their own."""


def is_option(key: str) -> bool:
    """Return whether a key is the name of an option."""
    return _OPTION.fullmatch(key) is not None


def is_coin_margined(key: str) -> bool:
    """Return whether a key is the name of a COIN-M contract."""
    return _COIN_MARGINED.fullmatch(key) is not None


def is_usd_margined(key: str) -> bool:
    """Return whether a key is the name of a USD-M contract: all that is left."""
    return not is_pair(key) and not is_option(key) and not is_coin_margined(key)


def bars(
    path: str,
    base: str,
    *,
    name: str = "symbol",
    most: int = 1000,
    params: Mapping[str, Param] | None = None,
) -> RequestForm:
    """Return the request for bars; parameters of one's own replace those it has."""
    named: dict[str, Param] = {name: "{symbol}"} if name else {}
    window: dict[str, Param] = {
        "interval": "1d",
        "startTime": "{since_ms}",
        "endTime": "{until_ms}",
        "limit": most,
    }
    return get(path, {**named, **window, **(params or {})}, base=base)


def _pair_of(wanted: Wanted) -> str | None:
    return wanted.names[0].partition("_")[0] if wanted.names else None


def _kind_of(wanted: Wanted) -> str | None:
    return wanted.names[0].partition("_")[2] if wanted.names else None


_SERIES: Final[dict[str, Param]] = {"pair": _pair_of, "contractType": _kind_of}


def _series_asked(asked: Asked) -> list[str]:
    return [series_name(asked)]


def next_bars(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask on from the last bar of a full page, where a first day was asked for."""
    if "startTime" not in asked.query or len(body) < int(asked.query.get("limit", "500")):
        return None
    return {"startTime": str(int(body[-1][6]) + 1)}


def _window(api: str) -> dict[str, Param]:
    return {"endTime": _coin_end} if api == COIN_API else {}


def _coin_end(wanted: Wanted) -> str | None:
    # COIN-M refuses a stretch of more than 200 days; without an end it gives as many from the start on.
    if wanted.since is None or ((wanted.until or wanted.today) - wanted.since).days < _COIN_DAYS:
        return wanted.words()["until_ms"]
    return None


def _next_window(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for the next 200 days of a long stretch, up to now; those before the listing are empty."""
    if "startTime" not in asked.query or "endTime" in asked.query:
        return None
    start = int(asked.query["startTime"])
    following = int(body[-1][6]) + 1 if body else start + _COIN_DAYS * 86_400_000
    return {"startTime": str(following)} if following < datetime.now(UTC).timestamp() * 1000 else None


def _contract_bars(base: str, api: str, takes: Takes) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            dataset="crypto_bars",
            takes=takes,
            request=bars(f"{api}/klines", base, most=1500, params=_window(api)),
            row=bar,
            next_page=_next_window if api == COIN_API else next_bars,
            weight=10,
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=takes,
            request=bars(
                f"{api}/continuousKlines",
                base,
                name="",
                most=1500,
                params={"pair": _pair_of, "contractType": _kind_of},
            ),
            row=bar,
            found_by=_series_asked,
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=takes,
            request=bars(f"{api}/markPriceKlines", base, most=1500),
            row=bar,
            constant={"venue": "mark price"},
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=takes,
            request=bars(f"{api}/indexPriceKlines", base, name="pair", most=1500),
            row=bar,
            constant={"venue": "index price"},
        ),
    )


def contracts(base: str, api: str, takes: Takes) -> tuple[Endpoint, ...]:
    """Return what the two futures markets have in common."""
    return (
        *_contract_bars(base, api, takes),
        *(
            Endpoint(
                dataset="quotes",
                takes=takes,
                request=get(f"{api}/{path}", {"symbol": "{symbol}"}, base=base),
                items=one_or_many(),
                row=quote,
            )
            for path in ("ticker/24hr", "ticker/bookTicker", "ticker/price", "premiumIndex")
        ),
        Endpoint(
            dataset="funding_rates",
            takes=takes,
            items=listed(),
            row=funding,
            next_page=_next_funding,
            weight=5,  # a limit of its own: 500 in five minutes
            request=get(
                f"{api}/fundingRate",
                {"symbol": "{symbol}", "startTime": "{since_ms}", "endTime": "{until_ms}", "limit": 1000},
                base=base,
            ),
        ),
        Endpoint(
            dataset="funding_rates",
            takes=takes,
            request=get(f"{api}/premiumIndex", {"symbol": "{symbol}"}, base=base),
            items=expected,
            row=funding_expected,
            shape=is_funded,
        ),
        *(
            Endpoint(
                dataset="trades",
                takes=takes,
                request=get(f"{api}/{path}", {"symbol": "{symbol}", "limit": 1000}, base=base),
                row=trade,
            )
            for path in ("trades", "aggTrades", "historicalTrades")
        ),
        *(
            Endpoint(
                dataset="order_books",
                takes=takes,
                request=get(f"{api}/{path}", {"symbol": "{symbol}", "limit": 100}, base=base),
                items=book_levels(),
                row=book_level,
            )
            for path in ("depth", "rpiDepth")
        ),
        Endpoint(
            dataset="symbols",
            request=get(f"{api}/exchangeInfo", base=base),
            items=listed("symbols"),
            row=contract_listed,
            batch=0,
            besides=True,
        ),
    )


def coin_curve() -> Endpoint:
    """Return the curve of a COIN-M pair: its perpetual contract and its dated ones."""
    return Endpoint(
        dataset="futures_curves",
        request=get(f"{COIN_API}/ticker/24hr", {"pair": "{symbol}"}, base=COIN),
        items=one_or_many(),
        row=curve_contract,
    )


def _next_funding(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    if "startTime" not in asked.query or not body or len(body) < int(asked.query.get("limit", "100")):
        return None
    return {"startTime": str(int(body[-1]["fundingTime"]) + 1)}
