# SPDX-License-Identifier: Apache-2.0
"""
OKX, version 5: spot, swaps, futures and options.

Spot pairs are canonical (``BTC/USDT``), contracts keep their names (``BTC-USDT-SWAP``). Sizes of books and
trades of contracts are contracts; volumes of bars and quotes are in coins. The candle that is not over yet is
left out.
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
    ResponseError,
    ServerFaultError,
)
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Condition, Endpoint, Provider, query_is, refused
from ttapi_providers.exchanges import is_single, levels_of
from ttapi_providers.items import listed, one, place, with_parent
from ttapi_providers.reading import Row
from ttapi_providers.vendors.okx_market import (
    NAMING,
    announcement,
    bar,
    book_level,
    candles,
    chain_contract,
    curve_contract,
    dollar_in_yuan,
    event_contract,
    funding,
    funding_expected,
    index,
    instrument,
    price_bar,
    product_of,
    quote,
    spread,
    trade,
)
from ttapi_providers.vendors.okx_retired import RETIRED

_CODES: Final[dict[str, type[ResponseError]]] = {
    "1007": NotFoundError,
    "10001": RateLimitError,
    "30014": RateLimitError,
    "30026": RateLimitError,
    "30032": NotFoundError,
    **dict.fromkeys(map(str, (*range(30001, 30007), 30008, *range(30010, 30014))), AuthenticationError),
    "30009": ServerFaultError,
    "50001": ServerFaultError,
    "50011": RateLimitError,
    "50013": ServerFaultError,
    "50026": ServerFaultError,
    "50030": NotEntitledError,
    "50040": RateLimitError,
    "50061": RateLimitError,
    "51001": NotFoundError,
    "51014": NotFoundError,
    "51015": NotFoundError,
    "60018": NotFoundError,
}
_STATUSES: Final = frozenset({"401", "403", "404", "429", "500", "502", "503"})
_DATA: Final = listed("data")


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    # Version 3 wrote error_code and error_message, version 1 the first alone.
    told = (body.get("code"), body.get("error_code")) if isinstance(body, dict) else ()
    code = next((str(number) for number in told if number not in {None, "", "0", 0}), "0")
    if code == "0":
        return None
    words = str(body.get("msg") or body.get("message") or body.get("error_message") or f"code {code}")
    if code.startswith("501"):
        return AuthenticationError(words, status=401, peer_code=code)
    # A status stands there where no service answers for a path.
    return refused(words, status=int(code) if code in _STATUSES else 400, code=code)


def _book(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [row for book in place(body, "data") for row in levels_of(book)]


def _older(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for the page before: records come newest first, until the first day that was asked for."""
    records = place(body, "data")
    first = asked.query.get("before")
    if not records or first is None:
        return None
    oldest = min(int(r[0] if isinstance(r, list) else r["fundingTime"]) for r in records)
    return {"after": str(oldest)} if oldest > int(first) + 1 else None


def _before(wanted: Wanted) -> str | None:
    # What OKX calls before is what is newer than, not as new as.
    start = wanted.words()["since_ms"]
    return str(int(start) - 1) if start else None


def _after(wanted: Wanted) -> str | None:
    end = wanted.words()["until_ms"]
    return str(int(end) + 1) if end else None


def _family(wanted: Wanted) -> str | None:
    return wanted.names[0] if wanted.names else None


def _family_asked(asked: Asked) -> Sequence[str]:
    name = asked.told("instFamily", "uly") or product_of(asked.query.get("instId", ""))
    return [name] if name else []


def _is_kind(*kinds: str) -> Condition:
    return query_is(instType=kinds)


def _names_contract(*kinds: str) -> Condition:
    """Hold for requests for one contract of some kinds: its name has as many parts as its kind wants."""

    def holds(asked: Asked) -> bool:
        parts = asked.query.get("instId", "").split("-")
        kind = {3: "SWAP" if parts[-1] == "SWAP" else "FUTURES", 5: "OPTION"}.get(len(parts), "SPOT")
        return kind in kinds

    return holds


_asks_all: Final = query_is(instId="ANY")
_WINDOW: Final[dict[str, Param]] = {"before": _before, "after": _after, "limit": 100}

