# SPDX-License-Identifier: Apache-2.0
"""Alpaca: options, corporate actions, news, assets, sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import InstrumentKind
from ttapi_providers.asking import Asked, get
from ttapi_providers.contracts import contract_columns
from ttapi_providers.declaring import Endpoint, Skip
from ttapi_providers.items import Finder, by_name, listed, one
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors.alpaca_bars import DATA, EASTERN, by_symbol, next_page

TRADING: Final = "https://paper-api.alpaca.markets"
_STOCKS: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})
_CLOSE: Final = time(16)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAYS: Final = {"start": "{since}", "end": "{until}"}
_BONDS: Final = "fixed_income/"


def _option(row: Row, _asked: Asked) -> Values:
    quote, trade, greeks = row.row("latestQuote"), row.row("latestTrade"), row.row("greeks")
    return {
        **contract_columns(row.name),
        "bid": quote.number("bp"),
        "bid_size": quote.number("bs"),
        "ask": quote.number("ap") or None,
        "ask_size": quote.number("as"),
        "last": trade.number("p"),
        "volume": row.row("dailyBar").number("v"),
        "implied_volatility": row.number("impliedVolatility"),
        **{name: greeks.number(name) for name in ("delta", "gamma", "theta", "vega", "rho")},
        "currency": "USD",
        "last_traded_at": trade.time("t"),
        "quoted_at": quote.time("t"),
    }


def _option_quote(row: Row, asked: Asked) -> Values:
    return _option(Row({"latestQuote": row.value}, row.name), asked)


def _contract(row: Row, _asked: Asked) -> Values:
    name = ticker(row, "symbol")
    return {
        **contract_columns(name),
        "symbol": row.text("underlying_symbol"),
        "expiration_date": row.day("expiration_date"),
        "strike": row.number("strike_price"),
        "option_type": (row.text("type") or "")[:1].upper(),
        "open_interest": row.number("open_interest"),
        "multiplier": row.number("multiplier", "size"),
        "currency": "USD",
    }


def _contract_pages(body: Any, asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - JSON
    token = body.get("page_token") if isinstance(body, dict) else None
    return {"page_token": token} if token else next_page(body, asked)


_ACTIONS: Final = frozenset({"cash_dividend", "stock_dividend", "forward_split", "reverse_split"})


def _action(row: Row, _asked: Asked) -> Values:
    """
    Read a corporate action; ``row.name`` is its kind: ``cash_dividends``, ``forward_splits``.

    A dividend of shares is a split: ``rate`` new ones for one.
    """
    kind = row.name.removesuffix("s")
    if kind not in _ACTIONS:
        raise Skip(f"a {kind.replace('_', ' ')} is neither a split nor a dividend")
    about: Values = {
        "vendor_symbol": ticker(row, "symbol"),
        "ex_date": row.day("ex_date", "process_date"),
        "record_date": row.day("record_date"),
        "payment_date": row.day("payable_date"),
    }
    if kind == "cash_dividend":
        word = "special" if row.flag("special") else "cash"
        return {**about, "action": "dividend", "kind": word, "amount": row.number("rate")}
    if kind == "stock_dividend":
        rate = row.number("rate") or 0.0
        return {**about, "action": "split", "kind": "stock", "split_from": 1.0, "split_to": 1.0 + rate}
    return {
        **about,
        "action": "split",
        "kind": kind,
        "split_from": row.number("old_rate"),
        "split_to": row.number("new_rate"),
    }


def _actions(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for group in by_name("corporate_actions")(body, asked):
        yield from (Row(record, group.name) for record in group.value or ())


def _announcement(row: Row, _asked: Asked) -> Values:
    kind, sub = row.text("ca_type"), row.text("ca_sub_type")
    about: Values = {
        "vendor_symbol": ticker(row, "initiating_symbol", "target_symbol"),
        "ex_date": row.day("ex_date", "effective_date", "process_date"),
        "kind": sub,
        "declared_date": row.day("declaration_date"),
        "record_date": row.day("record_date"),
        "payment_date": row.day("payable_date"),
    }
    if kind == "dividend" and sub == "cash":
        return {**about, "action": "dividend", "amount": row.number("cash")}
    if kind == "split":
        return {
            **about,
            "action": "split",
            "split_from": row.number("old_rate"),
            "split_to": row.number("new_rate"),
        }
    raise Skip(f"a {kind} ({sub}) is neither a split nor a cash dividend")


def _news(row: Row, _asked: Asked) -> Values:
    names = [str(name) for name in row.raw("symbols") or ()]
    return {
        "symbol": None if names else "MARKET",
        "vendor_symbol": names[0] if names else None,
        "published_at": row.time("created_at"),
        "news_id": row.text("id"),
        "title": row.text("headline"),
        "summary": row.text("summary"),
        "url": row.text("url"),
        "source": row.text("source"),
        "author": row.text("author"),
        "symbols": ",".join(names) or None,
    }


def _asked_news(row: Row, asked: Asked) -> Values:
    """Read a piece of news under the name that was asked for, where it has it."""
    values = _news(row, asked)
    names = row.raw("symbols") or ()
    wanted = next((name for name in asked.names if name in names), None)
    return {**values, "symbol": None, "vendor_symbol": wanted} if wanted else values


def _asset(row: Row, _asked: Asked) -> Values:
    kind = row.text("class", "asset_class")
    is_easy = row.flag("easy_to_borrow")
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "description": row.text("name"),
        "instrument_type": kind,
        "active": row.text("status") == "active",
        "listed_market": row.text("exchange"),
        "lendability": "Easy To Borrow" if is_easy else None,
        "currency": "USD" if kind == "us_equity" else None,
    }


def _bond(row: Row, _asked: Asked) -> Values:
    """Read a bond, which is known by its CUSIP."""
    return {
        "vendor_symbol": ticker(row, "cusip"),
        "description": row.text("description", "description_short"),
        "instrument_type": "bond",
        "active": row.text("bond_status") == "outstanding" if row.has("bond_status") else None,
        "country": row.text("country_domicile"),
        "isin": row.text("isin"),
    }


def _days_of_market(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the sessions of a market, each with what it is called, its zone, and when it closes as a rule."""
    market = Row(body["market"])
    zone = market.text("timezone") or "UTC"
    days = [Row(day) for day in body["calendar"]]
    closes = [ended.astimezone(ZoneInfo(zone)).time() for day in days if (ended := day.time("core_end"))]
    venue = market.text("mic", "acronym")
    usual = max([_CLOSE, *closes] if zone == EASTERN else closes, default=_CLOSE)
    return [Row({**day.value, "venue": venue, "zone": zone, "usual": usual}) for day in days]


