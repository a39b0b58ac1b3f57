# SPDX-License-Identifier: Apache-2.0
"""
CoinGecko: prices of coins in many currencies, averaged over exchanges.

A key is a pair: ``BTC/USD`` for well-known coins, else CoinGecko's id of the coin and a currency
(``zksync/usd``), because tickers are not unique. Prices of a chart are of a moment and have no range;
volumes, which are of 24 hours and in the quote currency, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
)
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Condition, Credential, Endpoint, Provider, refused
from ttapi_providers.exchanges import is_pair, is_single
from ttapi_providers.items import by_name, listed, one, with_parent
from ttapi_providers.vendors.coingecko_market import (
    NAMING,
    candle,
    candles,
    coin_listed,
    coin_prices,
    derivative,
    exchange_rate,
    market,
    moment_price,
    past_prices,
    points,
    profile,
    simple_prices,
)
from ttapi_providers.vendors.coingecko_venues import VENUES

_V3: Final = "/api/v3"
_PRO: Final = "https://pro-api.coingecko.com"
_STATUSES: Final = frozenset({401, 403, 404, 429})
_COIN_LISTS: Final = frozenset({"list", "markets", "categories", "top_gainers_losers"})


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    """Find an error: a text, or a status with a code."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    status = error.get("status") if isinstance(error, dict) else body.get("status")
    if isinstance(status, dict) and "error_code" in status:
        code, words = status["error_code"], str(status.get("error_message", ""))
        return refused(words, status=code if code in _STATUSES else 400, code=str(code))
    return RequestRefusedError(error, status=400) if isinstance(error, str) else None


def _coins(wanted: Wanted) -> str | None:
    return ",".join(dict.fromkeys(name.partition("/")[0] for name in wanted.names)) or None


def _currencies(wanted: Wanted) -> str | None:
    return ",".join(dict.fromkeys(name.partition("/")[2] for name in wanted.names)) or None


def _days(wanted: Wanted) -> str:
    """Return how many days back to ask for; more than 365 are refused without a paid plan."""
    return str(max((wanted.today - wanted.since).days + 1, 1)) if wanted.since else "365"


def _parts(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def _asked_pairs(asked: Asked) -> Sequence[str]:
    """Return every coin of a request in every currency of it."""
    coins = _parts(asked.told("base", "address", "ids"))
    currencies = _parts(asked.told("vs_currencies", "vs_currency"))
    return [f"{coin}/{currency}" for coin in coins for currency in currencies]


def _is_coin(asked: Asked) -> bool:
    return asked.told("symbol", "id") not in _COIN_LISTS


def _details(path: str, when: Condition | None, *, retired: bool) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            dataset="company_profiles",
            takes=is_single,
            request=get(
                f"{_V3}/coins/{path}", {"localization": "false", "tickers": "false", "sparkline": "false"}
            ),
            items=one(),
            row=profile,
            when=when,
            retired=retired,
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get(f"{_V3}/coins/{path.replace('{symbol}', '{id}')}"),
            items=one(),
            row=coin_prices,
            when=when,
            shape=lambda body: "market_data" in body or "error" in body,
            retired=True,  # read beside the description; quotes are asked for many at a time
        ),
    )


_CHART: Final[dict[str, Param]] = {"vs_currency": "{quote}", "days": _days, "interval": "daily"}

_RANGE: Final[dict[str, Param]] = {"vs_currency": "{quote}", "from": "{since_s}", "to": "{until_s}"}

PROVIDER: Final = Provider(
    name="coingecko",
    title="CoinGecko",
    site="https://docs.coingecko.com",
    bases=("https://api.coingecko.com", _PRO),
    credentials=(
        Credential(
            variable="TTAPI_COINGECKO_KEY",
            header="x-cg-demo-api-key",
            base="https://api.coingecko.com",
            optional=True,
            obtained="https://www.coingecko.com/en/developers/dashboard",
        ),
        Credential(variable="TTAPI_COINGECKO_PRO_KEY", header="x-cg-pro-api-key", base=_PRO, optional=True),
    ),
    limits=(RateWindow(requests=30, seconds=60), RateWindow(requests=10_000, seconds=31 * 86_400)),
    naming=NAMING,
    told=_told,
    codes={
        "10002": AuthenticationError,
        "10005": NotEntitledError,
        "10010": AuthenticationError,
        "10011": AuthenticationError,
        "10012": NotEntitledError,
        "not found": NotFoundError,
        "rate limit": RateLimitError,
        "change your root url": AuthenticationError,
        "pro api subscribers": NotEntitledError,
        "exclusive to": NotEntitledError,
        "exceeds the allowed time range": NotEntitledError,
    },
    samples={
        "quotes": "BTC/USD",
        "symbols": "bitcoin",
        "company_profiles": "bitcoin",
        "futures_curves": "BTC",
    },
    endpoints=(
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get(
                f"{_V3}/simple/price",
                {"ids": _coins, "vs_currencies": _currencies, "include_last_updated_at": "true"},
            ),
            items=by_name(),
            row=simple_prices,
            batch=100,
            found_by=_asked_pairs,
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get(f"{_V3}/coins/markets", {"ids": _coins, "vs_currency": "{quote}", "per_page": 250}),
            row=market,
            found_by=_asked_pairs,
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get(f"{_V3}/simple/token_price/{{platform}}"),
            items=by_name(),
            row=simple_prices,
            retired=True,  # read; tokens are asked for by the id of their coin
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get(f"{_V3}/exchange_rates"),
            items=by_name("rates"),
            row=exchange_rate,
            batch=0,
        ),
        *(
            Endpoint(
                dataset="crypto_bars",
                takes=is_pair,
                request=get(f"{_V3}/coins/{path}", params),
                items=points,
                row=moment_price,
                found_by=_asked_pairs,
                retired=retired,
            )
            for path, params, retired in (
                ("{base}/market_chart", _CHART, False),
                ("{base}/market_chart/range", _RANGE, False),
                ("{platform}/contract/{address}/market_chart", None, True),
                ("{platform}/contract/{address}/market_chart/range", None, True),
            )
        ),
        *(
            Endpoint(
                dataset="crypto_bars",
                takes=is_pair,
                request=get(f"{_V3}/coins/{path}", {"vs_currency": "{quote}", "days": 30}),
                items=candles,
                row=candle,
                found_by=_asked_pairs,
            )
            for path in ("{base}/ohlc", "{base}/ohlc/range")
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=is_pair,
            request=get(f"{_V3}/coins/{{id}}/history"),
            items=one(),
            row=past_prices,
            retired=True,  # read; the chart gives the same of many days at a time
        ),
        Endpoint(
            dataset="symbols", request=get(f"{_V3}/coins/list"), items=listed(), row=coin_listed, batch=0
        ),
        Endpoint(
            dataset="symbols", request=get(f"{_V3}/coins/list/new"), items=listed(), row=coin_listed, batch=0
        ),
        *_details("{symbol}", _is_coin, retired=False),
        *_details("{platform}/contract/{address}", None, retired=True),
        Endpoint(
            dataset="futures_curves",
            request=get(f"{_V3}/derivatives"),
            items=listed(),
            row=derivative,
            batch=0,
        ),
        Endpoint(
            dataset="futures_curves",
            request=get(f"{_V3}/derivatives/exchanges/{{exchange}}"),
            items=with_parent("", "tickers"),
            row=derivative,
            shape=lambda body: "tickers" in body or "error" in body,
            batch=0,
            retired=True,  # read; the list of all exchanges' contracts is asked for
        ),
        *VENUES,
    ),
)
