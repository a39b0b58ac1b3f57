# SPDX-License-Identifier: Apache-2.0
"""How Alpha Vantage writes quotes, statements, calendars and lists: texts for numbers, tables for lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ttapi_core import DecodeError, NotFoundError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import uncrossed
from ttapi_providers.statements import items_of
from ttapi_providers.vendors.alphavantage_bars import NEW_YORK, unnumbered

_STATEMENTS: Final = {"INCOME_STATEMENT": "income", "BALANCE_SHEET": "balance", "CASH_FLOW": "cash_flow"}
_SESSIONS: Final = {"pre-market": "before_open", "post-market": "after_close"}


def one_quote(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the one quote of an answer; an empty one stands for an unknown symbol."""
    found = next(
        (value for name, value in body.items() if name.startswith(("Global Quote", "Realtime"))), None
    )
    if found is None:
        raise DecodeError(f"the answer has no quote; it has {', '.join(body)}")
    if not found:
        raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
    return [Row(unnumbered(found))]


def quote(row: Row, _asked: Asked) -> Values:
    """Read the quote of a share."""
    return {
        "last": row.number("price", "close"),
        "open": row.number("open"),
        "high": row.number("high"),
        "low": row.number("low"),
        "prev_close": row.number("previous close", "previous_close"),
        "volume": row.number("volume"),
        "quoted_at": row.time("timestamp", zone=NEW_YORK),
        "vendor_symbol": row.text("symbol"),
    }


