# SPDX-License-Identifier: Apache-2.0
"""
What the analytics cost over 29.2 million bars, beside the floor of reading them and beside their peers.

``uv run --group bench pytest benchmarks/bench_analytics.py --benchmark-only -n 0 -s``

Each contender runs in a process of its own, in turns, so that none meets the memory of another and a busy
moment of the machine hits all. The table is printed at the end. ``TTAPI_BENCH_BARS`` names the file of bars
to use, or where to make it; ``TTAPI_BENCH_SYMBOLS`` makes a smaller one for a try, and
``TTAPI_BENCH_TURNS=1`` a quicker run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import make_bars
import pytest
from analytics_job import JOBS

HERE = Path(__file__).resolve().parent
MEASURES = list(dict.fromkeys(measure for measure, _ in JOBS))
TURNS, ROUNDS = int(os.environ.get("TTAPI_BENCH_TURNS", "3")), 3
MB = 1e6


@pytest.fixture(scope="session")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("TTAPI_BENCH_BARS")
    path = Path(given) if given else tmp_path_factory.mktemp("bars") / "bars.parquet"
    make_bars.make(path, symbols=int(os.environ.get("TTAPI_BENCH_SYMBOLS", make_bars.SYMBOLS)))
    return path


@pytest.fixture(scope="session")
def table() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    print("\n\n| measure | contender | seconds | ttapi is | peak memory |\n| --- | --- | --- | --- | --- |")
    print("\n".join(rows))


def measured(path: Path, measure: str, contender: str) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "analytics_job.py"), str(path), measure, contender, str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("measure", MEASURES)
def test_measure(benchmark: Any, bars: Path, table: list[str], measure: str) -> None:
    contenders = [contender for name, contender in JOBS if name == measure]
    best = dict.fromkeys(contenders, float("inf"))
    peak = dict.fromkeys(contenders, 0)

    def turns() -> None:
        for _ in range(TURNS):
            for contender in contenders:
                answer = measured(bars, measure, contender)
                best[contender] = min(best[contender], *answer["seconds"])
                peak[contender] = max(peak[contender], answer["peak_bytes"])

    benchmark.pedantic(turns, rounds=1)
    ours = best["ttapi"]
    for contender in contenders:
        ratio = "" if contender == "ttapi" else said(ours / best[contender])
        table.append(
            f"| {measure} | {contender} | {best[contender]:.2f} | {ratio} | {peak[contender] / MB:,.0f} MB |"
        )
    benchmark.extra_info |= {
        "seconds": best,
        "peak_bytes": peak,
        "ttapi_takes_times": {name: ours / seconds for name, seconds in best.items()},
    }


def said(ratio: float) -> str:
    return f"{ratio:.2f} times" if ratio >= 1 else f"{1 / ratio:.1f} times faster"
