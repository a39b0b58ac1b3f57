# SPDX-License-Identifier: Apache-2.0
"""How Tradier writes: one thing stands alone, many in a list, none is null."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import NotFoundError
from ttapi_providers.asking import Asked, RequestForm, Wanted, get
from ttapi_providers.declaring import Skip
from ttapi_providers.items import Finder, place
from ttapi_providers.naming import AS_IS, Naming
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values, day_of
from ttapi_providers.soundness import sound

_ZONE: Final = "America/New_York"
_NEW_YORK: Final = ZoneInfo(_ZONE)
_NORMAL_CLOSE: Final = time(16)
_INTERVALS: Final = {"1min": "1m", "5min": "5m", "15min": "15m"}
_OPTIONS: Final = "/v1/markets/options"

NAMING: Final = Naming(
    to_vendor=lambda symbol: symbol.replace(" ", ""),
    to_canonical=lambda name: contract_of(name) or AS_IS.to_canonical(name),
)
"""``BRK/B``, and options without blanks."""


def held(outer: str, inner: str) -> Finder:
    """Find one record, a list of them, or none, as ``{"quotes": {"quote": ...}}`` holds them."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        within = place(body, outer)
        value = within.get(inner) if isinstance(within, dict) else None
        return [Row(item) for item in (value if isinstance(value, list) else [value] if value else [])]

    return find


