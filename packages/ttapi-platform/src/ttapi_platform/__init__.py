# SPDX-License-Identifier: Apache-2.0
"""Datasets, the TTL store and the collector of the TTAPI market-data platform."""

from typing import TYPE_CHECKING

from ttapi_platform.catalogue import CATALOGUE, DEFAULT_VENUE, Dataset, dataset_named, with_dependencies
from ttapi_platform.collector import Collector
from ttapi_platform.dask_execution import DaskExecutor
from ttapi_platform.deferred import DeferredProvider
from ttapi_platform.execution import Executor, LocalExecutor, analyze
from ttapi_platform.fallback import collect_in_turn
from ttapi_platform.files_mapping import BarMapping
from ttapi_platform.files_provider import FilesProvider
from ttapi_platform.intake import DEFAULT_HISTORY
from ttapi_platform.library import DataLibrary
from ttapi_platform.manifests import Record
from ttapi_platform.readthrough import Reading
from ttapi_platform.reconciliation import Comparison, Difference, compare
from ttapi_platform.report import CollectReport, KeyOutcome, Progress
from ttapi_platform.scanning import scan_dataset
from ttapi_platform.store import Store
from ttapi_platform.universes import Universe, read_universe_file, resolve_universe

if TYPE_CHECKING:
    from ttapi_platform.verification import Verdict, Verification, verify

__all__ = [
    "CATALOGUE",
    "DEFAULT_HISTORY",
    "DEFAULT_VENUE",
    "BarMapping",
    "CollectReport",
    "Collector",
    "Comparison",
    "DaskExecutor",
    "DataLibrary",
    "Dataset",
    "DeferredProvider",
    "Difference",
    "Executor",
    "FilesProvider",
    "KeyOutcome",
    "LocalExecutor",
    "Progress",
    "Reading",
    "Record",
    "Store",
    "Universe",
    "Verdict",
    "Verification",
    "analyze",
    "collect_in_turn",
    "compare",
    "dataset_named",
    "read_universe_file",
    "resolve_universe",
    "scan_dataset",
    "verify",
    "with_dependencies",
]

_LATE = frozenset({"Verdict", "Verification", "verify"})


def __getattr__(name: str) -> object:
    # The kit for adapters needs an extra; who has not got it does without.
    if name in _LATE:
        from ttapi_platform import verification  # noqa: PLC0415 - see above

        return getattr(verification, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
