# SPDX-License-Identifier: Apache-2.0
"""What each fault looks like to a client on a real socket."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox import Sandbox

PATH = "/instruments/equities/AAPL"
ENDPOINT = "GET /instruments/equities/{symbol}"


async def raw(sandbox: Sandbox, client: httpx.AsyncClient, path: str = PATH) -> bytes:
    """Send a request on a bare socket and return all bytes until the end of the connection."""
    address = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = "".join(f"{name}: {client.headers[name]}\r\n" for name in ("user-agent", "authorization"))
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()


def split(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.lower(), body


@pytest.mark.parametrize(
    ("kind", "status", "media_type"),
    [
        ("429", 429, "text/html"),
        ("500", 500, "application/json; charset=utf-8"),
        ("502", 502, "application/json; charset=utf-8"),
        ("503", 503, "application/json; charset=utf-8"),
        ("html", 502, "text/html"),
        ("expired", 401, "application/json; charset=utf-8"),
    ],
)
async def test_refusing_fault_answers_instead_of_the_handler(
    run: Callable[..., Any], kind: str, status: int, media_type: str
) -> None:
    async with run(faults=(f"kind={kind},times=1",)) as (sandbox, client):
        answer = await client.get(PATH)
        assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)
        assert answer.headers["x-simulated"] == "true"
        assert "retry-after" not in answer.headers
        assert sandbox.statistics.executed[ENDPOINT] == 0
        assert (await client.get(PATH)).status_code == 200
        assert sandbox.statistics.faults == {kind: 1}


async def test_too_many_requests_fault_says_when_to_come_again(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=429,headers=true,seconds=3",)) as (_, client):
        answer = await client.get(PATH)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


async def test_latency_waits_and_then_answers(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=latency,seconds=0.15",)) as (_, client):
        began = time.perf_counter()
        assert (await client.get(PATH)).status_code == 200
        assert time.perf_counter() - began >= 0.15


async def test_reset_breaks_the_answer_off_with_a_reset(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=reset",)) as (sandbox, client):
        with pytest.raises(ConnectionResetError):
            await raw(sandbox, client)
        assert sandbox.statistics.executed[ENDPOINT] == 1


async def test_drop_closes_without_an_answer_after_executing(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=drop",)) as (sandbox, client):
        assert await raw(sandbox, client) == b""
        assert sandbox.statistics.executed[ENDPOINT] == 1


async def test_mute_says_nothing_until_the_client_gives_up(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=mute",)) as (sandbox, client):
        with pytest.raises(httpx.ReadTimeout):
            await client.get(PATH, timeout=0.1)
        assert sandbox.statistics.executed[ENDPOINT] == 1


async def test_mute_ends_with_the_server(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=mute",)) as (sandbox, client):
        waiting = asyncio.create_task(raw(sandbox, client))
        await asyncio.sleep(0.1)
        assert sandbox.statistics.faults == {"mute": 1}
        began = time.perf_counter()
    assert await waiting == b""
    assert time.perf_counter() - began < 1.5


async def test_truncated_answer_is_shorter_than_promised(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=truncated",)) as (sandbox, client):
        head, body = split(await raw(sandbox, client))
        promised = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        assert len(body) == promised // 2
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(PATH)


async def test_cut_answer_is_well_framed_and_no_json(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=cut",)) as (_, client):
        answer = await client.get(PATH)
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()


async def test_empty_answer_is_a_good_one_without_a_body(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=empty",)) as (_, client):
        answer = await client.get(PATH)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_drip_brings_the_whole_answer_in_pieces(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=drip,seconds=0.15,times=1",)) as (_, client):
        async with client.stream("GET", PATH) as answer:
            pieces = [piece async for piece in answer.aiter_raw()]
        assert len(pieces) > 5
        assert b"".join(pieces) == (await client.get(PATH)).content


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (PATH, lambda data: data["symbol"]),
        ("/option-chains/AAPL/nested", lambda data: data["items"][0]["underlying-symbol"]),
        ("/market-data/by-type?equity=AAPL,MSFT", lambda data: data["items"][0]["symbol"]),
        ("/market-metrics?symbols=AAPL", lambda data: data["items"][0]["symbol"]),
    ],
)
async def test_wrong_symbol_answers_for_another_name(
    run: Callable[..., Any], path: str, place: Callable[[Any], str]
) -> None:
    async with run(faults=("kind=wrong-symbol",)) as (sandbox, client):
        data = (await client.get(path)).json()["data"]
        assert place(data) == sandbox.application.market.neighbour("AAPL") != "AAPL"
        assert sandbox.statistics.faults == {"wrong-symbol": 1}


async def test_wrong_symbol_does_not_fire_where_no_symbol_is_asked_for(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=wrong-symbol",)) as (sandbox, client):
        assert (await client.get("/customers/me")).status_code == 200
        assert (await client.get("/instruments/equities/NOPE")).status_code == 404
        assert (await client.get("/market-data/by-type?equity=NOPE")).json()["data"] == {"items": []}
        assert sandbox.statistics.faults == {}


@pytest.mark.parametrize("path", [PATH, "/market-data/by-type?equity=AAPL,MSFT", "/customers/me"])
async def test_extra_and_missing_members_leave_the_rest_alone(run: Callable[..., Any], path: str) -> None:
    async with run() as (sandbox, client):

        async def objects(kind: str | None) -> list[dict[str, Any]]:
            await client.put("/_sandbox/faults", json={"faults": [f"kind={kind}"] if kind else []})
            data = (await client.get(path)).json()["data"]
            items: list[dict[str, Any]] = data.get("items", [data])
            return items

        good, extra, missing = await objects(None), await objects("extra"), await objects("missing")
        for whole, more, less in zip(good, extra, missing, strict=True):
            assert more.keys() - whole.keys() == {"x-unknown-member"}
            assert len(less) == len(whole) - 1
            assert less.items() <= whole.items() or path == "/customers/me"
        assert sandbox.statistics.faults == {"extra": 1, "missing": 1}


async def test_damage_to_members_leaves_html_alone(run: Callable[..., Any]) -> None:
    async with run(faults=("kind=extra",)) as (_, client):
        assert (await client.get("/instruments/equities/NOPE")).status_code == 404


async def test_seven_percent_of_faults_hit_the_same_requests_again(run: Callable[..., Any]) -> None:
    async def statuses() -> list[int]:
        async with run(faults=("kind=503+html+empty,rate=0.3,seed=5",)) as (_, client):
            return [(await client.get(PATH)).status_code for _ in range(40)]

    first = await statuses()
    assert first == await statuses()
    assert {200, 502, 503} == set(first)
