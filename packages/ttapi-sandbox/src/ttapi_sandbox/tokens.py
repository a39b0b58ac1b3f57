# SPDX-License-Identifier: Apache-2.0
"""Grants and tokens: OAuth for REST, and the token for the market data stream."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.answers import Answer, encode, object_answer, timestamp
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_core import Clock
    from ttapi_sandbox.requests import Request

QUOTE_TOKEN_LIFETIME_S: Final = 24 * 3600
_TOKENS_MAX: Final = 100_000


def simulated_secret(seed: int, purpose: str) -> str:
    """Return a text that looks like a credential and opens nothing but the sandbox of that seed."""
    digest = hashlib.sha256(f"simulated/{seed}/{purpose}".encode()).hexdigest()
    return f"simulated-{purpose}-{digest[:32]}"


class Tokens:
    """
    What the sandbox issues and accepts.

    Parameters
    ----------
    seed
        The client secret and the refresh token depend on it.
    clock
        Ages the tokens.
    lifetime_s
        Seconds that an access token lives.
    address_of_host
        Whether the stream is found where the client found this server, as its ``Host`` header says;
        needed when the address listened on is no address to connect to.
    """

    def __init__(self, *, seed: int, clock: Clock, lifetime_s: float, address_of_host: bool = False) -> None:
        self.client_secret = simulated_secret(seed, "client-secret")
        self.refresh_token = simulated_secret(seed, "refresh-token")
        self._seed = seed
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._address_of_host = address_of_host
        self._issued = 0
        self._expiries: dict[str, float] = {}
        self.base_url = ""
        """The address that the quote token points back to; set when the server listens."""

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("POST", "/oauth/token", self.exchange, authenticated=False),
            Route("POST", "/sessions/validate", self.validate),
            Route("GET", "/api-quote-tokens", self.quote_token),
        ]

    def accepts(self, token: str) -> bool:
        """Return whether a token was issued here and has not run out."""
        return self._clock.monotonic() < self._expiries.get(token, float("-inf"))

    def expire_all(self) -> None:
        """Let every token issued so far run out now."""
        self._expiries.clear()

    def issue(self, purpose: str, lifetime_s: float) -> str:
        """Return a new token."""
        if len(self._expiries) >= _TOKENS_MAX:
            now = self._clock.monotonic()
            self._expiries = {token: expiry for token, expiry in self._expiries.items() if expiry > now}
        self._issued += 1
        token = simulated_secret(self._seed, f"{purpose}-{self._issued}")
        self._expiries[token] = self._clock.monotonic() + lifetime_s
        return token

    def exchange(self, request: Request) -> Answer:
        """Answer ``POST /oauth/token``: bare, with its own shape of error."""
        fields = request.fields()
        grant = fields.get("grant_type")
        if grant not in {"refresh_token", "authorization_code"}:
            return _grant_refused("unsupported_grant_type", "The grant type is not supported")
        if not _same(fields.get("client_secret"), self.client_secret):
            return _grant_refused("invalid_client", "Client authentication failed")
        answer: dict[str, object] = {}
        if grant == "refresh_token":
            if not _same(fields.get("refresh_token"), self.refresh_token):
                return _grant_refused("invalid_grant", "Grant revoked")
        elif not _same(fields.get("code"), simulated_secret(self._seed, "code")):
            return _grant_refused("invalid_grant", "The code is not known")
        else:
            answer["refresh_token"] = self.refresh_token
        token = self.issue("access", self._lifetime_s)
        answer |= {"access_token": token, "token_type": "Bearer", "expires_in": int(self._lifetime_s)}
        return Answer(200, encode(answer))

    def validate(self, request: Request) -> Answer:
        """Answer the liveness check of a session."""
        user = {"email": "simulated@example.com", "username": "simulated", "external-id": "U0000000000"}
        return object_answer(request.path, {**user, "id": 1}, status=201)

    def quote_token(self, request: Request) -> Answer:
        """Answer with a token for the stream, and with this server's own address of it."""
        now = self._clock.now()
        address = self.base_url.replace("http", "ws", 1)
        if self._address_of_host and b"host" in request.headers:
            address = f"ws://{request.headers[b'host'].decode('latin-1')}"
        data = {
            "token": self.issue("quote", QUOTE_TOKEN_LIFETIME_S),
            "dxlink-url": f"{address}/realtime",
            "level": "api",
            "issued-at": timestamp(now),
            "expires-at": timestamp(now + timedelta(seconds=QUOTE_TOKEN_LIFETIME_S)),
            "websocket-url": address,
        }
        return object_answer(request.path, data)


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _grant_refused(code: str, description: str) -> Answer:
    return Answer(400, encode({"error_code": code, "error_description": description}))
