# SPDX-License-Identifier: Apache-2.0
"""
Where the simulated broker of the program remembers orders and positions from one command to the next.

Two sandboxes on one file would forget each other's orders, so a command holds the file while it runs. The
lock is one of SQLite's: the operating system releases it when its holder dies, and it loads in no time.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import StoreUnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DIRECTORY: Final = ".simulated"
WAIT_MAX_S: Final = 30.0
"""How long a command waits for another one that trades with the same simulated account."""
_LOOK_S: Final = 0.05


@asynccontextmanager
async def kept_state(data_dir: Path, name: str, *, wait_max_s: float = WAIT_MAX_S) -> AsyncIterator[Path]:
    """
    Hold the state of a simulated broker.

    Parameters
    ----------
    data_dir
        The directory of the store.
    name
        Of the market that is simulated; each has a file of its own.
    wait_max_s
        Seconds to wait for another command.

    Yields
    ------
    Path
        The file; it need not be there yet. To begin anew, remove it.

    Raises
    ------
    UsageError
        If another command holds it for too long.
    StoreUnavailableError
        If the directory cannot be used.
    """
    directory = data_dir / DIRECTORY
    with closing(_opened(directory, name)) as lock:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + wait_max_s
        while not _taken(lock):
            if loop.time() >= until_s:
                what = f"another command has traded with the simulated account for {wait_max_s:.0f} s"
                raise UsageError(what, hint="end it, or use another --data-dir")
            await asyncio.sleep(_LOOK_S)
        yield directory / f"{name}.state"


def _opened(directory: Path, name: str) -> sqlite3.Connection:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(directory / f"{name}.lock", timeout=0, isolation_level=None)
    except OSError as exc:
        raise StoreUnavailableError(directory, f"cannot be used: {exc.strerror}") from exc
    except sqlite3.Error as exc:
        raise StoreUnavailableError(directory, f"cannot be used: {exc}") from exc


def _taken(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise StoreUnavailableError(DIRECTORY, f"cannot be locked: {exc}") from exc
    return True
