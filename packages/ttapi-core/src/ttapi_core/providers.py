# SPDX-License-Identifier: Apache-2.0
"""What a source of data has to offer, and how it answers: the seam between TTAPI and the world."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from ttapi_core.errors import ParameterError, TTError
from ttapi_core.events import Event

KEY_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accounts": "account_number",
        "trading_days": "venue",
        "ipo_calendar": "issuer",
        "economic_series": "series",
        "yield_curves": "curve",
        "reference_rates": "rate",
        "commitments_of_traders": "market",
    }
)
"""The column that holds the key of a dataset, where it is not ``symbol``."""


class Outcome(Enum):
    """What came of one (dataset, key) of a run; every one that was asked for has exactly one."""

    FRESH = "fresh"
    """Fetched in this run."""
    CACHED = "cached"
    """Served from the store, within its time to live."""
    STALE = "stale"
    """Served from the store although too old, because the provider failed."""
    EMPTY = "empty"
    """The provider knows the key and has no rows for it."""
    UNKNOWN_SYMBOL = "unknown"
    """The provider does not know the key."""
    NOT_ENTITLED = "not_entitled"
    """The provider has it, but not for these credentials."""
    FAILED = "failed"
    """Asked for and not received; the cause is named."""


class ArrowStream(Protocol):
    """Anything that speaks the Arrow C stream interface, such as a Polars or pyarrow table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule with an Arrow C stream."""
        ...


Columns = Mapping[str, Sequence[object]] | ArrowStream
"""A table: column name to values (all of one length, None for null), or an Arrow stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """
    One question to a provider.

    Parameters
    ----------
    dataset
        Name of the dataset, such as ``quotes``.
    keys
        Keys in canonical form (symbols; account numbers; a venue), distinct.
        Empty means "whatever there is", for datasets whose keys only the provider knows (``accounts``).
    since
        First day wanted, inclusive, for datasets over time; None for the provider's default.
    until
        Last day wanted, inclusive; None for the newest.
    """

    dataset: str
    keys: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if isinstance(self.keys, str):  # a sequence too, but of single letters
            raise ParameterError("keys", self.keys, "a tuple of keys")
        if len(set(self.keys)) != len(self.keys):
            raise ParameterError("keys", self.keys, "distinct keys")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ParameterError("since", self.since, f"a date not after until ({self.until})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAnswer:
    """
    What a provider says of one key of a request.

    Parameters
    ----------
    dataset, key
        What was asked.
    outcome
        ``FRESH``, ``EMPTY``, ``UNKNOWN_SYMBOL``, ``NOT_ENTITLED`` or ``FAILED``.
    columns
        The rows, columnar, for ``FRESH``; None otherwise.
    cause
        The error behind any outcome but ``FRESH``, where there is one.
    attempts
        Requests that were sent for this key; shared requests count for each of their keys.
    request_id
        Id of the request that brought the rows, for provenance.
    skipped
        Malformed rows that were left out, each as a short text saying where and why.
    skipped_count
        How many rows were left out; at least the number of texts, which may be the first ones only.
    """

    dataset: str
    key: str
    outcome: Outcome
    columns: Columns | None = None
    cause: TTError | None = None
    attempts: int = 1
    request_id: str = ""
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """Requests of a provider since it was opened: every attempt counts as sent."""

    sent: int = 0
    retried: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    How a provider answers a cheap question.

    Parameters
    ----------
    reachable
        Whether it answered, with credentials accepted.
    latency_s
        Seconds that the answer took, or None.
    clock_skew_s
        Server time less our time, in seconds, or None where it does not tell.
    cause
        The error, where it did not answer well.
    """

    reachable: bool
    latency_s: float | None = None
    clock_skew_s: float | None = None
    cause: TTError | None = None


@runtime_checkable
class MarketDataStream(Protocol):
    """A source of live events."""

    def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """
        Yield market-data events of the given kinds (``quote``, ``trade``, ``bar``) until closed.

        A `Notice` may come among them: that events were missed or dropped, and of which symbols.
        """
        ...

    async def aclose(self) -> None:
        """End all subscriptions and close all connections; idempotent."""
        ...


@runtime_checkable
class DataProvider(MarketDataStream, Protocol):
    """
    A source of datasets.

    An instance is opened and used in one event loop, and closed with `aclose`.
    """

    @property
    def name(self) -> str:
        """Short name, safe as a folder name: ``sandbox``, ``tastytrade``, ``files``."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the data is made up; shown wherever a person looks."""
        ...

    @property
    def datasets(self) -> frozenset[str]:
        """Names of the datasets that it can answer."""
        ...

    @property
    def counts(self) -> RequestCounts:
        """Requests since it was opened."""
        ...

    async def universe(self, name: str) -> Sequence[str]:
        """
        Return the canonical symbols of one of its named universes; ``all`` exists always.

        Raises
        ------
        UnknownNameError
            If it has no universe of that name.
        """
        ...

    def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """
        Answer a request, each key exactly once, in any order, as the answers come in.

        What goes wrong with one key is an answer with its cause; only what makes every further
        answer impossible (credentials, a closed client) is raised.
        """
        ...

    async def health_check(self) -> Health:
        """Ask something cheap; never raises a `TTError`."""
        ...
