# SPDX-License-Identifier: Apache-2.0
"""
Who is writing, and what the dead left behind.

A writer holds the lock of ``.writers/<id>`` for as long as it lives, whatever ends it, and puts its id into
the names of its temporary directories: one whose lock can be taken is an orphan.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ttapi_core.errors import StoreUnavailableError
from ttapi_platform.disk import Disk, attempt
from ttapi_platform.locks import try_lock_file
from ttapi_platform.logs import get_logger

WRITERS: Final = ".writers"
_TEMPORARY: Final = re.compile(r"\.tmp-(?P<writer>[0-9]+-[0-9a-f]{16})-[0-9]+")
_log = get_logger(__name__)


class WriterSeat:
    """
    The proof that this writer lives, and the source of its temporary names.

    Parameters
    ----------
    root
        Directory of the store.
    disk
        Operations on the disk; errors of the operating system pass through.
    """

    def __init__(self, root: Path, disk: Disk) -> None:
        self._directory = root / WRITERS
        self._disk = disk
        self._numbers = itertools.count()
        disk.ensure_directory(self._directory)
        self._take()

    @property
    def id(self) -> str:
        """Process id and a random number; another one after a fork."""
        if os.getpid() != self._process:
            self._take()
        return self._id

    def temporary(self, directory: Path) -> Path:
        """Return a path in ``directory`` that nobody else uses."""
        return directory / f".tmp-{self.id}-{next(self._numbers)}"

    def close(self) -> None:
        """Leave the seat; a second call does nothing."""
        self._finalizer()

    def _take(self) -> None:
        self._process = os.getpid()
        while True:
            self._id = f"{self._process}-{secrets.token_hex(8)}"
            path = self._directory / self._id
            descriptor = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600
            )
            # A sweeper that came between the two steps has taken the file for that of a dead writer.
            if try_lock_file(descriptor) and path.exists():
                break
            os.close(descriptor)
        self._finalizer = weakref.finalize(self, _leave, path, descriptor, self._process)


def _leave(path: Path, descriptor: int, process: int) -> None:
    if os.getpid() != process:  # a child has inherited the seat, but it is its parent's
        return
    attempt(path.unlink)
    os.close(descriptor)


def sweep(root: Path, directories: Iterable[Path], disk: Disk) -> tuple[int, int]:
    """
    Remove the temporary directories and the lock files of writers that are no more.

    Parameters
    ----------
    root
        Directory of the store.
    directories
        Where temporary directories may be.

    Returns
    -------
    tuple
        How many orphans were removed, and the bytes freed.
    """
    orphans = [
        path
        for directory in directories
        for path in _temporaries(directory)
        if not _is_alive(root, path.name)
    ]
    freed = sum(disk.remove_tree(path) for path in orphans)
    if orphans:
        _log.info("orphans_removed", count=len(orphans), bytes=freed, root=str(root))
    writers = root / WRITERS
    for name in os.listdir(writers) if writers.is_dir() else ():  # noqa: PTH208 - names are wanted, not paths
        _clear_if_dead(writers / name)
    return len(orphans), freed


def _temporaries(directory: Path) -> Iterable[Path]:
    try:
        names = os.listdir(directory)  # noqa: PTH208 - a Path for each entry would cost ten times as much
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [directory / name for name in names if _TEMPORARY.fullmatch(name)]


def _is_alive(root: Path, temporary: str) -> bool:
    match = _TEMPORARY.fullmatch(temporary)
    assert match is not None
    return not _clear_if_dead(root / WRITERS / match["writer"])


def _clear_if_dead(path: Path) -> bool:
    """Say whether the writer is dead; if so, its lock file is removed while its lock is held."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    except PermissionError as error:
        raise StoreUnavailableError(path, "belongs to another user") from error
    try:
        dead = try_lock_file(descriptor)
        if dead:
            attempt(path.unlink)
        return dead
    finally:
        os.close(descriptor)
