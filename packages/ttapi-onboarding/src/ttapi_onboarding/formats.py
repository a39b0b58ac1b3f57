# SPDX-License-Identifier: Apache-2.0
"""The formats in which data can be shown, and the engines that compute it."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How data is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    MARKDOWN = "markdown"


class Engine(StrEnum):
    """Where an analysis is computed."""

    LOCAL = "local"
    DASK = "dask"
