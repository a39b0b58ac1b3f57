# SPDX-License-Identifier: Apache-2.0
"""The resilient HTTP client."""

from __future__ import annotations

import json as json_module
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from ttapi_client.authentication import Authenticator
from ttapi_core.clock import Clock, SystemClock
from ttapi_core.configuration import BreakerPolicy, LimitPolicy, RetryPolicy
from ttapi_core.errors import (
    AuthenticationError, ConnectError, ConnectionLostError, DecodeError, NotEntitledError, NotFoundError,
    RateLimitError, RequestRefusedError, ResponseError, ServerFaultError, VersionRefusedError,
)
from ttapi_core.providers import RequestCounts

QueryParams = Mapping[str, str | int | bool | Sequence[str | int]]


class ResilientClient:
    """Simple version; the hardened one keeps this signature."""

    def __init__(self, base_url: str, *, user_agent: str = "ttapi/0.1.0", authenticator: Authenticator | None = None,
                 limits: LimitPolicy = LimitPolicy(), retry: RetryPolicy = RetryPolicy(), breaker: BreakerPolicy = BreakerPolicy(),
                 transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None, seed: int | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, transport=transport, headers={"User-Agent": user_agent}, trust_env=False)
        self._authenticator = authenticator
        self._clock = clock or SystemClock()
        self._sent = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def counts(self) -> RequestCounts:
        return RequestCounts(sent=self._sent)

    async def request(self, method: str, path: str, *, params: QueryParams | None = None, json: object = None,
                      content: bytes | None = None, headers: Mapping[str, str] | None = None, endpoint: str | None = None,
                      idempotency_key: str | None = None, authenticated: bool = True, deadline_s: float | None = None) -> httpx.Response:
        request_id = uuid.uuid4().hex
        response = None
        for attempt in (1, 2):
            sent = dict(headers or {})
            credentials = await self._authenticator.headers() if authenticated and self._authenticator else {}
            sent.update(credentials)
            self._sent += 1
            try:
                response = await self._http.request(method, path, params=params, json=json, content=content, headers=sent)
            except httpx.ConnectError as exc:
                raise ConnectError(str(exc), request_id=request_id) from exc
            except httpx.TransportError as exc:
                raise ConnectionLostError(str(exc), request_id=request_id) from exc
            response.extensions.update(ttapi_request_id=request_id, ttapi_attempts=attempt)
            if response.status_code == 401 and attempt == 1 and credentials and await self._authenticator.refused(credentials):
                continue
            break
        if response.status_code >= 300:
            kinds = {401: AuthenticationError, 403: NotEntitledError, 404: NotFoundError, 406: VersionRefusedError, 429: RateLimitError}
            kind = kinds.get(response.status_code, ServerFaultError if response.status_code >= 500 else RequestRefusedError if response.status_code >= 400 else ResponseError)
            code = ""
            try:
                body = response.json()
                code = str(body.get("error_code") or body.get("error", {}).get("code", ""))
            except ValueError:
                pass
            raise kind(f"{method} {path} answered {response.status_code}", status=response.status_code, peer_code=code, request_id=request_id)
        return response

    async def request_json(self, method: str, path: str, *, check: Callable[[Any], None] | None = None, **options: Any) -> Any:
        response = await self.request(method, path, **options)
        try:
            value = json_module.loads(response.content)
        except ValueError as exc:
            raise DecodeError(f"{method} {path}: the answer is no JSON", request_id=response.extensions["ttapi_request_id"]) from exc
        if check is not None:
            check(value)
        return value
