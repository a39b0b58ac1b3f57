# SPDX-License-Identifier: Apache-2.0
"""Where damaged entries go: out of every reader's way, kept for a while with the reason beside them."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ttapi_platform.disk import Disk, attempt
from ttapi_platform.logs import get_logger

QUARANTINE: Final = ".quarantine"
QUARANTINED_MAX: Final = 64
"""Damaged entries that are kept for a look; older ones are removed by the sweep."""
_REASON: Final = "reason.json"
_log = get_logger(__name__)


class Quarantine:
    """
    The damaged entries of a store.

    Parameters
    ----------
    root
        Directory of the store.
    disk
        Operations on the disk.
    """

    def __init__(self, root: Path, disk: Disk) -> None:
        self.directory = root / QUARANTINE
        self._disk = disk

    def admit(self, entry: Path, *, reason: str, now: datetime) -> bool:
        """
        Move a damaged entry here and write down why; say whether it could be moved.

        An entry that cannot be moved (another process was faster, the disk is read-only) is no error:
        whoever found the damage does not serve it either way.
        """
        provider, dataset = entry.parent.parent.name, entry.parent.name
        target = self.directory / provider / dataset / entry.name
        error = attempt(lambda: self._move(entry, target))
        _log.error(
            "entry_quarantined" if error is None else "entry_damaged",
            provider=provider,
            dataset=dataset,
            entry=entry.name,
            reason=reason,
            problem=str(error) if error else None,
        )
        if error is None:
            facts = {"entry": entry.name, "reason": reason, "quarantined_at": now.isoformat()}
            attempt(lambda: self._disk.write(target / _REASON, msgspec.json.encode(facts)))
        return error is None

    def _move(self, entry: Path, target: Path) -> None:
        self._disk.ensure_directory(target.parent)
        self._disk.rename(entry, target)

    def entries(self) -> list[Path]:
        """Return the damaged entries, the oldest first by name."""
        found = self.directory.glob("*/*/*")
        return sorted(found, key=lambda path: path.name)

    def trim(self) -> int:
        """Remove the oldest beyond `QUARANTINED_MAX` and return how many."""
        surplus = self.entries()[:-QUARANTINED_MAX]
        for path in surplus:
            self._disk.remove_tree(path)
        return len(surplus)

    def clear(self) -> int:
        """Remove all and return how many there were."""
        count = len(self.entries())
        if os.path.lexists(self.directory):
            self._disk.remove_tree(self.directory)
        return count
