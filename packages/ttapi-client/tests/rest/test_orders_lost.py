# SPDX-License-Identifier: Apache-2.0
"""Answers to orders get lost in every way there is; each order is executed exactly once."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ttapi_client.client import ResilientClient
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import (
    BreakerPolicy,
    ComplexOrder,
    ComplexOrderType,
    LimitPolicy,
    LostAnswerPolicy,
    ManualClock,
    Order,
    OrderAction,
    OrderLeg,
    OrderStatus,
    OrderType,
    OrderUnknownError,
    PriceEffect,
    RequestRefusedError,
    RetryPolicy,
    Sent,
    ServerFaultError,
    Symbol,
    TimeInForce,
    UsageError,
)

ACCOUNT = "5WT00001"
ORDERS = f"/accounts/{ACCOUNT}/orders"
LIVE = f"{ORDERS}/live"
LOOKS = 3  # of the client in the fixture `api`
QUICK_LOOKS = LostAnswerPolicy(looks=2, wait_initial_s=0.001, wait_max_s=0.001)
QUICK = RetryPolicy(attempts_max=3, wait_initial_s=0.001, wait_max_s=0.002)
NEVER_OPEN = BreakerPolicy(failures_max=1_000_000)
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
SPY = Symbol.parse("SPY")


def buy(price: str | None = "612.35", quantity: int = 10, **changes: Any) -> Order:
    leg = OrderLeg(symbol=SPY, action=OrderAction.BUY_TO_OPEN, quantity=Decimal(quantity))
    terms: dict[str, Any] = {
        "account_number": ACCOUNT,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "legs": (leg,),
        "received_at": NOW,
        "price": None if price is None else Decimal(price),
        "price_effect": PriceEffect.DEBIT,
    }
    return Order(**terms | changes)


def bracket() -> ComplexOrder:
    sell = OrderLeg(symbol=SPY, action=OrderAction.SELL_TO_CLOSE, quantity=Decimal(10))
    stop = buy(None, order_type=OrderType.STOP, price_effect=None, stop_trigger=Decimal(600), legs=(sell,))
    return ComplexOrder(
        account_number=ACCOUNT,
        type=ComplexOrderType.OTOCO,
        trigger_order=buy(),
        orders=(buy("620.00", legs=(sell,), price_effect=PriceEffect.CREDIT), stop),
    )


class Mishaps:
    """Loses answers of POST, PUT and PATCH on real connections; what is executed is decided before."""

    WAYS = (
        "answered",
        "executed, then dropped",
        "dropped before",
        "executed, then silent",
        "executed, then 502",
        "502 before",
        "executed, then cut",
        "executed, then no JSON",
    )

    def __init__(self, desk: Any, seed: int, ways: tuple[str, ...] = WAYS) -> None:
        self.desk = desk
        self.choices = ways
        self.random = random.Random(seed)
        self.ways: Counter[str] = Counter()

    async def __call__(self, hit: Any, writer: asyncio.StreamWriter) -> bool:
        way = self.random.choice(self.choices) if hit.method in {"POST", "PUT"} else "answered"
        self.ways[way] += hit.method in {"POST", "PUT"}
        body = json.loads(hit.body) if hit.body else None
        if "before" in way:
            return way != "dropped before" and self._send(writer, 502, b"<html>no</html>")
        status, answer = self.desk.answer(hit.method, hit.target, body)
        content = json.dumps(answer).encode()
        match way:
            case "executed, then dropped":
                return False
            case "executed, then silent":
                await asyncio.sleep(0.19)
                return False
            case "executed, then 502":
                return self._send(writer, 502, b"<html>Bad Gateway</html>")
            case "executed, then cut":
                self._send(writer, status, content, announced=len(content) + 9)
                return False
            case "executed, then no JSON":
                return self._send(writer, status, content[: len(content) // 2])
            case _:
                return self._send(writer, status, content)

    @staticmethod
    def _send(
        writer: asyncio.StreamWriter, status: int, content: bytes, announced: int | None = None
    ) -> bool:
        size = len(content) if announced is None else announced
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {size}\r\n\r\n".encode() + content)
        return True


@pytest.fixture
async def wire(peer: Any) -> AsyncIterator[TastytradeClient]:
    """A client of a peer on loopback, that waits 120 ms for an answer."""
    limits = LimitPolicy(read_timeout_s=0.12, concurrency_max=25)
    retry = RetryPolicy(attempts_max=8, wait_initial_s=0.01, wait_max_s=0.05)
    client = ResilientClient(peer.url, limits=limits, retry=retry, breaker=NEVER_OPEN, seed=1)
    looks = LostAnswerPolicy(looks=4, wait_initial_s=0.01, wait_max_s=0.04, sends_max=20)
    async with client:
        yield TastytradeClient(client, lost_answers=looks)


async def in_batches(calls: list[Callable[[], Any]], size: int = 20) -> list[Any]:
    results: list[Any] = []
    for start in range(0, len(calls), size):
        results += await asyncio.gather(*(call() for call in calls[start : start + size]))
    return results


@pytest.mark.slow
async def test_thousand_orders_with_lost_answers_are_each_executed_exactly_once(
    peer: Any, desk: Any, wire: TastytradeClient
) -> None:
    mishaps = Mishaps(desk, seed=20261120)
    for path in (ORDERS, LIVE, "/instruments/equities/SPY"):
        peer.on(path, mishaps)
    orders = [buy() for _ in range(1000)]
    placed: list[Any] = []
    for start in range(0, len(orders), 50):
        # The books of a batch are closed, so that looking through them stays short.
        desk.orders = {}
        batch = orders[start : start + 50]
        placed += await in_batches([lambda order=order: wire.submit_order(order) for order in batch])
    assert desk.executed == {str(order.id): 1 for order in orders}
    assert [answer.order.external_identifier for answer in placed] == [str(order.id) for order in orders]
    assert all(mishaps.ways[way] > 50 for way in Mishaps.WAYS)
    assert any(answer.is_recovered for answer in placed)


@pytest.mark.slow
async def test_thousand_orders_sent_once_each_are_told_unknown_where_they_are_and_never_executed_twice(
    peer: Any, desk: Any
) -> None:
    """The default: the client sends once. What it does not find it does not know, and the caller asks again."""
    mishaps = Mishaps(desk, seed=7)
    for path in (ORDERS, LIVE, "/instruments/equities/SPY"):
        peer.on(path, mishaps)
    limits = LimitPolicy(read_timeout_s=0.12, concurrency_max=25)
    retry = RetryPolicy(attempts_max=8, wait_initial_s=0.01, wait_max_s=0.05)
    looks = LostAnswerPolicy(looks=2, wait_initial_s=0.01, wait_max_s=0.01)
    assert looks.sends_max == LostAnswerPolicy().sends_max == 1
    orders = [buy() for _ in range(1000)]
    unknown = 0
    async with ResilientClient(peer.url, limits=limits, retry=retry, breaker=NEVER_OPEN, seed=1) as client:
        api = TastytradeClient(client, lost_answers=looks)

        async def submitted(order: Order) -> bool:
            try:
                placement = await api.submit_order(order, check=False)
            except OrderUnknownError:
                return False
            assert placement.order.external_identifier == str(order.id)
            return True

        for start in range(0, len(orders), 50):
            # The books of a batch are closed, so that looking through them stays short.
            desk.orders = {}
            left = orders[start : start + 50]
            while left:
                done = await in_batches([lambda order=order: submitted(order) for order in left])
                left = [order for order, is_placed in zip(left, done, strict=True) if not is_placed]
                unknown += len(left)
    assert desk.executed == {str(order.id): 1 for order in orders}
    assert unknown > 100
    assert all(mishaps.ways[way] > 50 for way in Mishaps.WAYS)


async def test_replacements_with_lost_answers_happen_exactly_once(
    peer: Any, desk: Any, wire: TastytradeClient
) -> None:
    mishaps = Mishaps(desk, seed=5)
    for path in (ORDERS, LIVE, "/instruments/equities/SPY"):
        peer.on(path, mishaps)
    order_id = (await wire.submit_order(buy())).order.id
    for cents in range(1, 60):
        peer.on(f"{ORDERS}/{order_id}", mishaps)
        new = buy(f"611.{cents:02}")
        replaced = await wire.replace_order(str(order_id), new)
        assert (replaced.replaces_order_id, replaced.price) == (order_id, new.price)
        order_id = replaced.id
    assert set(desk.executed.values()) == {1}
    assert len(desk.executed) == 60


def losing(desk: Any, *errors: str | int, find_fails: bool = False, method: str = "POST") -> None:
    """Lose the first answers: ``executed`` or ``before`` ends the connection, a number is a status."""
    left = list(errors)

    def replaced(name: str, path: str, body: Any) -> httpx.Response | None:
        if find_fails and name == "GET" and "/orders" in path:
            return httpx.Response(503, text="<html>")
        if name != method or "orders" not in path or not left:
            return None
        way = left.pop(0)
        if way != "before":
            desk.answer(name, path, body)
        if isinstance(way, int):
            return httpx.Response(way, text="<html>")
        raise httpx.ReadError("cut")

    desk.replaced = replaced


async def test_lost_answer_is_looked_for_and_the_order_found(api: TastytradeClient, desk: Any) -> None:
    losing(desk, "executed")
    order = buy()
    placement = await api.submit_order(order)
    assert placement.is_recovered
    assert (placement.order.external_identifier, placement.order.price) == (str(order.id), order.price)
    assert (placement.buying_power_effect, len(desk.sent("POST", ORDERS))) == (None, 1)


async def test_order_of_a_day_that_ended_is_found_by_the_search(api: TastytradeClient, desk: Any) -> None:
    losing(desk, "executed")
    desk.fixed[LIVE] = {"data": {"items": []}}
    assert (await api.submit_order(buy())).is_recovered
    searches = [query for name, path, query, _ in desk.calls if (name, path) == ("GET", ORDERS)]
    assert searches[0]["start-date"] == ["2026-11-19"]


async def test_order_that_the_broker_does_not_show_is_not_sent_again(
    api: TastytradeClient, desk: Any
) -> None:
    losing(desk, "before")
    order = buy()
    with pytest.raises(OrderUnknownError, match="fate is unknown") as caught:
        await api.submit_order(order)
    assert (caught.value.sent, caught.value.external_identifier) == (Sent.MAYBE, str(order.id))
    assert (len(desk.sent("POST", ORDERS)), len(desk.sent("GET", LIVE))) == (1, LOOKS)
    assert not (await api.submit_order(order)).is_recovered
    assert len(desk.sent("GET", LIVE)) == 2 * LOOKS
    assert desk.executed == {str(order.id): 1}


async def test_order_that_never_arrived_is_sent_again_where_that_is_wanted(
    persistent: TastytradeClient, desk: Any
) -> None:
    losing(desk, "before", "before")
    order = buy()
    placement = await persistent.submit_order(order)
    assert (placement.is_recovered, desk.executed) == (False, {str(order.id): 1})
    identifiers = {body["external-identifier"] for body in desk.sent("POST", ORDERS)}
    assert identifiers == {str(order.id)}


async def test_order_that_never_arrives_is_unknown_after_the_last_sending(
    persistent: TastytradeClient, desk: Any
) -> None:
    losing(desk, *["before"] * 3)
    order = buy()
    with pytest.raises(OrderUnknownError) as caught:
        await persistent.submit_order(order)
    assert caught.value.external_identifier == str(order.id)
    assert (await persistent.submit_order(order)).order.status is OrderStatus.RECEIVED
    assert desk.executed == {str(order.id): 1}


@pytest.mark.parametrize("late_s", [5.0, 30.0, 3600.0])
async def test_order_that_is_booked_late_is_never_booked_twice(desk: Any, late_s: float) -> None:
    """The connection is cut, and the broker books the order after so many seconds: some after the last look."""
    clock, order = ManualClock(NOW), buy()
    booked: list[Any] = []

    def replaced(name: str, path: str, body: Any) -> httpx.Response | None:
        if booked and clock.monotonic() >= booked[0][0]:
            desk.answer("POST", ORDERS, booked.pop()[1])
        if name == "POST":
            booked.append((clock.monotonic() + late_s, body))
            raise httpx.ReadError("cut")
        return None

    desk.replaced = replaced
    async with ResilientClient(
        "https://api.example.com", transport=httpx.MockTransport(desk), retry=QUICK, clock=clock
    ) as client:
        api = TastytradeClient(client)
        outcome = await moved(clock, api.submit_order(order, check=False))
        if late_s < 7.5:
            assert outcome.is_recovered
        else:
            assert isinstance(outcome, OrderUnknownError)
            assert outcome.external_identifier == str(order.id)
            clock.advance(late_s)
            assert (await moved(clock, api.submit_order(order, check=False))).is_recovered
    assert len(desk.sent("POST", ORDERS)) == 1
    assert desk.executed == {str(order.id): 1}


async def moved(clock: ManualClock, call: Any) -> Any:
    """Let the clock run until a call is done; return what it returned or raised."""
    calling = asyncio.gather(call, return_exceptions=True)
    while not calling.done():
        await asyncio.sleep(0)
        clock.advance(0.02)
    return calling.result()[0]


@pytest.mark.parametrize("seed", range(20))
async def test_client_restarted_with_the_same_identifiers_never_sends_twice_what_arrived(
    desk: Any, seed: int
) -> None:
    """Each run is cut off at some request and remembers nothing; the next one submits all orders anew."""
    chance, orders = random.Random(seed), [buy() for _ in range(10)]
    for _ in range(6):
        left, killed = iter(range(chance.randrange(1, 40))), asyncio.Event()

        async def answer(
            request: httpx.Request, *, left: Iterator[int] = left, killed: asyncio.Event = killed
        ) -> httpx.Response:
            response: httpx.Response = desk(request)
            if next(left, None) is None:  # what arrived is executed, and nobody hears of it
                killed.set()
                await asyncio.Event().wait()
            return response

        async def run(answer: Any = answer) -> None:
            transport = httpx.MockTransport(answer)
            async with ResilientClient("https://api.example.com", transport=transport, retry=QUICK) as client:
                api = TastytradeClient(client, lost_answers=QUICK_LOOKS)
                for order in orders:
                    await api.submit_order(order, check=False, look_first=True)

        running, dying = asyncio.create_task(run()), asyncio.create_task(killed.wait())
        await asyncio.wait({running, dying}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        dying.cancel()
        await asyncio.gather(running, dying, return_exceptions=True)
    sent = Counter(body["external-identifier"] for body in desk.sent("POST", ORDERS))
    assert set(sent.values()) == set(desk.executed.values()) == {1}


async def test_order_is_unknown_if_looking_failed_and_is_looked_for_before_the_next_sending(
    api: TastytradeClient, desk: Any
) -> None:
    order = buy()
    losing(desk, "executed", find_fails=True)
    with pytest.raises(OrderUnknownError) as caught:
        await api.submit_order(order)
    assert (caught.value.sent, caught.value.external_identifier) == (Sent.MAYBE, str(order.id))
    losing(desk)
    assert (await api.submit_order(order)).is_recovered
    assert desk.executed == {str(order.id): 1}


async def test_look_that_fails_once_is_made_again(api: TastytradeClient, desk: Any) -> None:
    losing(desk, "executed", find_fails=True)
    inner, failures = desk.replaced, iter(range(4))

    def replaced(name: str, path: str, body: Any) -> httpx.Response | None:
        return None if name == "GET" and next(failures, None) is None else inner(name, path, body)

    desk.replaced = replaced
    assert (await api.submit_order(buy())).is_recovered


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 408])
async def test_fault_after_execution_is_a_lost_answer(api: TastytradeClient, desk: Any, status: int) -> None:
    losing(desk, status)
    assert (await api.submit_order(buy())).is_recovered
    assert set(desk.executed.values()) == {1}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 409, 422])
async def test_refusal_is_raised_and_nothing_is_looked_for(
    api: TastytradeClient, desk: Any, status: int
) -> None:
    desk.replaced = lambda name, path, _: httpx.Response(status) if name == "POST" else None
    with pytest.raises(Exception, match=str(status)) as caught:
        await api.submit_order(buy())
    assert caught.value.status == status
    assert [path for name, path, _, _ in desk.calls if path == LIVE] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: {},
        lambda answer: {"data": {"order": None}},
        lambda answer: {"data": answer["data"] | {"order": answer["data"]["order"] | {"id": None}}},
        lambda answer: {
            "data": answer["data"] | {"order": answer["data"]["order"] | {"external-identifier": "another"}}
        },
        lambda answer: {"data": answer["data"] | {"fee-calculation": {"total-fees": "NaN"}}},
    ],
)
async def test_answer_that_cannot_be_used_is_a_lost_one(
    api: TastytradeClient, desk: Any, spoil: Callable[[Any], Any]
) -> None:
    def replaced(name: str, path: str, body: Any) -> httpx.Response | None:
        if name != "POST":
            return None
        return httpx.Response(201, json=spoil(desk.answer(name, path, body)[1]))

    desk.replaced = replaced
    assert (await api.submit_order(buy())).is_recovered
    assert set(desk.executed.values()) == {1}


async def test_second_sending_that_is_refused_is_looked_for_once_more(
    persistent: TastytradeClient, desk: Any
) -> None:
    """The first one arrived late: after the looks, before the second sending, which the broker refuses."""
    left = iter(["before", "late"])

    def replaced(name: str, path: str, body: Any) -> httpx.Response | None:
        if name != "POST":
            return None
        if next(left) == "before":
            raise httpx.ReadError("cut")
        desk.answer(name, path, body)
        return httpx.Response(422, json={"error": {"code": "duplicate", "message": "no"}})

    desk.replaced = replaced
    assert (await persistent.submit_order(buy())).is_recovered
    assert set(desk.executed.values()) == {1}


async def test_order_of_another_process_is_looked_for_first(api: TastytradeClient, desk: Any) -> None:
    order = buy()
    desk.answer("POST", ORDERS, {"external-identifier": str(order.id), "legs": [], "order-type": "Limit"})
    assert (await api.submit_order(order, look_first=True)).is_recovered
    assert desk.sent("POST", ORDERS) == []


async def test_order_that_is_being_placed_is_not_placed_beside(peer: Any, desk: Any) -> None:
    for path in (ORDERS, LIVE):
        peer.on(path, Mishaps(desk, 1, ways=("answered",)))
    order = buy()
    async with ResilientClient(peer.url, retry=QUICK) as client:
        api = TastytradeClient(client)
        calls = (api.submit_order(order, check=False) for _ in range(5))
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, UsageError) for result in results) == 4
    assert desk.executed == {str(order.id): 1}


async def test_order_that_is_submitted_again_after_its_answer_is_found_and_not_sent(
    api: TastytradeClient, desk: Any
) -> None:
    order = buy()
    first, second = await api.submit_order(order), await api.submit_order(order)
    assert (first.is_recovered, second.is_recovered) == (False, True)
    assert (first.order.id, desk.executed) == (second.order.id, {str(order.id): 1})


async def test_order_given_up_by_its_caller_is_looked_for_the_next_time(peer: Any, desk: Any) -> None:
    order, arrived = buy(), asyncio.Event()

    async def swallow(hit: Any, writer: asyncio.StreamWriter) -> bool:
        if hit.method == "POST":
            desk.answer(hit.method, hit.target, json.loads(hit.body))
            arrived.set()
            await asyncio.sleep(30)
        return await Mishaps(desk, 1)(hit, writer)

    for path in (ORDERS, LIVE):
        peer.on(path, swallow)
    async with ResilientClient(peer.url, retry=QUICK) as client:
        api = TastytradeClient(client)
        sending = asyncio.create_task(api.submit_order(order, check=False))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert (await api.submit_order(order, check=False)).is_recovered
    assert desk.executed == {str(order.id): 1}


async def test_replacement_whose_identifier_is_not_repeated_is_found_by_the_order_that_it_replaces(
    api: TastytradeClient, desk: Any
) -> None:
    old = (await api.submit_order(buy())).order
    desk.repeats_identifier = False
    losing(desk, "executed", method="PUT")
    new = await api.replace_order(str(old.id), buy("611.00"))
    assert (new.replaces_order_id, new.price) == (old.id, Decimal("611.00"))


@pytest.mark.parametrize("ways", [["executed"], ["before"], [502], ["before", "executed"]])
async def test_complex_order_with_a_lost_answer_is_executed_once(
    persistent: TastytradeClient, desk: Any, ways: list[Any]
) -> None:
    losing(desk, *ways)
    order = bracket()
    placement = await persistent.submit_complex_order(order)
    assert placement.complex_order.type is ComplexOrderType.OTOCO
    assert len(placement.complex_order.all_orders) == 3
    assert desk.executed == {str(part.id): 1 for part in order.all_orders}


async def test_complex_order_that_is_live_no_more_is_found_by_its_parts(
    api: TastytradeClient, desk: Any
) -> None:
    losing(desk, "executed")
    desk.fixed[f"/accounts/{ACCOUNT}/complex-orders/live"] = {"data": {"items": []}}
    order = bracket()

    def in_books(name: str, path: str, body: Any) -> None:
        for row in desk.orders.values():
            row["complex-order-id"] = next(iter(desk.complex))

    inner = desk.replaced
    desk.replaced = lambda name, path, body: inner(name, path, body) or in_books(name, path, body)
    assert (await api.submit_complex_order(order)).is_recovered


async def test_cancellation_whose_answer_was_lost_is_no_error(api: TastytradeClient, desk: Any) -> None:
    order_id = str((await api.submit_order(buy())).order.id)
    losing(desk, "executed", method="DELETE")
    assert (await api.cancel_order(ACCOUNT, order_id)).status is OrderStatus.CANCEL_REQUESTED


async def test_cancellation_of_a_finished_order_is_refused(api: TastytradeClient, desk: Any) -> None:
    order_id = str((await api.submit_order(buy())).order.id)
    desk.orders[order_id]["status"] = "Filled"
    losing(desk, "before", method="DELETE")
    with pytest.raises(RequestRefusedError):
        await api.cancel_order(ACCOUNT, order_id)


async def test_failing_credentials_are_no_lost_answer(desk: Any) -> None:
    class Broken:
        async def headers(self) -> dict[str, str]:
            raise ServerFaultError("the token endpoint answered 502", status=502)

        async def refused(self, headers: object) -> bool:
            return False

        async def aclose(self) -> None: ...

    async with ResilientClient(
        "https://api.example.com", transport=httpx.MockTransport(desk), authenticator=Broken(), retry=QUICK
    ) as client:
        with pytest.raises(ServerFaultError):
            await TastytradeClient(client).submit_order(buy(), check=False)
    assert desk.calls == []


def test_policy_waits_double_up_to_their_end() -> None:
    policy = LostAnswerPolicy(looks=6, wait_initial_s=0.5, wait_max_s=3)
    assert policy.waits_s == (0.0, 0.5, 1.0, 2.0, 3, 3)
