# SPDX-License-Identifier: Apache-2.0
"""The notice board: in order, to those who subscribed, within a bound."""

from __future__ import annotations

import asyncio

from ttapi_sandbox.notices import NoticeBoard, Subscription


async def taken(subscription: Subscription) -> list[int]:
    return [notice["timestamp"] async for _, notice in subscription]


async def test_notices_come_in_order_to_the_accounts_subscribed() -> None:
    board = NoticeBoard()
    one, both = board.subscribe(["A"]), board.subscribe(["A", "B"])
    for number, account in enumerate(["A", "B", "A", "C"]):
        board.publish(account, {"timestamp": number})
    one.close()
    both.close()
    assert (await taken(one), await taken(both)) == ([0, 2], [0, 1, 2])
    assert (board.published, board.subscriptions) == (4, 0)


async def test_subscriber_that_waits_is_woken() -> None:
    board = NoticeBoard()
    subscription = board.subscribe(["A"])
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    board.publish("A", {"timestamp": 7})
    assert (await waiting)[1]["timestamp"] == 7
    ended = asyncio.create_task(taken(subscription))
    await asyncio.sleep(0)
    subscription.close()
    assert await ended == []


async def test_slow_subscriber_is_ended_and_told_so() -> None:
    board = NoticeBoard(waiting_max=2)
    slow, quick = board.subscribe(["A"]), board.subscribe(["A"])
    for number in range(3):
        board.publish("A", {"timestamp": number})
        await anext(quick)
    assert (slow.overflowed, quick.overflowed, board.subscriptions) == (True, False, 1)
    assert slow.waiting == 2
    assert await taken(slow) == [0, 1]
