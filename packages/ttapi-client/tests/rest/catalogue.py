# SPDX-License-Identifier: Apache-2.0
"""Every reading call with an answer in the documented shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import InstrumentType

ACCOUNT = "5WT00001"
DAY = date(2026, 11, 20)
TIME = datetime(2026, 11, 20, tzinfo=UTC)


class Entry(NamedTuple):
    """A call, the path that it asks, and the answer."""

    name: str
    path: str
    body: dict[str, Any]
    call: Callable[[TastytradeClient], Awaitable[Any]]


async def every(items: AsyncIterator[Any]) -> list[Any]:
    """Return all that an iterator yields."""
    return [item async for item in items]


def listed(*items: Any, paged: bool = False) -> dict[str, Any]:
    told = {
        "per-page": 250,
        "page-offset": 0,
        "item-offset": 0,
        "total-items": len(items),
        "total-pages": 1,
        "current-item-count": len(items),
        "next-link": None,
    }
    return {"data": {"items": list(items)}, "context": "/x", "pagination": told if paged else None}


def one(value: dict[str, Any]) -> dict[str, Any]:
    return {"data": value, "context": "/x"}


ACCOUNT_ROW = {
    "account-number": ACCOUNT,
    "nickname": "Sample",
    "account-type-name": "Individual",
    "margin-or-cash": "Margin",
    "opened-at": "2025-02-03T15:04:05.000+00:00",
    "is-closed": False,
    "is-futures-approved": True,
    "day-trader-status": "true",
    "suitable-options-level": "No Restrictions",
}
BALANCE = {
    "account-number": ACCOUNT,
    "currency": "USD",
    "cash-balance": "25000.0",
    "long-equity-value": 6120.5,
    "net-liquidating-value": "31120.0",
    "equity-buying-power": "50000.0",
    "derivative-buying-power": "25000.0",
    "maintenance-requirement": "1836.0",
    "pending-cash": "12.5",
    "pending-cash-effect": "Debit",
    "snapshot-date": "2026-11-20",
    "updated-at": "2026-11-20T21:05:00.000+00:00",
}
POSITION = {
    "account-number": ACCOUNT,
    "symbol": "SPY   261218C00600000",
    "instrument-type": "Equity Option",
    "underlying-symbol": "SPY",
    "quantity": 2,
    "quantity-direction": "Long",
    "close-price": "14.35",
    "average-open-price": "12.1",
    "average-daily-market-close-price": "14.35",
    "multiplier": 100,
    "realized-day-gain": "3.0",
    "realized-day-gain-effect": "Debit",
    "restricted-quantity": 0,
    "expires-at": "2026-12-18T21:15:00.000+00:00",
    "updated-at": "2026-11-19T15:30:00.000+00:00",
}
ORDER = {
    "id": 430071,
    "account-number": ACCOUNT,
    "time-in-force": "Day",
    "order-type": "Limit",
    "size": "1",
    "underlying-symbol": "SPY",
    "underlying-instrument-type": "Equity",
    "price": "3.1",
    "price-effect": "Debit",
    "status": "Live",
    "cancellable": True,
    "editable": True,
    "edited": False,
    "received-at": "2026-11-20T15:30:01.250+00:00",
    "updated-at": 1795188601250,
    "external-identifier": "plan-7-a",
    "order-rule": {
        "route-after": "2026-11-20T15:30:01.250+00:00",
        "order-conditions": [
            {
                "action": "route",
                "symbol": "SPY",
                "instrument-type": "Equity",
                "indicator": "last",
                "comparator": "gte",
                "threshold": "600.0",
            }
        ],
    },
    "legs": [
        {
            "instrument-type": "Equity Option",
            "symbol": "SPY   261218C00610000",
            "quantity": 2,
            "remaining-quantity": "1",
            "action": "Buy to Open",
            "fills": [
                {
                    "fill-id": "f-1",
                    "quantity": "1",
                    "fill-price": "3.05",
                    "filled-at": "2026-11-20T15:30:02.000Z",
                    "destination-venue": "SAMPLE",
                }
            ],
        }
    ],
}
COMPLEX = {
    "id": 9001,
    "account-number": ACCOUNT,
    "type": "OTOCO",
    "trigger-order": ORDER,
    "orders": [ORDER | {"id": 430072, "status": "Contingent"}, ORDER | {"id": "430073"}],
    "related-orders": [{"id": 430071, "status": "Live", "complex-order-tag": "OTOCO::trigger-order"}],
}
TRANSACTION = {
    "id": 880012,
    "account-number": ACCOUNT,
    "transaction-type": "Trade",
    "transaction-sub-type": "Buy to Open",
    "action": "Buy to Open",
    "symbol": "SPY",
    "underlying-symbol": "SPY",
    "instrument-type": "Equity",
    "quantity": "10.0",
    "price": "612.0",
    "value": "6120.0",
    "value-effect": "Debit",
    "net-value": "6120.01",
    "net-value-effect": "Debit",
    "regulatory-fees": "0.01",
    "regulatory-fees-effect": "Debit",
    "commission": "0.0",
    "commission-effect": "None",
    "description": "Bought 10 SPY @ 612.00",
    "is-estimated-fee": True,
    "order-id": 430070,
    "executed-at": "2026-11-03T15:31:07.000+00:00",
    "transaction-date": "2026-11-03",
    "lots": [{"id": "l-1", "quantity": "10", "price": "612.0", "transaction-id": 880012}],
}
NET_LIQ = {
    "time": "2026-11-19 21:00:00+00",
    **dict.fromkeys(("open", "high", "low", "close"), "31120.0"),
    **{f"pending-cash-{part}": "0.0" for part in ("open", "high", "low", "close")},
    **{f"total-{part}": "31120.0" for part in ("open", "high", "low", "close")},
}
MARGIN = {
    "account-number": ACCOUNT,
    "description": "Total",
    "margin-calculation-type": "Reg T",
    "option-level": "No Restrictions",
    **dict.fromkeys(
        (
            "margin-requirement",
            "maintenance-requirement",
            "margin-equity",
            "option-buying-power",
            "reg-t-margin-requirement",
            "reg-t-option-buying-power",
            "maintenance-excess",
        ),
        "100.5",
    ),
    "margin-requirement-effect": "Debit",
    "last-state-timestamp": 1795188601250,
    "groups": [
        {},
        {
            "description": "SPY",
            "code": "SPY",
            "margin-requirement": "100.5",
            "margin-requirement-effect": "Debit",
            "expected-price-range-up-percent": "NaN",
            "groups": [{"description": "leaf", "buying-power": "NaN", "margin-requirement": "NaN"}],
        },
    ],
}
OPTION = {
    "symbol": "QQQ   261218C00510000",
    "instrument-type": "Equity Option",
    "active": True,
    "strike-price": "510.0",
    "root-symbol": "QQQ",
    "underlying-symbol": "QQQ",
    "expiration-date": "2026-12-18",
    "exercise-style": "American",
    "shares-per-contract": 100,
    "option-type": "C",
    "option-chain-type": "Standard",
    "expiration-type": "Regular",
    "settlement-type": "PM",
    "days-to-expiration": 28,
    "stops-trading-at": "2026-12-18T21:15:00.000+00:00",
    "streamer-symbol": ".QQQ261218C510",
}
STRIKE = {
    "strike-price": "510.0",
    "call": "QQQ   261218C00510000",
    "call-streamer-symbol": ".QQQ261218C510",
    "put": "QQQ   261218P00510000",
    "put-streamer-symbol": ".QQQ261218P510",
}
DELIVERABLE = {
    "id": 9,
    "root-symbol": "QQQ",
    "deliverable-type": "Shares",
    "amount": "100.0",
    "percent": "100",
}
NESTED = {
    "underlying-symbol": "QQQ",
    "root-symbol": "QQQ",
    "option-chain-type": "Standard",
    "shares-per-contract": 100,
    "tick-sizes": [{"value": "0.05"}, {"threshold": "3.0", "value": "0.01"}],
    "deliverables": [DELIVERABLE],
    "expirations": [
        {
            "expiration-type": "Regular",
            "expiration-date": "2026-12-18",
            "days-to-expiration": 28,
            "settlement-type": "PM",
            "strikes": [STRIKE],
        }
    ],
}
COMPACT = {
    "underlying-symbol": "QQQ",
    "root-symbol": "QQQ",
    "settlement-type": "PM",
    "symbols": ["QQQ   261218C00510000"],
    "streamer-symbols": [".QQQ261218C510"],
    "deliverables": [DELIVERABLE],
}
EQUITY = {
    "id": 7001,
    "symbol": "QQQ",
    "instrument-type": "Equity",
    "is-index": False,
    "is-etf": True,
    "borrow-rate": "0.0",
    "streamer-symbol": "QQQ",
    "tick-sizes": [{"threshold": "1.0", "value": "0.0001"}, {"value": "0.01"}],
    "option-tick-sizes": [{"value": "0.01"}],
}
PRODUCT = {
    "code": "ES",
    "root-symbol": "/ES",
    "exchange": "CME",
    "listed-months": ["H", "M", "U", "Z"],
    "active-months": ["H"],
    "notional-multiplier": "50.0",
    "tick-size": "0.25",
    "roll": {"name": "equity", "active-count": 3, "business-days-offset": "5", "cash-settled": True},
}
FUTURE = {
    "symbol": "/ESZ6",
    "product-code": "ES",
    "active": True,
    "tick-size": "0.25",
    "expiration-date": "2026-12-18",
    "expires-at": "2026-12-18T14:30:00.000+00:00",
    "security-id": "123456",
    "streamer-symbol": "/ESZ26:XCME",
    "tick-sizes": [{"value": "0.25"}],
    "spread-tick-sizes": [{"value": "0.05", "symbol": "/ESH7"}],
    "future-etf-equivalent": {"symbol": "SPY", "share-quantity": 501},
    "future-product": PRODUCT,
}
OPTION_PRODUCT = {"root-symbol": "ES", "code": "ES", "cash-settled": False, "future-product": PRODUCT}
FUTURE_OPTION = {
    "symbol": "./ESZ6 ESZ6  261218C6000",
    "underlying-symbol": "/ESZ6",
    "expiration-date": "2026-12-18",
    "option-type": "C",
    "strike-price": "6000.0",
    "multiplier": "1",
    "streamer-symbol": "./ESZ26C6000:XCME",
    "future-option-product": OPTION_PRODUCT,
}
FUTURE_CHAIN = {
    "futures": [{"symbol": "/ESZ6", "expiration-date": "2026-12-18", "active-month": True}],
    "option-chains": [
        {
            "root-symbol": "/ES",
            "underlying-symbol": "/ES",
            "expirations": [
                {
                    "underlying-symbol": "/ESZ6",
                    "expiration-date": "2026-12-18",
                    "tick-sizes": [{"value": "0.25"}],
                    "strikes": [STRIKE],
                }
            ],
        }
    ],
}
CRYPTO = {
    "id": 3,
    "symbol": "ETH/USD",
    "tick-size": "0.01",
    "destination-venue-symbols": [
        {"id": 31, "symbol": "ETH/USD", "destination-venue": "SAMPLE", "routable": True}
    ],
}
METRICS = {
    "symbol": "QQQ",
    "updated-at": "2026-11-20T18:00:00.000Z",
    "implied-volatility-index": "0.1934",
    "implied-volatility-index-rank": "0.214",
    "liquidity-rating": 4,
    "market-cap": "0.0",
    "beta": "NaN",
    "option-expiration-implied-volatilities": [
        {"expiration-date": "2026-12-18", "implied-volatility": "0.1902"}
    ],
    "earnings": {"visible": True, "late-flag": 0, "expected-report-date": "2027-01-28", "actual-eps": "1.2"},
}
QUOTE = {
    "symbol": "QQQ",
    "instrument-type": "Equity",
    "updated-at": "2026-11-20T18:00:00.120Z",
    "bid": "511.2",
}
SESSION = {
    "instrument-collection": "Equity",
    "session-date": "2026-11-20",
    "start-at": "2026-11-20T13:15:00.000+00:00",
    "open-at": "2026-11-20T14:30:00.000+00:00",
    "close-at": "2026-11-20T21:00:00.000+00:00",
    "close-at-ext": "2026-11-21T01:00:00.000+00:00",
}
STATE = SESSION | {"state": "Open", "next-session": SESSION, "previous-session": SESSION}
HOLIDAYS = {"market-holidays": ["2026-11-26"], "market-half-days": ["2026-11-27"]}
WATCHLIST = {
    "name": "Mine",
    "group-name": "default",
    "order-index": 9999,
    "cms-id": 7,
    "watchlist-entries": [{"symbol": "QQQ", "instrument-type": "Equity"}, {"symbol": "SPY"}],
}
PAIRS = {
    "name": "Mine",
    "order-index": 1,
    "pairs-equations": [
        {"left-symbol": "SPY", "right-symbol": "QQQ", "left-quantity": 1, "left-action": "Buy"}
    ],
}
ALERT = {
    "symbol": "QQQ",
    "alert-external-id": 12,
    "field": "Last",
    "operator": ">",
    "threshold": "500",
    "threshold-numeric": "500.0",
    "created-at": "2026-11-20T18:00:00.000Z",
    "expires-at": 1795188601250,
}
CUSTOMER = {
    "id": "me",
    "first-name": "Sample",
    "last-name": "Person",
    "email": "someone@example.com",
    "birth-date": "1980-01-02",
    "address": {"city": "Springfield", "country": "USA", "is-domestic": True},
    "is-professional": False,
    "permitted-account-types": [
        {
            "name": "Individual",
            "is_tax_advantaged": False,
            "margin_types": [{"name": "Reg T", "is_margin": True}],
        }
    ],
    "created-at": "2020-01-02T00:00:00.000+00:00",
}
OWN = f"/accounts/{ACCOUNT}"
ESCAPED = "QQQ%20%20%20261218C00510000"
NESTED_OPTION = "./ESZ6 ESZ6  261218C6000"

CATALOGUE = [
    Entry("customer", "/customers/me", one(CUSTOMER), lambda api: api.customer()),
    Entry(
        "accounts",
        "/customers/me/accounts",
        listed({"account": ACCOUNT_ROW, "authority-level": "owner"}),
        lambda api: api.accounts(),
    ),
    Entry("account", f"/customers/me{OWN}", one(ACCOUNT_ROW), lambda api: api.account(ACCOUNT)),
    Entry(
        "trading_status",
        f"{OWN}/trading-status",
        one(
            {"account-number": ACCOUNT, "id": 1, "is-frozen": False, "futures-margin-rate-multiplier": "1.0"}
        ),
        lambda api: api.trading_status(ACCOUNT),
    ),
    Entry(
        "position_limit",
        f"{OWN}/position-limit",
        one({"account-number": ACCOUNT, "equity-order-size": 5000, "future-order-size": "50"}),
        lambda api: api.position_limit(ACCOUNT),
    ),
    Entry("positions", f"{OWN}/positions", listed(POSITION), lambda api: api.positions(ACCOUNT)),
    Entry("balances", f"{OWN}/balances", listed(BALANCE), lambda api: api.balances(ACCOUNT)),
    Entry("balance", f"{OWN}/balances/USD", one(BALANCE), lambda api: api.balance(ACCOUNT)),
    Entry(
        "balance_snapshots",
        f"{OWN}/balance-snapshots",
        listed({k: v for k, v in BALANCE.items() if k != "net-liquidating-value"}, paged=True),
        lambda api: every(api.balance_snapshots(ACCOUNT)),
    ),
    Entry(
        "net_liquidity_history",
        f"{OWN}/net-liq/history",
        listed(NET_LIQ),
        lambda api: api.net_liquidity_history(ACCOUNT, time_back="1d"),
    ),
    Entry(
        "transactions",
        f"{OWN}/transactions",
        listed(TRANSACTION, paged=True),
        lambda api: every(api.transactions(ACCOUNT, first=DAY)),
    ),
    Entry(
        "transaction",
        f"{OWN}/transactions/880012",
        one(TRANSACTION),
        lambda api: api.transaction(ACCOUNT, "880012"),
    ),
    Entry(
        "total_fees",
        f"{OWN}/transactions/total-fees",
        one({"total-fees": "2.28", "total-fees-effect": "Debit"}),
        lambda api: api.total_fees(ACCOUNT, day=DAY),
    ),
    Entry("live_orders", f"{OWN}/orders/live", listed(ORDER), lambda api: api.live_orders(ACCOUNT)),
    Entry(
        "orders",
        f"{OWN}/orders",
        listed(ORDER, paged=True),
        lambda api: every(api.orders(ACCOUNT, first=DAY)),
    ),
    Entry("order", f"{OWN}/orders/430071", one(ORDER), lambda api: api.order(ACCOUNT, "430071")),
    Entry(
        "customer_orders",
        "/customers/me/orders",
        listed(ORDER, paged=True),
        lambda api: every(api.customer_orders([ACCOUNT], start=TIME)),
    ),
    Entry(
        "customer_live_orders",
        "/customers/me/orders/live",
        listed(ORDER, paged=True),
        lambda api: every(api.customer_live_orders([ACCOUNT])),
    ),
    Entry(
        "cancel_order", f"{OWN}/orders/430071", one(ORDER), lambda api: api.cancel_order(ACCOUNT, "430071")
    ),
    Entry(
        "reconfirm_order",
        f"{OWN}/orders/430071/reconfirm",
        one(ORDER),
        lambda api: api.reconfirm_order(ACCOUNT, "430071"),
    ),
    Entry(
        "live_complex_orders",
        f"{OWN}/complex-orders/live",
        listed(COMPLEX),
        lambda api: api.live_complex_orders(ACCOUNT),
    ),
    Entry(
        "complex_orders",
        f"{OWN}/complex-orders",
        listed(COMPLEX, paged=True),
        lambda api: every(api.complex_orders(ACCOUNT)),
    ),
    Entry(
        "complex_order",
        f"{OWN}/complex-orders/9001",
        one(COMPLEX),
        lambda api: api.complex_order(ACCOUNT, "9001"),
    ),
    Entry(
        "cancel_complex_order",
        f"{OWN}/complex-orders/9001",
        one(COMPLEX),
        lambda api: api.cancel_complex_order(ACCOUNT, "9001"),
    ),
    Entry(
        "margin_requirements",
        f"/margin{OWN}/requirements",
        one(MARGIN),
        lambda api: api.margin_requirements(ACCOUNT),
    ),
    Entry(
        "effective_margin",
        f"{OWN}/margin-requirements/SPY/effective",
        one({"underlying-symbol": "SPY", "long-equity-initial": "0.5"}),
        lambda api: api.effective_margin(ACCOUNT, "SPY"),
    ),
    Entry(
        "risk_free_rate",
        "/margin-requirements-public-configuration",
        one({"risk-free-rate": "0.0389"}),
        lambda api: api.risk_free_rate(),
    ),
    Entry(
        "active_equities",
        "/instruments/equities/active",
        listed(EQUITY, paged=True),
        lambda api: every(api.active_equities()),
    ),
    Entry(
        "equities",
        "/instruments/equities",
        listed(EQUITY, paged=True),
        lambda api: every(api.equities(["QQQ"])),
    ),
    Entry("equity", "/instruments/equities/QQQ", one(EQUITY), lambda api: api.equity("QQQ")),
    Entry("option_chain", "/option-chains/QQQ", listed(OPTION), lambda api: api.option_chain("QQQ")),
    Entry(
        "nested_option_chain",
        "/option-chains/QQQ/nested",
        listed(NESTED),
        lambda api: api.nested_option_chain("QQQ"),
    ),
    Entry(
        "compact_option_chain",
        "/option-chains/QQQ/compact",
        listed(COMPACT),
        lambda api: api.compact_option_chain("QQQ"),
    ),
    Entry(
        "equity_option",
        f"/instruments/equity-options/{ESCAPED}",
        one(OPTION),
        lambda api: api.equity_option("QQQ   261218C00510000"),
    ),
    Entry(
        "equity_options",
        "/instruments/equity-options",
        listed(OPTION, paged=True),
        lambda api: every(api.equity_options(["QQQ   261218C00510000"])),
    ),
    Entry(
        "warrants",
        "/instruments/warrants",
        listed({"symbol": "SAMPW", "description": "Sample", "active": True}, paged=True),
        lambda api: api.warrants(),
    ),
    Entry(
        "warrant", "/instruments/warrants/SAMPW", one({"symbol": "SAMPW"}), lambda api: api.warrant("SAMPW")
    ),
    Entry(
        "currency_pairs",
        "/instruments/currency-pairs",
        listed({"id": 1, "symbol": "EUR/USD", "dx-symbol": "EUR/USD"}),
        lambda api: api.currency_pairs(),
    ),
    Entry("futures", "/instruments/futures", listed(FUTURE, paged=True), lambda api: every(api.futures())),
    Entry("future", "/instruments/futures/ESZ6", one(FUTURE), lambda api: api.future("/ESZ6")),
    Entry(
        "future_products",
        "/instruments/future-products",
        listed(PRODUCT),
        lambda api: api.future_products(),
    ),
    Entry(
        "future_product",
        "/instruments/future-products/CME/ES",
        one(PRODUCT),
        lambda api: api.future_product("CME", "ES"),
    ),
    Entry(
        "future_option_products",
        "/instruments/future-option-products",
        listed(OPTION_PRODUCT),
        lambda api: api.future_option_products(),
    ),
    Entry(
        "future_option_product",
        "/instruments/future-option-products/CME/ES",
        one(OPTION_PRODUCT),
        lambda api: api.future_option_product("CME", "ES"),
    ),
    Entry(
        "future_option_chain",
        "/futures-option-chains/ES",
        listed(FUTURE_OPTION),
        lambda api: api.future_option_chain("ES"),
    ),
    Entry(
        "nested_future_option_chain",
        "/futures-option-chains/ES/nested",
        one(FUTURE_CHAIN),
        lambda api: api.nested_future_option_chain("/ES"),
    ),
    Entry(
        "future_options",
        "/instruments/future-options",
        listed(FUTURE_OPTION, paged=True),
        lambda api: every(api.future_options([NESTED_OPTION])),
    ),
    Entry(
        "future_option",
        "/instruments/future-options/.%2FESZ6%20ESZ6%20%20261218C6000",
        one(FUTURE_OPTION),
        lambda api: api.future_option(NESTED_OPTION),
    ),
    Entry(
        "cryptocurrencies",
        "/instruments/cryptocurrencies",
        listed(CRYPTO),
        lambda api: api.cryptocurrencies(),
    ),
    Entry(
        "cryptocurrency",
        "/instruments/cryptocurrencies/ETH%2FUSD",
        one(CRYPTO),
        lambda api: api.cryptocurrency("ETH/USD"),
    ),
    Entry(
        "quantity_precisions",
        "/instruments/quantity-decimal-precisions",
        listed({"instrument-type": "Cryptocurrency", "symbol": "ETH/USD", "value": 8}),
        lambda api: api.quantity_precisions(),
    ),
    Entry(
        "search_symbols",
        "/symbols/search/BRK%2F",
        listed({"symbol": "BRK/B", "description": "Sample", "instrument-type": "Equity", "options": True}),
        lambda api: api.search_symbols("BRK/"),
    ),
    Entry(
        "search_instruments",
        "/instruments/search",
        listed({"symbol": "BRK/B"}),
        lambda api: api.search_instruments("berk"),
    ),
    Entry(
        "market_data_of_chunk",
        "/market-data/by-type",
        listed(QUOTE),
        lambda api: api.market_data_of_chunk(["QQQ"]),
    ),
    Entry("quote", "/market-data/Equity/QQQ", one(QUOTE), lambda api: api.quote("QQQ")),
    Entry("market_metrics", "/market-metrics", listed(METRICS), lambda api: api.market_metrics(["QQQ"])),
    Entry(
        "dividends",
        "/market-metrics/historic-corporate-events/dividends/QQQ",
        listed({"occurred-date": "2026-09-21", "amount": "0.7"}),
        lambda api: api.dividends("QQQ"),
    ),
    Entry(
        "earnings_reports",
        "/market-metrics/historic-corporate-events/earnings-reports/QQQ",
        listed({"occurred-date": "2026-09-21", "eps": 1.25}),
        lambda api: api.earnings_reports("QQQ", DAY),
    ),
    Entry("sessions", "/market-time/sessions", listed(SESSION), lambda api: api.sessions(DAY, DAY)),
    Entry(
        "market_state",
        "/market-time/futures/sessions/current/CME",
        one(STATE),
        lambda api: api.market_state("CME"),
    ),
    Entry("market_states", "/market-time/sessions/current", listed(STATE), lambda api: api.market_states()),
    Entry(
        "next_session",
        "/market-time/equities/sessions/next",
        one(SESSION),
        lambda api: api.next_session(after=DAY),
    ),
    Entry(
        "previous_session",
        "/market-time/futures/sessions/previous/CFE",
        one(SESSION),
        lambda api: api.previous_session("CFE"),
    ),
    Entry("holidays", "/market-time/futures/holidays/CME", one(HOLIDAYS), lambda api: api.holidays("CME")),
    Entry("watchlists", "/watchlists", listed(WATCHLIST), lambda api: api.watchlists()),
    Entry("watchlist", "/watchlists/Mine", one(WATCHLIST), lambda api: api.watchlist("Mine")),
    Entry("public_watchlists", "/public-watchlists", listed(WATCHLIST), lambda api: api.public_watchlists()),
    Entry(
        "public_watchlist",
        "/public-watchlists/Mine",
        one(WATCHLIST),
        lambda api: api.public_watchlist("Mine"),
    ),
    Entry("pairs_watchlists", "/pairs-watchlists", listed(PAIRS), lambda api: api.pairs_watchlists()),
    Entry("pairs_watchlist", "/pairs-watchlists/Mine", one(PAIRS), lambda api: api.pairs_watchlist("Mine")),
    Entry("quote_alerts", "/quote-alerts", listed(ALERT), lambda api: api.quote_alerts()),
    Entry(
        "create_quote_alert",
        "/quote-alerts",
        one(ALERT),
        lambda api: api.create_quote_alert("QQQ", Decimal("500.5"), instrument_type=InstrumentType.EQUITY),
    ),
    Entry(
        "quote_token",
        "/api-quote-tokens",
        one({"token": "quote-token", "dxlink-url": "wss://x", "level": "api"}),
        lambda api: api.quote_token(),
    ),
]
