# SPDX-License-Identifier: Apache-2.0
"""
Locks between processes that the operating system releases when their holder dies.

On POSIX a file lock is ``flock`` (it belongs to one opening of the file, so it also separates two stores of
one process) and a key lock is ``lockf`` on one byte of a file (one descriptor for any number of keys). On
Windows both are ``msvcrt.locking`` on a byte.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ttapi_platform.disk import Disk, translated

if sys.platform == "win32":  # pragma: no cover - no Windows among the tested systems
    import msvcrt

    def try_lock_file(descriptor: int) -> bool:
        """Take the lock of an open file if nobody has it; say whether it was taken."""
        return try_lock_byte(descriptor, 0)

    def try_lock_byte(descriptor: int, offset: int) -> bool:
        """Take the lock of one byte of an open file if no other process has it; say whether it was taken."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock_byte(descriptor: int, offset: int) -> None:
        """Release the lock of one byte."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def try_lock_file(descriptor: int) -> bool:
        """Take the lock of an open file if nobody has it; say whether it was taken."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def try_lock_byte(descriptor: int, offset: int) -> bool:
        """Take the lock of one byte of an open file if no other process has it; say whether it was taken."""
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):  # POSIX allows either for "held by another"
            return False
        return True

    def unlock_byte(descriptor: int, offset: int) -> None:
        """Release the lock of one byte."""
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, offset)


_OFFSET_BITS: Final = 62 if sys.platform != "win32" else 30


def _offset(key: str) -> int:
    """Where a key's byte is; two keys on one byte would only wait for each other."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _OFFSET_BITS)


class _LockFile:
    """
    One opening of a lock file, shared by the whole process.

    Locks of ``lockf`` belong to the process: it never refuses its own threads, and closing any descriptor of
    the file releases all of them. Hence one descriptor, and a set of what is held here.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        disk.ensure_directory(path.parent)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._held: set[int] = set()
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, self._descriptor)

    def try_acquire(self, offset: int) -> bool:
        with self._lock:
            if offset in self._held or not try_lock_byte(self._descriptor, offset):
                return False
            self._held.add(offset)
            return True

    def release(self, offset: int) -> None:
        with self._lock:
            unlock_byte(self._descriptor, offset)
            self._held.discard(offset)


_files: weakref.WeakValueDictionary[str, _LockFile] = weakref.WeakValueDictionary()
_files_lock = threading.Lock()
_inherited: list[_LockFile] = []


def _lock_file(path: Path, disk: Disk) -> _LockFile:
    name = os.path.realpath(path)
    with _files_lock:
        file = _files.get(name)
        if file is None:
            _files[name] = file = _LockFile(path, disk)
        return file


def _forget_after_fork() -> None:
    """Void the books that a child inherited: it has none of its parent's locks."""
    global _files_lock  # noqa: PLW0603 - the inherited lock may be held by a thread that the child does not have
    _files_lock = threading.Lock()
    # Kept open: to close any descriptor of a file is to release every lock that this process has on it.
    _inherited.extend(_files.values())
    _files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


class KeyLease:
    """
    The keys that were free, held until `release` or the end of the ``with`` block, and those that were not.

    Parameters
    ----------
    keys
        Keys held by this lease.
    busy
        Keys that another task, thread or process holds.
    """

    def __init__(self, keys: tuple[str, ...], busy: tuple[str, ...], *, file: _LockFile) -> None:
        self.keys = keys
        self.busy = busy
        self._file = file
        self._offsets = {_offset(key) for key in keys}

    def release(self) -> None:
        """Release every key; a second call does nothing."""
        while self._offsets:
            self._file.release(self._offsets.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class KeyLocks:
    """
    One lock per key of a dataset, between tasks, threads and processes.

    Nobody ever waits while holding: `try_acquire` takes what is free and names what is not, so there is no
    deadlock. A dead process holds nothing.

    Parameters
    ----------
    root
        Directory of the store.
    disk
        Operations on the disk.

    Examples
    --------
    ::

        while keys:
            with locks.try_acquire("sandbox", "quotes", keys) as lease:
                ...  # look into the store again, fetch what is still missing of lease.keys, persist it
            keys = lease.busy
            if keys:
                await clock.sleep(0.03)
    """

    def __init__(self, root: Path, *, disk: Disk | None = None) -> None:
        self._directory = root / ".locks"
        self._disk = disk or Disk()
        self._files: dict[str, _LockFile] = {}

    def try_acquire(self, provider: str, dataset: str, keys: Iterable[str]) -> KeyLease:
        """
        Take the locks of all keys that are free, without waiting.

        Raises
        ------
        StoreUnavailableError
            If the lock file cannot be opened.
        """
        path = self._directory / f"{provider}.{dataset}"
        with translated(path):
            file = _lock_file(path, self._disk)
            self._files[path.name] = file
            taken: dict[int, bool] = {}
            free: list[str] = []
            busy: list[str] = []
            for key in keys:
                offset = _offset(key)
                if offset not in taken:
                    taken[offset] = file.try_acquire(offset)
                (free if taken[offset] else busy).append(key)
            return KeyLease(tuple(free), tuple(busy), file=file)
