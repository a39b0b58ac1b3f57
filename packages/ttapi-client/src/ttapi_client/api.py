# SPDX-License-Identifier: Apache-2.0
"""One call to the tastytrade API, and a paged one: ask, read and check inside the retry loop, unwrap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from ttapi_client.paging import PageAccount
from ttapi_client.wire import Row, data_of, decode_exactly, items_of
from ttapi_core.errors import AnswerMismatchError

if TYPE_CHECKING:
    import httpx

    from ttapi_client.call import QueryParams, SentOnce
    from ttapi_client.client import ResilientClient
    from ttapi_core import Clock

T = TypeVar("T")
Check = Callable[[Any], None]
"""Looks at a decoded body; raises `DecodeError` or `AnswerMismatchError`, which are retried."""


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

    async def call(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        json: object = None,
        once: SentOnce | None = None,
        authenticated: bool = True,
        check: Check | None = None,
        trace: RequestTrace | None = None,
    ) -> Any:  # noqa: ANN401 - JSON is any value
        """
        Call and return the decoded body.

        Parameters
        ----------
        method, template, segments, params, json
            The request.
        once
            Keeps it from being sent again when the peer may have it, and learns whether the peer may.
        authenticated
            Whether the credentials go with it.
        check
            Looks at the body; what it raises is retried where the request may be sent again.
        trace
            Takes note of the request.

        Raises
        ------
        TTError
            Whatever the client raises; `DecodeError` and `AnswerMismatchError` after its retries.
        """
        body: Any = None

        def read(response: httpx.Response) -> None:
            nonlocal body
            body = decode_exactly(response.content)
            if check is not None:
                check(body)

        response = await self._client.request(
            method,
            path_of(template, **(segments or {})),
            params=params,
            json=json,
            endpoint=f"{method} {template}",
            once=once,
            authenticated=authenticated,
            check=read,
        )
        if trace is not None:
            trace.note(response)
        return body

    @property
    def clock(self) -> Clock:
        """The clock of the client."""
        return self._client.clock

    async def touch(
        self,
        method: str,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        trace: RequestTrace | None = None,
    ) -> None:
        """Call, and take any answer that is no error for a yes; its body is not read."""
        path = path_of(template, **(segments or {}))
        response = await self._client.request(method, path, endpoint=f"{method} {template}")
        if trace is not None:
            trace.note(response)

    async def data(  # noqa: PLR0913 - the parts of a request
        self,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        method: str = "GET",
        json: object = None,
        once: SentOnce | None = None,
        authenticated: bool = True,
        check: Callable[[Row], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> Row:
        """Ask for one object: the ``data`` of the answer; see `call`."""

        def check_data(body: Any) -> None:  # noqa: ANN401 - JSON is any value
            data = data_of(body)
            if check is not None:
                check(data)

        body = await self.call(
            method,
            template,
            segments=segments,
            params=params,
            json=json,
            once=once,
            authenticated=authenticated,
            check=check_data,
            trace=trace,
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
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        key: str | None = None,
        check: Callable[[list[Row]], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[list[Row]]:
        """
        Yield the pages of a list; a list without ``pagination`` is one page.

        Parameters
        ----------
        template, segments, params
            The request.
        key
            The member that tells items apart. A list that grows at its front while it is read shows some of
            them again on the next page; those are left out. None compares whole pages only.
        check
            Looks at the items of each page.
        trace
            Takes note of the requests.

        Raises
        ------
        AnswerMismatchError
            If a page is another than the one asked for, or one that came before; or if the list became
            shorter while it was read, so that items may have slipped past.
        DecodeError
            If a page has fewer items than it says, the pages have fewer than the list, or the number of pages
            is beyond reason.
        """
        account = PageAccount(key)
        while account.offset < account.pages:
            offset = account.offset

            def check_page(body: Any) -> None:  # noqa: ANN401 - JSON is any value
                items = items_of(body)
                account.check(body, items)
                if check is not None:
                    check(items)

            body = await self.call(
                "GET",
                template,
                segments=segments,
                params={**(params or {}), **({"page-offset": offset} if offset else {})},
                check=check_page,
                trace=trace,
            )
            yield account.taken(body, items_of(body))

    async def rows(
        self,
        template: str,
        *,
        segments: Mapping[str, str] | None = None,
        params: QueryParams | None = None,
        key: str | None = None,
        check: Callable[[list[Row]], None] | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[Row]:
        """Yield the items of a list, page by page; see `pages`."""
        async for page in self.pages(
            template, segments=segments, params=params, key=key, check=check, trace=trace
        ):
            for row in page:
                yield row


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


def check_asked(symbols: Iterable[str]) -> Callable[[list[Row]], None]:
    """Return a check that items are about instruments that were asked for; of none asked for, all are."""
    asked = frozenset(symbols)

    def check(items: list[Row]) -> None:
        if asked:
            check_symbols(items, asked)

    return check


async def gathered(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Make calls side by side and return their results in order; what one raises ends the others first."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
