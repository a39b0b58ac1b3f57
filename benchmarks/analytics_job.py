# SPDX-License-Identifier: Apache-2.0
"""
One measure by one contender, in a process of its own: time of each round and the most memory it took.

``python benchmarks/analytics_job.py FILE MEASURE CONTENDER ROUNDS`` prints one line of JSON.

Two kinds of measure. From the file: reading is part of the time, for everybody. In memory: each contender
has the data in the form that it likes best before the clock starts (a wide table for pandas and vectorbt, a
matrix for the kernels, a table in memory for DuckDB, a long frame for Polars), and ends with all values.
"""

from __future__ import annotations

import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

YEAR = 252
Job = Callable[[], Any]
Contender = Callable[[Path], Job]
JOBS: dict[tuple[str, str], Contender] = {}


def job(measure: str, contender: str) -> Callable[[Contender], Contender]:
    def register(prepare: Contender) -> Contender:
        JOBS[measure, contender] = prepare
        return prepare

    return register


# ------------------------------------------------------------------------------------------ from the file


@job("close", "floor")
@job("log_return", "floor")
def floor(path: Path) -> Job:
    """Decode both columns and reduce each by the least that makes Polars decode it."""
    import polars as pl

    plan = pl.scan_parquet(path).select(pl.col("symbol").str.len_bytes().sum(), pl.col("close").sum())
    return lambda: plan.collect(engine="streaming")


@job("close", "ttapi")
def close_ttapi(path: Path) -> Job:
    import polars as pl

    from ttapi_polars import deviation_by_symbol

    plan = deviation_by_symbol(pl.scan_parquet(path), is_sorted=True)
    return lambda: plan.collect(engine="streaming")


@job("close", "polars")
def close_polars(path: Path) -> Job:
    import polars as pl

    plan = pl.scan_parquet(path).group_by("symbol").agg(pl.col("close").std())
    return lambda: plan.collect(engine="streaming")


@job("close", "duckdb")
def close_duckdb(path: Path) -> Job:
    import duckdb

    return lambda: duckdb.sql(f"select symbol, stddev_samp(close) from '{path}' group by symbol").fetchall()


@job("close", "pandas")
def close_pandas(path: Path) -> Job:
    import pandas as pd

    def run() -> Any:
        frame = pd.read_parquet(path, columns=["symbol", "close"])
        return frame.groupby("symbol", sort=False)["close"].std()

    return run


@job("log_return", "ttapi")
def log_return_ttapi(path: Path) -> Job:
    """With days and the last close of each symbol; unusable prices are left out, as everywhere."""
    import polars as pl

    from ttapi_polars import volatility_by_symbol

    plan = volatility_by_symbol(pl.scan_parquet(path), time=None, is_sorted=True)
    return lambda: plan.collect(engine="streaming")


@job("log_return", "ttapi, the whole table")
def log_return_table(path: Path) -> Job:
    """With the first and the last day too, every row's symbol looked at, and days that do not rise found."""
    import polars as pl

    from ttapi_polars import volatility_by_symbol

    plan = volatility_by_symbol(pl.scan_parquet(path), is_sorted=True)
    return lambda: plan.collect(engine="streaming")


@job("log_return", "polars")
def log_return_polars(path: Path) -> Job:
    import polars as pl

    change = (pl.col("close") / pl.col("close").shift(1)).log().std()
    plan = pl.scan_parquet(path).group_by("symbol").agg(change)
    return lambda: plan.collect(engine="streaming")


@job("log_return", "duckdb")
def log_return_duckdb(path: Path) -> Job:
    import duckdb

    query = f"""
        select symbol, stddev_samp(change) from (
            select symbol, ln(close / lag(close) over (partition by symbol order by date)) as change
            from '{path}'
        ) group by symbol"""
    return lambda: duckdb.sql(query).fetchall()


@job("log_return", "pandas")
def log_return_pandas(path: Path) -> Job:
    import numpy as np
    import pandas as pd

    def run() -> Any:
        frame = pd.read_parquet(path, columns=["symbol", "close"])
        frame["change"] = np.log(frame["close"]).groupby(frame["symbol"], sort=False).diff()
        return frame.groupby("symbol", sort=False)["change"].std()

    return run


# --------------------------------------------------------------------------------------------- in memory

COLUMNS = {
    "rolling_volatility": ["close"],
    "ewma_volatility": ["close"],
    "drawdown": ["close"],
    "rolling_beta": ["close", "market_return"],
    "yang_zhang": ["open", "high", "low", "close"],
}
WINDOW, BETA_WINDOW, DECAY = 20, 60, 0.94


