# SPDX-License-Identifier: Apache-2.0
"""
How the store changes the disk, one operation at a time.

Every operation announces itself through `Disk.step` before it happens: the seam at which a test fails the
n-th operation, or plays a power cut that forgets what was never synchronised.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ttapi_core.errors import DiskFullError, StoreError, StoreUnavailableError

DIRECTORY_MODE: Final = 0o700
"""Market data may be licensed: nobody but the owner reads it."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def store_error(error: OSError, path: Path) -> StoreError:
    """Translate an error of the operating system that happened at ``path``."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFullError(path, reason, hint="free some space, or choose another data directory")
    return StoreUnavailableError(
        path, reason, hint="check that the directory exists and that you may read and write it"
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise a `StoreError` that names ``path`` in place of any error of the operating system."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise store_error(error, path) from error


class Disk:
    """The operations by which the store changes the disk; errors of the operating system pass through."""

    def step(self, operation: str, path: Path) -> None:
        """Announce an operation that is about to happen; does nothing here, a test overrides it."""

    def synchronise(self, descriptor: int) -> None:
        """Wait until the device has what was written; a test on a busy machine may do without."""
        os.fsync(descriptor)

    def make_directory(self, path: Path) -> None:
        """Make one directory, readable by the owner alone."""
        self.step("make_directory", path)
        path.mkdir(mode=DIRECTORY_MODE)

    def ensure_directory(self, path: Path) -> None:
        """Make a directory and its parents where they are missing, and make them durable."""
        if path.is_dir():
            return
        if path.parent != path:
            self.ensure_directory(path.parent)
        try:
            self.make_directory(path)
        except FileExistsError:
            if not path.is_dir():
                raise
        self.sync_directory(path.parent)

    def write(self, path: Path, data: bytes) -> None:
        """Write a new file and make its content durable."""
        self.step("create", path)
        with path.open("xb", buffering=0) as file:
            self.step("write", path)
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            self.step("sync", path)
            self.synchronise(file.fileno())

    def sync_directory(self, path: Path) -> None:
        """Make the names in a directory durable."""
        self.step("sync_directory", path)
        if os.name == "nt":  # pragma: no cover - Windows has no descriptor of a directory to synchronise
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self.synchronise(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a directory another name in one step."""
        self.step("rename", source)
        source.rename(target)

    def remove_tree(self, path: Path) -> int:
        """Remove a directory with all it holds and return the bytes freed; nothing happens if it is gone."""
        return self._remove(path, directory=path.is_dir() and not path.is_symlink())

    def _remove(self, path: Path, *, directory: bool) -> int:
        freed = 0
        try:
            if not directory:
                freed = path.lstat().st_size
                self.step("remove_file", path)
                path.unlink()
                return freed
            with os.scandir(path) as children:
                inside = [(Path(child.path), child.is_dir(follow_symlinks=False)) for child in children]
            freed = sum(self._remove(child, directory=is_directory) for child, is_directory in inside)
            self.step("remove_directory", path)
            path.rmdir()
        except FileNotFoundError:
            pass  # another process removes the same orphan
        return freed


def attempt(operation: Callable[[], object]) -> OSError | None:
    """Run an operation that may fail without harm, such as tidying up; return the error if it did."""
    try:
        operation()
    except OSError as error:
        return error
    return None