def batch_quotes(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the quotes of the retired list of quotes."""
    return [Row(unnumbered(item)) for item in place(body, "Stock Quotes") or []]


def exchange_rate(row: Row, _asked: Asked) -> Values:
    """Read the rate of two currencies at this time."""
    return uncrossed(
        {
            "bid": row.number("Bid Price"),
            "ask": row.number("Ask Price"),
            "last": row.number("Exchange Rate"),
            "quoted_at": row.time("Last Refreshed", zone=row.text("Time Zone") or "UTC"),
            "currency": row.text("To_Currency Code"),
        }
    )


# --- companies -------------------------------------------------------------------------------------------


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is."""
    cik = row.text("CIK")
    return {
        "name": row.text("Name"),
        "exchange": row.text("Exchange"),
        "country": row.text("Country"),
        "currency": row.text("Currency"),
        "sector": row.text("Sector"),
        "industry": row.text("Industry"),
        "cik": cik.zfill(10) if cik else None,
        "website": row.text("OfficialSite"),
        "description": row.text("Description"),
        "market_cap": row.number("MarketCapitalization"),
        "shares_outstanding": row.number("SharesOutstanding"),
        "address": row.text("Address"),
    }


def reports(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the statements of years and quarters."""
    found = [Row(item, "annual") for item in place(body, "annualReports") or []]
    return found + [Row(item, "quarter") for item in place(body, "quarterlyReports?") or []]


def statement(row: Row, asked: Asked) -> Iterable[Values]:
    """Read a statement: a row an item."""
    currency = row.text("reportedCurrency")
    about: Values = {
        "statement": _STATEMENTS[asked.told("function")],
        "period_type": row.name,
        "period_end": row.day("fiscalDateEnding"),
        "currency": currency,
    }

    def unit(name: str) -> str | None:
        return "shares" if name.endswith("SharesOutstanding") else currency

    return items_of(row.value, about, unit=unit, without={"fiscalDateEnding", "reportedCurrency"})


def reported(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings."""
    return {
        "report_date": row.day("reportedDate"),
        "session": _SESSIONS.get(row.text("reportTime") or ""),
        "fiscal_period_end": row.day("fiscalDateEnding"),
        "eps_estimate": row.number("estimatedEPS"),
        "eps_actual": row.number("reportedEPS"),
        "eps_surprise_percent": row.number("surprisePercentage"),
    }


def annual_eps(row: Row, _asked: Asked) -> Values:
    """Read the earnings a share of a year."""
    if row.number("reportedEPS") is None:
        raise Skip("no earnings")
    return {
        "statement": "facts",
        "item": "reportedEPS",
        "value": row.number("reportedEPS"),
        "period_type": "annual",
        "period_end": row.day("fiscalDateEnding"),
    }


def estimate(row: Row, _asked: Asked) -> Iterable[Values]:
    """Read the estimates for a quarter or a year: a row an item."""
    horizon = row.text("horizon") or ""
    period = "annual" if "year" in horizon else "quarter" if "quarter" in horizon else "other"
    about: Values = {"statement": "facts", "period_type": period, "period_end": row.day("date")}
    return items_of(row.value, about, unit=lambda _: None, without={"date", "horizon"})


def share_count(row: Row, _asked: Asked) -> Iterable[Values]:
    """Read the numbers of shares on a day."""
    about: Values = {"statement": "facts", "period_type": "instant", "period_end": row.day("date")}
    return items_of(row.value, about, unit=lambda _: "shares", without={"date"})


def dividend(row: Row, _asked: Asked) -> Values:
    """Read a dividend."""
    return {
        "ex_date": row.day("ex_dividend_date"),
        "action": "dividend",
        "amount": row.number("amount"),
        "declared_date": row.day("declaration_date"),
        "record_date": row.day("record_date"),
        "payment_date": row.day("payment_date"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split."""
    return {
        "ex_date": row.day("effective_date"),
        "action": "split",
        "split_from": 1.0,
        "split_to": row.number("split_factor"),
    }


def expected_report(row: Row, _asked: Asked) -> Values:
    """Read a line of the calendar of earnings."""
    return {
        "vendor_symbol": row.text("symbol"),
        "report_date": row.day("reportDate"),
        "session": _SESSIONS.get(row.text("timeOfTheDay") or ""),
        "fiscal_period_end": row.day("fiscalDateEnding"),
        "eps_estimate": row.number("estimate"),
        "name": row.text("name"),
        "currency": row.text("currency"),
    }


def offering(row: Row, _asked: Asked) -> Values:
    """Read a line of the calendar of offerings; a range of zero is none."""
    if row.text("name") is None:
        raise Skip("no issuer")
    return {
        "issuer": row.text("name"),
        "symbol": row.text("symbol"),
        "vendor_symbol": row.text("symbol"),
        "date": row.day("ipoDate"),
        "price_low": row.number("priceRangeLow") or None,
        "price_high": row.number("priceRangeHigh") or None,
        "currency": row.text("currency"),
        "exchange": row.text("exchange"),
    }


def listing(row: Row, _asked: Asked) -> Values:
    """Read a line of the list of instruments."""
    kind, status = row.text("assetType"), row.text("status")
    return {
        "vendor_symbol": row.text("symbol"),
        "description": row.text("name"),
        "instrument_type": kind,
        "is_etf": kind == "ETF" if kind else None,
        "active": status == "Active" if status else None,
        "listed_market": row.text("exchange"),
    }


def matches(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the hits of a search, or the lines of the same as a table."""
    return [Row(item) for item in (body if isinstance(body, list) else place(body, "bestMatches") or [])]


def match(row: Row, _asked: Asked) -> Values:
    """Read a hit of a search."""
    found = Row(unnumbered(row.value))
    kind = found.text("type")
    return {
        "vendor_symbol": found.text("symbol"),
        "description": found.text("name"),
        "instrument_type": kind,
        "is_etf": kind == "ETF" if kind else None,
        "listed_market": found.text("region"),
        "currency": found.text("currency"),
    }


# --- the rest --------------------------------------------------------------------------------------------


def option(row: Row, asked: Asked) -> Values:
    """Read an option contract."""
    name = row.text("contractID")
    return uncrossed(
        {
            "symbol": asked.keys[0] if asked.keys else row.text("symbol"),
            "vendor_symbol": name,
            "contract": contract_of(name),
            "expiration_date": row.day("expiration"),
            "strike": row.number("strike"),
            "option_type": {"call": "C", "put": "P"}.get((row.text("type") or "").lower()),
            **{
                column: row.number(column)
                for column in (
                    *("bid", "bid_size", "ask", "ask_size", "last", "mark", "volume", "open_interest"),
                    *("implied_volatility", "delta", "gamma", "theta", "vega", "rho"),
                )
            },
        }
    )


def news(row: Row, asked: Asked) -> Values:
    """Read a piece of news."""
    names = [name for item in row.rows("ticker_sentiment") if (name := item.text("ticker"))]
    authors = [str(author) for author in row.raw("authors") or []]
    return {
        "symbol": asked.keys[0] if len(asked.keys) == 1 else names[0] if names else "MARKET",
        "vendor_symbol": asked.name or (names[0] if names else None),
        "published_at": row.time("time_published", form="%Y%m%dT%H%M%S", zone="UTC"),
        "news_id": row.text("url"),
        "title": row.text("title"),
        "summary": row.text("summary"),
        "url": row.text("url"),
        "source": row.text("source"),
        "author": ", ".join(authors) or None,
        "symbols": ",".join(names) or None,
    }


def observations(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the observations of an economic series, or the lines of the same as a table."""
    if isinstance(body, list):
        return [Row(line) for line in body]
    about = {"name": body.get("name"), "interval": body.get("interval"), "unit": body.get("unit")}
    return [Row(about | item) for item in place(body, "data") or []]


def series_name(asked: Asked) -> list[str]:
    """Return the series that was asked for: its function, and the maturity of a yield."""
    function, maturity = asked.query.get("function", ""), asked.query.get("maturity", "")
    return [f"{function}:{maturity}" if maturity else function]


def observation(row: Row, asked: Asked) -> Values:
    """Read an observation; a point stands for none."""
    return {
        "date": row.day("date", "timestamp"),
        "value": row.number("value"),
        "unit": row.text("unit"),
        "frequency": row.text("interval") or asked.told("interval") or None,
        "title": row.text("name"),
        "vendor_symbol": asked.name,
    }