def long_frame(path: Path, measure: str) -> Any:
    import polars as pl

    plan = pl.scan_parquet(path).select("symbol", *COLUMNS[measure]).set_sorted("symbol")
    return plan.collect(engine="streaming")


def matrices(path: Path, measure: str) -> list[Any]:
    """One row a symbol, for kernels."""
    import polars as pl

    frame = pl.read_parquet(path, columns=COLUMNS[measure])
    symbols = pl.scan_parquet(path).select(pl.col("symbol").n_unique()).collect().item()
    return [frame[name].to_numpy().reshape(symbols, -1) for name in COLUMNS[measure]]


def wide(path: Path, measure: str) -> list[Any]:
    """One column a symbol, contiguous in time for pandas."""
    import pandas as pd

    return [pd.DataFrame(matrix.T) for matrix in matrices(path, measure)]


def ttapi(measure: str) -> Any:
    import polars as pl

    from ttapi_polars import (
        drawdown,
        ewma_volatility,
        realized_volatility,
        rolling_beta,
        rolling_yang_zhang_volatility,
    )

    by = pl.col("symbol")
    o, h, low, c = (pl.col(name) for name in ("open", "high", "low", "close"))
    return {
        "rolling_volatility": lambda: realized_volatility(c, window=WINDOW, periods_per_year=YEAR, by=by),
        "ewma_volatility": lambda: ewma_volatility(c, decay=DECAY, periods_per_year=YEAR, by=by),
        "drawdown": lambda: drawdown(c, by=by),
        "rolling_beta": lambda: rolling_beta(
            c, pl.col("market_return"), window=BETA_WINDOW, by=by, of_prices=True
        ),
        "yang_zhang": lambda: rolling_yang_zhang_volatility(
            o, h, low=low, close=c, window=WINDOW, periods_per_year=YEAR, by=by
        ),
    }[measure]()


def register_ttapi(measure: str) -> None:
    @job(measure, "ttapi")
    def prepare(path: Path) -> Job:
        frame, expression = long_frame(path, measure), ttapi(measure)
        return lambda: frame.select(expression)


for name in COLUMNS:
    register_ttapi(name)


def polars_over(measure: str) -> Any:
    import polars as pl

    c = pl.col("close")
    change = c.log() - c.log().shift(1)
    return {
        "rolling_volatility": change.rolling_std(WINDOW) * math.sqrt(YEAR),
        "ewma_volatility": ((change**2).ewm_mean(alpha=1 - DECAY, adjust=False) * YEAR).sqrt(),
        "drawdown": c / c.cum_max() - 1,
    }[measure].over("symbol")


def register_polars(measure: str) -> None:
    @job(measure, "polars over")
    def prepare(path: Path) -> Job:
        frame, expression = long_frame(path, measure), polars_over(measure)
        return lambda: frame.select(expression)


for name in ("rolling_volatility", "ewma_volatility", "drawdown"):
    register_polars(name)


@job("rolling_volatility", "pandas")
def rolling_volatility_pandas(path: Path) -> Job:
    import numpy as np

    (close,) = wide(path, "rolling_volatility")
    return lambda: np.log(close).diff().rolling(WINDOW).std() * math.sqrt(YEAR)


@job("ewma_volatility", "pandas")
def ewma_pandas(path: Path) -> Job:
    import numpy as np

    (close,) = wide(path, "ewma_volatility")
    return lambda: np.sqrt((np.log(close).diff() ** 2).ewm(alpha=1 - DECAY, adjust=False).mean() * YEAR)


@job("drawdown", "pandas")
def drawdown_pandas(path: Path) -> Job:
    (close,) = wide(path, "drawdown")
    return lambda: close / close.cummax() - 1


@job("rolling_beta", "pandas")
def rolling_beta_pandas(path: Path) -> Job:
    close, market = wide(path, "rolling_beta")
    m = market[0]

    def run() -> Any:
        change = close.pct_change(fill_method=None)
        product = change.mul(m, axis=0).rolling(BETA_WINDOW).mean()
        mean = m.rolling(BETA_WINDOW).mean()
        covariance = product - change.rolling(BETA_WINDOW).mean().mul(mean, axis=0)
        return covariance.div(m.rolling(BETA_WINDOW).var(ddof=0), axis=0)

    return run


@job("yang_zhang", "pandas")
def yang_zhang_pandas(path: Path) -> Job:
    import numpy as np

    bars = wide(path, "yang_zhang")
    k = 0.34 / (1.34 + (WINDOW + 1) / (WINDOW - 1))

    def run() -> Any:
        o, h, low, c = (np.log(frame) for frame in bars)
        ranges = (h - c) * (h - o) + (low - c) * (low - o)
        outside, inside = (o - c.shift(1)).rolling(WINDOW).var(), (c - o).rolling(WINDOW).var()
        return np.sqrt((outside + k * inside + (1 - k) * ranges.rolling(WINDOW).mean()) * YEAR)

    return run