def _day_of_market(row: Row, _asked: Asked) -> Values:
    ended = row.time("core_end")
    zone = ZoneInfo(row.text("zone") or "UTC")
    return {
        "venue": row.text("venue"),
        "date": row.day("date"),
        "open_at": row.time("core_start"),
        "close_at": ended,
        "early_close": ended is not None and ended.astimezone(zone).time() < row.value["usual"],
    }


def _session(row: Row, _asked: Asked) -> Values:
    day = row.text("date")
    closing = datetime.strptime(row.text("close") or "", "%H:%M").time()  # noqa: DTZ007 - a time of day
    return {
        "venue": "XNYS",
        "date": row.day("date"),
        "open_at": Row([f"{day} {row.text('open')}"]).time(0, zone=EASTERN),
        "close_at": Row([f"{day} {row.text('close')}"]).time(0, zone=EASTERN),
        "early_close": closing < _CLOSE,
    }


def _is_shut(body: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(body, dict) and body.get("is_open") is False


def _next_session(row: Row, _asked: Asked) -> Values:
    """Read the session to come; while one is on, the clock tells only the half of two."""
    opens, closes = row.time("next_open"), row.time("next_close")
    if opens is None or closes is None or closes <= opens:
        raise Skip("the clock tells no whole session")
    local = closes.astimezone(ZoneInfo(EASTERN))
    return {
        "venue": "XNYS",
        "date": local.date(),
        "open_at": opens,
        "close_at": closes,
        "early_close": local.time() < _CLOSE,
    }


def _rate(row: Row, _asked: Asked) -> Values:
    base, quote = row.name[:3], row.name[3:]
    observed = row.time("t")
    return {
        "symbol": f"{base}/{quote}",
        "vendor_symbol": row.name,
        "date": observed.date() if observed else None,
        "rate": row.number("mp"),
        "bid": row.number("bp"),
        "ask": row.number("ap"),
        "observed_at": observed,
    }


def _options(dataset_path: str, *, row: Any = _option, items: Finder = by_symbol("snapshots")) -> Endpoint:  # noqa: ANN401, B008 - a row reader; frozen
    return Endpoint(
        dataset="option_chains",
        request=get(dataset_path, {"limit": "1000"}, base=DATA),
        row=row,
        items=items,
        kinds=_STOCKS,
        next_page=next_page,
    )


ENDPOINTS: Final = (
    _options("/v1beta1/options/snapshots/{symbol}"),
    Endpoint(
        dataset="option_chains",
        request=get("/v1beta1/options/snapshots", base=DATA),
        row=_option,
        items=by_symbol("snapshots"),
        next_page=next_page,
    ),
    Endpoint(
        dataset="option_chains",
        request=get("/v1beta1/options/quotes/latest", base=DATA),
        row=_option_quote,
        items=by_symbol("quotes"),
    ),
    Endpoint(
        dataset="option_chains",
        request=get(
            "/v2/options/contracts", {"underlying_symbols": "{symbols}", "limit": "10000"}, base=TRADING
        ),
        row=_contract,
        items=listed("option_contracts"),
        next_page=_contract_pages,
    ),
    Endpoint(
        dataset="option_chains",
        request=get("/v2/options/contracts/{contract}", base=TRADING),
        row=_contract,
        items=one(),
    ),
    *(
        Endpoint(
            dataset="corporate_actions",
            request=get(path, {"symbols": "{symbols}", **_DAYS, "limit": "1000"}, base=DATA),
            row=_action,
            items=_actions,
            kinds=_STOCKS,
            batch=50,
            next_page=next_page,
            constant={"currency": "USD"},
            derived=frozenset({"split_from", "split_to"}),
        )
        for path in ("/v1/corporate-actions", "/v1beta1/corporate-actions")
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/v2/corporate_actions/announcements", base=TRADING),
        row=_announcement,
        constant={"currency": "USD"},
        retired=True,
    ),
    Endpoint(
        dataset="news",
        request=get("/v1beta1/news", {"symbols": "{symbols}", **_DAYS, "limit": "50"}, base=DATA),
        row=_asked_news,
        items=listed("news"),
        batch=20,
        next_page=next_page,
    ),
    Endpoint(
        dataset="symbols",
        request=get("/v2/assets", {"status": "active"}, base=TRADING),
        row=_asset,
        batch=0,
    ),
    Endpoint(
        dataset="symbols",
        request=get("/v2/assets/{symbol*}", base=TRADING),
        row=_asset,
        items=one(),
        when=lambda asked: not _ID.fullmatch(asked.variables["symbol"]) and _BONDS not in asked.path,
    ),
    Endpoint(
        dataset="symbols",
        request=get("/v2/assets/{id}", base=TRADING),
        row=_asset,
        items=one(),
        when=lambda asked: _ID.fullmatch(asked.variables["id"]) is not None,
    ),
    *(
        Endpoint(
            dataset="symbols",
            request=get(f"/v2/assets/{_BONDS}{name}", base=TRADING),
            row=_bond,
            items=listed(name),
            batch=0,
        )
        for name in ("us_treasuries", "us_corporates")
    ),
    Endpoint(
        dataset="trading_days",
        request=get("/v2/calendar", _DAYS, base=TRADING),
        row=_session,
        batch=0,
    ),
    Endpoint(
        dataset="trading_days",
        request=get("/v3/calendar/{market}", _DAYS, base=TRADING),
        row=_day_of_market,
        items=_days_of_market,
    ),
    Endpoint(
        dataset="trading_days",
        request=get("/v2/clock", base=TRADING),
        row=_next_session,
        items=one(),
        shape=_is_shut,
        batch=0,
    ),
    Endpoint(
        dataset="fx_rates",
        request=get("/v1beta1/forex/latest/rates", base=DATA),
        row=_rate,
        items=by_symbol("rates"),
        batch=0,
    ),
)
