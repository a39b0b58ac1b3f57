# SPDX-License-Identifier: Apache-2.0
"""
How long the command line takes to say hello, beside a bare typer program with one command.

Run: ``uv run pytest benchmarks/bench_start.py --benchmark-only -n 0 -s``
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 9
BARE = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str) -> None:
    "Say hello."
app()
"""


def best_s(command: list[str]) -> float:
    """The best of some runs: the one that the machine disturbed least."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return min(times)


def test_help_beside_a_bare_typer_program(benchmark: Any, tmp_path: Path) -> None:
    program = tmp_path / "bare.py"
    program.write_text(BARE)
    seen: dict[str, float] = {}

    def work() -> None:
        seen["bare"] = best_s([sys.executable, str(program), "--help"])
        seen["ttapi"] = best_s([sys.executable, "-m", "ttapi_app", "--help"])

    benchmark.pedantic(work, rounds=1, iterations=1)
    ratio = seen["ttapi"] / seen["bare"]
    benchmark.extra_info |= {"ttapi/bare": round(ratio, 2)}
    print(f"\nbare typer {seen['bare']:.2f} s, ttapi --help {seen['ttapi']:.2f} s: {ratio:.2f} (at most 1.5)")
