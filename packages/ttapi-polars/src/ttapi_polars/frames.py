# SPDX-License-Identifier: Apache-2.0
"""
The namespace ``tt`` on frames, lazy and eager.

Written by tools/write_namespaces.py from the signatures of the measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from ttapi_polars import (
    adjustments,
    arbitrage,
    bars,
    by_symbol,
    chain_arbitrage,
    cross_section,
    drawdowns,
    forwards,
    gaps,
    information_bars,
    matrices,
    quote_joins,
    session_bars,
    session_frames,
    surface,
    svi_fits,
    volatility_cone,
)
from ttapi_polars import surface as surface_measures
from ttapi_polars.adjustments import Direction
from ttapi_polars.gaps import Filling


@pl.api.register_lazyframe_namespace("tt")
class LazyFrameNamespace:
    """Market analytics on a lazy frame, which is the first argument of each measure."""

    def __init__(self, frame: pl.LazyFrame) -> None:
        self._frame = frame

    def adjust_bars(
        self,
        actions: pl.LazyFrame,
        *,
        direction: Direction = "backward",
        as_of: date | None = None,
        splits: bool = True,
        dividends: bool = True,
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.LazyFrame:
        """
        Add adjusted prices and volumes beside the raw ones, with the factors that made them.

        See `ttapi_polars.adjust_bars`.
        """
        return adjustments.adjust_bars(
            self._frame,
            actions,
            direction=direction,
            as_of=as_of,
            splits=splits,
            dividends=dividends,
            symbol=symbol,
            date=date,
        )

    def adjustment_factors(
        self, bars: pl.LazyFrame, *, as_of: date | None = None, symbol: str = "symbol", date: str = "date"
    ) -> pl.LazyFrame:
        """
        Return what each day of corporate actions multiplies the prices before it by, and why it may not.

        See `ttapi_polars.adjustment_factors`.
        """
        return adjustments.adjustment_factors(self._frame, bars, as_of=as_of, symbol=symbol, date=date)

    def butterfly_violations(self, *, expiration: str = "expiration", points: int = 801) -> pl.LazyFrame:
        """
        Where a raw SVI smile admits butterfly arbitrage: a density below zero, or wings too steep.

        See `ttapi_polars.butterfly_violations`.
        """
        return arbitrage.butterfly_violations(self._frame, expiration=expiration, points=points)

    def calendar_violations(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        k_min: float = -1.0,
        k_max: float = 1.0,
        points: int = 201,
    ) -> pl.LazyFrame:
        """
        Where total variance falls from one expiration to the next at equal log-moneyness: calendar arbitrage.

        See `ttapi_polars.calendar_violations`.
        """
        return arbitrage.calendar_violations(
            self._frame, expiration=expiration, years=years, k_min=k_min, k_max=k_max, points=points
        )

    def excluded_rows(self, *, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
        """List the trades or bars that no bar is made from, and why; see `ttapi_polars.excluded_rows`."""
        return bars.excluded_rows(self._frame, symbol=symbol, time=time)

    def resample_bars(
        self,
        *,
        every: str | timedelta,
        time_zone: str = "UTC",
        since: date | None = None,
        as_of: date | None = None,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.LazyFrame:
        """Bars on clock time from trades, or from finer bars; see `ttapi_polars.resample_bars`."""
        return bars.resample_bars(
            self._frame, every=every, time_zone=time_zone, since=since, as_of=as_of, symbol=symbol, time=time
        )

    def deviation_by_symbol(
        self, *, value: str = "close", symbol: str = "symbol", is_sorted: bool = False
    ) -> pl.LazyFrame:
        """
        Reduce a column to its standard deviation, one row a symbol.

        See `ttapi_polars.deviation_by_symbol`.
        """
        return by_symbol.deviation_by_symbol(self._frame, value=value, symbol=symbol, is_sorted=is_sorted)

    def summarize(
        self, *measures: pl.Expr, symbol: str = "symbol", time: str | None = "date", is_sorted: bool = False
    ) -> pl.LazyFrame:
        """Reduce the rows of each symbol to one row; see `ttapi_polars.summarize`."""
        return by_symbol.summarize(self._frame, *measures, symbol=symbol, time=time, is_sorted=is_sorted)

    def volatility_by_symbol(
        self,
        *,
        days_min: int = 20,
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str | None = "date",
        is_sorted: bool = False,
    ) -> pl.LazyFrame:
        """
        Annualised volatility of daily log returns, one row a symbol.

        See `ttapi_polars.volatility_by_symbol`.
        """
        return by_symbol.volatility_by_symbol(
            self._frame,
            days_min=days_min,
            periods_per_year=periods_per_year,
            price=price,
            symbol=symbol,
            time=time,
            is_sorted=is_sorted,
        )

    def chain_violations(
        self,
        *,
        expiration: str = "expiration",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        discount: str | None = None,
    ) -> pl.LazyFrame:
        """
        Quotes of one expiration that cannot stand together: prices not monotone or not convex in the strike.

        See `ttapi_polars.chain_violations`.
        """
        return chain_arbitrage.chain_violations(
            self._frame,
            expiration=expiration,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            discount=discount,
        )

    def quantile_returns(
        self, *, signal: str, forward_return: str, quantiles: int, time: str = "date", symbol: str = "symbol"
    ) -> pl.LazyFrame:
        """
        Mean return that followed, by time and by portfolio of a signal, and highest minus lowest.

        See `ttapi_polars.quantile_returns`.
        """
        return cross_section.quantile_returns(
            self._frame,
            signal=signal,
            forward_return=forward_return,
            quantiles=quantiles,
            time=time,
            symbol=symbol,
        )

    def drawdown_table(
        self, *, price: str = "close", symbol: str = "symbol", time: str = "date", depth_min: float = 0.0
    ) -> pl.LazyFrame:
        """
        List the drawdowns of each symbol, one row for every fall from a peak until the price is back.

        See `ttapi_polars.drawdown_table`.
        """
        return drawdowns.drawdown_table(
            self._frame, price=price, symbol=symbol, time=time, depth_min=depth_min
        )

    def implied_forward(
        self,
        *,
        expiration: str = "expiration",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        discount: str | None = None,
        pairs_max: int = 10,
    ) -> pl.LazyFrame:
        """
        Forward price and discount factor of each expiration, from put-call parity.

        See `ttapi_polars.implied_forward`.
        """
        return forwards.implied_forward(
            self._frame,
            expiration=expiration,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            discount=discount,
            pairs_max=pairs_max,
        )

    def fill_gaps(
        self,
        *,
        venue: str | None = None,
        calendar: pl.LazyFrame | None = None,
        filling: Filling = "null",
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.LazyFrame:
        """
        Add a row for each session between the first and the last bar of each symbol that has none.

        See `ttapi_polars.fill_gaps`.
        """
        return gaps.fill_gaps(
            self._frame, venue=venue, calendar=calendar, filling=filling, symbol=symbol, date=date
        )

    def missing_sessions(
        self,
        *,
        venue: str | None = None,
        calendar: pl.LazyFrame | None = None,
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.LazyFrame:
        """
        List the sessions between the first and the last bar of each symbol that have no bar.

        See `ttapi_polars.missing_sessions`.
        """
        return gaps.missing_sessions(self._frame, venue=venue, calendar=calendar, symbol=symbol, date=date)

    def dollar_bars(self, *, value: float, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
        """Bars of a fixed traded value, price times size; see `ttapi_polars.dollar_bars`."""
        return information_bars.dollar_bars(self._frame, value=value, symbol=symbol, time=time)

    def tick_bars(self, *, ticks: int, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
        """Bars of a fixed number of trades; see `ttapi_polars.tick_bars`."""
        return information_bars.tick_bars(self._frame, ticks=ticks, symbol=symbol, time=time)

    def volume_bars(self, *, volume: float, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
        """Bars of a fixed volume; see `ttapi_polars.volume_bars`."""
        return information_bars.volume_bars(self._frame, volume=volume, symbol=symbol, time=time)

    def correlation_matrix(
        self, *, value: str = "return", symbol: str = "symbol", time: str = "date", observations_min: int = 2
    ) -> pl.LazyFrame:
        """
        Pearson's correlation of every pair of symbols over the whole sample.

        See `ttapi_polars.correlation_matrix`.
        """
        return matrices.correlation_matrix(
            self._frame, value=value, symbol=symbol, time=time, observations_min=observations_min
        )

    def covariance_matrix(
        self, *, value: str = "return", symbol: str = "symbol", time: str = "date", observations_min: int = 2
    ) -> pl.LazyFrame:
        """
        Sample covariance of every pair of symbols over the whole sample.

        See `ttapi_polars.covariance_matrix`.
        """
        return matrices.covariance_matrix(
            self._frame, value=value, symbol=symbol, time=time, observations_min=observations_min
        )

    def rolling_correlation_matrix(
        self, *, window: int, value: str = "return", symbol: str = "symbol", time: str = "date"
    ) -> pl.LazyFrame:
        """
        Pearson's correlation of every pair of symbols over a rolling window of times.

        See `ttapi_polars.rolling_correlation_matrix`.
        """
        return matrices.rolling_correlation_matrix(
            self._frame, window=window, value=value, symbol=symbol, time=time
        )

    def rolling_covariance_matrix(
        self, *, window: int, value: str = "return", symbol: str = "symbol", time: str = "date"
    ) -> pl.LazyFrame:
        """
        Sample covariance of every pair of symbols over a rolling window of times.

        See `ttapi_polars.rolling_covariance_matrix`.
        """
        return matrices.rolling_covariance_matrix(
            self._frame, window=window, value=value, symbol=symbol, time=time
        )

    def quotes_to_trades(
        self,
        quotes: pl.LazyFrame,
        *,
        tolerance: timedelta | None = None,
        strictly_before: bool = False,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.LazyFrame:
        """Add to each trade the latest quote of its symbol; see `ttapi_polars.quotes_to_trades`."""
        return quote_joins.quotes_to_trades(
            self._frame,
            quotes,
            tolerance=tolerance,
            strictly_before=strictly_before,
            symbol=symbol,
            time=time,
        )

    def session_bars(
        self,
        *,
        venue: str,
        every: str | timedelta | None = None,
        grace: timedelta | None = None,
        since: date | None = None,
        as_of: date | None = None,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.LazyFrame:
        """
        Bars on the sessions of an exchange, from trades or from finer bars.

        See `ttapi_polars.session_bars`.
        """
        return session_bars.session_bars(
            self._frame,
            venue=venue,
            every=every,
            grace=grace,
            since=since,
            as_of=as_of,
            symbol=symbol,
            time=time,
        )

    def label_sessions(
        self, *, venue: str, grace: timedelta | None = None, time: str = "time"
    ) -> pl.LazyFrame:
        """
        Add the day of trading that each row falls into, such as for averages anchored at the opening.

        See `ttapi_polars.label_sessions`.
        """
        return session_frames.label_sessions(self._frame, venue=venue, grace=grace, time=time)

    def outside_sessions(
        self, *, venue: str, grace: timedelta | None = None, time: str = "time"
    ) -> pl.LazyFrame:
        """
        List the rows that lie outside the sessions of a venue, and why: what `session_bars` does not use.

        See `ttapi_polars.outside_sessions`.
        """
        return session_frames.outside_sessions(self._frame, venue=venue, grace=grace, time=time)

    def chain_surface(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        rate: str | None = "rate",
    ) -> pl.LazyFrame:
        """
        Make the volatility surface of a chain of options: a forward and an SVI smile for each expiration.

        See `ttapi_polars.chain_surface`.
        """
        return surface.chain_surface(
            self._frame,
            expiration=expiration,
            years=years,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            rate=rate,
        )

    def chain_volatilities(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        rate: str | None = "rate",
    ) -> pl.LazyFrame:
        """
        Implied volatilities of a chain's out-of-the-money quotes, by the forward that the chain implies.

        See `ttapi_polars.chain_volatilities`.
        """
        return surface.chain_volatilities(
            self._frame,
            expiration=expiration,
            years=years,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            rate=rate,
        )

    def surface_volatility(
        self,
        surface: pl.LazyFrame,
        *,
        years: str = "years",
        log_moneyness: str = "log_moneyness",
        name: str = "volatility",
    ) -> pl.LazyFrame:
        """
        Read a surface: the implied volatility at each row's time and log-moneyness.

        See `ttapi_polars.surface_volatility`.
        """
        return surface_measures.surface_volatility(
            self._frame, surface, years=years, log_moneyness=log_moneyness, name=name
        )

    def fit_svi(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        log_moneyness: str = "log_moneyness",
        volatility: str = "volatility",
        total_variance: str | None = None,
        weight: str | None = None,
    ) -> pl.LazyFrame:
        """
        Fit the raw SVI smile to the implied volatilities of each expiration.

        See `ttapi_polars.fit_svi`.
        """
        return svi_fits.fit_svi(
            self._frame,
            expiration=expiration,
            years=years,
            log_moneyness=log_moneyness,
            volatility=volatility,
            total_variance=total_variance,
            weight=weight,
        )

    def volatility_cone(
        self,
        *,
        windows: Sequence[int] = (20, 60, 120, 250),
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str = "date",
    ) -> pl.LazyFrame:
        """
        Realised volatility over several windows: its range so far, and where it is now.

        See `ttapi_polars.volatility_cone`.
        """
        return volatility_cone.volatility_cone(
            self._frame,
            windows=windows,
            periods_per_year=periods_per_year,
            price=price,
            symbol=symbol,
            time=time,
        )


@pl.api.register_dataframe_namespace("tt")
class DataFrameNamespace:
    """Market analytics on a frame, which is the first argument of each measure."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def adjust_bars(
        self,
        actions: pl.DataFrame,
        *,
        direction: Direction = "backward",
        as_of: date | None = None,
        splits: bool = True,
        dividends: bool = True,
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.DataFrame:
        """
        Add adjusted prices and volumes beside the raw ones, with the factors that made them.

        See `ttapi_polars.adjust_bars`.
        """
        return adjustments.adjust_bars(
            self._frame.lazy(),
            actions.lazy(),
            direction=direction,
            as_of=as_of,
            splits=splits,
            dividends=dividends,
            symbol=symbol,
            date=date,
        ).collect()

    def adjustment_factors(
        self, bars: pl.DataFrame, *, as_of: date | None = None, symbol: str = "symbol", date: str = "date"
    ) -> pl.DataFrame:
        """
        Return what each day of corporate actions multiplies the prices before it by, and why it may not.

        See `ttapi_polars.adjustment_factors`.
        """
        return adjustments.adjustment_factors(
            self._frame.lazy(), bars.lazy(), as_of=as_of, symbol=symbol, date=date
        ).collect()

    def butterfly_violations(self, *, expiration: str = "expiration", points: int = 801) -> pl.DataFrame:
        """
        Where a raw SVI smile admits butterfly arbitrage: a density below zero, or wings too steep.

        See `ttapi_polars.butterfly_violations`.
        """
        return arbitrage.butterfly_violations(
            self._frame.lazy(), expiration=expiration, points=points
        ).collect()

    def calendar_violations(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        k_min: float = -1.0,
        k_max: float = 1.0,
        points: int = 201,
    ) -> pl.DataFrame:
        """
        Where total variance falls from one expiration to the next at equal log-moneyness: calendar arbitrage.

        See `ttapi_polars.calendar_violations`.
        """
        return arbitrage.calendar_violations(
            self._frame.lazy(), expiration=expiration, years=years, k_min=k_min, k_max=k_max, points=points
        ).collect()

    def excluded_rows(self, *, symbol: str = "symbol", time: str = "time") -> pl.DataFrame:
        """List the trades or bars that no bar is made from, and why; see `ttapi_polars.excluded_rows`."""
        return bars.excluded_rows(self._frame.lazy(), symbol=symbol, time=time).collect()

    def resample_bars(
        self,
        *,
        every: str | timedelta,
        time_zone: str = "UTC",
        since: date | None = None,
        as_of: date | None = None,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.DataFrame:
        """Bars on clock time from trades, or from finer bars; see `ttapi_polars.resample_bars`."""
        return bars.resample_bars(
            self._frame.lazy(),
            every=every,
            time_zone=time_zone,
            since=since,
            as_of=as_of,
            symbol=symbol,
            time=time,
        ).collect()

    def deviation_by_symbol(
        self, *, value: str = "close", symbol: str = "symbol", is_sorted: bool = False
    ) -> pl.DataFrame:
        """
        Reduce a column to its standard deviation, one row a symbol.

        See `ttapi_polars.deviation_by_symbol`.
        """
        return by_symbol.deviation_by_symbol(
            self._frame.lazy(), value=value, symbol=symbol, is_sorted=is_sorted
        ).collect()

    def summarize(
        self, *measures: pl.Expr, symbol: str = "symbol", time: str | None = "date", is_sorted: bool = False
    ) -> pl.DataFrame:
        """Reduce the rows of each symbol to one row; see `ttapi_polars.summarize`."""
        return by_symbol.summarize(
            self._frame.lazy(), *measures, symbol=symbol, time=time, is_sorted=is_sorted
        ).collect()

    def volatility_by_symbol(
        self,
        *,
        days_min: int = 20,
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str | None = "date",
        is_sorted: bool = False,
    ) -> pl.DataFrame:
        """
        Annualised volatility of daily log returns, one row a symbol.

        See `ttapi_polars.volatility_by_symbol`.
        """
        return by_symbol.volatility_by_symbol(
            self._frame.lazy(),
            days_min=days_min,
            periods_per_year=periods_per_year,
            price=price,
            symbol=symbol,
            time=time,
            is_sorted=is_sorted,
        ).collect()

    def chain_violations(
        self,
        *,
        expiration: str = "expiration",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        discount: str | None = None,
    ) -> pl.DataFrame:
        """
        Quotes of one expiration that cannot stand together: prices not monotone or not convex in the strike.

        See `ttapi_polars.chain_violations`.
        """
        return chain_arbitrage.chain_violations(
            self._frame.lazy(),
            expiration=expiration,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            discount=discount,
        ).collect()

    def quantile_returns(
        self, *, signal: str, forward_return: str, quantiles: int, time: str = "date", symbol: str = "symbol"
    ) -> pl.DataFrame:
        """
        Mean return that followed, by time and by portfolio of a signal, and highest minus lowest.

        See `ttapi_polars.quantile_returns`.
        """
        return cross_section.quantile_returns(
            self._frame.lazy(),
            signal=signal,
            forward_return=forward_return,
            quantiles=quantiles,
            time=time,
            symbol=symbol,
        ).collect()

    def drawdown_table(
        self, *, price: str = "close", symbol: str = "symbol", time: str = "date", depth_min: float = 0.0
    ) -> pl.DataFrame:
        """
        List the drawdowns of each symbol, one row for every fall from a peak until the price is back.

        See `ttapi_polars.drawdown_table`.
        """
        return drawdowns.drawdown_table(
            self._frame.lazy(), price=price, symbol=symbol, time=time, depth_min=depth_min
        ).collect()

    def implied_forward(
        self,
        *,
        expiration: str = "expiration",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        discount: str | None = None,
        pairs_max: int = 10,
    ) -> pl.DataFrame:
        """
        Forward price and discount factor of each expiration, from put-call parity.

        See `ttapi_polars.implied_forward`.
        """
        return forwards.implied_forward(
            self._frame.lazy(),
            expiration=expiration,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            discount=discount,
            pairs_max=pairs_max,
        ).collect()

    def fill_gaps(
        self,
        *,
        venue: str | None = None,
        calendar: pl.DataFrame | None = None,
        filling: Filling = "null",
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.DataFrame:
        """
        Add a row for each session between the first and the last bar of each symbol that has none.

        See `ttapi_polars.fill_gaps`.
        """
        return gaps.fill_gaps(
            self._frame.lazy(),
            venue=venue,
            calendar=None if calendar is None else calendar.lazy(),
            filling=filling,
            symbol=symbol,
            date=date,
        ).collect()

    def missing_sessions(
        self,
        *,
        venue: str | None = None,
        calendar: pl.DataFrame | None = None,
        symbol: str = "symbol",
        date: str = "date",
    ) -> pl.DataFrame:
        """
        List the sessions between the first and the last bar of each symbol that have no bar.

        See `ttapi_polars.missing_sessions`.
        """
        return gaps.missing_sessions(
            self._frame.lazy(),
            venue=venue,
            calendar=None if calendar is None else calendar.lazy(),
            symbol=symbol,
            date=date,
        ).collect()

    def dollar_bars(self, *, value: float, symbol: str = "symbol", time: str = "time") -> pl.DataFrame:
        """Bars of a fixed traded value, price times size; see `ttapi_polars.dollar_bars`."""
        return information_bars.dollar_bars(
            self._frame.lazy(), value=value, symbol=symbol, time=time
        ).collect()

    def tick_bars(self, *, ticks: int, symbol: str = "symbol", time: str = "time") -> pl.DataFrame:
        """Bars of a fixed number of trades; see `ttapi_polars.tick_bars`."""
        return information_bars.tick_bars(self._frame.lazy(), ticks=ticks, symbol=symbol, time=time).collect()

    def volume_bars(self, *, volume: float, symbol: str = "symbol", time: str = "time") -> pl.DataFrame:
        """Bars of a fixed volume; see `ttapi_polars.volume_bars`."""
        return information_bars.volume_bars(
            self._frame.lazy(), volume=volume, symbol=symbol, time=time
        ).collect()

    def correlation_matrix(
        self, *, value: str = "return", symbol: str = "symbol", time: str = "date", observations_min: int = 2
    ) -> pl.DataFrame:
        """
        Pearson's correlation of every pair of symbols over the whole sample.

        See `ttapi_polars.correlation_matrix`.
        """
        return matrices.correlation_matrix(
            self._frame.lazy(), value=value, symbol=symbol, time=time, observations_min=observations_min
        ).collect()

    def covariance_matrix(
        self, *, value: str = "return", symbol: str = "symbol", time: str = "date", observations_min: int = 2
    ) -> pl.DataFrame:
        """
        Sample covariance of every pair of symbols over the whole sample.

        See `ttapi_polars.covariance_matrix`.
        """
        return matrices.covariance_matrix(
            self._frame.lazy(), value=value, symbol=symbol, time=time, observations_min=observations_min
        ).collect()

    def rolling_correlation_matrix(
        self, *, window: int, value: str = "return", symbol: str = "symbol", time: str = "date"
    ) -> pl.DataFrame:
        """
        Pearson's correlation of every pair of symbols over a rolling window of times.

        See `ttapi_polars.rolling_correlation_matrix`.
        """
        return matrices.rolling_correlation_matrix(
            self._frame.lazy(), window=window, value=value, symbol=symbol, time=time
        ).collect()

    def rolling_covariance_matrix(
        self, *, window: int, value: str = "return", symbol: str = "symbol", time: str = "date"
    ) -> pl.DataFrame:
        """
        Sample covariance of every pair of symbols over a rolling window of times.

        See `ttapi_polars.rolling_covariance_matrix`.
        """
        return matrices.rolling_covariance_matrix(
            self._frame.lazy(), window=window, value=value, symbol=symbol, time=time
        ).collect()

    def quotes_to_trades(
        self,
        quotes: pl.DataFrame,
        *,
        tolerance: timedelta | None = None,
        strictly_before: bool = False,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.DataFrame:
        """Add to each trade the latest quote of its symbol; see `ttapi_polars.quotes_to_trades`."""
        return quote_joins.quotes_to_trades(
            self._frame.lazy(),
            quotes.lazy(),
            tolerance=tolerance,
            strictly_before=strictly_before,
            symbol=symbol,
            time=time,
        ).collect()

    def session_bars(
        self,
        *,
        venue: str,
        every: str | timedelta | None = None,
        grace: timedelta | None = None,
        since: date | None = None,
        as_of: date | None = None,
        symbol: str = "symbol",
        time: str = "time",
    ) -> pl.DataFrame:
        """
        Bars on the sessions of an exchange, from trades or from finer bars.

        See `ttapi_polars.session_bars`.
        """
        return session_bars.session_bars(
            self._frame.lazy(),
            venue=venue,
            every=every,
            grace=grace,
            since=since,
            as_of=as_of,
            symbol=symbol,
            time=time,
        ).collect()

    def label_sessions(
        self, *, venue: str, grace: timedelta | None = None, time: str = "time"
    ) -> pl.DataFrame:
        """
        Add the day of trading that each row falls into, such as for averages anchored at the opening.

        See `ttapi_polars.label_sessions`.
        """
        return session_frames.label_sessions(
            self._frame.lazy(), venue=venue, grace=grace, time=time
        ).collect()

    def outside_sessions(
        self, *, venue: str, grace: timedelta | None = None, time: str = "time"
    ) -> pl.DataFrame:
        """
        List the rows that lie outside the sessions of a venue, and why: what `session_bars` does not use.

        See `ttapi_polars.outside_sessions`.
        """
        return session_frames.outside_sessions(
            self._frame.lazy(), venue=venue, grace=grace, time=time
        ).collect()

    def chain_surface(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        rate: str | None = "rate",
    ) -> pl.DataFrame:
        """
        Make the volatility surface of a chain of options: a forward and an SVI smile for each expiration.

        See `ttapi_polars.chain_surface`.
        """
        return surface.chain_surface(
            self._frame.lazy(),
            expiration=expiration,
            years=years,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            rate=rate,
        ).collect()

    def chain_volatilities(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        strike: str = "strike",
        is_call: str = "is_call",
        bid: str = "bid",
        ask: str = "ask",
        rate: str | None = "rate",
    ) -> pl.DataFrame:
        """
        Implied volatilities of a chain's out-of-the-money quotes, by the forward that the chain implies.

        See `ttapi_polars.chain_volatilities`.
        """
        return surface.chain_volatilities(
            self._frame.lazy(),
            expiration=expiration,
            years=years,
            strike=strike,
            is_call=is_call,
            bid=bid,
            ask=ask,
            rate=rate,
        ).collect()

    def surface_volatility(
        self,
        surface: pl.DataFrame,
        *,
        years: str = "years",
        log_moneyness: str = "log_moneyness",
        name: str = "volatility",
    ) -> pl.DataFrame:
        """
        Read a surface: the implied volatility at each row's time and log-moneyness.

        See `ttapi_polars.surface_volatility`.
        """
        return surface_measures.surface_volatility(
            self._frame.lazy(), surface.lazy(), years=years, log_moneyness=log_moneyness, name=name
        ).collect()

    def fit_svi(
        self,
        *,
        expiration: str = "expiration",
        years: str = "years",
        log_moneyness: str = "log_moneyness",
        volatility: str = "volatility",
        total_variance: str | None = None,
        weight: str | None = None,
    ) -> pl.DataFrame:
        """
        Fit the raw SVI smile to the implied volatilities of each expiration.

        See `ttapi_polars.fit_svi`.
        """
        return svi_fits.fit_svi(
            self._frame.lazy(),
            expiration=expiration,
            years=years,
            log_moneyness=log_moneyness,
            volatility=volatility,
            total_variance=total_variance,
            weight=weight,
        ).collect()

    def volatility_cone(
        self,
        *,
        windows: Sequence[int] = (20, 60, 120, 250),
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str = "date",
    ) -> pl.DataFrame:
        """
        Realised volatility over several windows: its range so far, and where it is now.

        See `ttapi_polars.volatility_cone`.
        """
        return volatility_cone.volatility_cone(
            self._frame.lazy(),
            windows=windows,
            periods_per_year=periods_per_year,
            price=price,
            symbol=symbol,
            time=time,
        ).collect()
