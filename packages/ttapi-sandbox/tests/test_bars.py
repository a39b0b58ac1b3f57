# SPDX-License-Identifier: Apache-2.0
"""Daily bars: well-formed, lifelike, and a pure function of seed, symbol and date."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from ttapi_core import ConfigurationError, ManualClock
from ttapi_sandbox.bars import ANCHOR_DAY, Bar, rounded
from ttapi_sandbox.corporate_actions import NO_DIVIDEND, dividend_policy, ex_dividend_numbers, splits
from ttapi_sandbox.factors import Factors, Volatility, clustered
from ttapi_sandbox.market import Market
from ttapi_sandbox.randomness import heavy_tailed_quantiles, shocks
from ttapi_sandbox.trading_days import FIRST_DAY
from ttapi_sandbox.universe import listings, table


def market_at(day: date, *, seed: int = 7, symbols: int = 507) -> Market:
    as_of = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    return Market(seed=seed, symbols=symbols, clock=ManualClock(as_of), as_of=as_of)


def returns(market: Market, symbol: str) -> list[float]:
    closes = market.series(market.by_symbol[symbol]).log_closes[: market.moment().number + 1]
    return [after - before for before, after in pairwise(closes)]


def bars_of(market: Market, symbol: str, first: date = FIRST_DAY) -> list[Bar]:
    return market.daily_bars(market.by_symbol[symbol], first, market.moment())


def test_open_high_low_close_and_vwap_are_in_order(market: Market) -> None:
    for listing in market.listings[::25]:
        for bar in bars_of(market, listing.symbol):
            assert 0 < bar.low <= min(bar.open, bar.close)
            assert max(bar.open, bar.close) <= bar.high
            assert bar.low <= bar.vwap <= bar.high
            assert bar.volume > 0
            assert bar.volume == int(bar.volume)
            assert bar.trade_count > 0


def test_bars_are_one_a_session_from_the_first_day_on(market: Market) -> None:
    days = [bar.day for bar in bars_of(market, "AAPL")]
    assert days == market.days.dates[: market.moment().number + 1]
    assert (days[0], days[-1]) == (date(2018, 1, 2), date(2026, 11, 19))
    assert bars_of(market, "AAPL", date(2026, 11, 21)) == []


def test_price_on_the_anchor_day_is_that_of_the_table() -> None:
    market = market_at(ANCHOR_DAY)
    for listing in market.listings[::10]:
        assert bars_of(market, listing.symbol, ANCHOR_DAY)[-1].close == pytest.approx(
            listing.price, abs=0.011
        )


def test_volatility_is_near_that_of_the_table_for_every_name(market: Market) -> None:
    for listing in market.listings[::5]:
        realised = statistics.pstdev(returns(market, listing.symbol)) * math.sqrt(252)
        assert 0.75 < realised / listing.volatility < 1.35, listing.symbol


def test_returns_have_heavy_tails_and_clustered_volatility(market: Market) -> None:
    def kurtosis(values: list[float]) -> float:
        mean, variance = statistics.fmean(values), statistics.pvariance(values)
        return statistics.fmean((value - mean) ** 4 for value in values) / variance**2

    def clustering(values: list[float]) -> float:
        sizes = [abs(value) for value in values]
        return statistics.fmean(statistics.correlation(sizes[:-lag], sizes[lag:]) for lag in range(1, 6))

    series = [returns(market, listing.symbol) for listing in market.listings[::10]]
    assert statistics.median(map(kurtosis, series)) > 3.5
    assert statistics.median(map(clustering, series)) > 0.03
    assert max(abs(value) for values in series for value in values) < 0.6


def test_names_move_with_the_market_and_more_so_within_a_sector(market: Market) -> None:
    spy = returns(market, "SPY")
    correlations = [
        statistics.correlation(spy, returns(market, listing.symbol)) for listing in table()[24:200:5]
    ]
    assert 0.35 < statistics.median(correlations) < 0.8
    assert statistics.correlation(spy, returns(market, "SPX")) > 0.98
    assert statistics.correlation(spy, returns(market, "VIX")) < 0.1
    own = statistics.correlation(returns(market, "XOM"), returns(market, "CVX"))
    other = statistics.correlation(returns(market, "XOM"), returns(market, "KO"))
    assert own > other + 0.05


def test_series_does_not_depend_on_what_else_was_asked_nor_on_the_length_of_the_universe() -> None:
    alone, after_others = market_at(date(2026, 11, 19), symbols=10), market_at(date(2026, 11, 19))
    for listing in after_others.listings[:50]:
        bars_of(after_others, listing.symbol, date(2026, 11, 1))
    assert bars_of(alone, "MSFT") == bars_of(after_others, "MSFT")


def test_earlier_as_of_sees_the_same_bars_up_to_its_day_but_for_splits() -> None:
    early, late = market_at(date(2022, 6, 15)), market_at(date(2026, 11, 19))
    compared = split = 0
    cut = date(2022, 6, 15)
    splitting = [one for one in early.listings if late.last_splits(one, late.moment())[-1:] > [(cut, 0.0)]]
    for listing in (*early.listings[::20], *splitting[:5]):
        before, after = bars_of(early, listing.symbol), bars_of(late, listing.symbol)[:1_200]
        ratio = math.prod(part for day, part in late.last_splits(listing, late.moment()) if day > cut)
        split += ratio != 1
        for one, two in zip(before[::50], after[::50], strict=False):
            assert one.day == two.day
            tick = 0.006 if two.close >= 1 else 0.0006
            assert one.close / ratio == pytest.approx(two.close, abs=tick * (1 + 1 / ratio))
            assert one.volume * ratio == pytest.approx(two.volume, rel=1e-6, abs=ratio + 1)
            compared += 1
    assert compared > 600
    assert split >= 5


def test_another_seed_is_another_market(market: Market) -> None:
    other = market_at(date(2026, 11, 19), seed=8, symbols=5)
    assert bars_of(other, "AAPL")[100:120] != bars_of(market, "AAPL")[100:120]


def test_splits_happen_on_sessions_and_leave_no_gap_in_adjusted_prices(market: Market) -> None:
    found = [
        (listing, split)
        for listing in market.listings[::2]
        for split in market.last_splits(listing, market.moment())
    ]
    assert len(found) > 30
    for listing, (day, _) in found[:20]:
        number = market.days.number(day)
        assert number is not None
        step = abs(returns(market, listing.symbol)[number - 1]) if number else 0.0
        assert step < 0.4
    assert splits(market.by_symbol["SPY"], 7, market.days) == ()


def test_dividends_take_their_amount_off_the_return_of_the_ex_day(market: Market) -> None:
    listing = market.by_symbol["SPY"]
    series = market.series(listing)
    assert len(series.ex_dividend_numbers) == len(set(series.ex_dividend_numbers))
    paid = market.dividends(listing, market.moment())
    total = sum(amount for day, amount in paid if day.year == 2025)
    assert total == pytest.approx(0.012 * listing.price, rel=0.25)
    assert dividend_policy(market.by_symbol["SPX"], 7) is NO_DIVIDEND
    assert ex_dividend_numbers(NO_DIVIDEND, market.days) == []


@pytest.mark.parametrize("day", [date(2018, 1, 31), date(1999, 1, 4), date(2190, 1, 1)])
def test_day_that_cannot_be_simulated_is_refused(day: date) -> None:
    with pytest.raises(ConfigurationError) as caught:
        market_at(day)
    assert caught.value.setting == "as_of"


def test_first_day_that_can_be_simulated_is_whole() -> None:
    market = market_at(date(2018, 2, 1))
    assert len(bars_of(market, "AAPL")) == 22
    assert market.roots(market.by_symbol["AAPL"], market.moment())


def test_shocks_are_standard_and_a_longer_draw_begins_with_the_shorter() -> None:
    values = shocks(20_001, 1, "x")
    assert abs(statistics.fmean(values)) < 0.03
    assert 0.97 < statistics.pstdev(values) < 1.03
    for count in (0, 1, 2, 3, 999, 1000):
        assert shocks(count, 1, "x") == values[:count]
    assert shocks(10, 1, "y") != values[:10]
    assert max(heavy_tailed_quantiles()) > 5


def test_variance_stays_below_its_ceiling_under_extreme_shocks() -> None:
    path = clustered([50.0] * 100, Volatility(1e-4, 0.1, 0.87))
    assert max(path.variances) == pytest.approx(12e-4)
    assert len(path.returns) == len(path.variances) == 100


def test_sectorless_names_have_no_sector_factor() -> None:
    factors = Factors(1, 50)
    assert set(factors.sector("Broad Market")) == {0.0}
    assert factors.sector("Energy") is factors.sector("Energy")


@pytest.mark.parametrize(("price", "expected"), [(12.345678, 12.35), (0.123456, 0.1235), (1e-9, 0.0001)])
def test_prices_stand_on_their_ticks(price: float, expected: float) -> None:
    assert rounded(price) == expected


def test_universe_is_507_names_and_more_are_made_up_on_demand() -> None:
    assert len(table()) == len({listing.symbol for listing in table()}) == 507
    assert sum(listing.is_etf for listing in table()) == 40
    many = listings(1_000)
    assert len({listing.symbol for listing in many}) == 1_000
    assert many[:507] == table()
    assert all(listing.symbol.startswith("ZZ") for listing in many[507:])
    assert len({listing.option_root for listing in many}) == 1_000
    assert listings(3) == table()[:3]
    assert len(listings(10_000)) == 10_000
