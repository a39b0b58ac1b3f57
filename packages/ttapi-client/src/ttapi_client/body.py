# SPDX-License-Identifier: Apache-2.0
"""Reading a body without letting the peer decide how much memory it takes."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

import httpx

from ttapi_core import BodyTooLargeError, ConnectionLostError, DecodeError, Sent

ACCEPT_ENCODING: Final = "gzip, deflate"
STEP_BYTES: Final = 1024 * 1024
"""Bytes decompressed in one go; the event loop turns in between."""
_HEAD_BYTES: Final = 2
NO_BODY_STATUS: Final = frozenset({204, 304})


async def read_body(response: httpx.Response, *, method: str, size_max: int, request_id: str = "") -> bytes:
    """
    Return the decoded body of a streamed response.

    Parameters
    ----------
    response
        As a transport gave it: unread, undecoded.
    method
        Of the request; a HEAD has no body whatever its headers say.
    size_max
        Bytes, of the raw and of the decompressed body each.
    request_id
        For errors.

    Raises
    ------
    BodyTooLargeError
        As soon as either size passes the cap; what was read is dropped.
    ConnectionLostError
        If fewer bytes came than were announced, or a compressed body ends early.
    DecodeError
        If the encoding is none we asked for, or the bytes do not follow it.
    """
    if method == "HEAD" or response.status_code in NO_BODY_STATUS:
        return b""
    announced = _announced_size(response)
    if announced is not None and announced > size_max:
        raise _too_large("announced", size_max)
    decoder = _decoder(response.headers.get("content-encoding", ""), size_max, request_id)
    raw_size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        raw_size += len(chunk)
        if raw_size > size_max:
            raise _too_large("raw", size_max)
        await decoder.feed(chunk)
    if announced is not None and raw_size < announced:
        raise ConnectionLostError(
            f"the body ended after {raw_size} of {announced} bytes", sent=Sent.ANSWERED, request_id=request_id
        )
    return decoder.finish()


def _announced_size(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _too_large(which: str, size_max: int) -> BodyTooLargeError:
    return BodyTooLargeError(
        f"the {which} body is larger than {size_max} bytes",
        limit=size_max,
        hint="LimitPolicy.body_size_max raises the cap",
    )


def _decoder(encoding: str, size_max: int, request_id: str) -> _Identity:
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return _Identity()
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Inflater(name, size_max, request_id)
    raise DecodeError(f"the body is encoded as {name[:40]!r}, which was not asked for", request_id=request_id)


class _Identity:
    """Takes the bytes as they are."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    async def feed(self, chunk: bytes) -> None:
        self._parts.append(chunk)

    def finish(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


class _Inflater(_Identity):
    """Decompresses gzip (also of several members) and deflate (with and without the zlib head)."""

    def __init__(self, name: str, size_max: int, request_id: str) -> None:
        super().__init__()
        self._name = name
        self._size_max = size_max
        self._request_id = request_id
        self._size = 0
        self._head = b""
        self._inflate: zlib._Decompress | None = None

    async def feed(self, chunk: bytes) -> None:
        if self._inflate is None:
            self._head += chunk
            if len(self._head) < _HEAD_BYTES:
                return
            self._inflate, chunk = self._opened(self._head), self._head
        is_full = False
        while chunk or (is_full and not self._inflate.eof):  # after a full step there may be more inside
            if self._inflate.eof:
                self._inflate = self._next_member()
            out = self._step(self._inflate, chunk)
            self._size += len(out)
            if self._size > self._size_max:
                raise _too_large("decompressed", self._size_max)
            self._parts.append(out)
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data
            is_full = len(out) >= STEP_BYTES
            if is_full:
                await asyncio.sleep(0)

    def _opened(self, head: bytes) -> zlib._Decompress:
        if self._name != "deflate":
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        # Some peers leave out the zlib head (RFC 1950, 2.2: CMF and FLG) that the standard asks for.
        has_head = head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:_HEAD_BYTES]) % 31 == 0
        return zlib.decompressobj(wbits=zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)

    def _next_member(self) -> zlib._Decompress:
        if self._name == "deflate":
            raise DecodeError("bytes follow the end of the body", request_id=self._request_id)
        return self._opened(b"")

    def _step(self, inflate: zlib._Decompress, chunk: bytes) -> bytes:
        try:
            return inflate.decompress(chunk, STEP_BYTES)
        except zlib.error as exc:
            raise DecodeError(f"the body is no {self._name}", request_id=self._request_id) from exc

    def finish(self) -> bytes:
        if self._head and (self._inflate is None or not self._inflate.eof):
            raise ConnectionLostError(
                f"the {self._name} body ended early", sent=Sent.ANSWERED, request_id=self._request_id
            )
        return super().finish()
