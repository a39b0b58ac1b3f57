# SPDX-License-Identifier: Apache-2.0
"""The client as its callers see it: requests, answers, credentials, origin, deadline, breaker, cancellation."""

from __future__ import annotations

import asyncio
import gzip
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from ttapi_client import ResilientClient
from ttapi_core import (
    AnswerMismatchError,
    AuthenticationError,
    BodyTooLargeError,
    BreakerPolicy,
    BudgetSpentError,
    CircuitOpenError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    DecodeError,
    GrantRefusedError,
    LimitPolicy,
    ManualClock,
    NotFoundError,
    ParameterError,
    RateLimitError,
    RateWindow,
    RequestCounts,
    ResponseError,
    RetryPolicy,
    Sent,
    ServerFaultError,
    TTError,
    UsageError,
)

BASE = "https://api.example.com/v1"
QUICK = RetryPolicy(wait_initial_s=0.001, wait_max_s=0.002)
NEVER = BreakerPolicy(failures_max=1_000_000)
Handler = Callable[[httpx.Request], Awaitable[httpx.Response] | httpx.Response]


def over(handler: Handler, base_url: str = BASE, **options: Any) -> ResilientClient:
    """Return a client over a function instead of a network."""
    return ResilientClient(
        base_url, transport=httpx.MockTransport(handler), **({"retry": QUICK, "seed": 1} | options)
    )  # type: ignore[arg-type] # a mock takes both kinds of handler


async def moved(
    clock: ManualClock, task: asyncio.Future[Any], *, step_s: float = 0.1, at_most_s: float = 1000
) -> None:
    """Move the clock until ``task`` is done."""
    for _ in range(round(at_most_s / step_s)):
        for _ in range(12):
            await asyncio.sleep(0)
        if task.done():
            return
        clock.advance(step_s)
    raise AssertionError(f"not done after {at_most_s} s")


class Script:
    """Answers with each of its steps in turn, the last for ever; keeps what was asked."""

    def __init__(self, *steps: httpx.Response | Exception | int) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step, json={}) if isinstance(step, int) else step


class Keyring:
    """An authenticator whose tokens are numbered."""

    def __init__(self, *, renews: bool = True) -> None:
        self.number, self.renews, self.refusals = 1, renews, 0

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer token-{self.number}"}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        self.refusals += 1
        self.number += 1
        return self.renews


# Declared limits, in memory.


async def test_declared_windows_hold_back_and_then_fail_loudly() -> None:
    clock = ManualClock()
    limits = LimitPolicy(windows=(RateWindow(requests=2, seconds=10), RateWindow(requests=5, seconds=3600)))
    script = Script(200)
    async with over(script, clock=clock, limits=limits) as client:
        task = asyncio.gather(*(client.request("GET", "/x") for _ in range(6)), return_exceptions=True)
        await moved(clock, task)
        ends = await task
    assert [type(end) for end in ends] == [httpx.Response] * 5 + [BudgetSpentError]
    assert len(script.requests) == 5
    assert 20 <= clock.monotonic() <= 22


async def test_weight_is_charged_to_declared_windows_and_bounded_by_them() -> None:
    clock = ManualClock()
    limits = LimitPolicy(windows=(RateWindow(requests=3, seconds=10),))
    async with over(Script(200), clock=clock, limits=limits) as client:
        await client.request("GET", "/x", weight=2)
        task = asyncio.ensure_future(client.request("GET", "/x", weight=2))
        await moved(clock, task)
        assert clock.monotonic() >= 10
        for weight in (0, 4):
            with pytest.raises(ParameterError, match="weight"):
                await client.request("GET", "/x", weight=weight)


# Requests and answers.


async def test_request_sends_what_was_given_and_says_who_it_is() -> None:
    script = Script(200)
    async with over(script, user_agent="test/1") as client:
        response = await client.request(
            "get", "/quotes", params={"symbol": ["AAPL", "SPY"], "all": True, "n": 5}, headers={"X-A": "b"}
        )
    sent = script.requests[0]
    assert str(sent.url) == f"{BASE}/quotes?symbol=AAPL&symbol=SPY&all=true&n=5"
    assert sent.method == "GET"
    assert sent.headers["user-agent"] == "test/1"
    assert sent.headers["accept-encoding"] == "gzip, deflate"
    assert sent.headers["x-a"] == "b"
    assert sent.headers["x-request-id"] == response.extensions["ttapi_request_id"]
    assert response.extensions["ttapi_attempts"] == 1


