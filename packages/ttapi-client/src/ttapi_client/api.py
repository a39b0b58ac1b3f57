# SPDX-License-Identifier: Apache-2.0
"""One call to the tastytrade API, and a paged one: ask, read and check inside the retry loop, unwrap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from ttapi_client.wire import Row, data_of, decode_json, items_of
from ttapi_core.errors import AnswerMismatchError, DecodeError

if TYPE_CHECKING:
    import httpx

    from ttapi_client.call import QueryParams
    from ttapi_client.client import ResilientClient

T = TypeVar("T")
Check = Callable[[Any], None]
"""Looks at a decoded body; raises `DecodeError` or `AnswerMismatchError`, which are retried."""

PAGES_MAX: Final = 10_000
"""A list of more pages is not believed."""


@dataclass(slots=True)
class RequestTrace:
    """
    Which requests an answer came from; filled in by the method that it is handed to.

    Parameters
    ----------
    request_ids
        Ids of the calls that were answered, in order.
    attempts
        Requests sent for them, repetitions included.
    server_time
        ``Date`` header of the latest answer, or an empty string.
    """

    request_ids: list[str] = field(default_factory=list)
    attempts: int = 0
    server_time: str = ""

    @property
    def request_id(self) -> str:
        """Id of the latest call, or an empty string."""
        return self.request_ids[-1] if self.request_ids else ""

    def note(self, response: httpx.Response) -> None:
        """Take note of an answer."""
        self.request_ids.append(str(response.extensions.get("ttapi_request_id", "")))
        self.attempts += int(response.extensions.get("ttapi_attempts", 1))
        self.server_time = response.headers.get("date", "")


def path_of(template: str, **segments: str) -> str:
    """
    Fill a path template, each segment percent-encoded whole.

    Examples
    --------
    >>> path_of("/option-chains/{symbol}/nested", symbol="BRK/B")
    '/option-chains/BRK%2FB/nested'
    """
    return template.format_map({name: quote(value, safe="") for name, value in segments.items()})


class Api:
    """
    Calls to one tastytrade API.

    Parameters
    ----------
    client
        Sends the requests; it is not closed here.
    """

    def __init__(self, client: ResilientClient) -> None:
        self._client = client

    async def call(
        self,
        method: str,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        check: Check | None = None,
        trace: RequestTrace | None = None,
    ) -> Any:  # noqa: ANN401 - JSON is any value
        """
        Call and return the decoded body.

        Raises
        ------
        TTError
            Whatever the client raises; `DecodeError` and `AnswerMismatchError` after its retries.
        """
        body: Any = None

        def read(response: httpx.Response) -> None:
            nonlocal body
            body = decode_json(response.content)
            if check is not None:
                check(body)

        response = await self._client.request(
            method,
            path_of(template, **(segments or {})),
            params=params,
            endpoint=f"{method} {template}",
            check=read,
        )
        if trace is not None:
            trace.note(response)
        return body

    async def touch(self, method: str, template: str, *, trace: RequestTrace | None = None) -> None:
        """Call, and take any answer that is no error for a yes; its body is not read."""
        response = await self._client.request(method, template, endpoint=f"{method} {template}")
        if trace is not None:
            trace.note(response)

    async def data(
        self,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        check: Callable[[Row], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> Row:
        """Get one object: the ``data`` of the answer."""

        def check_data(body: Any) -> None:  # noqa: ANN401 - JSON is any value
            data = data_of(body)
            if check is not None:
                check(data)

        body = await self.call(
            "GET", template, segments=segments, params=params, check=check_data, trace=trace
        )
        return data_of(body)

    async def items(
        self,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        check: Callable[[list[Row]], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> list[Row]:
        """Get an unpaged list: the ``data.items`` of the answer."""

        def check_items(body: Any) -> None:  # noqa: ANN401 - JSON is any value
            items = items_of(body)
            if check is not None:
                check(items)

        body = await self.call(
            "GET", template, segments=segments, params=params, check=check_items, trace=trace
        )
        return items_of(body)

    async def pages(
        self,
        template: str,
        *,
        params: QueryParams | None = None,
        check: Callable[[list[Row]], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[list[Row]]:
        """
        Yield the pages of a list; a list without ``pagination`` is one page.

        Raises
        ------
        AnswerMismatchError
            If a page is another than the one asked for.
        DecodeError
            If a page has fewer items than it says, or the number of pages is beyond reason.
        """
        offset, total = 0, 1
        while offset < total:
            body = await self.call(
                "GET",
                template,
                params={**(params or {}), **({"page-offset": offset} if offset else {})},
                check=_page_check(offset, check),
                trace=trace,
            )
            yield items_of(body)
            total = _total_pages(body)
            offset += 1


def _page_check(offset: int, check: Callable[[list[Row]], None] | None) -> Check:
    def check_page(body: Any) -> None:  # noqa: ANN401 - JSON is any value
        items = items_of(body)
        pagination = _pagination_of(body)
        answered, count = pagination.get("page-offset"), pagination.get("current-item-count")
        if isinstance(answered, int) and answered != offset:
            raise AnswerMismatchError(f"page {answered} was answered where page {offset} was asked for")
        if isinstance(count, int) and count != len(items):
            raise DecodeError(f"a page of {len(items)} items says that it has {count}")
        _total_pages(body)
        if check is not None:
            check(items)

    return check_page


def _pagination_of(body: Any) -> Row:  # noqa: ANN401 - JSON is any value
    pagination = body.get("pagination")
    return pagination if isinstance(pagination, dict) else {}


def _total_pages(body: Any) -> int:  # noqa: ANN401 - JSON is any value
    pagination = _pagination_of(body)
    total = pagination.get("total-pages")
    if total is None:
        items, per_page = pagination.get("total-items"), pagination.get("per-page")
        if not (isinstance(items, int) and isinstance(per_page, int) and per_page > 0):
            return 1
        total = -(-items // per_page)
    if isinstance(total, bool) or not isinstance(total, int) or not 0 <= total <= PAGES_MAX:
        raise DecodeError("the number of pages cannot be used")
    return total


def check_symbols(items: Sequence[Row], asked: frozenset[str], *, field_name: str = "symbol") -> None:
    """
    Check that every item is about an instrument that was asked for, and none is there twice.

    Raises
    ------
    AnswerMismatchError
        Otherwise.
    """
    seen: set[object] = set()
    for item in items:
        symbol = item.get(field_name)
        if not isinstance(symbol, str) or symbol not in asked:
            raise AnswerMismatchError(f"an answer for {symbol!r:.60}, which was not asked for")
        if symbol in seen:
            raise AnswerMismatchError(f"two answers for {symbol!r}")
        seen.add(symbol)


async def gathered(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Make calls side by side and return their results in order; what one raises ends the others first."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
