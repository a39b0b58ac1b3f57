# SPDX-License-Identifier: Apache-2.0
"""A provider that is opened when it is first asked something: a run that needs nothing opens nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing

from ttapi_core import (
    DataAnswer,
    DataProvider,
    DataRequest,
    Event,
    Health,
    RequestCounts,
    TTError,
    UsageError,
)


class DeferredProvider:
    """
    Stands for a provider until it is needed, then opens it once for all askers.

    An opening that fails is not tried again: all askers get its error, at once.

    Parameters
    ----------
    name, simulated, datasets
        What the provider will say of itself.
    opened
        Opens it; what it started is ended by `aclose`.
    """

    def __init__(
        self,
        name: str,
        *,
        simulated: bool,
        datasets: frozenset[str],
        opened: Callable[[], AbstractAsyncContextManager[DataProvider]],
    ) -> None:
        self._name = name
        self._simulated = simulated
        self._datasets = datasets
        self._open = opened
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._provider: DataProvider | None = None
        self._failure: TTError | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """Short name, safe as a folder name."""
        return self._name

    @property
    def simulated(self) -> bool:
        """Whether the data is made up."""
        return self._simulated

    @property
    def datasets(self) -> frozenset[str]:
        """Names of the datasets that it can answer."""
        return self._datasets

    @property
    def counts(self) -> RequestCounts:
        """Requests since it was opened; none before."""
        return RequestCounts() if self._provider is None else self._provider.counts

    @property
    def is_open(self) -> bool:
        """Whether it was needed yet."""
        return self._provider is not None

    async def _opened(self) -> DataProvider:
        async with self._lock:
            if self._closed:
                raise UsageError(f"provider {self._name} is closed")
            if self._failure is not None:
                raise self._failure
            if self._provider is None:
                try:
                    self._provider = await self._stack.enter_async_context(self._open())
                except TTError as exc:
                    self._failure = exc
                    raise
            return self._provider

    async def universe(self, name: str) -> Sequence[str]:
        """Open the provider if need be, and ask it."""
        return await (await self._opened()).universe(name)

    async def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """Open the provider if need be, and ask it."""
        provider = await self._opened()
        async with aclosing(provider.get_data(request)) as answers:
            async for answer in answers:
                yield answer

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """Open the provider if need be, and subscribe."""
        provider = await self._opened()
        async with aclosing(provider.subscribe(kinds, symbols)) as events:
            async for event in events:
                yield event

    async def health_check(self) -> Health:
        """Open the provider if need be, and ask it; an opening that fails is the answer."""
        try:
            provider = await self._opened()
        except TTError as exc:
            return Health(reachable=False, cause=exc)
        return await provider.health_check()

    async def aclose(self) -> None:
        """Close what was opened; idempotent."""
        async with self._lock:
            self._closed = True
            await self._stack.aclose()
