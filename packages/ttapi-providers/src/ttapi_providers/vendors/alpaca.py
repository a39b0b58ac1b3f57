# SPDX-License-Identifier: Apache-2.0
"""Alpaca: US stocks, options and crypto pairs; sessions, assets, corporate actions, news."""

from __future__ import annotations

from typing import Final

from ttapi_core import AuthenticationError, NotEntitledError, NotFoundError, RateLimitError, RateWindow
from ttapi_providers.declaring import Credential, Provider
from ttapi_providers.vendors import alpaca_bars, alpaca_markets, alpaca_reference, alpaca_retired

PROVIDER: Final = Provider(
    name="alpaca",
    title="Alpaca",
    site="https://docs.alpaca.markets",
    bases=(alpaca_bars.DATA, alpaca_reference.TRADING, "https://api.alpaca.markets"),
    aliases=("data.sandbox.alpaca.markets", "broker-api.alpaca.markets"),
    credentials=(
        Credential(variable="TTAPI_ALPACA_KEY", header="APCA-API-KEY-ID"),
        Credential(variable="TTAPI_ALPACA_SECRET", header="APCA-API-SECRET-KEY"),
    ),
    limits=(RateWindow(requests=200, seconds=60),),
    naming=alpaca_bars.NAMING,
    codes={
        "40410000": NotFoundError,
        "subscription does not permit": NotEntitledError,
        "request is not authorized": AuthenticationError,
        "forbidden": AuthenticationError,
        "too many requests": RateLimitError,
        "rate limit": RateLimitError,
    },
    endpoints=(*alpaca_markets.ENDPOINTS, *alpaca_reference.ENDPOINTS, *alpaca_retired.ENDPOINTS),
)
