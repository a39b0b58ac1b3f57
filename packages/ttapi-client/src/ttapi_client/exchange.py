# SPDX-License-Identifier: Apache-2.0
"""One request and its answer over a transport: built, sent, read under the cap, failures translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import httpx

from ttapi_client.body import read_body
from ttapi_client.call import Call
from ttapi_client.transport import failure_of, timeouts
from ttapi_core import LimitPolicy, ParameterError, TTError

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t -~]*")
_CHANGED_BY_DECODING: Final = frozenset({b"content-encoding", b"content-length"})


async def exchange(
    transport: httpx.AsyncBaseTransport, call: Call, *, credentials: Mapping[str, str], limits: LimitPolicy
) -> httpx.Response:
    """
    Send ``call`` once and return the answer, whatever its status, with its body read and decompressed.

    Raises
    ------
    TransportError
        The exchange did not complete; `TransportError.sent` says what is known of the request.
    BodyTooLargeError, DecodeError
        As `read_body`.
    ParameterError
        If HTTP does not allow the method or a header.
    """
    request = _request(call, credentials, limits)
    answered = False
    try:
        streamed = await transport.handle_async_request(request)
        answered = True
        try:
            content = await read_body(
                streamed, method=call.method, size_max=limits.body_size_max, request_id=call.request_id
            )
        finally:
            await streamed.aclose()
    except TTError:
        raise
    except Exception as exc:  # the border: a foreign transport may raise anything
        raise failure_of(exc, what=call.what, request_id=call.request_id, answered=answered) from exc
    told = {"ttapi_request_id": call.request_id, "ttapi_attempts": call.attempts}
    return httpx.Response(
        streamed.status_code,
        headers=_headers_of_decoded(streamed.headers),
        content=content,
        request=request,
        extensions=streamed.extensions | told,
    )


def _request(call: Call, credentials: Mapping[str, str], limits: LimitPolicy) -> httpx.Request:
    headers = [*call.headers, *credentials.items()]
    if not all(_is_field(name) and _is_field(value, _VALUE) for name, value in headers):
        # Checked here because the errors of the transports repeat the value, which may be a secret.
        raise ParameterError("headers", call.what, "names and values of printable ASCII, as HTTP allows")
    return httpx.Request(
        call.method,
        call.url,
        headers=headers,
        content=call.content,
        extensions={"timeout": timeouts(limits)},
    )


def _is_field(text: object, pattern: re.Pattern[str] = _NAME) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _headers_of_decoded(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    # Left as they are, httpx would decompress a second time.
    if "content-encoding" not in headers:
        return headers.raw
    return [(name, value) for name, value in headers.raw if name.lower() not in _CHANGED_BY_DECODING]