async def test_request_given_headers_of_its_own_replaces_ours_but_never_the_request_id() -> None:
    script = Script(200)
    async with over(script) as client:
        response = await client.request(
            "GET", "/x", headers={"accept": "text/csv", "ACCEPT-ENCODING": "identity", "x-request-id": "mine"}
        )
    sent = script.requests[0].headers
    assert sent.get_list("accept") == ["text/csv"]
    assert sent.get_list("accept-encoding") == ["identity"]
    assert sent.get_list("x-request-id") == [response.extensions["ttapi_request_id"]]


async def test_error_given_line_break_in_the_path_stays_one_line_and_tells_the_attempts() -> None:
    async with over(Script(503), retry=RetryPolicy(attempts_max=2, wait_initial_s=0.001)) as client:
        with pytest.raises(ServerFaultError) as caught:
            await client.request("GET", "/a%0Ab%1B[31mc")
    assert str(caught.value) == "GET /v1/a%0Ab%1B[31mc answered 503"
    assert caught.value.attempts == 2


async def test_deadline_given_authenticator_that_hangs_ends_the_call() -> None:
    class Hanging(Keyring):
        async def headers(self) -> Mapping[str, str]:
            await asyncio.Event().wait()
            return {}

    async with over(Script(200), authenticator=Hanging()) as client:
        with pytest.raises(DeadlineExceededError) as caught:
            await client.request("GET", "/x", deadline_s=0.05)
        assert client.counts.sent == 0
    assert caught.value.sent is Sent.NEVER


async def test_request_given_json_writes_it_and_given_content_sends_it_as_it_is() -> None:
    script = Script(200)
    async with over(script) as client:
        await client.request("POST", "/orders", json={"symbol": "AAPL", "quantity": "1.50"})
        await client.request("POST", "orders", content=b"raw", headers={"Content-Type": "text/plain"})
    assert script.requests[0].content == b'{"symbol":"AAPL","quantity":"1.50"}'
    assert script.requests[0].headers["content-type"] == "application/json"
    assert script.requests[1].content == b"raw"
    assert script.requests[1].url.path == "/v1/orders"


async def test_request_given_compressed_answer_unpacks_it(peer: Any, client_of: Any) -> None:
    packed = gzip.compress(b'{"data": "' + b"x" * 100_000 + b'"}')
    peer.on("/x", peer.answer(200, packed, {"Content-Encoding": "gzip"}))
    response = await client_of(peer.url).request("GET", "/x")
    assert len(response.json()["data"]) == 100_000
    assert "content-encoding" not in response.headers


async def test_request_given_304_is_an_answer() -> None:
    async with over(Script(304)) as client:
        assert (await client.request("GET", "/x", headers={"If-None-Match": "e"})).status_code == 304


@pytest.mark.parametrize(
    "arguments",
    [
        {"json": {}, "content": b""},
        {"json": {"price": float("nan")}},
        {"json": object()},
        {"deadline_s": 0},
        {"deadline_s": float("nan")},
        {"headers": {"X-A": "\u20ac"}},
    ],
)
async def test_request_given_what_cannot_be_sent_refuses_before_sending(arguments: dict[str, Any]) -> None:
    script = Script(200)
    async with over(script) as client:
        with pytest.raises(ParameterError):
            await client.request("POST", "/x", **arguments)
    assert script.requests == []


async def test_counts_tell_attempts_repetitions_and_failed_calls() -> None:
    async with over(Script(503, 200, 404)) as client:
        await client.request("GET", "/x")
        with pytest.raises(NotFoundError):
            await client.request("GET", "/x")
        assert client.counts == RequestCounts(sent=3, retried=1, failed=1)


async def test_request_json_given_cut_answer_asks_again() -> None:
    cut = httpx.Response(200, content=b'{"a": ')
    async with over(
        Script(cut, httpx.Response(200, content=b""), httpx.Response(200, json={"a": 1}))
    ) as client:
        assert await client.request_json("GET", "/x") == {"a": 1}
        assert client.counts.retried == 2


