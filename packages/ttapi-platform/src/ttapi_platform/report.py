# SPDX-License-Identifier: Apache-2.0
"""What came of a run: an outcome for every (dataset, key), counted and named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ttapi_core import Outcome, RequestCounts, TTError

_MISSING: Final = frozenset({Outcome.UNKNOWN_SYMBOL, Outcome.NOT_ENTITLED, Outcome.FAILED})
_SERVED: Final = frozenset({Outcome.FRESH, Outcome.CACHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOutcome:
    """
    What came of one key of one dataset.

    Parameters
    ----------
    dataset, key
        What was asked for.
    outcome
        How it ended.
    rows
        Rows that this outcome stands for: fetched, cached, or stale ones.
    cause
        The error behind it, where there is one.
    attempts
        Requests that were sent for it in this run; shared requests count for each of their keys.
    skipped_rows
        Malformed rows that were left out.
    skipped
        Why, one text a row, shortened to the first few.
    fetched_at
        When the rows were asked for (UTC); None without rows.
    notice
        What is odd about rows that are good, such as fewer days than before; empty for nothing.
    provider
        Who answered, where several were asked in turn; empty where there was one.
    tried
        Who was asked before and had nothing to give, each with what came of it.
    """

    dataset: str
    key: str
    outcome: Outcome
    rows: int = 0
    cause: TTError | None = None
    attempts: int = 0
    skipped_rows: int = 0
    skipped: tuple[str, ...] = ()
    fetched_at: datetime | None = None
    notice: str = ""
    provider: str = ""
    tried: tuple[tuple[str, str], ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether there are no rows although rows were wanted: unknown, not entitled or failed."""
        return self.outcome in _MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far a dataset of a run is.

    Parameters
    ----------
    dataset
        Its name.
    done, total
        Keys that have an outcome, and keys in all.
    outcomes
        Keys by outcome.
    """

    dataset: str
    done: int
    total: int
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """
    What came of a run.

    Parameters
    ----------
    run_id
        Id of the run; its entries and log lines carry it.
    provider, simulated
        Who answered, and whether its data is made up.
    started_at
        UTC.
    elapsed_s
        Seconds that the run took, writing included.
    requests
        Requests of the provider during the run.
    outcomes
        One for every (dataset, key) that was asked for.
    planned
        Every dataset of the run, also one that has no key at all.
    """

    run_id: str
    provider: str
    simulated: bool
    started_at: datetime
    elapsed_s: float
    requests: RequestCounts
    outcomes: tuple[KeyOutcome, ...]
    planned: tuple[str, ...] = ()

    @property
    def datasets(self) -> Mapping[str, Mapping[str, int]]:
        """Counts by dataset: requested, one per outcome, and rows."""
        return {name: _counts(outcomes) for name, outcomes in self._by_dataset().items()}

    @property
    def missing(self) -> tuple[KeyOutcome, ...]:
        """Every outcome that is not a plain success: missing, stale and empty ones, with their causes."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome not in _SERVED)

    @property
    def skipped_rows(self) -> int:
        """Malformed rows left out in the whole run."""
        return sum(outcome.skipped_rows for outcome in self.outcomes)

    @property
    def missing_fraction(self) -> float:
        """Share of requested keys that are unknown, not entitled or failed; 0 when nothing was requested."""
        if not self.outcomes:
            return 0.0
        return sum(outcome.is_missing for outcome in self.outcomes) / len(self.outcomes)

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values, in the documented shape of ``ttapi collect --json``."""
        return {
            "run_id": self.run_id,
            "provider": self.provider,
            "simulated": self.simulated,
            "started_at": self.started_at.isoformat(),
            "elapsed_s": round(self.elapsed_s, 3),
            "requests": {
                "sent": self.requests.sent,
                "retried": self.requests.retried,
                "failed": self.requests.failed,
            },
            "datasets": {name: dict(counts) for name, counts in self.datasets.items()},
            "missing": [_missing_entry(outcome) for outcome in self.missing],
            "skipped": [_skipped_entry(outcome) for outcome in self.outcomes if outcome.skipped_rows],
            **({"answered_by": dict(self.answered_by)} if any(o.provider for o in self.outcomes) else {}),
            "fallbacks": [_fallback_entry(outcome) for outcome in self.outcomes if outcome.tried],
            "notices": [_notice_entry(outcome) for outcome in self.outcomes if outcome.notice],
        }

    @property
    def answered_by(self) -> Mapping[str, int]:
        """Keys by who answered, where several providers were asked in turn; empty where there was one."""
        return Counter(o.provider for o in self.outcomes if o.provider and not o.is_missing)

    def to_json(self) -> str:
        """Return `to_dict` as one JSON document."""
        return json.dumps(self.to_dict(), indent=2)

    def _by_dataset(self) -> dict[str, list[KeyOutcome]]:
        grouped: dict[str, list[KeyOutcome]] = {name: [] for name in self.planned}
        for outcome in self.outcomes:
            grouped.setdefault(outcome.dataset, []).append(outcome)
        return grouped


def _counts(outcomes: Iterable[KeyOutcome]) -> dict[str, int]:
    listed = list(outcomes)
    tally = Counter(outcome.outcome for outcome in listed)
    return {
        "requested": len(listed),
        **{outcome.value: tally[outcome] for outcome in Outcome},
        "rows": sum(outcome.rows for outcome in listed),
    }


def _missing_entry(outcome: KeyOutcome) -> dict[str, object]:
    return {
        "dataset": outcome.dataset,
        "symbol": outcome.key,
        "outcome": outcome.outcome.value,
        "cause": str(outcome.cause) if outcome.cause is not None else None,
        "attempts": outcome.attempts,
        "fetched_at": outcome.fetched_at.isoformat() if outcome.fetched_at is not None else None,
    }


def _notice_entry(outcome: KeyOutcome) -> dict[str, object]:
    return {"dataset": outcome.dataset, "symbol": outcome.key, "notice": outcome.notice}


def _fallback_entry(outcome: KeyOutcome) -> dict[str, object]:
    return {
        "dataset": outcome.dataset,
        "symbol": outcome.key,
        "answered_by": outcome.provider if not outcome.is_missing else None,
        "tried": [{"provider": name, "cause": cause} for name, cause in outcome.tried],
    }


def _skipped_entry(outcome: KeyOutcome) -> dict[str, object]:
    return {
        "dataset": outcome.dataset,
        "symbol": outcome.key,
        "rows": outcome.skipped_rows,
        "reasons": list(outcome.skipped),
    }
