# SPDX-License-Identifier: Apache-2.0
"""Datasets, the TTL store and the collector of the TTAPI market-data platform."""

from ttapi_platform.catalogue import CATALOGUE, DEFAULT_VENUE, Dataset, dataset_named, with_dependencies
from ttapi_platform.collector import Collector
from ttapi_platform.dask_execution import DaskExecutor
from ttapi_platform.deferred import DeferredProvider
from ttapi_platform.execution import Executor, LocalExecutor, analyze
from ttapi_platform.files_mapping import BarMapping
from ttapi_platform.files_provider import FilesProvider
from ttapi_platform.intake import DEFAULT_HISTORY
from ttapi_platform.library import DataLibrary
from ttapi_platform.manifests import Record
from ttapi_platform.readthrough import Reading
from ttapi_platform.report import CollectReport, KeyOutcome, Progress
from ttapi_platform.scanning import scan_dataset
from ttapi_platform.store import Store
from ttapi_platform.universes import Universe, read_universe_file, resolve_universe

__all__ = [
    "CATALOGUE",
    "DEFAULT_HISTORY",
    "DEFAULT_VENUE",
    "BarMapping",
    "CollectReport",
    "Collector",
    "DaskExecutor",
    "DataLibrary",
    "Dataset",
    "DeferredProvider",
    "Executor",
    "FilesProvider",
    "KeyOutcome",
    "LocalExecutor",
    "Progress",
    "Reading",
    "Record",
    "Store",
    "Universe",
    "analyze",
    "dataset_named",
    "read_universe_file",
    "resolve_universe",
    "scan_dataset",
    "with_dependencies",
]
