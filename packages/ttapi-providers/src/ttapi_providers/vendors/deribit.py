# SPDX-License-Identifier: Apache-2.0
"""
Deribit: options, futures, perpetual contracts and spot pairs of coins, by JSON-RPC over GET.

Contracts keep their names (``BTC-27MAR26-90000-C``); spot pairs are canonical. Options without a currency in
their name are priced in their coin. Sizes of books and trades are coins, on inverse futures US dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
)
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Condition, Endpoint, Provider, query_is
from ttapi_providers.exchanges import book_levels
from ttapi_providers.items import Finder, listed, one, parallel, place
from ttapi_providers.vendors.deribit_indexes import INDEXES
from ttapi_providers.vendors.deribit_market import (
    NAMING,
    announcement,
    bar,
    book_level,
    chain_contract,
    combination,
    curve_contract,
    funding,
    funding_between,
    index,
    instrument,
    is_future,
    is_option,
    named,
    old_index,
    quote,
    rate_between,
    trade,
    underlying,
    volatility_bar,
)
from ttapi_providers.vendors.deribit_retired import RETIRED

_API: Final = "/api/v2/public"
_NAMED: Final[dict[str, Param]] = {"instrument_name": "{symbol}"}
_DAYS: Final = 365
_HOUR_MS: Final = 3_600_000
_SETTLES_MANY: Final = frozenset({"USDC", "USDT", "EURR", "USDE", "any"})
_CODES: Final[dict[str, type[ResponseError]]] = {
    "10028": RateLimitError,
    "10047": RateLimitError,
    "11051": ServerFaultError,
    "13004": AuthenticationError,
    "13009": AuthenticationError,
    "13020": NotFoundError,
    "13021": NotEntitledError,
    "13503": ServerFaultError,
    "-32601": NotFoundError,
}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    return RequestRefusedError(
        str(error.get("message", "")), status=400, peer_code=str(error.get("code", ""))
    )


def _start(wanted: Wanted) -> str:
    """Return where a stretch begins: both of its ends have to be told."""
    return _ms(wanted.since or wanted.today - timedelta(days=_DAYS))


def _end(wanted: Wanted) -> str:
    return _ms((wanted.until or wanted.today) + timedelta(days=1))


def _ms(day: date) -> str:
    return str(int(datetime.combine(day, time(), UTC).timestamp()) * 1000)


def _earlier(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for what is missing before the first hour of a long stretch."""
    hours = place(body, "result")
    if not hours or "start_timestamp" not in asked.query:
        return None
    first = min(int(hour["timestamp"]) for hour in hours)
    if first - int(asked.query["start_timestamp"]) <= _HOUR_MS:
        return None
    return {"end_timestamp": str(first - 1)}


def _currency(wanted: Wanted) -> str | None:
    """Return the currency that contracts on an underlying are settled in: USDC for ``SOL_USDC``."""
    base, _, quote_name = wanted.names[0].partition("_") if wanted.names else ("", "", "")
    return quote_name or base or None


def _coin_asked(asked: Asked) -> Sequence[str]:
    # Of a currency that many coins are settled in, the request does not tell which were wanted.
    name = asked.query.get("currency", "")
    return [name] if name and name not in _SETTLES_MANY else []


def _underlying_asked(asked: Asked) -> Sequence[str]:
    return [name for name in (underlying(asked.query.get("instrument_name", "")),) if name]


def _asks(*kinds: str) -> Condition:
    return query_is(kind=(*kinds, "", "any"))


def _asks_option(asked: Asked) -> bool:
    return is_option(asked.query.get("instrument_name", ""))


def _asks_future(asked: Asked) -> bool:
    return is_future(asked.query.get("instrument_name", ""))


def _volatility_asked(asked: Asked) -> Sequence[str]:
    return [f"{asked.query['currency']}-DVOL"] if asked.query.get("currency") else []


def _asks_days(asked: Asked) -> bool:
    return asked.query.get("resolution") == "1D"


def _tickers(path: str, items: Finder, *, retired: bool) -> tuple[Endpoint, ...]:
    """Return what one instrument's ticker, summary or book is read as."""
    return (
        Endpoint(
            dataset="quotes", request=get(f"{_API}/{path}", _NAMED), items=items, row=quote, retired=retired
        ),
        # Chains and curves are asked for whole; of one contract they are read.
        *(
            Endpoint(
                dataset=dataset,
                request=get(f"{_API}/{path}"),
                items=items,
                row=row,
                when=when,
                found_by=_underlying_asked,
                retired=True,
            )
            for dataset, row, when in (
                ("option_chains", chain_contract, _asks_option),
                ("futures_curves", curve_contract, _asks_future),
            )
        ),
    )


