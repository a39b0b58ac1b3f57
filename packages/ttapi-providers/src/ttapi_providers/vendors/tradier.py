# SPDX-License-Identifier: Apache-2.0
"""Tradier: US shares and options of a broker: quotes, chains, bars, sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, RateWindow, ResponseError
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, query_is, refused
from ttapi_providers.vendors import tradier_readers as readers

_DAYS: Final = {"start": "{since}", "end": "{until}"}
_QUOTES: Final = get("/v1/markets/quotes", {"symbols": "{symbols}", "greeks": "false"})
_HISTORY: Final = "/v1/markets/history"
_SALES: Final = "/v1/markets/timesales"
_ABOUT: Final = "/beta/markets/fundamentals"
_STARTS: Final = frozenset({"opened_at"})
_MONTH: Final = Endpoint(
    dataset="trading_days",
    request=get(
        "/v1/markets/calendar", {"month": readers.month_of("month"), "year": readers.month_of("year")}
    ),
    format=Format.ANY,
    batch=0,
    asked_when=readers.is_of_a_month,
    items=readers.held("calendar.days", "day"),
    row=readers.session,
)


def _times(*, days: int) -> dict[str, Param]:
    """Return what asks for the wanted days, of those that Tradier keeps."""

    def start(wanted: Wanted) -> str | None:
        kept = wanted.today - timedelta(days=days - 1)
        if wanted.since is None:
            return None
        is_gone = wanted.until is not None and wanted.until < kept  # Tradier is to say so
        return f"{wanted.since if is_gone else max(wanted.since, kept)} 00:00"

    return {"start": start, "end": "{until} 23:59"}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict):
        return None
    if isinstance(fault := body.get("fault"), dict):
        return refused(str(fault.get("faultstring", fault)))
    if isinstance(errors := body.get("errors"), dict):
        return refused(str(errors.get("error", errors)))
    return None


PROVIDER: Final = Provider(
    name="tradier",
    title="Tradier",
    site="https://docs.tradier.com",
    bases=("https://api.tradier.com", "https://sandbox.tradier.com"),
    credentials=(
        Credential(
            variable="TTAPI_TRADIER_TOKEN",
            header="Authorization",
            form="Bearer {}",
            obtained="https://web.tradier.com/user/api",
        ),
    ),
    limits=(RateWindow(requests=120, seconds=60),),
    naming=readers.NAMING,
    told=_told,
    codes={
        "access token": AuthenticationError,
        "quota": RateLimitError,
        "rate limit": RateLimitError,
        "symbol not found": NotFoundError,
    },
    endpoints=(
        Endpoint(
            dataset="quotes",
            request=_QUOTES,
            format=Format.ANY,
            batch=100,
            items=readers.quotes,
            row=readers.quote,
        ),
        Endpoint(
            dataset="symbols",
            request=_QUOTES,
            format=Format.ANY,
            batch=100,
            items=readers.quotes,
            row=readers.instrument,
        ),
        *(
            Endpoint(
                dataset="symbols",
                request=get(f"/v1/markets/{name}", {"q": "{key}"}),
                format=Format.ANY,
                items=readers.held("securities", "security"),
                row=readers.instrument,
            )
            for name in ("lookup", "search")
        ),
        Endpoint(
            dataset="symbols",
            request=get("/v1/markets/etb"),
            format=Format.ANY,
            batch=0,
            items=readers.held("securities", "security"),
            row=readers.instrument,
            constant={"lendability": "Easy To Borrow"},
        ),
        Endpoint(
            dataset="option_chains",
            request=readers.CHAINS,
            when=readers.of_chains,
            shape=readers.is_chain,
            format=Format.ANY,
            items=readers.chain,
            next_page=readers.next_chain,
            row=readers.option,
        ),
        Endpoint(
            dataset="option_chains",
            request=get("/v1/markets/options/lookup", {"underlying": "{symbol}"}),
            items=readers.roots,
            row=readers.named_option,
        ),
        Endpoint(
            dataset="eod_data",
            request=get(_HISTORY, {"symbol": "{symbol}", "interval": "daily", **_DAYS}),
            when=query_is(interval=("", "daily")),
            format=Format.ANY,
            items=readers.held("history", "day"),
            row=readers.daily,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get(_SALES, {"symbol": "{symbol}", "interval": "5min", **_times(days=18)}),
            when=query_is(interval=("1min", "5min", "15min")),
            format=Format.ANY,
            items=readers.held("series", "data"),
            row=readers.minute_bar,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get(_HISTORY, {"symbol": "{symbol}", "interval": "weekly", **_DAYS}),
            when=query_is(interval=("weekly", "monthly")),
            format=Format.ANY,
            items=readers.held("history", "day"),
            row=readers.long_bar,
            derived=_STARTS,
        ),
        Endpoint(
            dataset="trades",
            request=get(_SALES, {"symbol": "{symbol}", "interval": "tick", **_times(days=5)}),
            when=query_is(interval=("", "tick")),
            format=Format.ANY,
            items=readers.ticks,
            row=readers.tick,
        ),
        _MONTH,
        # More months are asked for one after the other; every answer is read as that of a month.
        replace(_MONTH, shape=lambda _: False, asked_when=None, next_page=readers.next_month),
        Endpoint(
            dataset="corporate_actions",
            request=get(f"{_ABOUT}/dividends", {"symbols": "{symbols}"}),
            batch=20,
            items=readers.tables("cash_dividends"),
            row=readers.dividend,
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get(f"{_ABOUT}/corporate_actions", {"symbols": "{symbols}"}),
            batch=20,
            items=readers.tables("stock_splits"),
            row=readers.split,
            besides=True,
        ),
        Endpoint(
            dataset="company_profiles",
            request=get(f"{_ABOUT}/company", {"symbols": "{symbols}"}),
            batch=20,
            items=readers.companies,
            row=readers.profile,
        ),
    ),
)
