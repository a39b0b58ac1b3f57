# SPDX-License-Identifier: Apache-2.0
"""
Contracts a second: prices with all Greeks, implied volatilities and American prices.

Beside ours, in one run and in turns, so that a busy machine slows all: the same formulas written with NumPy
and SciPy, and QuantLib called contract by contract (on fewer contracts). CPU time a contract is given too,
which a busy machine changes less.

Run: ``pytest benchmarks/bench_options.py --benchmark-only -n 0 -s``
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation has it
from scipy.optimize import elementwise
from scipy.special import ndtr

from ttapi_polars.american import american_price
from ttapi_polars.greeks import black_scholes_greeks
from ttapi_polars.implied import implied_volatility
from ttapi_polars.options import black_scholes_price

ROWS, LOOPED, ROUNDS = 3_000_000, 5_000, 5
TERMS: dict[str, Any] = {
    name: pl.col(name) for name in ("spot", "strike", "years", "rate", "dividend_yield", "is_call")
}
VOLATILITY = pl.col("volatility")
GREEKS = black_scholes_greeks(**TERMS, volatility=VOLATILITY)
PRICE = black_scholes_price(**TERMS, volatility=VOLATILITY)
IMPLIED = implied_volatility(pl.col("price"), **TERMS)
AMERICAN = american_price(**TERMS, volatility=VOLATILITY)


@pytest.fixture(scope="module")
def contracts() -> pl.DataFrame:
    """Deep in and out of the money included: up to five deviations from the forward."""
    random = np.random.default_rng(5)
    years, volatility = random.uniform(0.01, 2, ROWS), random.uniform(0.05, 0.8, ROWS)
    frame = pl.DataFrame(
        {
            "spot": 100 * np.exp(random.uniform(-5, 5, ROWS) * volatility * np.sqrt(years)),
            "strike": np.full(ROWS, 100.0),
            "years": years,
            "volatility": volatility,
            "rate": random.uniform(0, 0.08, ROWS),
            "dividend_yield": random.uniform(0, 0.05, ROWS),
            "is_call": random.random(ROWS) < 0.5,
        }
    )
    return frame.with_columns(PRICE)


def timed(run: Callable[[], object], count: int) -> tuple[float, float]:
    """Seconds on the clock and of CPU a contract."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count


def compare(benchmark: Any, runs: dict[str, tuple[Callable[[], object], int]]) -> None:
    """Run all by turns; print the best of each, and how many times as fast the first is."""
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}

    def by_turns() -> None:
        for name, (run, count) in runs.items():
            rounds[name].append(timed(run, count))

    by_turns()  # loads and compiles
    rounds = {name: [] for name in runs}
    benchmark.pedantic(by_turns, rounds=ROUNDS)
    best = {name: tuple(map(min, zip(*taken, strict=True))) for name, taken in rounds.items()}
    ours = next(iter(best.values()))[0]
    print()
    for name, (wall, cpu) in best.items():
        print(f"{name:24} {1e-6 / wall:8.3f} M/s  {cpu * 1e9:9.0f} ns CPU  ours is {wall / ours:8.1f} x")
        benchmark.extra_info[name] = {"contracts_per_s": 1 / wall, "cpu_ns": cpu * 1e9}


def ours(frame: pl.DataFrame, expression: pl.Expr, engine: Any) -> tuple[Callable[[], object], int]:
    return (lambda: frame.lazy().select(expression).collect(engine=engine)), frame.height


def numpy_greeks(frame: pl.DataFrame) -> tuple[np.ndarray, ...]:
    s, k, t, v, r, q = (
        frame[name].to_numpy() for name in ("spot", "strike", "years", "volatility", "rate", "dividend_yield")
    )
    w = np.where(frame["is_call"].to_numpy(), 1.0, -1.0)
    root, share = np.sqrt(t), np.exp(-q * t)
    asset, bond, deviation = s * share, k * np.exp(-r * t), v * root
    d1 = np.log(asset / bond) / deviation + deviation / 2
    d2 = d1 - deviation
    asset_part, bond_part = w * asset * ndtr(w * d1), w * bond * ndtr(w * d2)
    density = np.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi)
    vega = asset * density * root
    return (
        asset_part - bond_part,
        asset_part / s,
        share * density / (s * deviation),
        vega,
        q * asset_part - r * bond_part - asset * density * v / (2 * root),
        t * bond_part,
        -t * asset_part,
        -share * density * d2 / v,
        vega * d1 * d2 / v,
    )


