# SPDX-License-Identifier: Apache-2.0
"""What the server counted: the proof that something was executed once, or not asked for at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Statistics:
    """
    Counts since the start or the last reset; the calls under ``/_sandbox`` are not counted.

    Attributes
    ----------
    requests
        Requests received, by endpoint, refused ones included.
    executed
        Requests whose handler ran, by endpoint: what a fault did to the answer makes no difference.
    faults
        Faults that fired, by kind.
    statuses
        Answers by status, before a fault of the transport was done to them.
    rejected
        Requests refused for being too fast.
    streams
        Stream connections opened.
    messages_in, messages_out
        Stream messages received and sent.
    """

    requests: Counter[str] = field(default_factory=Counter)
    executed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    streams: int = 0
    messages_in: int = 0
    messages_out: int = 0

    @property
    def total(self) -> int:
        """Requests received, of all endpoints."""
        return self.requests.total()

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return {
            "total": self.total,
            "requests": dict(self.requests),
            "executed": dict(self.executed),
            "faults": dict(self.faults),
            "statuses": dict(self.statuses),
            "rejected": self.rejected,
            "streams": self.streams,
            "messages-in": self.messages_in,
            "messages-out": self.messages_out,
        }

    def reset(self) -> None:
        """Set all counts to zero."""
        for counter in (self.requests, self.executed, self.faults, self.statuses):
            counter.clear()
        self.rejected = self.streams = self.messages_in = self.messages_out = 0