async def test_request_json_given_cut_answer_to_post_does_not_ask_again() -> None:
    script = Script(httpx.Response(200, content=b'{"a": '))
    async with over(script) as client:
        with pytest.raises(DecodeError):
            await client.request_json("POST", "/x")
    assert len(script.requests) == 1


async def test_request_json_given_check_that_refuses_asks_again_until_it_fits() -> None:
    answers = [httpx.Response(200, json={"symbol": symbol}) for symbol in ("MSFT", "AAPL")]

    def check(value: Any) -> None:
        if value["symbol"] != "AAPL":
            raise AnswerMismatchError(f"asked for AAPL, got {value['symbol']}")

    async with over(Script(*answers)) as client:
        assert await client.request_json("GET", "/x", check=check) == {"symbol": "AAPL"}


async def test_request_given_check_that_never_fits_raises_its_error_after_the_last_attempt() -> None:
    def check(response: httpx.Response) -> None:
        raise DecodeError(f"{len(response.content)} bytes")

    async with over(Script(200), retry=RetryPolicy(attempts_max=3, wait_initial_s=0.001)) as client:
        with pytest.raises(DecodeError, match="2 bytes"):
            await client.request("GET", "/x", check=check)
        assert client.counts == RequestCounts(sent=3, retried=2, failed=1)


async def test_request_given_foreign_error_in_check_lets_it_through() -> None:
    def check(_: Any) -> None:
        raise KeyError("mine")

    async with over(Script(200)) as client:
        with pytest.raises(KeyError):
            await client.request_json("GET", "/x", check=check)
        assert client.in_flight == 0


# Credentials and origin.


async def test_request_given_401_renews_and_tries_once_more_for_every_method() -> None:
    script = Script(401, 200, 401, 200)
    keyring = Keyring()
    async with over(script, authenticator=keyring) as client:
        await client.request("GET", "/x")
        await client.request("POST", "/x")
    used = [request.headers["authorization"] for request in script.requests]
    assert used == ["Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-3"]


@pytest.mark.parametrize("renews", [True, False])
async def test_request_given_401_again_or_no_new_token_raises(renews: bool) -> None:
    script = Script(401)
    keyring = Keyring(renews=renews)
    async with over(script, authenticator=keyring) as client:
        with pytest.raises(AuthenticationError):
            await client.request("GET", "/x")
    assert len(script.requests) == 1 + renews
    assert keyring.refusals == 1


async def test_request_given_no_authentication_wanted_sends_none() -> None:
    script = Script(401)
    keyring = Keyring()
    async with over(script, authenticator=keyring) as client:
        with pytest.raises(AuthenticationError):
            await client.request("GET", "/x", authenticated=False)
    assert "authorization" not in script.requests[0].headers
    assert keyring.refusals == 0


@pytest.mark.parametrize("where", ["headers", "refused"])
async def test_request_given_authenticator_that_fails_raises_its_error_and_tries_nothing_more(
    where: str,
) -> None:
    """The authenticator has retried already: its errors are final, also those that sound retryable."""

    class Broken(Keyring):
        async def headers(self) -> Mapping[str, str]:
            if where == "headers":
                raise ConnectionLostError("token endpoint")
            return await super().headers()

        async def refused(self, headers: Mapping[str, str]) -> bool:
            raise GrantRefusedError("no grant", status=400)

    script = Script(401)
    async with over(script, authenticator=Broken()) as client:
        with pytest.raises(ConnectionLostError if where == "headers" else GrantRefusedError):
            await client.request("GET", "/x")
        assert client.in_flight == 0
    assert len(script.requests) == (0 if where == "headers" else 1)


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.com/x",
        "http://api.example.com/x",
        "https://api.example.com:444/x",
        "https://api.example.com.evil.example/x",
        "https://user@api.example.com/x",
        "https://api.example.com@evil.example/x",
        "ftp://api.example.com/x",
    ],
)
async def test_request_given_other_origin_refuses_and_sends_nothing(path: str) -> None:
    script = Script(200)
    async with over(script, authenticator=Keyring()) as client:
        with pytest.raises(ParameterError):
            await client.request("GET", path)
    assert script.requests == []


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "@evil.example/x", "\\\\evil.example", "/..//evil.example", ":444/x"]
)
async def test_request_given_tricky_path_stays_at_home(path: str) -> None:
    script = Script(200)
    async with over(script, authenticator=Keyring()) as client:
        await client.request("GET", path)
    assert (script.requests[0].url.scheme, script.requests[0].url.netloc) == ("https", b"api.example.com")


