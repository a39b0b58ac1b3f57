# SPDX-License-Identifier: Apache-2.0
"""
What a sandbox keeps across restarts, in one file: a line that says what it is, then the state as JSON.

A write is whole or not at all: into a temporary sibling, flushed to the disk, renamed. The first line holds
the digest of the rest, which is checked before a byte of it is read; a file that does not fit it is refused.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ttapi_core import ConfigurationError, CorruptEntryError, StoreUnavailableError
from ttapi_sandbox.answers import encode
from ttapi_sandbox.engine import Books

MAGIC: Final = b"ttapi-sandbox-state"
VERSION: Final = 2


@dataclass(slots=True)
class State:
    """Everything that a restart must not forget."""

    seed: int
    symbols: int
    now: datetime
    accounts: dict[str, Books] = field(default_factory=dict)
    watchlists: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)


_decode = msgspec.json.Decoder(State).decode


class StateFile:
    """
    The file.

    Parameters
    ----------
    path
        Where it is; its directory has to exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, *, seed: int, symbols: int) -> State | None:
        """
        Return what was kept, or None if there is no file yet.

        Raises
        ------
        CorruptEntryError
            If the file is damaged: nothing of it is used, and it stays as it is.
        ConfigurationError
            If it was written by a sandbox of another seed or universe, or by another version.
        StoreUnavailableError
            If it cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StoreUnavailableError(self.path, f"cannot be read: {exc.strerror}") from exc
        state = _parsed(self.path, content)
        if (state.seed, state.symbols) != (seed, symbols):
            found = f"is of seed {state.seed} with {state.symbols} symbols"
            raise ConfigurationError(
                "state_file", f"{self.path} {found}", accepted="the same seed and symbols"
            )
        return state

    def write(self, state: State) -> None:
        """
        Keep a state in place of the one before.

        Raises
        ------
        StoreUnavailableError
            If it cannot be written; the file before stays whole.
        """
        body = encode(state)
        head = b"%b %d %b\n" % (MAGIC, VERSION, _digest(body))
        temporary: Path | None = None
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".tmp", dir=self.path.parent)
            temporary = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(head + body)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            _sync_directory(self.path.parent)
        except OSError as exc:
            if temporary is not None:
                with suppress(OSError):
                    temporary.unlink()
            raise StoreUnavailableError(self.path, f"cannot be written: {exc.strerror}") from exc


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _parsed(path: Path, content: bytes) -> State:
    head, newline, body = content.partition(b"\n")
    parts = head.split(b" ")
    hint = "move it away to begin anew"
    if not newline or len(parts) != 3 or parts[0] != MAGIC:
        raise CorruptEntryError(f"{path} is no state of a sandbox, or its head is damaged", hint=hint)
    if parts[1] != b"%d" % VERSION:
        version = parts[1].decode("ascii", "replace")
        raise ConfigurationError(
            "state_file", f"{path} is of version {version}", accepted=f"version {VERSION}"
        )
    if parts[2] != _digest(body):
        raise CorruptEntryError(f"{path} is damaged: its digest does not match its content", hint=hint)
    try:
        return _decode(body)
    except msgspec.DecodeError as exc:
        raise CorruptEntryError(f"{path} holds no state that can be read: {exc}", hint=hint) from exc


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
