# SPDX-License-Identifier: Apache-2.0
"""Bodies under their cap: plain, compressed, cut, bombs."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.body import STEP_BYTES, read_body
from ttapi_core import BodyTooLargeError, ConnectionLostError, DecodeError, Sent

CAP = 64 * 1024 * 1024


class Chunks(httpx.AsyncByteStream):
    """A stream in pieces of a given size; counts what was taken."""

    def __init__(self, data: bytes, size: int = 16 * 1024) -> None:
        self.data, self.size, self.taken = data, size, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.data), self.size):
            self.taken += 1
            yield self.data[start : start + self.size]


def answer(data: bytes, *, size: int = 16 * 1024, status: int = 200, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=fields, stream=Chunks(data, size))


async def read(response: httpx.Response, size_max: int = CAP, method: str = "GET") -> bytes:
    return await read_body(response, method=method, size_max=size_max)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "identity": bytes,
    "": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate ": raw_deflate,
}


@pytest.mark.parametrize("encoding", PACKERS)
@given(data=st.binary(max_size=5000), size=st.integers(1, 4000))
async def test_read_body_given_any_chunks_returns_what_was_packed(
    encoding: str, data: bytes, size: int
) -> None:
    packed = PACKERS[encoding](data)
    response = answer(packed, size=size, content_encoding=encoding, content_length=str(len(packed)))
    assert await read(response) == data


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate "])
@pytest.mark.parametrize("past", [-1, 0, 1, 100, 257, 300, STEP_BYTES, STEP_BYTES + 1])
@pytest.mark.parametrize("size", [1, 16 * 1024])
async def test_read_body_given_sizes_around_the_step_returns_what_was_packed(
    encoding: str, past: int, size: int
) -> None:
    """Where the input is used up at the end of a full step, the last bytes are still inside zlib."""
    data = b"a" * (STEP_BYTES + past)
    packed = PACKERS[encoding](data)
    assert await read(answer(packed, size=size, content_encoding=encoding)) == data


async def test_read_body_given_raw_deflate_cut_after_a_full_step_says_lost() -> None:
    packed = raw_deflate(b"a" * (3 * STEP_BYTES))
    with pytest.raises(ConnectionLostError):
        await read(answer(packed[: len(packed) * 2 // 3], content_encoding="deflate"))


async def test_read_body_given_several_gzip_members_joins_them() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert await read(answer(packed, content_encoding="gzip")) == b"one two"


async def test_read_body_given_empty_body_said_to_be_gzip_is_empty() -> None:
    assert await read(answer(b"", content_encoding="gzip")) == b""


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_read_body_given_no_body_by_definition_ignores_the_headers(method: str, status: int) -> None:
    response = answer(b"", status=status, content_length="100", content_encoding="gzip")
    assert await read(response, method=method) == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_read_body_given_bomb_stops_at_the_cap(encoding: str) -> None:
    """100 kB that unpack to 100 MiB: refused, and memory stays near the cap."""
    wbits = zlib.MAX_WBITS | (16 if encoding == "gzip" else 0)
    packer = zlib.compressobj(9, wbits=wbits)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(100)) + packer.flush()
    assert len(bomb) < 120_000
    cap = 8 * 1024 * 1024
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError) as caught:
            await read(answer(bomb, content_encoding=encoding), size_max=cap)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.limit == cap
    assert peak < cap + 4 * 1024 * 1024


async def test_read_body_given_endless_body_stops_at_the_cap() -> None:
    response = answer(bytes(10_000), size=100)
    with pytest.raises(BodyTooLargeError):
        await read(response, size_max=1000)
    assert isinstance(response.stream, Chunks)
    assert response.stream.taken == 11


async def test_read_body_given_announced_size_beyond_the_cap_reads_nothing() -> None:
    response = answer(bytes(10_000), content_length="10000")
    with pytest.raises(BodyTooLargeError):
        await read(response, size_max=9999)
    assert isinstance(response.stream, Chunks)
    assert response.stream.taken == 0


async def test_read_body_given_exactly_the_cap_returns_it() -> None:
    assert len(await read(answer(bytes(1000), content_length="1000"), size_max=1000)) == 1000
    assert len(await read(answer(gzip.compress(bytes(1000)), content_encoding="gzip"), size_max=1000)) == 1000


async def test_read_body_given_fewer_bytes_than_announced_says_lost() -> None:
    with pytest.raises(ConnectionLostError) as caught:
        await read(answer(b"abc", content_length="4"))
    assert caught.value.sent is Sent.ANSWERED


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_read_body_given_cut_compression_says_lost_at_every_byte(encoding: str) -> None:
    packed = PACKERS[encoding](b"quotes " * 20)
    for length in range(1, len(packed)):
        with pytest.raises(ConnectionLostError):
            await read(answer(packed[:length], content_encoding=encoding))


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", b"plain text"),
        ("deflate", b"\xff\xff plain text"),
        ("deflate", zlib.compress(b"x") + b"more"),
        ("gzip", gzip.compress(b"x", mtime=0) + b"more"),
        ("br", b"whatever"),
        ("gzip, gzip", gzip.compress(b"x", mtime=0)),
    ],
)
async def test_read_body_given_what_it_cannot_unpack_says_so(encoding: str, data: bytes) -> None:
    with pytest.raises(DecodeError):
        await read(answer(data, content_encoding=encoding))
