# SPDX-License-Identifier: Apache-2.0
"""
The handshake that some vendors want of a browser: a cookie from one page, a token from another, then both.

It is run when a server refuses a request as unknown (401), once for all that wait, and again after the next
such refusal. Cookie and token are secrets of this process alone: nothing writes them down.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from ttapi_core import AuthenticationError, ConnectError, RateLimitError, RequestTimeoutError, TTError

PATIENCE_S: Final = 15.0
"""Seconds for each of the two pages."""
_TOKEN: Final = re.compile(r"[\x21-\x3b\x3d-\x7a\x7c\x7e]{1,200}")  # no blank, no markup, no JSON
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """
    How a server is made to take requests.

    Parameters
    ----------
    cookie_from
        Page that sets the cookie; its status does not matter.
    token_from
        Page that answers to the cookie with a token, as text.
    param
        Parameter that the token stands in; the cookie goes with it.
    """

    cookie_from: str
    token_from: str
    param: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of a handshake."""

    cookie: str = field(repr=False)
    token: str = field(repr=False)


class Handshaker:
    """
    Runs a handshake when it is needed, and keeps what came of it.

    Parameters
    ----------
    handshake
        How it is done.
    open_transport
        Makes the transport of a server, by its base.
    headers
        Sent with both requests.
    base_url
        Asked instead of the servers of the handshake; empty for those.
    """

    def __init__(
        self,
        handshake: Handshake,
        *,
        open_transport: Callable[[str], httpx.AsyncBaseTransport],
        headers: Mapping[str, str],
        base_url: str = "",
    ) -> None:
        self._handshake = handshake
        self._open_transport = open_transport
        self._sent_headers = dict(headers)
        self._base_url = base_url
        self._lock = asyncio.Lock()
        self.agreement: Agreement | None = None

    def params(self) -> dict[str, str]:
        """Return the parameters that go with a request; none before the first handshake."""
        return {self._handshake.param: self.agreement.token} if self.agreement else {}

    def headers(self) -> dict[str, str]:
        """Return the headers that go with a request; none before the first handshake."""
        return {"Cookie": self.agreement.cookie} if self.agreement else {}

    async def renew(self, refused: Agreement | None) -> None:
        """
        Run the handshake, unless another request has done so since ``refused`` was current.

        Raises
        ------
        AuthenticationError
            If a page gives no cookie, or no token.
        RateLimitError
            If the server says that it was asked too often.
        TransportError
            If a page cannot be reached.
        """
        async with self._lock:
            if self.agreement is not refused:
                return
            page, last = self._handshake.cookie_from, self._handshake.token_from
            cookie = _cookie(await self._asked(page), page)
            self.agreement = Agreement(cookie, _token(await self._asked(last, cookie), last))

    async def _asked(self, url: str, cookie: str = "") -> httpx.Response:
        parts = urlsplit(url)
        base = self._base_url or f"{parts.scheme}://{parts.netloc}"
        headers = self._sent_headers | ({"Cookie": cookie} if cookie else {})
        transport = self._open_transport(base)
        try:
            async with asyncio.timeout(PATIENCE_S):
                request = httpx.Request("GET", f"{base}{parts.path or '/'}", headers=headers)
                answer = await transport.handle_async_request(request)
                await answer.aread()
                return answer
        except TTError:
            raise
        except TimeoutError as exc:
            raise RequestTimeoutError(
                f"{parts.netloc} took longer than {PATIENCE_S:g} s for a handshake"
            ) from exc
        except Exception as exc:  # the border: a transport may raise anything
            raise ConnectError(f"no handshake with {parts.netloc}: {type(exc).__name__}") from exc
        finally:
            await transport.aclose()


def _cookie(answer: httpx.Response, page: str) -> str:
    pairs = [line.partition(";")[0].strip() for line in answer.headers.get_list("set-cookie")]
    if not any(pairs):
        raise AuthenticationError(f"{urlsplit(page).netloc} set no cookie", status=answer.status_code)
    return "; ".join(filter(None, pairs))


def _token(answer: httpx.Response, page: str) -> str:
    if answer.status_code == _TOO_MANY:
        raise RateLimitError(f"{urlsplit(page).netloc} gives no token: it was asked too often")
    token = answer.text.strip()
    if answer.status_code >= 300 or not _TOKEN.fullmatch(token):
        raise AuthenticationError(f"{urlsplit(page).netloc} gave no token", status=answer.status_code)
    return token
