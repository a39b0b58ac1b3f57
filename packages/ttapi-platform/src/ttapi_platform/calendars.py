# SPDX-License-Identifier: Apache-2.0
"""The trading calendar that a run works by: the provider's sessions first, the shipped table beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from ttapi_core import sessions
from ttapi_platform.catalogue import DEFAULT_VENUE


class TradingCalendar:
    """
    Sessions of a venue: those that the provider listed, and the shipped table before and after them.

    Parameters
    ----------
    listed
        Session dates by the provider; may be empty.
    venue
        MIC of the venue.
    """

    def __init__(self, listed: Sequence[date] = (), *, venue: str = DEFAULT_VENUE) -> None:
        first, last = sessions.coverage(venue)
        days = set(listed)
        if days:
            begin, end = min(days), max(days)
            before = [s.date for s in sessions.sessions(venue, first, min(begin, last))]
            after = [s.date for s in sessions.sessions(venue, max(end, first), last)] if end < last else []
            days.update(day for day in before if day < begin)
            days.update(day for day in after if day > end)
        else:
            days.update(s.date for s in sessions.sessions(venue, first, last))
        self._days = pl.Series("day", sorted(days), dtype=pl.Date)
        self.first: date = min(days)
        self.last: date = max(*days, last)

    def with_trading_days(self, series: pl.DataFrame) -> pl.DataFrame:
        """
        Fill ``trading_days_to_expiration`` of expiration series.

        It counts the sessions after the day of collecting (``expiration_date`` less ``days_to_expiration``)
        up to and with the expiration; null where the expiration lies beyond the calendar.
        """
        asked_on = pl.col("expiration_date") - pl.duration(days=pl.col("days_to_expiration"))
        table = series.with_columns(asked_on.alias("asked_on"))
        count = self._sessions_until(table["expiration_date"]) - self._sessions_until(table["asked_on"])
        return series.with_columns(
            pl.when(pl.col("expiration_date") <= self.last)
            .then(count)
            .cast(pl.Int64)
            .alias("trading_days_to_expiration")
        )

    def _sessions_until(self, days: pl.Series) -> pl.Series:
        return self._days.search_sorted(days, side="right").cast(pl.Int64)