def quantlib_greeks(frame: pl.DataFrame) -> None:
    for s, k, t, v, r, q, is_call, _ in frame.iter_rows():
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, k)
        c = ql.BlackCalculator(payoff, s * math.exp((r - q) * t), v * math.sqrt(t), math.exp(-r * t))
        c.value(), c.delta(s), c.gamma(s), c.vega(t), c.theta(s, t), c.rho(t), c.dividendRho(t)


def test_price_and_all_greeks(benchmark: Any, contracts: pl.DataFrame) -> None:
    few = contracts.head(LOOPED)
    runs = {
        "streaming": ours(contracts, GREEKS, "streaming"),
        "in memory": ours(contracts, GREEKS, "in-memory"),
        "NumPy and SciPy": (lambda: numpy_greeks(contracts), ROWS),
        "QuantLib, one by one": (lambda: quantlib_greeks(few), LOOPED),
    }
    compare(benchmark, runs)
    streamed = contracts.lazy().select(GREEKS).collect(engine="streaming").unnest("greeks")
    for column, peer in zip(streamed.iter_columns(), numpy_greeks(contracts), strict=True):
        assert np.allclose(column.to_numpy(), peer, rtol=1e-9, atol=1e-9)


def scipy_volatilities(frame: pl.DataFrame) -> np.ndarray:
    """Chandrupatla's bracketing method, all contracts at once."""
    asset = (frame["spot"] * (-frame["dividend_yield"] * frame["years"]).exp()).to_numpy()
    bond = (frame["strike"] * (-frame["rate"] * frame["years"]).exp()).to_numpy()
    price, root = frame["price"].to_numpy(), np.sqrt(frame["years"].to_numpy())
    w = np.where(frame["is_call"].to_numpy(), 1.0, -1.0)

    def miss(v: Any, asset: Any, bond: Any, price: Any, root: Any, w: Any) -> Any:
        d1 = np.log(asset / bond) / (v * root) + v * root / 2
        return w * (asset * ndtr(w * d1) - bond * ndtr(w * (d1 - v * root))) - price

    bracket = (np.full(len(price), 1e-4), np.full(len(price), 10.0))
    found: np.ndarray = elementwise.find_root(miss, bracket, args=(asset, bond, price, root, w)).x
    return found


def quantlib_volatilities(frame: pl.DataFrame) -> None:
    guess = ql.nullDouble()  # which has it find its own
    for price, forward, strike, discount, is_call in frame.iter_rows():
        kind = ql.Option.Call if is_call else ql.Option.Put
        try:
            ql.blackFormulaImpliedStdDev(kind, strike, forward, price, discount, 0.0, guess, 1e-12, 100)
        except RuntimeError:  # prices without time value
            continue


def test_implied_volatilities(benchmark: Any, contracts: pl.DataFrame) -> None:
    forward = pl.col("spot") * ((pl.col("rate") - pl.col("dividend_yield")) * pl.col("years")).exp()
    discount = (-pl.col("rate") * pl.col("years")).exp().alias("discount")
    few = contracts.head(LOOPED).select("price", forward, "strike", discount, "is_call")
    part = contracts.head(100_000)
    runs = {
        "streaming": ours(contracts, IMPLIED, "streaming"),
        "in memory": ours(contracts, IMPLIED, "in-memory"),
        "SciPy find_root": (lambda: scipy_volatilities(part), part.height),
        "QuantLib, one by one": (lambda: quantlib_volatilities(few), LOOPED),
    }
    compare(benchmark, runs)


def test_american_prices(benchmark: Any, contracts: pl.DataFrame) -> None:
    part = contracts.head(1_000_000)
    runs = {
        "streaming": ours(part, AMERICAN, "streaming"),
        "in memory": ours(part, AMERICAN, "in-memory"),
    }
    compare(benchmark, runs)
