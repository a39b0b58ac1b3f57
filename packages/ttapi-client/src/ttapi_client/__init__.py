# SPDX-License-Identifier: Apache-2.0
"""A resilient HTTP client and the tastytrade API."""

from ttapi_client.authentication import Authenticator
from ttapi_client.client import QueryParams, ResilientClient

__all__ = ["Authenticator", "QueryParams", "ResilientClient"]
