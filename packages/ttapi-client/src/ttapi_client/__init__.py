# SPDX-License-Identifier: Apache-2.0
"""
A resilient HTTP client and the tastytrade API.

The tastytrade half is loaded when it is first asked for: who wants the HTTP client alone pays for that alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttapi_client.authentication import Authenticator
from ttapi_client.breaker import AsyncBreaker, BreakerRegistry
from ttapi_client.call import QueryParams
from ttapi_client.client import ResilientClient
from ttapi_client.limits import AdaptiveRate
from ttapi_client.redaction import Redactor
from ttapi_client.transport import open_transport

if TYPE_CHECKING:
    from ttapi_client.api import RequestTrace
    from ttapi_client.candles import CandleSeries
    from ttapi_client.dxlink import DXLinkConnection, DXLinkPolicy, FeedEvent
    from ttapi_client.dxlink_protocol import DXLinkProtocol, Subscription
    from ttapi_client.instruments import ChainExpiration, ChainStrike, Equity, ExpirationSeries, OptionChain
    from ttapi_client.market_data import Holidays, MarketData, MarketState, QuoteToken
    from ttapi_client.oauth import OAuthAuthenticator
    from ttapi_client.provider import TastytradeProvider, open_tastytrade
    from ttapi_client.snapshots import SnapshotPolicy
    from ttapi_client.tastytrade import TastytradeClient

__all__ = [
    "AdaptiveRate",
    "AsyncBreaker",
    "Authenticator",
    "BreakerRegistry",
    "CandleSeries",
    "ChainExpiration",
    "ChainStrike",
    "DXLinkConnection",
    "DXLinkPolicy",
    "DXLinkProtocol",
    "Equity",
    "ExpirationSeries",
    "FeedEvent",
    "Holidays",
    "MarketData",
    "MarketState",
    "OAuthAuthenticator",
    "OptionChain",
    "QueryParams",
    "QuoteToken",
    "Redactor",
    "RequestTrace",
    "ResilientClient",
    "SnapshotPolicy",
    "Subscription",
    "TastytradeClient",
    "TastytradeProvider",
    "open_tastytrade",
    "open_transport",
]

_HOMES = {
    "CandleSeries": "candles",
    "ChainExpiration": "instruments",
    "ChainStrike": "instruments",
    "DXLinkConnection": "dxlink",
    "DXLinkPolicy": "dxlink",
    "DXLinkProtocol": "dxlink_protocol",
    "Equity": "instruments",
    "ExpirationSeries": "instruments",
    "FeedEvent": "dxlink",
    "Holidays": "market_data",
    "MarketData": "market_data",
    "MarketState": "market_data",
    "OAuthAuthenticator": "oauth",
    "OptionChain": "instruments",
    "QuoteToken": "market_data",
    "RequestTrace": "api",
    "SnapshotPolicy": "snapshots",
    "Subscription": "dxlink_protocol",
    "TastytradeClient": "tastytrade",
    "TastytradeProvider": "provider",
    "open_tastytrade": "provider",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any export
    """Load an export of the tastytrade half (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
