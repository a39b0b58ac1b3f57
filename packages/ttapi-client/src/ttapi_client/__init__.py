# SPDX-License-Identifier: Apache-2.0
"""A resilient HTTP client and the tastytrade API."""

from ttapi_client.authentication import Authenticator
from ttapi_client.breaker import AsyncBreaker, BreakerRegistry
from ttapi_client.call import QueryParams
from ttapi_client.client import ResilientClient
from ttapi_client.limits import AdaptiveRate
from ttapi_client.redaction import Redactor
from ttapi_client.transport import open_transport

__all__ = [
    "AdaptiveRate",
    "AsyncBreaker",
    "Authenticator",
    "BreakerRegistry",
    "QueryParams",
    "Redactor",
    "ResilientClient",
    "open_transport",
]