def quotes(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the quotes; where there are none but of unknown names, that is the answer."""
    found = list(held("quotes", "quote")(body, asked))
    if not found and asked.names:
        raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
    return found


def _latest(row: Row, *fields: str) -> datetime | None:
    times = [at for field in fields if row.integer(field) and (at := row.epoch(field, unit="ms"))]
    return max(times, default=None)


def _sides(row: Row) -> Values:
    bid, ask = row.number("bid"), row.number("ask")
    if not bid and not ask:
        return {}  # zeros stand for no quote, as of an index
    if bid and ask and bid > ask:
        return {}  # crossed: neither can be relied on
    return {"bid": bid, "ask": ask or None}


def quote(row: Row, _asked: Asked) -> Values:
    """Read a quote; sizes of shares are in lots and are left out."""
    return {
        "vendor_symbol": row.text("symbol"),
        **_sides(row),
        "last": row.number("last"),
        "open": row.number("open"),
        "high": row.number("high"),
        "low": row.number("low"),
        "close": row.number("close"),
        "prev_close": row.number("prevclose"),
        "volume": row.number("volume"),
        "quoted_at": _latest(row, "bid_date", "ask_date", "trade_date"),
        "currency": "USD" if row.text("type") != "index" else None,
    }


def instrument(row: Row, _asked: Asked) -> Values:
    """Read what an instrument is, from a quote or a list."""
    kind = row.text("type")
    return {
        "vendor_symbol": row.text("symbol"),
        "description": row.text("description"),
        "instrument_type": kind,
        "is_etf": kind == "etf" if kind else None,
        "is_index": kind == "index" if kind else None,
        "listed_market": row.text("exchange", "exch"),
    }


def option(row: Row, asked: Asked) -> Values:
    """Read a contract with its quote; what a short answer leaves out stands in its name."""
    name = row.text("symbol") or ""
    return {
        **_named(name),
        "symbol": row.text("underlying") or _underlying(asked),
        "expiration_date": row.day("expiration_date") or _expiry(name),
        "strike": row.number("strike"),
        **_sides(row),
        "bid_size": row.number("bidsize"),
        "ask_size": row.number("asksize"),
        "last": row.number("last"),
        "volume": row.number("volume"),
        "open_interest": row.number("open_interest"),
        "implied_volatility": row.number("greeks.mid_iv") or row.number("greeks.smv_vol") or None,
        **{greek: row.number(f"greeks.{greek}") for greek in ("delta", "gamma", "theta", "vega", "rho")},
        "multiplier": row.number("contract_size"),
        "last_traded_at": _latest(row, "trade_date"),
        "quoted_at": _latest(row, "bid_date", "ask_date"),
        "currency": "USD",
    }


def _underlying(asked: Asked) -> str | None:
    return asked.keys[0] if asked.keys else None


def _named(name: str) -> Values:
    side = name[-9:-8]
    return {
        "vendor_symbol": name,
        "contract": contract_of(name),
        "option_type": side if side in {"C", "P"} else None,
    }


def _expiry(name: str) -> date | None:
    digits = name[-15:-9]
    return day_of(digits, "symbol", form="%y%m%d") if digits.isdigit() else None


def roots(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the names of contracts of a look-up."""
    return [
        Row({"symbol": name}) for root in place(body, "symbols") or [] for name in root.get("options") or []
    ]


def named_option(row: Row, asked: Asked) -> Values:
    """Read a contract out of its name alone."""
    name = row.text("symbol") or ""
    digits = name[-8:]
    if not digits.isdigit():
        raise Skip(f"no name of a contract: {name[:40]}")
    return {
        **_named(name),
        "symbol": _underlying(asked),
        "expiration_date": _expiry(name),
        "strike": int(digits) / 1000,
    }


class ChainForm(RequestForm):
    """A request of the expirations of an underlying, and then of the chain of each."""

    def ask(self, wanted: Wanted, base: str) -> Asked:
        """Return the request of the expirations."""
        return get(f"{_OPTIONS}/expirations", {"symbol": "{symbol}"}).ask(wanted, base)


CHAINS: Final = ChainForm(path=f"{_OPTIONS}/{{what}}", params={"symbol": "{symbol}"})


def of_chains(asked: Asked) -> bool:
    """Hold for requests of expirations and of chains."""
    return asked.told("what") in {"expirations", "chains"}


def is_chain(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Hold for chains, not for the days on which they end."""
    return "expirations" not in body


def chain(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the contracts of a chain; a list of expirations has none."""
    return [] if "expirations" in body else list(held("options", "option")(body, asked))


def next_chain(body: Any, asked: Asked) -> Asked | None:  # noqa: ANN401 - JSON
    """Ask for the chain of the next expiration; those that are left travel with the request."""
    if "expirations" in body:
        told = (body["expirations"] or {}).get("date") or []
        later = told if isinstance(told, list) else [told]
    else:
        later = list(filter(None, asked.variables.get("later", "").split(",")))
    if not later:
        return None
    query = {"symbol": asked.query["symbol"], "expiration": later[0], "greeks": "true"}
    left = {"later": ",".join(later[1:])}
    return replace(asked, path=f"{_OPTIONS}/chains", query=query, variables=left)


# --- bars ------------------------------------------------------------------------------------------------


def _ohlc(row: Row) -> Values:
    # Of an option that was not traded Tradier sends NaN, at most with the close of an earlier day.
    if all(row.number(name) is None for name in ("open", "high", "low")):
        raise Skip("no trade in that time")
    return {name: row.number(name) for name in ("open", "high", "low", "close")}


def daily(row: Row, _asked: Asked) -> Values:
    """Read a daily bar."""
    prices = _ohlc(row)
    return sound({"date": row.day("date"), **prices, "volume": row.number("volume"), "currency": "USD"})


def long_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a week or a month, by its first day."""
    day = row.day("date")
    if day is None:
        raise Skip("no day")
    is_week = asked.told("interval") == "weekly"
    first = day - timedelta(days=day.weekday()) if is_week else day.replace(day=1)
    return sound(
        {
            "interval": "1w" if is_week else "1mo",
            "opened_at": datetime.combine(first, time(), _NEW_YORK).astimezone(UTC),
            **_ohlc(row),
            "volume": row.number("volume"),
        }
    )


def minute_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of minutes."""
    return sound(
        {
            "interval": _INTERVALS[asked.told("interval")],
            "opened_at": _at(row),
            **_ohlc(row),
            "volume": row.number("volume"),
            "vwap": row.number("vwap"),
        }
    )


def _at(row: Row) -> datetime | None:
    return row.epoch("timestamp") or row.time("time", zone=_ZONE)


def ticks(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find trades, which have no numbers: each is counted within its second."""
    seen: Counter[str] = Counter()
    found = list(held("series", "data")(body, asked))
    for row in found:
        second = str(row.raw("time"))
        seen[second] += 1
        row.name = f"{second}#{seen[second]}"
    return found


def tick(row: Row, _asked: Asked) -> Values:
    """Read a trade."""
    return {
        "traded_at": _at(row),
        "trade_id": row.name,
        "price": row.number("price", "close"),
        "size": row.number("volume"),
    }


def month_of(part: str) -> Callable[[Wanted], str]:
    """Return what tells the month, or the year, of the first wanted day."""
    return lambda wanted: str(getattr(wanted.since or wanted.until or wanted.today, part))


def is_of_a_month(wanted: Wanted) -> bool:
    """Return whether one month of the calendar holds all wanted days."""
    first = wanted.since or wanted.until or wanted.today
    last = wanted.until or max(first, wanted.today)
    return (first.year, first.month) == (last.year, last.month)


def next_month(_body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Return the month after the one that was asked for, up to that of the last wanted day, or of today."""
    year, month = int(asked.told("year")), int(asked.told("month"))
    following = date(year + month // 12, month % 12 + 1, 1)
    if following > (asked.until or datetime.now(UTC).date()):
        return None
    return {"month": str(following.month), "year": str(following.year)}


def session(row: Row, _asked: Asked) -> Values:
    """Read a session; days on which the market is closed are none."""
    if row.text("status") != "open":
        raise Skip("no session on that day")
    day = row.day("date")
    start, end = (Row({"at": f"{day} {row.text(f'open.{name}')}"}) for name in ("start", "end"))
    closes = end.time("at", zone=_ZONE)
    return {
        "venue": "XNYS",
        "date": day,
        "open_at": start.time("at", zone=_ZONE),
        "close_at": closes,
        "early_close": closes is not None and closes.astimezone(_NEW_YORK).time() < _NORMAL_CLOSE,
    }


# --- companies -------------------------------------------------------------------------------------------


def tables(name: str) -> Finder:
    """Find the records of a table of the fundamentals, each with the name that was asked for."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        return [
            Row(record, str(answer.get("request") or ""))
            for answer in place(body, "")
            for result in answer.get("results") or []
            for records in [(result.get("tables") or {}).get(name) or []]
            for record in (records.values() if isinstance(records, dict) else records)
        ]

    return find


def dividend(row: Row, _asked: Asked) -> Values:
    """Read a dividend."""
    return {
        "vendor_symbol": row.name,
        "ex_date": row.day("ex_date"),
        "action": "dividend",
        "kind": row.text("dividend_type"),
        "amount": row.number("cash_amount"),
        "currency": row.text("currency_i_d"),
        "declared_date": row.day("declaration_date"),
        "record_date": row.day("record_date"),
        "payment_date": row.day("pay_date"),
        "frequency": row.text("frequency"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split."""
    return {
        "vendor_symbol": row.name,
        "ex_date": row.day("ex_date"),
        "action": "split",
        "kind": row.text("split_type"),
        "split_from": row.number("split_from"),
        "split_to": row.number("split_to"),
    }


def companies(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find companies: the tables of all results of one name together."""
    found = []
    for answer in place(body, ""):
        together: dict[str, Any] = {}
        for result in answer.get("results") or []:
            together |= {name: table for name, table in (result.get("tables") or {}).items() if table}
        if together:
            found.append(Row(together, str(answer.get("request") or "")))
    return found


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is."""
    about = row.row("company_profile")
    place_of = about.row("headquarter")
    return {
        "vendor_symbol": row.name,
        "description": row.text("long_descriptions", "company_profile.short_description"),
        "employees": about.integer("total_employee_number"),
        "website": place_of.text("homepage"),
        "address": place_of.text("address_line1"),
        "city": place_of.text("city"),
        "state": place_of.text("state_province", "province"),
        "country": place_of.text("country"),
        "phone": place_of.text("phone"),
        "market_cap": row.number("share_class_profile.market_cap"),
        "shares_outstanding": row.number("share_class_profile.shares_outstanding"),
    }
