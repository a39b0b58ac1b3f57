# SPDX-License-Identifier: Apache-2.0
"""
The file that programs share: one row for each budget, changed in short transactions of SQLite.

SQLite's locks are released by the operating system when their holder dies, a transaction that was cut off is
undone by the next one who opens the file, and no wait is longer than `BUSY_S`. The file is synchronised with
the disk now and then, not at each transaction: a killed program loses nothing, a power failure may lose what
was spent in the last moments.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from ttapi_client.limits import AdaptiveRate
from ttapi_client.sharing import Grant, Report, Sharing
from ttapi_core import Clock, ConfigurationError, DiskFullError, LimitPolicy, StoreUnavailableError

NAME: Final = "budgets.sqlite3"
BUSY_S: Final = 2.0
"""A file that others keep locked for so long is an error."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS budgets (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID"
)
_READ: Final = "SELECT state FROM budgets WHERE name = ?"
_WRITE: Final = "INSERT INTO budgets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state"


class BudgetFile:
    """
    The states of all budgets, in a directory.

    Used by one thread at a time.

    Parameters
    ----------
    path
        The file, which exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Asyncio hands the calls to a thread of its own, one after the other.
        self._connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )

    @classmethod
    def open(cls, directory: Path) -> Self:
        """
        Open the file of a directory; both are made where they are missing, for this user alone.

        Raises
        ------
        ConfigurationError
            If the directory cannot be made or written.
        StoreUnavailableError
            If the file is damaged, or locked for too long.
        """
        path = directory / NAME
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
        except OSError as exc:
            raise _unusable(directory, exc.strerror or type(exc).__name__) from exc
        file = cls(path)
        try:
            file._prepare()
        except BaseException:
            file.close()
            raise
        return file

    def _prepare(self) -> None:
        try:
            with _translated(self._path):
                self._connection.execute("PRAGMA journal_mode = WAL").close()
                self._connection.execute("PRAGMA synchronous = NORMAL").close()
                with self._transaction():
                    self._connection.execute(_TABLE).close()
        except StoreUnavailableError as exc:
            if isinstance(exc.__cause__, sqlite3.OperationalError) and _kind(exc.__cause__) in _UNWRITABLE:
                raise _unusable(self._path.parent, str(exc.__cause__)) from exc
            raise

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE").close()
        try:
            yield
            self._connection.execute("COMMIT").close()
        except BaseException:
            # A failed commit may have ended the transaction already.
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK").close()
            raise

    def exchange(self, name: str, report: Report, *, limits: LimitPolicy, clock: Clock) -> Grant:
        """
        Bring a report to a budget and take a grant home.

        Parameters
        ----------
        name
            Of the budget.
        report
            What the program tells.
        limits
            The rate to begin with, where nothing is known of the budget yet.
        clock
            Tells the time, once nobody else changes the budget.

        Raises
        ------
        StoreUnavailableError
            If the file cannot be used, is damaged, or locked for too long.
        DiskFullError
            If no space is left.
        """
        with _translated(self._path), self._transaction():
            now, wall = clock.monotonic(), clock.now().timestamp()
            sharing = self._read(name, limits, now, wall)
            grant = sharing.exchange(report, now=now, wall=wall)
            state = json.dumps(sharing.state(now=now, wall=wall), separators=(",", ":"))
            self._connection.execute(_WRITE, (name, state)).close()
        return grant

    def _read(self, name: str, limits: LimitPolicy, now: float, wall: float) -> Sharing:
        with closing(self._connection.execute(_READ, (name,))) as cursor:
            row = cursor.fetchone()
        if row is None:
            initial, least = limits.rate_initial_per_s, limits.rate_min_per_s
            return Sharing(AdaptiveRate(initial_per_s=initial, min_per_s=least))
        try:
            return Sharing.restored(json.loads(row[0]), now=now, wall=wall)
        except (KeyError, TypeError, ValueError, RecursionError) as exc:
            raise _damaged(self._path) from exc

    def close(self) -> None:
        """Close the file; idempotent."""
        self._connection.close()


_UNWRITABLE: Final = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _kind(error: sqlite3.Error) -> int:
    # The lower byte is the primary code; errors of the module itself have none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        if _kind(exc) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            problem = f"is locked by another program for more than {BUSY_S:g} s"
            raise StoreUnavailableError(path, problem) from exc
        if _kind(exc) == sqlite3.SQLITE_FULL:
            raise DiskFullError(path, "no space is left") from exc
        if _kind(exc) in _DAMAGED:
            raise _damaged(path) from exc
        raise StoreUnavailableError(path, f"cannot be used: {exc}") from exc


def _damaged(path: Path) -> StoreUnavailableError:
    # Not rebuilt: a daily quota would be forgotten, and overspent without a word.
    hint = "remove it while no program uses it; what was learnt and spent is forgotten then"
    return StoreUnavailableError(path, "is damaged", hint=hint)


def _unusable(directory: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        "budget directory", f"{directory} cannot be written: {problem}", accepted="a writable directory"
    )