async def test_request_given_url_of_its_own_origin_takes_it() -> None:
    script = Script(200)
    async with over(script) as client:
        await client.request("GET", "https://api.example.com:443/other?page=2")
    assert script.requests[0].url.raw_path == b"/other?page=2"


@pytest.mark.parametrize(
    "base_url",
    ["", "api.example.com", "ftp://x", "https://", "https://u:p@x.example", "https://x/?a=b", "https://[", 7],
)
def test_client_given_bad_base_url_refuses(base_url: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        ResilientClient(base_url)
    assert "u:p" not in str(caught.value)


async def test_request_given_redirect_does_not_follow(peer: Any, client_of: Any) -> None:
    for status in (301, 302, 303, 307, 308):
        peer.on("/x", peer.answer(status, headers={"Location": f"{peer.url}/elsewhere"}))
        with pytest.raises(ResponseError, match="redirects are not followed"):
            await client_of(peer.url, authenticator=Keyring()).request("POST", "/x")
    assert peer.hits_of("/elsewhere") == []


# Sizes and times.


async def test_request_given_bomb_raises_too_large_and_goes_on_working(peer: Any, client_of: Any) -> None:
    bomb = gzip.compress(bytes(20 * 1024 * 1024))
    peer.on("/bomb", peer.answer(200, bomb, {"Content-Encoding": "gzip"}))
    peer.on("/x", peer.answer())
    client = client_of(peer.url, limits=LimitPolicy(body_size_max=1024 * 1024))
    with pytest.raises(BodyTooLargeError):
        await client.request("GET", "/bomb")
    assert len(peer.hits_of("/bomb")) == 1
    assert (await client.request("GET", "/x")).status_code == 200


@pytest.mark.parametrize("fault", ["drip", "mute", "drop"])
async def test_request_given_deadline_ends_within_it_whatever_the_peer_does(
    peer: Any, client_of: Any, fault: str
) -> None:
    peer.on("/x", getattr(peer, fault)())
    client = client_of(peer.url, retry=RetryPolicy(attempts_max=1000, wait_initial_s=0.05), breaker=NEVER)
    started = time.perf_counter()
    with pytest.raises(DeadlineExceededError) as caught:
        await client.request("GET", "/x", deadline_s=0.15)
    assert time.perf_counter() - started < 0.15 + 0.35  # a busy machine may be late
    assert caught.value.request_id
    assert client.in_flight == 0


async def test_request_given_wait_beyond_the_deadline_fails_now_and_not_then() -> None:
    clock = ManualClock()
    error = httpx.Response(503, headers={"Retry-After": "30"})
    async with over(Script(error), clock=clock) as client:
        with pytest.raises(DeadlineExceededError) as caught:
            await client.request("GET", "/x", deadline_s=20)
    assert isinstance(caught.value.__cause__, ServerFaultError)
    assert clock.monotonic() == 0


async def test_request_given_retry_after_waits_at_least_that_long() -> None:
    clock = ManualClock(auto_advance=True)
    for status in (429, 503):
        began = clock.monotonic()
        async with over(
            Script(httpx.Response(status, headers={"Retry-After": "7"}), 200), clock=clock
        ) as client:
            await client.request("GET", "/x")
        assert 7 <= clock.monotonic() - began <= 7.2


async def test_deadline_begins_when_the_call_is_let_out_and_not_in_the_queue() -> None:
    """Five hundred calls at one a second, each with ten seconds: all arrive, the last after eight minutes."""
    clock = ManualClock()
    limits = LimitPolicy(rate_initial_per_s=1, deadline_s=10)
    async with over(Script(200), clock=clock, limits=limits) as client:
        calls = asyncio.gather(*(client.request("GET", f"/{number}") for number in range(300)))
        await moved(clock, calls, step_s=0.5)
        assert {response.status_code for response in await calls} == {200}


async def test_deadline_of_a_refused_call_moves_on_while_others_get_through() -> None:
    """The peer refuses one path for twice the deadline while it lets the others through."""
    began = time.perf_counter()

    def handler(request: httpx.Request) -> httpx.Response:
        refuse = request.url.path == "/v1/late" and time.perf_counter() - began < 0.4
        return httpx.Response(429 if refuse else 200)

    async def others(client: ResilientClient) -> None:
        while True:
            await client.request("GET", "/x")

    async with over(handler, limits=LimitPolicy(deadline_s=0.2, rate_min_per_s=100)) as client:
        background = asyncio.create_task(others(client))
        late = asyncio.create_task(client.request("GET", "/late"))
        with pytest.raises(DeadlineExceededError):
            await client.request("GET", "/late", deadline_s=0.2)
        assert (await late).status_code == 200
        background.cancel()
        await asyncio.gather(background, return_exceptions=True)


async def test_deadline_given_peer_that_refuses_everybody_ends_all_calls() -> None:
    """Those who were let out and those who still stand in the queue, where a hundred have no chance in time."""
    script = Script(429)
    began = time.perf_counter()
    limits = LimitPolicy(deadline_s=0.2, rate_min_per_s=20, concurrency_max=10)
    async with over(script, limits=limits) as client:
        calls = (client.request("GET", f"/{number}") for number in range(100))
        ended = await asyncio.gather(*calls, return_exceptions=True)
    assert time.perf_counter() - began < 2 * 0.2 + 0.35  # a busy machine may be late
    assert {type(end) for end in ended} == {DeadlineExceededError}
    assert len(script.requests) <= 10 + 0.4 * 20 + 5


async def test_request_given_429_for_ever_gives_up_in_the_end() -> None:
    """One endpoint refuses always, another works: the call does not live as long as the client."""
    clock = ManualClock()

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429 if request.url.path == "/v1/shut" else 200)

    async with over(handler, clock=clock) as client:
        shut = asyncio.create_task(client.request("GET", "/shut"))

        async def others() -> None:
            while not shut.done():
                await client.request("GET", "/open")
                await clock.sleep(1)

        background = asyncio.create_task(others())
        await moved(clock, shut)
        with pytest.raises(RateLimitError):
            await shut
        await moved(clock, background)


