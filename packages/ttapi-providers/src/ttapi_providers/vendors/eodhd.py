# SPDX-License-Identifier: Apache-2.0
"""EODHD: bars of the world's exchanges, actions, calendars, fundamentals, lists, news, rates."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    TTError,
)
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Credential, Provider, refused
from ttapi_providers.vendors import eodhd_companies, eodhd_fundamentals, eodhd_prices, eodhd_rates


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict) or len(body) > 3:
        return None
    words = body.get("message") or body.get("error") or body.get("errors")
    return refused(str(words)) if words else None


PROVIDER: Final = Provider(
    name="eodhd",
    title="EODHD",
    site="https://eodhd.com/financial-apis",
    bases=("https://eodhd.com",),
    aliases=("eodhistoricaldata.com", "www.eodhd.com"),
    credentials=(Credential(variable="TTAPI_EODHD_KEY", param="api_token"),),
    samples={"economic_series": "USA/gdp_current_usd"},
    limits=(RateWindow(requests=20, seconds=86_400), RateWindow(requests=1000, seconds=60)),
    naming=eodhd_prices.NAMING,
    told=_told,
    codes={
        "unauthenticated": AuthenticationError,
        "invalid api token": AuthenticationError,
        "ticker not found": NotFoundError,
        "not found": NotFoundError,
        "exceeded your daily": RateLimitError,
        "api limit": RateLimitError,
        "too many requests": RateLimitError,
        "only eod data allowed": NotEntitledError,
        "forbidden": NotEntitledError,
        "subscription": NotEntitledError,
    },
    endpoints=(
        *eodhd_prices.ENDPOINTS,
        *eodhd_companies.ENDPOINTS,
        *eodhd_fundamentals.ENDPOINTS,
        *eodhd_rates.ENDPOINTS,
    ),
)
