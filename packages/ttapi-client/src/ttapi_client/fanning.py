# SPDX-License-Identifier: Apache-2.0
"""Many pieces of work, so many at a time, their results as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def each(
    items: Sequence[T], work: Callable[[T], Awaitable[R]], *, workers: int
) -> AsyncGenerator[R, None]:
    """
    Yield what ``work`` makes of each item, as it is done, with so many at a time and no more results waiting.

    What ``work`` raises is raised here, whatever it is, and ends the others.
    """
    todo = iter(items)
    done: asyncio.Queue[R | BaseException] = asyncio.Queue(maxsize=workers)

    async def run() -> None:
        for item in todo:
            try:
                result = await work(item)
            except BaseException as exc:  # a panic of an extension is no Exception: nobody shall wait for it
                if _is_being_cancelled():
                    raise
                await done.put(exc)
                return
            await done.put(result)

    tasks = [asyncio.create_task(run(), name="dataset-worker") for _ in range(min(workers, len(items)))]
    try:
        for _ in items:
            result = await done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_being_cancelled() -> bool:
    """Tell whether the end of this task was asked for, rather than that ``CancelledError`` came astray."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
