# SPDX-License-Identifier: Apache-2.0
"""Alpaca: what can be asked of stocks, crypto pairs and options, each for many symbols or for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ttapi_core import InstrumentKind
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Condition, Endpoint, RowReader
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors import alpaca_bars as read

_STOCKS: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})


def _end(wanted: Wanted) -> str | None:
    """
    Return the end of the last day in New York; None for one that is not over.

    Without an end the vendor stops where the plan does: the free one has nothing of the last 15 minutes.
    """
    is_over = wanted.until is not None and wanted.until < wanted.today
    return f"{wanted.until}T23:59:59-04:00" if is_over else None


_BASIC: Final[Mapping[str, Param]] = {"start": "{since}", "end": _end, "limit": "10000"}
_ROUND_THE_CLOCK: Final[Mapping[str, Param]] = {**_BASIC, "end": "{until}T23:59:59Z"}
_CRYPTO: Final = frozenset({InstrumentKind.CRYPTO})


def _both(  # noqa: PLR0913 - what an endpoint is made of
    dataset: str,
    row: RowReader,
    *,
    many: str,
    one: str = "",
    path: str,
    single: str = "",
    when: Condition | None = None,
    kinds: frozenset[InstrumentKind],
    params: Mapping[str, Param] | None = None,
) -> Iterator[Endpoint]:
    """Give the endpoint of many symbols and that of one."""
    rest = dict(params or {})
    yield Endpoint(
        dataset=dataset,
        request=get(many, {"symbols": "{symbols}", **rest}, base=read.DATA),
        row=row,
        items=read.by_symbol(path),
        when=when,
        kinds=kinds,
        batch=100,
        next_page=read.next_page,
    )
    if one:
        finder = read.by_symbol(single, inner=True) if single else read.by_symbol(path)
        yield Endpoint(
            dataset=dataset,
            request=get(one, rest, base=read.DATA),
            row=row,
            items=finder,
            when=when,
            kinds=kinds,
            next_page=read.next_page,
        )


_DAILY: Final = {"timeframe": "1Day", "adjustment": "raw", **_BASIC}
_HOURLY: Final = {"timeframe": "1Hour", "adjustment": "raw", **_BASIC}
_S: Final = "/v2/stocks"
_C: Final = "/v1beta3/crypto/us"


def _stocks() -> Iterator[Endpoint]:
    for dataset, row, day, params in (
        ("eod_data", read.daily_bar, True, _DAILY),
        ("intraday_bars", read.bar, False, _HOURLY),
    ):
        yield from _both(
            dataset,
            row,
            many=f"{_S}/bars",
            one=f"{_S}/{{symbol}}/bars",
            path="bars",
            when=read.length_is(day=day),
            kinds=_STOCKS,
            params=params,
        )
    yield from _both(
        "intraday_bars",
        read.latest_bar,
        many=f"{_S}/bars/latest",
        one=f"{_S}/{{symbol}}/bars/latest",
        path="bars",
        single="bar",
        kinds=_STOCKS,
    )
    yield Endpoint(
        dataset="quotes",
        request=get(f"{_S}/snapshots", {"symbols": "{symbols}"}, base=read.DATA),
        row=read.snapshot,
        items=read.snapshots,
        batch=100,
        kinds=_STOCKS,
    )
    yield Endpoint(
        dataset="quotes",
        request=get(f"{_S}/{{symbol}}/snapshot", base=read.DATA),
        row=read.snapshot,
        items=read.snapshots,
        kinds=_STOCKS,
    )
    yield from _both(
        "quotes",
        read.quote,
        many=f"{_S}/quotes/latest",
        one=f"{_S}/{{symbol}}/quotes/latest",
        path="quotes",
        single="quote",
        kinds=_STOCKS,
    )
    yield from _both(
        "trades",
        read.trade,
        many=f"{_S}/trades",
        one=f"{_S}/{{symbol}}/trades",
        path="trades",
        kinds=_STOCKS,
        params=_BASIC,
    )
    yield from _both(
        "trades",
        read.trade,
        many=f"{_S}/trades/latest",
        one=f"{_S}/{{symbol}}/trades/latest",
        path="trades",
        single="trade",
        kinds=_STOCKS,
    )


def _level(side: str, name: str) -> Callable[[Row], Iterator[Values]]:
    def levels(row: Row) -> Iterator[Values]:
        for number, level in enumerate(row.rows(name), start=1):
            yield {
                "side": side,
                "level": number,
                "price": level.number("p"),
                "size": level.number("s"),
                "quoted_at": row.time("t"),
            }

    return levels


_BIDS: Final = _level("bid", "b")
_ASKS: Final = _level("ask", "a")


def _book(row: Row, _asked: Asked) -> Iterator[Values]:
    for level in (*_BIDS(row), *_ASKS(row)):
        yield {**read.name(row), **level}


def _elsewhere(asked: Asked) -> bool:
    return asked.variables["loc"] != "us"


def _crypto() -> Iterator[Endpoint]:
    hourly = {"timeframe": "1Day", **_ROUND_THE_CLOCK}
    for base in (_C, _C.replace("us", "{loc}"), "/v1beta2/crypto", "/v1beta1/crypto"):
        retired = base != _C  # other places than the United States are read, not asked for

        def latest(what: str, base: str = base) -> str:
            return f"{base}/{what}/latest" if base.startswith("/v1beta1") else f"{base}/latest/{what}"

        found = [
            Endpoint(
                dataset="quotes",
                request=get(f"{base}/snapshots", {"symbols": "{symbols}"}, base=read.DATA),
                row=read.crypto_snapshot,
                items=read.snapshots,
                batch=100,
                kinds=_CRYPTO,
            ),
            *_both(
                "crypto_bars", read.crypto_bar, many=f"{base}/bars", path="bars", kinds=_CRYPTO, params=hourly
            ),
            *_both("crypto_bars", read.crypto_bar, many=latest("bars"), path="bars", kinds=_CRYPTO),
            *_both(
                "trades",
                read.trade,
                many=f"{base}/trades",
                path="trades",
                kinds=_CRYPTO,
                params=_ROUND_THE_CLOCK,
            ),
            *_both("trades", read.trade, many=latest("trades"), path="trades", kinds=_CRYPTO),
            *_both("quotes", read.crypto_quote, many=latest("quotes"), path="quotes", kinds=_CRYPTO),
            *_both("order_books", _book, many=latest("orderbooks"), path="orderbooks", kinds=_CRYPTO),
        ]
        for endpoint in found:
            yield replace(endpoint, retired=retired, when=_elsewhere if "{loc}" in base else None)
    for dataset, row, path in (
        ("crypto_bars", read.crypto_bar, "bars"),
        ("trades", read.trade, "trades"),
    ):
        yield Endpoint(
            dataset=dataset,
            request=get(f"/v1beta1/crypto/{{symbol}}/{path}", base=read.DATA),
            row=row,
            items=read.by_symbol(path),
            retired=True,
            next_page=read.next_page,
        )
    for dataset, row, path in (
        ("crypto_bars", read.crypto_bar, "bar"),
        ("trades", read.trade, "trade"),
        ("quotes", read.crypto_quote, "quote"),
    ):
        yield Endpoint(
            dataset=dataset,
            request=get(f"/v1beta1/crypto/{{symbol}}/{path}s/latest", base=read.DATA),
            row=row,
            items=read.by_symbol(path, inner=True),
            retired=True,
        )
    yield Endpoint(
        dataset="quotes",
        request=get("/v1beta1/crypto/{symbol}/snapshot", base=read.DATA),
        row=read.crypto_snapshot,
        items=read.snapshots,
        retired=True,
    )


def _options() -> Iterator[Endpoint]:
    kinds = frozenset({InstrumentKind.EQUITY_OPTION})
    path = "/v1beta1/options"
    for dataset, row, day, length in (
        ("eod_data", read.daily_bar, True, "1Day"),
        ("intraday_bars", read.bar, False, "1Hour"),
    ):
        yield from _both(
            dataset,
            row,
            many=f"{path}/bars",
            path="bars",
            when=read.length_is(day=day),
            kinds=kinds,
            params={"timeframe": length, **_BASIC},
        )
    yield from _both("trades", read.trade, many=f"{path}/trades", path="trades", kinds=kinds, params=_BASIC)
    yield from _both("trades", read.trade, many=f"{path}/trades/latest", path="trades", kinds=kinds)


ENDPOINTS: Final = (*_stocks(), *_crypto(), *_options())