def register_duckdb(measure: str, query: str) -> None:
    @job(measure, "duckdb")
    def prepare(path: Path) -> Job:
        import duckdb

        columns = ", ".join(["symbol", "date", *COLUMNS[measure]])
        duckdb.sql(f"create table bars as select {columns} from '{path}'")
        return lambda: duckdb.sql(query).arrow().read_all()


_CHANGE = "ln(close / lag(close) over w)"
_FRAME = "(partition by symbol order by date rows {} preceding)"
register_duckdb(
    "rolling_volatility",
    f"""select stddev_samp(change) over {_FRAME.format(WINDOW - 1)} from (
        select symbol, date, {_CHANGE} as change from bars
        window w as (partition by symbol order by date))""",
)
register_duckdb(
    "drawdown",
    f"select close / max(close) over {_FRAME.format('unbounded')} - 1 from bars",
)
register_duckdb(
    "rolling_beta",
    f"""select regr_slope(change, market_return) over {_FRAME.format(BETA_WINDOW - 1)} from (
        select symbol, date, market_return, close / lag(close) over w - 1 as change from bars
        window w as (partition by symbol order by date))""",
)
register_duckdb(
    "yang_zhang",
    f"""select sqrt({YEAR} * (var_samp(o) over v + 0.139 * var_samp(c) over v + 0.861 * avg(rs) over v))
        from (
        select symbol, date, ln(open / lag(close) over w) as o, ln(close / open) as c,
            ln(high / close) * ln(high / open) + ln(low / close) * ln(low / open) as rs
        from bars window w as (partition by symbol order by date))
        window v as {_FRAME.format(WINDOW - 1)}""",
)


def register_talib(measure: str) -> None:
    @job(measure, "polars_talib")
    def prepare(path: Path) -> Job:
        import polars as pl
        import polars_talib as ta

        frame, c = long_frame(path, measure), pl.col("close")
        change = c.log() - c.log().shift(1)
        expression = {
            "rolling_volatility": ta.stddev(change, timeperiod=WINDOW),
            "ewma_volatility": ta.ema(change**2, timeperiod=round(2 / (1 - DECAY) - 1)).sqrt(),
            "rolling_beta": ta.beta(c, pl.col("market_return"), timeperiod=BETA_WINDOW),
        }[measure]
        return lambda: frame.select(expression.over("symbol"))


for name in ("rolling_volatility", "ewma_volatility", "rolling_beta"):
    register_talib(name)


def register_vectorbt(measure: str) -> None:
    @job(measure, "vectorbt")
    def prepare(path: Path) -> Job:
        import numpy as np
        from vectorbt.generic import nb
        from vectorbt.returns import nb as returns_nb

        tables = [np.ascontiguousarray(matrix.T) for matrix in matrices(path, measure)]
        close = tables[0]

        def changes() -> Any:
            return np.diff(np.log(close), axis=0, prepend=np.nan)

        return {
            "rolling_volatility": lambda: nb.rolling_std_nb(changes(), WINDOW, WINDOW, 1),
            "ewma_volatility": lambda: np.sqrt(nb.ewm_mean_nb(changes() ** 2, 32, 0, False)),
            "drawdown": lambda: close / nb.expanding_max_nb(close, 1) - 1,
            "rolling_beta": lambda: returns_nb.rolling_beta_nb(
                close[1:] / close[:-1] - 1, tables[1][1:], BETA_WINDOW, BETA_WINDOW
            ),
        }[measure]


for name in ("rolling_volatility", "ewma_volatility", "drawdown"):
    register_vectorbt(name)


def register_numba(measure: str) -> None:
    @job(measure, "numba kernel")
    def prepare(path: Path) -> Job:
        import numpy as np
        from analytics_kernels import KERNELS

        columns = matrices(path, measure)
        return lambda: KERNELS[measure](*columns, np.empty_like(columns[0]))


for name in COLUMNS:
    register_numba(name)


def peak_bytes() -> int:
    """Return the most memory that this program took; ``ru_maxrss`` would tell of the parent's as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main(path: Path, measure: str, contender: str, rounds: int) -> None:
    warnings.simplefilter("ignore")
    run = JOBS[measure, contender](path)
    run()  # what is compiled or loaded once is not what is measured
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    peak = peak_bytes()
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
