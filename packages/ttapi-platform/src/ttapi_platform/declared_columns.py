# SPDX-License-Identifier: Apache-2.0
"""The kinds of column that schemas are made of, each a word."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from ttapi_platform.schemas import Check, Column

MONEY: Final = pl.Decimal(38, 10)
UTC: Final = pl.Datetime("us", "UTC")
DAY: Final = timedelta(days=1)


def text(*, null: bool = False, one_of: tuple[str, ...] | None = None) -> Column:
    """Return a column of texts."""
    return Column(pl.String(), null=null, one_of=one_of)


def number(*, null: bool = True, low: float | None = None, high: float | None = None) -> Column:
    """Return a column of finite numbers."""
    return Column(pl.Float64(), null=null, low=low, high=high)


def whole(*, null: bool = True, low: int | None = None) -> Column:
    """Return a column of whole numbers."""
    return Column(pl.Int64(), null=null, low=low)


def flag(*, null: bool = False) -> Column:
    """Return a column of booleans."""
    return Column(pl.Boolean(), null=null)


def day(*, null: bool = False) -> Column:
    """Return a column of days."""
    return Column(pl.Date(), null=null)


def moment(*, null: bool = False) -> Column:
    """Return a column of times in UTC."""
    return Column(UTC, null=null)


def amount() -> Column:
    """Return a column of money, exact."""
    return Column(MONEY, null=False)


SPREAD: Final = Check("the bid is above the ask", pl.col("bid") > pl.col("ask"))
RANGE: Final = Check("the high is below the low", pl.col("high") < pl.col("low"))
INSIDE: Final = Check(
    "the open or close lies outside low and high",
    (pl.max_horizontal("open", "close") > pl.col("high") * (1 + 1e-9))
    | (pl.min_horizontal("open", "close") < pl.col("low") * (1 - 1e-9)),
)
PRICED: Final = Check("the close is zero", pl.col("close") == 0)
ADJUSTMENTS: Final = ("raw", "splits", "splits_dividends")
"""What the prices of a bar were adjusted for by who delivered them."""
