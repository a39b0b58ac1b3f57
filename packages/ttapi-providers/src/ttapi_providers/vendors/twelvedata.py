# SPDX-License-Identifier: Apache-2.0
"""Twelve Data: bars, quotes, rates, statements, actions, calendars, profiles, lists."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import NotEntitledError, NotFoundError, RateLimitError, RateWindow, TTError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Credential, Provider, refused
from ttapi_providers.vendors import twelvedata_companies, twelvedata_prices


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    """Find the error that stands in an answer of status 200."""
    if not twelvedata_prices.is_failure(body):
        return None
    code = body.get("code")
    status = code if isinstance(code, int) and code >= 400 else 400
    return refused(str(body.get("message") or "the vendor names no reason"), status=status)


PROVIDER: Final = Provider(
    name="twelvedata",
    title="Twelve Data",
    site="https://twelvedata.com/docs",
    bases=("https://api.twelvedata.com",),
    aliases=("twelvedata.com",),
    credentials=(Credential(variable="TTAPI_TWELVEDATA_KEY", header="Authorization", form="apikey {}"),),
    limits=(RateWindow(requests=8, seconds=60), RateWindow(requests=800, seconds=86_400)),
    naming=twelvedata_prices.NAMING,
    told=_told,
    codes={
        "not found:": NotFoundError,
        "no data is available": NotFoundError,
        "run out of api credits": RateLimitError,
        "available starting with": NotEntitledError,
        "available exclusively with": NotEntitledError,
    },
    endpoints=(*twelvedata_prices.ENDPOINTS, *twelvedata_companies.ENDPOINTS),
)
