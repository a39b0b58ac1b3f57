# SPDX-License-Identifier: Apache-2.0
"""
A resilient HTTP client and the tastytrade API.

The tastytrade half is loaded when it is first asked for: who wants the HTTP client alone pays for that alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttapi_client.authentication import Authenticator
from ttapi_client.breaker import AsyncBreaker, BreakerRegistry
from ttapi_client.budget import Budget
from ttapi_client.call import QueryParams
from ttapi_client.client import ResilientClient
from ttapi_client.fanning import each
from ttapi_client.limits import AdaptiveRate
from ttapi_client.redaction import Redactor
from ttapi_client.transport import open_transport
from ttapi_core.errors import MissingExtraError

if TYPE_CHECKING:
    from ttapi_client.account_engine import (
        AccountNotice,
        AccountPolicy,
        AccountState,
        AccountStatistics,
        NoticeRejected,
    )
    from ttapi_client.account_feed import AccountFeed
    from ttapi_client.accounts import PositionLimit, TradingStatus
    from ttapi_client.alerts import QuoteAlert
    from ttapi_client.api import RequestTrace
    from ttapi_client.broker import TastytradeBroker
    from ttapi_client.calendars import Holidays, MarketState
    from ttapi_client.candle_history import CandleHistory, HistoryPolicy
    from ttapi_client.candles import CandleSeries
    from ttapi_client.crypto import Cryptocurrency, DestinationVenueSymbol, QuantityPrecision
    from ttapi_client.customers import Address, Customer, MarginType, PermittedAccountType
    from ttapi_client.dxlink_engine import FeedPolicy
    from ttapi_client.dxlink_events import (
        CandleEvent,
        EventRejected,
        GreeksEvent,
        ProfileEvent,
        QuoteEvent,
        SummaryEvent,
        TheoPriceEvent,
        TimeAndSaleEvent,
        TradeETHEvent,
        TradeEvent,
        UnderlyingEvent,
    )
    from ttapi_client.dxlink_feed import MarketFeed
    from ttapi_client.dxlink_protocol import DXLinkProtocol, Subscription
    from ttapi_client.dxlink_reports import BackfillReport, FeedStatistics, GapReport
    from ttapi_client.futures import (
        ChainFuture,
        EtfEquivalent,
        Future,
        FutureChainExpiration,
        FutureOption,
        FutureOptionChain,
        FutureOptionProduct,
        FutureProduct,
        FutureSubchain,
        Roll,
        SpreadTickSize,
    )
    from ttapi_client.instruments import CurrencyPair, Equity, EquityOption, Warrant
    from ttapi_client.margin import EffectiveMargin, MarginGroup, MarginReport
    from ttapi_client.market_data import MarketData, MarketDataAnswer, QuoteToken
    from ttapi_client.metrics import Dividend, Earnings, EarningsForecast, ExpirationVolatility, MarketMetrics
    from ttapi_client.oauth import OAuthAuthenticator
    from ttapi_client.option_chains import (
        ChainExpiration,
        ChainStrike,
        CompactOptionChain,
        Deliverable,
        ExpirationSeries,
        OptionChain,
    )
    from ttapi_client.provider import TastytradeProvider, open_tastytrade
    from ttapi_client.search import SymbolHit
    from ttapi_client.shared_budget import SharedBudget
    from ttapi_client.snapshots import SnapshotPolicy
    from ttapi_client.tastytrade import TastytradeClient
    from ttapi_client.watchlists import Pair, PairsWatchlist, Watchlist, WatchlistEntry

__all__ = [
    "AccountFeed",
    "AccountNotice",
    "AccountPolicy",
    "AccountState",
    "AccountStatistics",
    "AdaptiveRate",
    "Address",
    "AsyncBreaker",
    "Authenticator",
    "BackfillReport",
    "BreakerRegistry",
    "Budget",
    "CandleEvent",
    "CandleHistory",
    "CandleSeries",
    "ChainExpiration",
    "ChainFuture",
    "ChainStrike",
    "CompactOptionChain",
    "Cryptocurrency",
    "CurrencyPair",
    "Customer",
    "DXLinkProtocol",
    "Deliverable",
    "DestinationVenueSymbol",
    "Dividend",
    "Earnings",
    "EarningsForecast",
    "EffectiveMargin",
    "Equity",
    "EquityOption",
    "EtfEquivalent",
    "EventRejected",
    "ExpirationSeries",
    "ExpirationVolatility",
    "FeedPolicy",
    "FeedStatistics",
    "Future",
    "FutureChainExpiration",
    "FutureOption",
    "FutureOptionChain",
    "FutureOptionProduct",
    "FutureProduct",
    "FutureSubchain",
    "GapReport",
    "GreeksEvent",
    "HistoryPolicy",
    "Holidays",
    "MarginGroup",
    "MarginReport",
    "MarginType",
    "MarketData",
    "MarketDataAnswer",
    "MarketFeed",
    "MarketMetrics",
    "MarketState",
    "NoticeRejected",
    "OAuthAuthenticator",
    "OptionChain",
    "Pair",
    "PairsWatchlist",
    "PermittedAccountType",
    "PositionLimit",
    "ProfileEvent",
    "QuantityPrecision",
    "QueryParams",
    "QuoteAlert",
    "QuoteEvent",
    "QuoteToken",
    "Redactor",
    "RequestTrace",
    "ResilientClient",
    "Roll",
    "SharedBudget",
    "SnapshotPolicy",
    "SpreadTickSize",
    "Subscription",
    "SummaryEvent",
    "SymbolHit",
    "TastytradeBroker",
    "TastytradeClient",
    "TastytradeProvider",
    "TheoPriceEvent",
    "TimeAndSaleEvent",
    "TradeETHEvent",
    "TradeEvent",
    "TradingStatus",
    "UnderlyingEvent",
    "Warrant",
    "Watchlist",
    "WatchlistEntry",
    "each",
    "open_tastytrade",
    "open_transport",
]

_HOMES = {
    "AccountFeed": "account_feed",
    "AccountNotice": "account_engine",
    "AccountPolicy": "account_engine",
    "AccountState": "account_engine",
    "AccountStatistics": "account_engine",
    "Address": "customers",
    "BackfillReport": "dxlink_reports",
    "CandleEvent": "dxlink_events",
    "CandleHistory": "candle_history",
    "CandleSeries": "candles",
    "ChainExpiration": "option_chains",
    "ChainFuture": "futures",
    "ChainStrike": "option_chains",
    "CompactOptionChain": "option_chains",
    "Cryptocurrency": "crypto",
    "CurrencyPair": "instruments",
    "Customer": "customers",
    "DXLinkProtocol": "dxlink_protocol",
    "Deliverable": "option_chains",
    "DestinationVenueSymbol": "crypto",
    "Dividend": "metrics",
    "Earnings": "metrics",
    "EarningsForecast": "metrics",
    "EffectiveMargin": "margin",
    "Equity": "instruments",
    "EquityOption": "instruments",
    "EtfEquivalent": "futures",
    "EventRejected": "dxlink_events",
    "ExpirationSeries": "option_chains",
    "ExpirationVolatility": "metrics",
    "FeedPolicy": "dxlink_engine",
    "FeedStatistics": "dxlink_reports",
    "Future": "futures",
    "FutureChainExpiration": "futures",
    "FutureOption": "futures",
    "FutureOptionChain": "futures",
    "FutureOptionProduct": "futures",
    "FutureProduct": "futures",
    "FutureSubchain": "futures",
    "GapReport": "dxlink_reports",
    "GreeksEvent": "dxlink_events",
    "HistoryPolicy": "candle_history",
    "Holidays": "calendars",
    "MarginGroup": "margin",
    "MarginReport": "margin",
    "MarginType": "customers",
    "MarketData": "market_data",
    "MarketDataAnswer": "market_data",
    "MarketFeed": "dxlink_feed",
    "MarketMetrics": "metrics",
    "MarketState": "calendars",
    "NoticeRejected": "account_engine",
    "OAuthAuthenticator": "oauth",
    "OptionChain": "option_chains",
    "Pair": "watchlists",
    "PairsWatchlist": "watchlists",
    "PermittedAccountType": "customers",
    "PositionLimit": "accounts",
    "ProfileEvent": "dxlink_events",
    "QuantityPrecision": "crypto",
    "QuoteAlert": "alerts",
    "QuoteEvent": "dxlink_events",
    "QuoteToken": "market_data",
    "RequestTrace": "api",
    "Roll": "futures",
    "SharedBudget": "shared_budget",
    "SnapshotPolicy": "snapshots",
    "SpreadTickSize": "futures",
    "Subscription": "dxlink_protocol",
    "SummaryEvent": "dxlink_events",
    "SymbolHit": "search",
    "TastytradeBroker": "broker",
    "TastytradeClient": "tastytrade",
    "TastytradeProvider": "provider",
    "TheoPriceEvent": "dxlink_events",
    "TimeAndSaleEvent": "dxlink_events",
    "TradeETHEvent": "dxlink_events",
    "TradeEvent": "dxlink_events",
    "TradingStatus": "accounts",
    "UnderlyingEvent": "dxlink_events",
    "Warrant": "instruments",
    "Watchlist": "watchlists",
    "WatchlistEntry": "watchlists",
    "open_tastytrade": "provider",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any export
    """Load an export of the tastytrade half (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as exc:
        if exc.name not in {"msgspec", "msgspec.json", "websockets"}:
            raise
        raise MissingExtraError("ttapi-client", "stream", f"{name}, which streams") from exc
    value = getattr(module, name)
    globals()[name] = value
    return value
