# SPDX-License-Identifier: Apache-2.0
"""A declared provider at work: each key is answered once, in as few requests as the vendor allows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
import pytest

from ttapi_core import (
    AuthenticationError,
    CredentialsError,
    DataAnswer,
    DataRequest,
    InstrumentKind,
    ManualClock,
    NotFoundError,
    Outcome,
    ProtocolError,
    RetryPolicy,
    UnknownNameError,
    UsageError,
)
from ttapi_providers import (
    Asked,
    Credential,
    DeclaredProvider,
    Endpoint,
    Provider,
    Row,
    Skip,
    Values,
    get,
    listed,
    refused,
    share_classes,
)

START = date(2026, 1, 2)


def _quote(row: Row, _asked: Asked) -> Values:
    return {"vendor_symbol": row.text("s"), "last": row.number("p")}


def _bar(row: Row, _asked: Asked) -> Values:
    if row.raw("c") is None:
        raise Skip("no trade on that day")
    return {"date": row.day("d"), "close": row.number("c")}


def _told(body: Any, _asked: Asked) -> Exception | None:
    return refused(body["oops"], status=404) if isinstance(body, dict) and "oops" in body else None


ACME = Provider(
    name="acme",
    title="Acme",
    site="https://acme.example/docs",
    bases=("https://api.acme.example", "https://files.acme.example"),
    credentials=(
        Credential(variable="TTAPI_ACME_KEY", param="apikey"),
        Credential(
            variable="TTAPI_ACME_TOKEN", header="X-Token", base="https://files.acme.example", optional=True
        ),
    ),
    naming=share_classes("-"),
    told=_told,
    codes={"unknown ticker": NotFoundError},
    universes={"all": ("AAPL", "BRK/B")},
    endpoints=(
        Endpoint(dataset="quotes", request=get("/quotes", {"symbols": "{symbols}"}), row=_quote, batch=2),
        Endpoint(
            dataset="eod_data",
            request=get("/bars/{symbol}", {"from": "{since}"}),
            row=_bar,
            items=listed("bars"),
            next_page=lambda body, _asked: {"page": body["next"]} if body.get("next") else None,
            kinds=frozenset({InstrumentKind.EQUITY}),
        ),
        Endpoint(
            dataset="yield_curves",
            request=get("/curve", base="https://files.acme.example"),
            row=lambda row, _asked: {"curve": row.text("curve"), "months": row.number("m")},
            batch=0,
        ),
    ),
)

Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: Answer = lambda _request: httpx.Response(404)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers(request)


@pytest.fixture
def server() -> Server:
    return Server()


@asynccontextmanager
async def opened(server: Server, **options: Any) -> AsyncIterator[DeclaredProvider]:
    clock = ManualClock(auto_advance=True)
    credentials = options.pop("credentials", {"TTAPI_ACME_KEY": "k3y-secret"})
    async with DeclaredProvider(
        ACME,
        credentials=credentials,
        transport=lambda _base: httpx.MockTransport(server),
        retry=RetryPolicy(attempts_max=2),
        clock=clock,
        **options,
    ) as provider:
        yield provider


async def answers(server: Server, dataset: str, *keys: str, **options: Any) -> dict[str, DataAnswer]:
    request = DataRequest(dataset=dataset, keys=keys, since=START if dataset == "eod_data" else None)
    async with opened(server, **options) as provider:
        listed_ = [answer async for answer in provider.get_data(request)]
    assert len({answer.key for answer in listed_}) == len(listed_)
    return {answer.key: answer for answer in listed_}


def quotes(request: httpx.Request) -> httpx.Response:
    names = request.url.params["symbols"].split(",")
    return httpx.Response(200, json=[{"s": name, "p": 1.5} for name in names if name != "GONE"])


async def test_keys_go_in_batches_and_come_back_canonical(server: Server) -> None:
    server.answers = quotes
    found = await answers(server, "quotes", "AAPL", "BRK/B", "MSFT")
    assert sorted(request.url.params["symbols"] for request in server.requests) == ["AAPL,BRK-B", "MSFT"]
    assert {key: answer.outcome for key, answer in found.items()} == dict.fromkeys(
        ("AAPL", "BRK/B", "MSFT"), Outcome.FRESH
    )
    assert found["BRK/B"].columns["vendor_symbol"] == ["BRK-B"]


async def test_a_key_left_out_of_an_answer_with_others_is_unknown(server: Server) -> None:
    server.answers = quotes
    found = await answers(server, "quotes", "AAPL", "GONE")
    assert (found["AAPL"].outcome, found["GONE"].outcome) == (Outcome.FRESH, Outcome.UNKNOWN_SYMBOL)


async def test_one_name_that_is_refused_does_not_cost_the_others_theirs(server: Server) -> None:
    def refusing(request: httpx.Request) -> httpx.Response:
        if "BAD" in request.url.params["symbols"]:
            return httpx.Response(400, json={"error": {"message": "Unknown ticker in list"}})
        return quotes(request)

    server.answers = refusing
    found = await answers(server, "quotes", "AAPL", "BAD")
    assert (found["AAPL"].outcome, found["BAD"].outcome) == (Outcome.FRESH, Outcome.UNKNOWN_SYMBOL)
    assert isinstance(found["BAD"].cause, NotFoundError)


async def test_pages_are_followed_and_what_is_skipped_is_counted(server: Server) -> None:
    pages = {
        "": {"bars": [{"d": "2026-01-02", "c": 1}, {"d": "2026-01-03", "c": None}], "next": "p2"},
        "p2": {"bars": [{"d": "2026-01-05", "c": "2.5"}]},
    }
    server.answers = lambda request: httpx.Response(200, json=pages[request.url.params.get("page", "")])
    answer = (await answers(server, "eod_data", "AAPL"))["AAPL"]
    assert answer.columns["close"] == [1.0, 2.5]
    assert (answer.skipped_count, answer.skipped) == (1, ("record 1: no trade on that day",))
    assert answer.attempts == 2
    assert server.requests[0].url.params["from"] == "2026-01-02"


async def test_a_vendor_that_turns_in_circles_is_an_error(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(200, json={"bars": [], "next": "again"})
    answer = (await answers(server, "eod_data", "AAPL"))["AAPL"]
    assert answer.outcome is Outcome.FAILED
    assert isinstance(answer.cause, ProtocolError)


async def test_an_error_inside_an_answer_is_typed_and_tells_its_request(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(200, json={"oops": "no such bars"})
    answer = (await answers(server, "eod_data", "AAPL"))["AAPL"]
    assert answer.outcome is Outcome.UNKNOWN_SYMBOL
    assert answer.cause.request_id == server.requests[0].headers["x-request-id"]


async def test_a_whole_answer_without_records_is_empty(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(200, json={"bars": []})
    assert (await answers(server, "eod_data", "AAPL"))["AAPL"].outcome is Outcome.EMPTY


async def test_an_answer_that_was_cut_off_is_asked_for_again(server: Server) -> None:
    bodies = iter([b'{"bars": [{"d": "2026-', json.dumps({"bars": [{"d": "2026-01-02", "c": 1}]}).encode()])
    server.answers = lambda _request: httpx.Response(200, content=next(bodies))
    assert (await answers(server, "eod_data", "AAPL"))["AAPL"].outcome is Outcome.FRESH
    assert len(server.requests) == 2


async def test_an_instrument_of_another_kind_is_not_asked_for(server: Server) -> None:
    found = await answers(server, "eod_data", "BTC/USD")
    assert found["BTC/USD"].outcome is Outcome.UNKNOWN_SYMBOL
    assert server.requests == []


async def test_all_there_is_comes_by_key(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(
        200, json=[{"curve": "a", "m": 1}, {"curve": "b", "m": 2}]
    )
    assert {key: a.columns["months"] for key, a in (await answers(server, "yield_curves")).items()} == {
        "a": [1.0],
        "b": [2.0],
    }


async def test_a_secret_goes_where_it_belongs_and_into_no_error(server: Server) -> None:
    server.answers = lambda request: httpx.Response(
        500, json={"error": f"bad key {request.url.params.get('apikey')}"}
    )
    found = await answers(server, "quotes", "AAPL")
    assert server.requests[0].url.params["apikey"] == "k3y-secret"
    assert "k3y-secret" not in f"{found['AAPL'].cause!r} {found['AAPL'].cause}"


async def test_a_secret_for_one_server_draws_requests_there(server: Server) -> None:
    server.answers = quotes
    await answers(server, "quotes", "AAPL")
    await answers(
        server, "quotes", "AAPL", credentials={"TTAPI_ACME_KEY": "k3y-secret", "TTAPI_ACME_TOKEN": "t0ken"}
    )
    plain, paid = server.requests
    assert (plain.url.host, plain.headers.get("x-token")) == ("api.acme.example", None)
    assert (paid.url.host, paid.headers.get("x-token")) == ("files.acme.example", "t0ken")


async def test_rows_that_were_not_asked_for_are_counted_with_their_names(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(200, json=[{"s": "AAPL", "p": 1}, {"s": "ZZZ", "p": 2}])
    answer = (await answers(server, "quotes", "AAPL"))["AAPL"]
    assert (answer.skipped_count, answer.skipped) == (1, ("1 rows of ZZZ, which were not asked for",))


async def test_refused_credentials_end_everything(server: Server) -> None:
    server.answers = lambda _request: httpx.Response(401, json={"error": "who are you"})
    with pytest.raises(AuthenticationError):
        await answers(server, "quotes", "AAPL")


async def test_a_missing_credential_is_named_with_where_to_get_it() -> None:
    with pytest.raises(CredentialsError, match=r"TTAPI_ACME_KEY.*acme\.example"):
        DeclaredProvider(ACME)


async def test_unknown_datasets_and_lists_name_those_that_exist(server: Server) -> None:
    with pytest.raises(UnknownNameError, match="eod_data"):
        await answers(server, "filings", "AAPL")
    async with opened(server) as provider:
        assert list(await provider.universe("all")) == ["AAPL", "BRK/B"]
        with pytest.raises(UnknownNameError, match="all"):
            await provider.universe("everything")


async def test_a_closed_provider_and_a_stream_are_refused(server: Server) -> None:
    async with opened(server) as provider:
        with pytest.raises(UsageError, match="no stream"):
            provider.subscribe(["quote"], ["AAPL"])
    found = provider.get_data(DataRequest(dataset="quotes", keys=("AAPL",)))
    with pytest.raises(UsageError, match="closed"):
        await anext(found)


async def test_health_is_any_answer_but_refused_credentials(server: Server) -> None:
    async with opened(server) as provider:
        assert (await provider.health_check()).reachable
        server.answers = lambda _request: httpx.Response(401)
        health = await provider.health_check()
    assert not health.reachable
    assert isinstance(health.cause, AuthenticationError)
    assert provider.counts.sent == 2


def test_keys_are_canonical_where_they_name_an_instrument() -> None:
    assert DeclaredProvider.canonical(" aapl ") == "AAPL"
    assert DeclaredProvider.canonical("EXR/D.USD.EUR.SP00.A") == "EXR/D.USD.EUR.SP00.A"