PROVIDER: Final = Provider(
    name="okx",
    title="OKX",
    site="https://www.okx.com/docs-v5/en/",
    bases=("https://www.okx.com",),
    aliases=(
        "okx.com",
        "aws.okx.com",
        "www.okex.com",
        "aws.okex.com",
        "my.okx.com",
        "us.okx.com",
        "eea.okx.com",
        "app.okx.com",
    ),
    limits=(RateWindow(requests=10, seconds=2),),
    naming=NAMING,
    told=_told,
    codes=_CODES,
    samples={
        **dict.fromkeys(("crypto_bars", "quotes", "order_books", "trades", "symbols"), "BTC/USDT"),
        "option_chains": "BTC/USD",
        "futures_curves": "BTC/USD",
        "funding_rates": "BTC-USDT-SWAP",
    },
    endpoints=(
        *(
            Endpoint(
                dataset="crypto_bars",
                items=candles,
                row=bar,
                next_page=_older,
                request=get(f"/api/v5/market/{path}", {"instId": "{symbol}", "bar": "1Dutc", **_WINDOW}),
            )
            for path in ("history-candles", "candles")
        ),
        *(
            Endpoint(
                dataset="crypto_bars",
                items=candles,
                row=price_bar,
                constant={"venue": f"{kind} price"},
                request=get(f"/api/v5/market/{path}", {"instId": "{symbol}", "bar": "1Dutc", **_WINDOW}),
            )
            for kind in ("mark", "index")
            for path in (
                f"{kind}-candles".replace("mark-", "mark-price-"),
                f"history-{kind}-candles".replace("mark-", "mark-price-"),
            )
        ),
        Endpoint(
            dataset="quotes",
            items=_DATA,
            row=quote,
            request=get("/api/v5/market/ticker", {"instId": "{symbol}"}),
        ),
        Endpoint(
            dataset="quotes",
            items=_DATA,
            row=quote,
            batch=0,
            request=get("/api/v5/market/tickers", {"instType": "SPOT"}),
        ),
        Endpoint(
            dataset="quotes",
            items=_DATA,
            row=quote,
            request=get("/api/v5/public/mark-price", {"instId": "{symbol}"}),
        ),
        Endpoint(
            dataset="quotes",
            items=_DATA,
            row=quote,
            request=get("/api/v5/market/index-tickers", {"instId": "{symbol}"}),
        ),
        Endpoint(
            dataset="quotes",
            items=one("data"),
            row=index,
            retired=True,  # read; the tickers of indexes tell more
            request=get("/api/v5/market/index-components", {"index": "{symbol}"}),
        ),
        Endpoint(
            dataset="quotes",
            items=_DATA,
            row=dollar_in_yuan,
            retired=True,
            request=get("/api/v5/market/exchange-rate"),
        ),
        *(
            Endpoint(
                dataset="futures_curves",
                items=_DATA,
                row=curve_contract,
                when=_is_kind(kind),
                besides=besides,
                found_by=_family_asked,
                request=get("/api/v5/market/tickers", {"instType": kind, "instFamily": _family}),
            )
            for kind, besides in (("FUTURES", False), ("SWAP", True))
        ),
        Endpoint(
            dataset="futures_curves",
            items=_DATA,
            row=curve_contract,
            retired=True,
            found_by=_family_asked,
            when=_names_contract("SWAP", "FUTURES"),
            request=get("/api/v5/market/ticker"),
        ),
        Endpoint(
            dataset="option_chains",
            items=_DATA,
            row=chain_contract,
            found_by=_family_asked,
            when=_is_kind("OPTION"),
            request=get("/api/v5/market/tickers", {"instType": "OPTION", "instFamily": _family}),
        ),
        Endpoint(
            dataset="option_chains",
            items=_DATA,
            row=chain_contract,
            found_by=_family_asked,
            request=get("/api/v5/public/opt-summary", {"instFamily": _family}),
        ),
        *(
            Endpoint(
                dataset="option_chains",
                items=_DATA,
                row=chain_contract,
                retired=True,
                found_by=_family_asked,
                when=when,
                request=get(f"/api/v5/{path}"),
            )
            for path, when in (
                ("market/ticker", _names_contract("OPTION")),
                ("public/mark-price", _is_kind("OPTION")),
                ("public/open-interest", _is_kind("OPTION")),
            )
        ),
        *(
            Endpoint(
                dataset="order_books",
                items=_book,
                row=book_level,
                request=get(f"/api/v5/market/{path}", {"instId": "{symbol}", "sz": 400}),
            )
            for path in ("books", "books-full", "books-lite", "books-rpi")
        ),
        *(
            Endpoint(
                dataset="trades",
                items=_DATA,
                row=trade,
                request=get(f"/api/v5/market/{path}", {"instId": "{symbol}", "limit": 100}),
            )
            for path in ("trades", "history-trades")
        ),
        *(
            Endpoint(
                dataset="trades",
                items=items,
                row=trade,
                batch=0,
                retired=True,  # read; trades are asked for one instrument at a time
                request=get(f"/api/v5/{path}"),
            )
            for path, items in (
                ("public/option-trades", _DATA),
                ("market/option/instrument-family-trades", with_parent("data", "tradeInfo")),
            )
        ),
        Endpoint(
            dataset="funding_rates",
            takes=is_single,
            items=_DATA,
            row=funding,
            next_page=_older,
            request=get("/api/v5/public/funding-rate-history", {"instId": "{symbol}", **_WINDOW}),
        ),
        Endpoint(
            dataset="funding_rates",
            takes=is_single,
            items=_DATA,
            row=funding_expected,
            besides=True,
            when=lambda asked: not _asks_all(asked),
            request=get("/api/v5/public/funding-rate", {"instId": "{symbol}"}),
        ),
        Endpoint(
            dataset="funding_rates",
            items=_DATA,
            row=funding_expected,
            batch=0,
            when=_asks_all,
            retired=True,  # read; contracts are asked for one at a time
            request=get("/api/v5/public/funding-rate"),
        ),
        *(
            Endpoint(
                dataset="symbols",
                items=_DATA,
                row=instrument,
                batch=0,
                besides=kind != "SPOT",
                when=_is_kind(kind, *others),
                request=get("/api/v5/public/instruments", {"instType": kind}),
            )
            for kind, others in (("SPOT", ("MARGIN", "OPTION", "EVENTS", "")), ("SWAP", ()), ("FUTURES", ()))
        ),
        *(
            Endpoint(dataset=dataset, items=items, row=row, batch=0, retired=True, request=get(path))
            # These are read; nothing of them is asked beside what is above.
            for dataset, items, row, path in (
                ("symbols", _DATA, spread, "/api/v5/sprd/spreads"),
                ("symbols", _DATA, event_contract, "/api/v5/public/event-contract/markets"),
                ("news", with_parent("data", "details"), announcement, "/api/v5/support/announcements"),
            )
        ),
        *RETIRED,
    ),
)
