# SPDX-License-Identifier: Apache-2.0
"""Market metrics, dividends and earnings, as tastytrade writes them; numbers for analytics are floats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.api import check_asked
from ttapi_client.parameters import chosen
from ttapi_client.readers import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_client.api import Api, RequestTrace

METRICS_PER_CALL: Final = 50
"""Symbols asked for in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirationVolatility:
    """The implied volatility of one expiration, a fraction; None where there is none."""

    expiration_date: date
    option_chain_type: str | None = None
    settlement_type: str | None = None
    implied_volatility: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsForecast:
    """What is known of the next earnings report."""

    visible: bool = False
    estimated: bool = False
    late_flag: int | None = None
    expected_report_date: date | None = None
    quarter_end_date: date | None = None
    time_of_day: str | None = None
    actual_eps: Decimal | None = None
    consensus_estimate: Decimal | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMetrics:
    """
    What is measured of an underlying; None where it is not.

    Parameters
    ----------
    symbol
        Of what.
    updated_at, created_at
        When (UTC).
    implied_volatility_index, implied_volatility_index_rank, implied_volatility_percentile, \
implied_volatility_index_5_day_change, tos_implied_volatility_index_rank, tw_implied_volatility_index_rank
        Fractions.
    implied_volatility_30_day, historical_volatility_30_day, historical_volatility_60_day, \
historical_volatility_90_day, iv_hv_30_day_difference
        Percent a year.
    liquidity_rating, liquidity_rank, liquidity_value
        How well options on it are traded.
    beta, corr_spy_3month, market_cap, price_earnings_ratio, earnings_per_share, dividend_yield, \
dividend_rate_per_share, borrow_rate
        As named.
    dividend_ex_date, dividend_next_date, dividend_pay_date
        Days.
    lendability, listed_market, implied_volatility_index_rank_source
        In the broker's words.
    option_expiration_implied_volatilities
        By expiration.
    earnings
        The next report.
    """

    symbol: str
    updated_at: datetime | None = None
    created_at: datetime | None = None
    implied_volatility_index: float | None = None
    implied_volatility_index_5_day_change: float | None = None
    implied_volatility_index_rank: float | None = None
    tos_implied_volatility_index_rank: float | None = None
    tw_implied_volatility_index_rank: float | None = None
    implied_volatility_index_rank_source: str | None = None
    implied_volatility_percentile: float | None = None
    implied_volatility_30_day: float | None = None
    historical_volatility_30_day: float | None = None
    historical_volatility_60_day: float | None = None
    historical_volatility_90_day: float | None = None
    iv_hv_30_day_difference: float | None = None
    liquidity_rating: int | None = None
    liquidity_rank: float | None = None
    liquidity_value: float | None = None
    beta: float | None = None
    corr_spy_3month: float | None = None
    market_cap: float | None = None
    price_earnings_ratio: float | None = None
    earnings_per_share: float | None = None
    dividend_rate_per_share: float | None = None
    dividend_yield: float | None = None
    dividend_ex_date: date | None = None
    dividend_next_date: date | None = None
    dividend_pay_date: date | None = None
    lendability: str | None = None
    borrow_rate: float | None = None
    listed_market: str | None = None
    option_expiration_implied_volatilities: tuple[ExpirationVolatility, ...] = ()
    earnings: EarningsForecast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """A dividend that was paid for one share."""

    occurred_date: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """The earnings per share that were reported; None where not told."""

    occurred_date: date
    eps: Decimal | None = None


market_metrics_of: Final = Reader(MarketMetrics)
"""Read metrics; `DataError` if the symbol is missing or a field cannot be read."""
dividend_of: Final = Reader(Dividend)
"""Read a dividend; `DataError` if a field is missing or cannot be read."""
earnings_of: Final = Reader(Earnings)
"""Read reported earnings; `DataError` if the day is missing or a field cannot be read."""


class MetricsCalls:
    """The calls about metrics and corporate events."""

    _api: Api

    async def market_metrics(
        self, symbols: Iterable[str], *, trace: RequestTrace | None = None
    ) -> list[MarketMetrics]:
        """
        Return metrics of any number of underlyings; unknown ones are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        asked = list(dict.fromkeys(symbols))
        found: list[MarketMetrics] = []
        for start in range(0, len(asked), METRICS_PER_CALL):
            chunk = asked[start : start + METRICS_PER_CALL]
            rows = await self._api.items(
                "/market-metrics",
                params={"symbols": ",".join(chunk)},
                check=check_asked(chunk),
                trace=trace,
            )
            found += [market_metrics_of(row) for row in rows]
        return found

    async def dividends(self, symbol: str, *, trace: RequestTrace | None = None) -> list[Dividend]:
        """
        Return the dividends of an equity, in order of time.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        rows = await self._api.items(
            "/market-metrics/historic-corporate-events/dividends/{symbol}",
            segments={"symbol": symbol},
            trace=trace,
        )
        return sorted((dividend_of(row) for row in rows), key=lambda item: item.occurred_date)

    async def earnings_reports(
        self,
        symbol: str,
        first: date,
        *,
        last: date | None = None,
        trace: RequestTrace | None = None,
    ) -> list[Earnings]:
        """
        Return the earnings that an equity reported from ``first`` to ``last``, in order of time.

        Raises
        ------
        ParameterError
            If ``first`` is after ``last``.
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        rows = await self._api.items(
            "/market-metrics/historic-corporate-events/earnings-reports/{symbol}",
            segments={"symbol": symbol},
            params=chosen({"start-date": first, "end-date": last}),
            trace=trace,
        )
        return sorted((earnings_of(row) for row in rows), key=lambda item: item.occurred_date)
