# SPDX-License-Identifier: Apache-2.0
"""Pages are the whole list, each item once, or an error: never a short list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.paging import PageAccount
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import AnswerMismatchError, DecodeError, TTError

ACCOUNT = "5WT00001"
PATH = f"/accounts/{ACCOUNT}/transactions"


def page_of(ids: list[int], size: int, offset: int) -> dict[str, Any]:
    """Answer one page of a list, as documented."""
    page = ids[offset * size : (offset + 1) * size]
    told = {
        "per-page": size,
        "page-offset": offset,
        "item-offset": offset * size,
        "total-items": len(ids),
        "total-pages": max(1, -(-len(ids) // size)),
        "current-item-count": len(page),
    }
    return {"data": {"items": [{"id": number} for number in page]}, "pagination": told}


def walked(answer: Callable[[int], dict[str, Any]]) -> list[int]:
    """Take pages until the account says that there are no more."""
    account, found = PageAccount("id"), []
    while account.offset < account.pages:
        body = answer(account.offset)
        account.check(body, body["data"]["items"])
        found += [item["id"] for item in account.taken(body, body["data"]["items"])]
    return found


@given(st.integers(0, 300), st.integers(1, 50))
def test_pages_are_the_whole_list_in_order(count: int, size: int) -> None:
    ids = list(range(count))
    assert walked(lambda offset: page_of(ids, size, offset)) == ids


@given(st.integers(1, 100), st.integers(1, 20), st.data())
def test_list_that_grows_at_its_front_gives_each_item_of_the_beginning_once(
    count: int, size: int, data: st.DataObject
) -> None:
    ids = list(range(count))

    def grown(offset: int) -> dict[str, Any]:
        if offset:
            new = data.draw(st.integers(0, 3))
            ids[:0] = range(-len(ids) - new, -len(ids))
        return page_of(ids, size, offset)

    found = walked(grown)
    assert len(set(found)) == len(found)
    assert set(range(count)) <= set(found)


@given(st.integers(1, 100), st.integers(1, 20), st.data())
def test_list_that_shrinks_is_an_error_or_complete(count: int, size: int, data: st.DataObject) -> None:
    ids = list(range(count))

    def shrunk(offset: int) -> dict[str, Any]:
        if offset and data.draw(st.booleans()):
            del ids[data.draw(st.integers(0, len(ids) - 1))]
        return page_of(ids, size, offset)

    try:
        found = walked(shrunk)
    except (AnswerMismatchError, DecodeError):
        return
    assert found == list(range(count))


@given(st.integers(2, 100), st.integers(1, 20), st.data())
def test_page_that_was_tampered_with_is_an_error(count: int, size: int, data: st.DataObject) -> None:
    """Items lost, repeated or taken from another page never pass for the list."""
    ids = list(range(count))
    spoilt = data.draw(st.integers(0, -(-count // size) - 1))
    way = data.draw(st.sampled_from(["lost", "twice", "empty", "other"]))

    def tampered(offset: int) -> dict[str, Any]:
        body = page_of(ids, size, offset)
        items, told = body["data"]["items"], body["pagination"]
        if offset == spoilt:
            match way:
                case "lost":
                    items.pop(data.draw(st.integers(0, len(items) - 1)))
                case "twice":
                    items.append(items[0])
                case "empty":
                    items.clear()
                case "other":
                    items[0] = {"id": items[-1]["id"] if len(items) > 1 else (offset and items[0]["id"] - 1)}
            told["current-item-count"] = len(items)
        return body

    try:
        found = walked(tampered)
    except (AnswerMismatchError, DecodeError):
        return
    assert way == "other"
    assert found == ids


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"page-offset": 0}, AnswerMismatchError),
        ({"total-pages": 1}, AnswerMismatchError),
        ({"total-items": 7}, AnswerMismatchError),
        ({"current-item-count": 9}, DecodeError),
        ({"total-pages": 10**9}, DecodeError),
        (None, DecodeError),
    ],
)
def test_later_page_that_contradicts_the_first_is_an_error(
    change: dict[str, Any] | None, error: type[TTError]
) -> None:
    def answer(offset: int) -> dict[str, Any]:
        body = page_of(list(range(25)), 10, offset)
        if offset == 1:
            body["pagination"] = change and body["pagination"] | change
        return body

    with pytest.raises(error):
        walked(answer)


def test_same_page_for_ever_is_an_error() -> None:
    first = page_of(list(range(25)), 10, 0)
    with pytest.raises(AnswerMismatchError):
        walked(lambda offset: first | {"pagination": first["pagination"] | {"page-offset": offset}})


def transaction(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "account-number": ACCOUNT,
        "transaction-type": "Trade",
        "value": "1.0",
        "net-value": "1.0",
        "executed-at": "2026-11-03T15:31:07.000+00:00",
        "transaction-date": "2026-11-03",
    }


def served(count: int, spoil: Callable[[int, dict[str, Any]], None]) -> Callable[..., httpx.Response]:
    asked: list[int] = []

    def replaced(_method: str, _path: str, _body: Any) -> httpx.Response:
        offset = len(asked)
        asked.append(offset)
        body = page_of(list(range(count)), 250, offset)
        body["data"]["items"] = [transaction(item["id"]) for item in body["data"]["items"]]
        spoil(offset, body)
        return httpx.Response(200, json=body)

    return replaced


async def test_transactions_of_many_pages_come_each_once(api: TastytradeClient, desk: Any) -> None:
    desk.replaced = served(1001, lambda *_: None)
    found = [item.id async for item in api.transactions(ACCOUNT, first=date(2026, 11, 1))]
    assert found == [str(number) for number in range(1001)]
    offsets = [query.get("page-offset", ["0"])[0] for _, _, query, _ in desk.calls]
    assert (offsets, desk.calls[0][2]["per-page"]) == (["0", "1", "2", "3", "4"], ["250"])


async def test_pages_that_end_early_are_asked_for_again_and_then_an_error(
    api: TastytradeClient, desk: Any
) -> None:
    def cut(offset: int, body: dict[str, Any]) -> None:
        if offset:
            body["data"]["items"].clear()
            body["pagination"] |= {"current-item-count": 0, "page-offset": 1}

    desk.replaced = served(300, cut)
    found: list[str] = []

    async def walk() -> None:
        async for item in api.transactions(ACCOUNT):
            found.append(item.id)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(DecodeError):
        await walk()
    assert len(found) == 250
    assert len(desk.calls) == 4
