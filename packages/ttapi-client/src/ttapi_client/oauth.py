# SPDX-License-Identifier: Apache-2.0
"""
OAuth2 for tastytrade: one short-lived access token, renewed early, once for all who ask.

Three cases when credentials are asked for:

1. the token is good for longer than the margin: it is handed out;
2. it is missing or near its end: one renewal is begun or joined; a cancelled asker leaves the others theirs;
3. the grant was refused before: every asker fails at once, and nothing is sent.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ttapi_client.client import ResilientClient
from ttapi_client.logs import get_logger
from ttapi_client.wire import Row, decode_json, float_of, word_of
from ttapi_core.clock import Clock, SystemClock
from ttapi_core.errors import (
    CredentialsError,
    DataError,
    DecodeError,
    GrantRefusedError,
    ResponseError,
    TTError,
    UsageError,
)

_log = get_logger(__name__)

_TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path, no password
_MARGIN_S: Final = 60.0  # renewed this long before the end
_JITTER_S: Final = 10.0  # so that many processes do not renew together
_LIFE_S: Final = 900.0  # where the answer does not say
_RENEWALS_MAX: Final = 30  # in _RENEWALS_WINDOW_S: a peer that refuses every new token is not asked for ever
_RENEWALS_WINDOW_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    renew_at_s: float
    ends_at_s: float

    def __repr__(self) -> str:
        return f"_Token(ends_at_s={self.ends_at_s:.0f})"


class OAuthAuthenticator:
    """
    The `Authenticator` of tastytrade's refresh-token grant.

    Parameters
    ----------
    client
        Sends the token requests. It has to be another client than the one that is authenticated:
        a renewal must not wait for the permits of those who wait for the renewal. It is not closed here.
    client_secret, refresh_token
        The credentials of the grant; never logged, never part of a representation.
    scope
        Scopes to ask for, separated by blanks; None asks for those of the grant.
    clock
        Tells how old a token is (monotonic).
    seed
        Seed of the jitter.

    Raises
    ------
    CredentialsError
        If one of the credentials is empty.
    """

    def __init__(
        self,
        client: ResilientClient,
        *,
        client_secret: str,
        refresh_token: str,
        scope: str | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        for name, value in (("client_secret", client_secret), ("refresh_token", refresh_token)):
            if not value:
                raise CredentialsError(
                    name, "is empty", accepted="the value from the OAuth application's page"
                )
        self._client = client
        self._grant = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_secret": client_secret,
        } | ({"scope": scope} if scope else {})
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret
        self._token: _Token | None = None
        self._renewal: asyncio.Task[_Token] | None = None
        self._renewed_at: deque[float] = deque(maxlen=_RENEWALS_MAX)
        self._refusal: GrantRefusedError | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(token={self._token!r})"

    async def headers(self) -> Mapping[str, str]:
        """
        Return the ``Authorization`` header, renewed first where its token is about to end.

        Raises
        ------
        GrantRefusedError
            If the grant was refused, now or before.
        DecodeError, TransportError, ResponseError
            If there is no good token and the renewal failed; the next call tries again.
        """
        token = self._token
        if token is None or self._clock.monotonic() >= token.renew_at_s:
            token = await self._renewed_or_still_good(token)
        return {"Authorization": token.header}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """
        Take note that the peer answered 401 to ``headers``; renew once if their token is the current one.

        Returns
        -------
        bool
            True if there is another token now, so that one more try is worth it;
            False if 30 new tokens were refused within a minute.

        Raises
        ------
        GrantRefusedError
            If the renewal was refused.
        DecodeError, TransportError, ResponseError
            If the renewal failed.
        """
        token = self._token
        if token is None or headers.get("Authorization") == token.header:
            if self._renewal is None and self._renewals_spent():
                return False
            await self._renewed()
        return True

    async def aclose(self) -> None:
        """End a renewal under way; idempotent."""
        self._closed = True
        renewal, self._renewal = self._renewal, None
        if renewal is not None:
            renewal.cancel()
            await asyncio.wait([renewal])

    def _renewals_spent(self) -> bool:
        if len(self._renewed_at) < _RENEWALS_MAX:
            return False
        return self._clock.monotonic() - self._renewed_at[0] < _RENEWALS_WINDOW_S

    async def _renewed_or_still_good(self, token: _Token | None) -> _Token:
        try:
            return await self._renewed()
        except GrantRefusedError:
            raise
        except TTError as exc:
            if token is None or self._clock.monotonic() >= token.ends_at_s:
                raise
            _log.warning("token_renewal_failed", cause=exc.code, token_good=True)
            return token

    async def _renewed(self) -> _Token:
        if self._closed:
            raise UsageError("the authenticator is closed")
        if self._refusal is not None:
            raise _copy_of(self._refusal)
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(), name="oauth-renewal")
            self._renewal.add_done_callback(self._renewal_ended)
        renewal = self._renewal
        await asyncio.wait([renewal])  # a cancelled asker leaves it running for the others
        if renewal.cancelled():
            raise UsageError("the authenticator was closed while it renewed the token")
        return renewal.result()

    def _renewal_ended(self, renewal: asyncio.Task[_Token]) -> None:
        if self._renewal is renewal:
            self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen, even where every asker has gone

    async def _renew(self) -> _Token:
        self._renewed_at.append(self._clock.monotonic())
        try:
            answer = await self._ask()
        except ResponseError as exc:
            if exc.status not in {400, 401}:
                raise
            self._refusal = _refusal_of(exc)
            _log.error("grant_refused", peer_code=exc.peer_code, request_id=exc.request_id)
            raise self._refusal from exc
        self._token = self._token_of(answer)
        _log.info("token_renewed", life_s=self._token.ends_at_s - self._clock.monotonic())
        return self._token

    async def _ask(self) -> Row:
        # Renewing twice does no harm (refresh tokens are not used up), so the key makes this POST repeatable.
        response = await self._client.request(
            "POST",
            _TOKEN_PATH,
            json=self._grant,
            endpoint=f"POST {_TOKEN_PATH}",
            idempotency_key=uuid.uuid4().hex,
            authenticated=False,
        )
        answer = decode_json(response.content)
        if not isinstance(answer, dict):
            raise DecodeError("the answer of the token endpoint is no object")
        return answer

    def _token_of(self, answer: Row) -> _Token:
        try:
            access_token = word_of(answer, "access_token")
            life_s = float_of(answer, "expires_in") or _LIFE_S
        except DataError:  # its message may show the token
            raise DecodeError("the answer of the token endpoint has no readable token") from None
        if life_s < 0 or not (access_token.isascii() and access_token.isprintable()):
            raise DecodeError("the token endpoint gave a token that cannot be used")
        now_s = self._clock.monotonic()
        margin_s = min(_MARGIN_S + self._random.uniform(0, _JITTER_S), life_s / 2)
        return _Token(f"Bearer {access_token}", now_s + life_s - margin_s, now_s + life_s)


def _refusal_of(error: ResponseError) -> GrantRefusedError:
    return GrantRefusedError(
        f"the token endpoint refused the grant ({error.peer_code or error.status})",
        status=error.status,
        peer_code=error.peer_code,
        request_id=error.request_id,
        hint="create a new grant on the OAuth application's page and set its refresh token",
    )


def _copy_of(error: GrantRefusedError) -> GrantRefusedError:
    # A fresh object for every asker: one exception raised in many tasks grows one traceback.
    return _refusal_of(error)