PROVIDER: Final = Provider(
    name="deribit",
    title="Deribit",
    site="https://docs.deribit.com",
    bases=("https://www.deribit.com",),
    aliases=("test.deribit.com", "history.deribit.com", "deribit.com"),
    limits=(RateWindow(requests=20, seconds=1),),
    naming=NAMING,
    told=_told,
    codes=_CODES,
    samples={
        **dict.fromkeys(
            ("crypto_bars", "quotes", "order_books", "trades", "symbols", "funding_rates"), "BTC-PERPETUAL"
        ),
        "option_chains": "BTC",
        "futures_curves": "BTC",
    },
    endpoints=(
        Endpoint(
            dataset="crypto_bars",
            request=get(
                f"{_API}/get_tradingview_chart_data",
                {**_NAMED, "resolution": "1D", "start_timestamp": _start, "end_timestamp": _end},
            ),
            items=parallel(
                {
                    "ticks": "result.ticks",
                    **{name: f"result.{name}" for name in ("open", "high", "low", "close")},
                    **{name: f"result.{name}?" for name in ("volume", "cost")},
                }
            ),
            row=bar,
        ),
        *_tickers("ticker", one("result"), retired=False),
        *_tickers("get_order_book", one("result"), retired=True),
        *_tickers("get_book_summary_by_instrument", listed("result"), retired=True),
        Endpoint(
            dataset="option_chains",
            request=get(f"{_API}/get_book_summary_by_currency", {"currency": _currency, "kind": "option"}),
            items=named(is_option),
            row=chain_contract,
            when=_asks("option"),
            found_by=_coin_asked,
        ),
        Endpoint(
            dataset="futures_curves",
            request=get(f"{_API}/get_book_summary_by_currency", {"currency": _currency, "kind": "future"}),
            items=named(is_future),
            row=curve_contract,
            when=_asks("future"),
            found_by=_coin_asked,
        ),
        Endpoint(
            dataset="quotes",
            request=get(f"{_API}/get_book_summary_by_currency"),
            items=listed("result"),
            row=quote,
            retired=True,  # read beside chains and curves; quotes are asked for one by one
        ),
        *(
            Endpoint(
                dataset="order_books",
                request=get(f"{_API}/{path}", params),
                items=book_levels("result"),
                row=book_level,
                retired=retired,
            )
            for path, params, retired in (
                ("get_order_book", {**_NAMED, "depth": 100}, False),
                ("get_order_book_by_instrument_id", {}, True),
            )
        ),
        *(
            Endpoint(
                dataset="trades",
                request=get(f"{_API}/{path}", {**_NAMED, "count": 1000}),
                items=listed("result.trades"),
                row=trade,
            )
            for path in ("get_last_trades_by_instrument", "get_last_trades_by_instrument_and_time")
        ),
        *(
            Endpoint(
                dataset="trades",
                request=get(f"{_API}/{path}"),
                items=listed("result.trades"),
                row=trade,
                retired=True,
            )
            for path in ("get_last_trades_by_currency", "get_last_trades_by_currency_and_time")
        ),
        Endpoint(
            dataset="funding_rates",
            request=get(
                f"{_API}/get_funding_rate_history",
                {**_NAMED, "start_timestamp": _start, "end_timestamp": _end},
            ),
            items=listed("result"),
            row=funding,
            next_page=_earlier,
        ),
        Endpoint(
            dataset="funding_rates",
            request=get(
                f"{_API}/get_funding_rate_value",
                {**_NAMED, "start_timestamp": _start, "end_timestamp": _end},
            ),
            items=rate_between,
            row=funding_between,
        ),
        Endpoint(
            dataset="symbols",
            request=get(f"{_API}/get_instruments", {"currency": "any", "expired": "false"}),
            items=listed("result"),
            row=instrument,
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get(f"{_API}/get_instrument", _NAMED),
            items=one("result"),
            row=instrument,
        ),
        Endpoint(
            dataset="quotes",
            request=get(f"{_API}/get_index_price", {"index_name": "{symbol}"}),
            items=one("result"),
            row=index,
        ),
        Endpoint(
            dataset="quotes",
            request=get(f"{_API}/get_index", {"currency": "{symbol}"}),
            items=one("result"),
            row=old_index,
            retired=True,
        ),
        # These are read; nothing of them is asked beside what is above.
        *(
            Endpoint(
                dataset=dataset,
                request=get(f"{_API}/{path}"),
                items=items,
                row=row,
                batch=0,
                retired=True,
            )
            for dataset, path, items, row in (
                ("symbols", "get_combos", listed("result"), combination),
                ("symbols", "get_combo_details", one("result"), combination),
                ("news", "get_announcements", listed("result"), announcement),
            )
        ),
        *(
            Endpoint(
                dataset=dataset,
                request=get(f"{_API}/get_volatility_index_data"),
                items=listed("result.data"),
                row=volatility_bar,
                when=when,
                found_by=_volatility_asked,
                retired=True,
            )
            for dataset, when in (
                ("eod_data", _asks_days),
                ("intraday_bars", lambda asked: not _asks_days(asked)),
            )
        ),
        *INDEXES,
        *RETIRED,
    ),
)