async def test_request_given_announced_quota_is_never_refused() -> None:
    """Ten in ten seconds, said so in every answer: thirty requests, no 429."""
    clock = ManualClock()
    windows: dict[int, int] = {}

    def handler(_: httpx.Request) -> httpx.Response:
        window = int(clock.monotonic() // 10)
        windows[window] = windows.get(window, 0) + 1
        left, reset = 10 - windows[window], 10 - clock.monotonic() % 10
        headers = {"RateLimit": f'"default";r={max(left, 0)};t={reset:.3f}'}
        return httpx.Response(200 if left >= 0 else 429, headers=headers)

    async with over(handler, clock=clock, limits=LimitPolicy(concurrency_max=5)) as client:
        calls = asyncio.gather(*(client.request("GET", f"/{n}") for n in range(30)))
        await moved(clock, calls)
        await calls
        assert client.counts == RequestCounts(sent=30)
    assert clock.monotonic() <= 31


# The breaker.


async def test_outage_opens_the_breaker_and_spares_the_peer() -> None:
    """A hundred calls at a peer that is down: all fail within one reset timeout, with few requests sent."""
    clock = ManualClock()
    script = Script(httpx.ConnectError("down"))
    breaker = BreakerPolicy(failures_max=10, reset_timeout_s=5)
    async with over(script, clock=clock, breaker=breaker, limits=LimitPolicy(concurrency_max=10)) as client:
        calls = [client.request("GET", "/x") for _ in range(100)]
        ended = asyncio.gather(*calls, return_exceptions=True)
        await moved(clock, ended)
        kinds = {type(end) for end in await ended}
    assert kinds <= {CircuitOpenError, ConnectError}
    assert CircuitOpenError in kinds
    assert len(script.requests) <= 22
    assert clock.monotonic() <= 6


async def test_restart_of_the_peer_costs_a_wait_and_no_call() -> None:
    clock = ManualClock()

    def handler(_: httpx.Request) -> httpx.Response:
        if clock.monotonic() < 3:
            raise httpx.ConnectError("restarting")
        return httpx.Response(200)

    breaker = BreakerPolicy(failures_max=5, reset_timeout_s=5)
    async with over(handler, clock=clock, breaker=breaker, retry=RetryPolicy()) as client:
        calls = asyncio.gather(*(client.request("GET", "/x") for _ in range(300)))
        await moved(clock, calls)
        assert {response.status_code for response in await calls} == {200}
    assert clock.monotonic() <= 10


async def test_half_open_given_hundred_waiting_calls_sends_exactly_one_trial() -> None:
    clock = ManualClock()
    answered = asyncio.Event()
    down = True
    arrived: list[float] = []

    async def handler(_: httpx.Request) -> httpx.Response:
        arrived.append(clock.monotonic())
        if down:
            return httpx.Response(500)
        if len(arrived) == 1:
            await answered.wait()
        return httpx.Response(200)

    breaker = BreakerPolicy(failures_max=1, reset_timeout_s=5)
    once = RetryPolicy(attempts_max=1)
    async with over(handler, clock=clock, breaker=breaker, retry=once) as client:
        with pytest.raises(ServerFaultError):
            await client.request("GET", "/x")
        down = False
        arrived.clear()
        calls = asyncio.gather(*(client.request("GET", "/x") for _ in range(100)))
        for _ in range(60):
            clock.advance(0.1)
            for _ in range(12):
                await asyncio.sleep(0)
        assert len(arrived) == 1
        assert arrived[0] >= 5
        answered.set()
        await moved(clock, calls)
        assert len(await calls) == len(arrived) == 100


async def test_open_breaker_given_short_deadline_fails_at_once() -> None:
    clock = ManualClock()
    breaker = BreakerPolicy(failures_max=1, reset_timeout_s=5)
    async with over(Script(500), clock=clock, breaker=breaker, retry=RetryPolicy(attempts_max=1)) as client:
        with pytest.raises(ServerFaultError):
            await client.request("GET", "/x")
        with pytest.raises(CircuitOpenError) as caught:
            await client.request("POST", "/x", endpoint="GET /v1/x", deadline_s=1)
    assert caught.value.retry_after_s == pytest.approx(5)
    assert clock.monotonic() == 0


async def test_faults_at_seven_percent_never_open_the_breaker_and_lose_nothing() -> None:
    draw = random.Random(3)
    faults = [500, 502, 503, httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")]

    async def handler(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if draw.random() > 0.07:
            return httpx.Response(200)
        fault = draw.choice(faults)
        if isinstance(fault, Exception):
            raise fault
        return httpx.Response(fault)  # type: ignore[arg-type] # the rest are numbers

    async with over(handler) as client:
        answers = await asyncio.gather(*(client.request("GET", "/x") for _ in range(1000)))
        assert len(answers) == 1000
        assert 40 <= client.counts.retried <= 120
        assert client.counts.failed == 0


# Cancellation and closing.


@pytest.mark.parametrize("faults", [0, 1, 2])
async def test_cancellation_at_every_turn_leaks_nothing(faults: int) -> None:
    """Cancel after n turns of the loop, for every n until the call is done: no slot, task or trial is left."""
    left = 0

    async def handler(_: httpx.Request) -> httpx.Response:
        nonlocal left
        await asyncio.sleep(0)
        left -= 1
        return httpx.Response(503 if left >= 0 else 200)

    options: dict[str, Any] = {"limits": LimitPolicy(concurrency_max=1), "breaker": NEVER}
    async with over(
        handler, authenticator=Keyring(), clock=ManualClock(auto_advance=True), **options
    ) as client:
        turns, done = 0, False
        while not done:
            left = faults
            call = asyncio.create_task(client.request("GET", "/x"))
            for _ in range(turns):
                await asyncio.sleep(0)
            done = call.done()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert call.result().status_code == 200 if done else call.cancelled()
            assert client.in_flight == 0
            assert len(asyncio.all_tasks()) == 1
            turns += 1
        assert turns > 2 * faults + 2
        assert (await client.request("GET", "/x")).status_code == 200


@pytest.mark.parametrize("fault", ["mute", "drip", "slow"])
async def test_cancellation_under_way_leaves_the_client_usable(peer: Any, client_of: Any, fault: str) -> None:
    steps = {"mute": peer.mute(), "drip": peer.drip(gap_s=0.001), "slow": peer.answer(after_s=0.01)}
    peer.on("/x", steps[fault])
    peer.on("/ok", peer.answer())
    client = client_of(peer.url, limits=LimitPolicy(concurrency_max=5))
    for round_number in range(20):
        calls = [asyncio.create_task(client.request("GET", "/x")) for _ in range(8)]
        await asyncio.sleep(0.001 * round_number / 2)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert client.in_flight == 0
    answers = await asyncio.gather(*(client.request("GET", "/ok") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


async def test_cancelled_error_is_never_swallowed_while_backing_off() -> None:
    clock = ManualClock()
    script = Script(500)
    async with over(script, clock=clock, retry=RetryPolicy(wait_initial_s=5, wait_max_s=5)) as client:
        call = asyncio.create_task(client.request("GET", "/x"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert clock.waiting == 1
        assert client.in_flight == 0
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert len(script.requests) == 1


async def test_closed_client_refuses_and_those_who_wait_are_told() -> None:
    clock = ManualClock()
    client = over(Script(200), clock=clock, limits=LimitPolicy(rate_initial_per_s=0.5))
    calls = [asyncio.create_task(client.request("GET", "/x")) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    await client.aclose()
    await client.aclose()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(end, UsageError) for end in ended] == [False, False, True, True, True]
    with pytest.raises(UsageError):
        await client.request("GET", "/x")
    with pytest.raises(UsageError):
        async with client:
            pass


def test_client_given_no_close_warns() -> None:
    clients = [over(Script(200))]
    with pytest.warns(ResourceWarning, match=r"api\.example\.com"):
        clients.clear()


async def test_client_given_no_transport_opens_one_when_first_used(peer: Any) -> None:
    peer.on("/x", peer.answer(200, {"a": 1}))
    client = ResilientClient(peer.url)
    assert await client.request_json("GET", "/x") == {"a": 1}
    await client.aclose()


# Logs and secrets.


async def test_log_has_one_line_an_attempt_with_the_request_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="ttapi_client")
    async with over(Script(503, 200)) as client:
        response = await client.request("GET", "/x", endpoint="GET /{symbol}")
    attempts = [vars(record) for record in caplog.records if record.message == "attempt answered"]
    assert [line["status"] for line in attempts] == [503, 200]
    assert [line["attempt"] for line in attempts] == [1, 2]
    lines = [vars(record) for record in caplog.records]
    assert {line["request_id"] for line in lines} == {response.extensions["ttapi_request_id"]}
    assert {line["endpoint"] for line in lines} == {"GET /{symbol}"}


def chain(error: BaseException | None) -> list[str]:
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", []), repr(vars(error))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return texts


@pytest.mark.parametrize(
    "fault", ["answer", "drop", "reset", "cut", "garbage", "refused", "redirect", "mute", "bad header"]
)
async def test_secrets_given_any_failure_are_in_no_log_and_no_error(
    peer: Any, client_of: Any, caplog: pytest.LogCaptureFixture, unused_tcp_port: int, fault: str
) -> None:
    caplog.set_level("DEBUG")

    class Canary(Keyring):
        async def headers(self) -> Mapping[str, str]:
            return {"Authorization": "Bearer canary-0"}

    echo = {"error": {"code": "canary-0", "message": "no canary-0 canary-1 canary-2 canary-3 canary-4"}}
    steps = {
        "answer": peer.answer(400, echo),
        "redirect": peer.answer(302, echo, {"Location": "/?token=canary-1"}),
        "bad header": peer.answer(),
        "refused": peer.answer(),
    }
    peer.on("/x", steps[fault] if fault in steps else getattr(peer, fault)())
    url = f"http://127.0.0.1:{unused_tcp_port}" if fault == "refused" else peer.url
    limits = LimitPolicy(read_timeout_s=0.05 if fault == "mute" else 5.0)
    client = client_of(
        url, authenticator=Canary(), limits=limits, retry=RetryPolicy(attempts_max=2, wait_initial_s=0.001)
    )
    headers = {"X-Api-Key": "canary-2" + ("\n" if fault == "bad header" else "")}
    with pytest.raises(TTError) as caught:
        await client.request(
            "POST",
            "/x",
            params={"token": "canary-1"},
            headers=headers,
            json={"password": "canary-3", "api_key": "canary-4"},
        )
    seen = [
        *chain(caught.value),
        caplog.text,
        *(repr(vars(record)) for record in caplog.records),
        repr(client),
    ]
    assert [text for text in seen if "canary" in text] == []
