# SPDX-License-Identifier: Apache-2.0
"""
How bytes reach the peer: the choice of the transport, and what its failures say of the request.

Measured on loopback, CPU a request at 1, 10 and 100 concurrent (``benchmarks/bench_client.py`` repeats it):
httpx with its own pool 1.0, 1.1 and 3.7 ms; its bare transport without `httpx.AsyncClient` 0.9, 0.9 and 2.7
ms; pyreqwest 0.1 ms throughout. So pyreqwest (the extra ``fast``) is taken where it is installed. Requests
go to the transport directly, so any `httpx.AsyncBaseTransport` will do, `httpx.MockTransport` for one.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from ttapi_core import (
    ConnectError,
    ConnectionLostError,
    LimitPolicy,
    MissingExtraError,
    ParameterError,
    RequestTimeoutError,
    Sent,
    TTError,
)

IDLE_S: Final = 20.0
"""Seconds that an idle connection is kept; peers commonly close theirs after a minute, some sooner."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def open_transport(
    limits: LimitPolicy, *, base_url: str = "", prefer: str | None = None
) -> httpx.AsyncBaseTransport:
    """
    Open the lightest transport that is installed.

    No redirects, no cookies, no decompression, no retries of its own; HTTP/2 where the peer offers it and the
    transport can; the system's proxies, except for loopback.

    Parameters
    ----------
    limits
        Number of connections, timeouts.
    base_url
        Of the one origin it will be used for; decides on the proxy.
    prefer
        ``pyreqwest`` or ``httpx``; None for the faster that is there.

    Raises
    ------
    MissingExtraError
        If pyreqwest is preferred and not installed.
    ParameterError
        If ``prefer`` is neither.
    """
    if prefer not in {None, "pyreqwest", "httpx"}:
        raise ParameterError("prefer", prefer, "'pyreqwest', 'httpx' or None")
    proxy = proxy_for(base_url)
    if prefer == "httpx":
        return _open_httpx(limits, proxy)
    try:
        from ttapi_client.reqwest import PyreqwestTransport  # noqa: PLC0415 - the extra may be absent
    except ImportError as exc:
        if prefer == "pyreqwest":
            raise MissingExtraError("ttapi-client", "fast", "the pyreqwest transport") from exc
        return _open_httpx(limits, proxy)
    return PyreqwestTransport(limits, proxy=proxy, idle_s=IDLE_S)


class _WithoutHeaders(logging.Filter):
    """Drops the debug lines of httpcore that repeat all headers of an answer, cookies included."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("receive_response_headers.complete")


_without_headers = _WithoutHeaders()


def _open_httpx(limits: LimitPolicy, proxy: str | None) -> httpx.AsyncHTTPTransport:
    for protocol in ("http11", "http2"):
        logging.getLogger(f"httpcore.{protocol}").addFilter(_without_headers)
    return httpx.AsyncHTTPTransport(
        http2=_is_installed("h2"),
        limits=httpx.Limits(
            # No bound of its own: the gate has one, and a request that is cancelled between the connecting
            # and the sending leaves httpcore with a connection that counts as busy for ever.
            max_connections=None,
            max_keepalive_connections=limits.concurrency_max,
            keepalive_expiry=IDLE_S,
        ),
        proxy=proxy,
        retries=0,
    )


def _is_installed(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def proxy_for(base_url: str) -> str | None:
    """Return the system's proxy for an origin; None for loopback and where there is none."""
    url = httpx.URL(base_url)
    if not url.host or url.host in _LOOPBACK or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def timeouts(limits: LimitPolicy) -> dict[str, float]:
    """Return the timeouts of one attempt in the form that httpx transports read from a request."""
    return {
        "connect": limits.connect_timeout_s,
        "read": limits.read_timeout_s,
        "write": limits.read_timeout_s,
        "pool": limits.connect_timeout_s,
    }


def failure_of(error: Exception, *, what: str, request_id: str, answered: bool) -> TTError:
    """
    Translate what a transport raised, saying what is known of the request.

    Parameters
    ----------
    error
        An httpx error, or any other that a foreign transport let through.
    what
        Method and path, for the message.
    request_id
        For the error.
    answered
        Whether the head of the answer had arrived.
    """
    cause = type(error).__name__
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ParameterError("request", what, "a method, URL and headers that HTTP allows")
    if isinstance(error, _NEVER_SENT):
        return ConnectError(f"{what}: no connection ({cause})", request_id=request_id)
    sent = Sent.ANSWERED if answered else Sent.MAYBE
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return RequestTimeoutError(f"{what}: no byte in time ({cause})", sent=sent, request_id=request_id)
    return ConnectionLostError(f"{what}: the connection was lost ({cause})", sent=sent, request_id=request_id)
