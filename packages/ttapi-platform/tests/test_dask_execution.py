# SPDX-License-Identifier: Apache-2.0
"""
Dask, with real processes: the same table, whatever becomes of a worker, and nothing left behind.

Functions that workers run are made inside the tests, so that they are sent whole and not by name.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from ttapi_core import (
    ConnectError,
    ConnectionLostError,
    MissingExtraError,
    ParameterError,
    UnknownNameError,
    UsageError,
)
from ttapi_platform import DaskExecutor, Store, analyze
from ttapi_platform.dask_execution import translated
from ttapi_polars.analyses import AnalysisOptions, analysis_named

KEYS = [f"S{number:02d}" for number in range(12)]
SLEEPER = """
import sys, time
from pathlib import Path
from ttapi_platform import DaskExecutor
def main():
    def sleep(number, directory=sys.argv[1]):
        Path(directory, str(number)).touch()
        time.sleep(300)
    with DaskExecutor(workers=2) as executor:
        executor.map(sleep, [1, 2, 3])
main() if __name__ == "__main__" else None
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[DaskExecutor]:
    """A local cluster of two workers; afterwards none of its processes is there."""
    before = processes()
    with DaskExecutor(workers=2) as opened:
        started = processes() - before
        assert len(started) >= 2
        assert opened.workers == 2
        yield opened
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def processes() -> set[psutil.Process]:
    """Return what this process has started, but for the tracker that Python keeps to its own end."""
    children = psutil.Process().children(recursive=True)
    return {child for child in children if "resource_tracker" not in " ".join(child.cmdline())}


def wait_until(condition: Callable[[], object], *, timeout_s: float = 100.0) -> None:
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def root(store: Store, sample: Any) -> Path:
    def bars(number: int) -> pl.DataFrame:
        days = 60 + 10 * number
        close = 100 + pl.Series(range(days)).hash(seed=number) % 1000 / 37.0
        first = date(2026, 1, 1)
        return pl.DataFrame(
            {
                "symbol": [KEYS[number]] * days,
                "date": [first + timedelta(days=day) for day in range(days)],
                "close": close,
                "adjusted_close": close / 3,
                "final": [True] * days,
            }
        )

    items = [sample.item(key, frame=bars(number)) for number, key in enumerate(KEYS)]
    store.write("files", "eod_data", sample.entry(*items))
    return store.root


@pytest.mark.parametrize("name", ["volatility", "rolling-volatility"])
def test_table_is_the_same_to_the_last_bit_as_that_of_one_process(
    executor: DaskExecutor, root: Path, name: str
) -> None:
    analysis, options = analysis_named(name), AnalysisOptions(days_min=3)
    here = analyze(root, "files", analysis=analysis, options=options)
    there = analyze(root, "files", analysis=analysis, options=options, executor=executor)
    assert_frame_equal(there, here, check_exact=True)


def test_workers_are_processes_in_which_polars_has_one_thread(executor: DaskExecutor) -> None:
    def look(_: int) -> tuple[int, int]:
        return os.getpid(), pl.thread_pool_size()

    seen = executor.map(look, range(8))
    assert {threads for _, threads in seen} == {1}
    assert os.getpid() not in {process for process, _ in seen}


def test_nothing_listens_but_on_loopback(executor: DaskExecutor) -> None:
    executor.map(abs, range(4))
    ours = [psutil.Process(), *processes()]
    addresses = {
        connection.laddr.ip
        for process in ours
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_killed_worker_costs_time_and_nothing_else(executor: DaskExecutor, tmp_path: Path) -> None:
    """The piece marks that it was begun; the first attempt at it ends its own worker."""
    mark = tmp_path / "begun"

    def square(number: int) -> int:
        if number == 3:
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            mark.with_suffix(".again").touch()
        return number**2

    assert executor.map(square, range(8)) == [number**2 for number in range(8)]
    assert mark.with_suffix(".again").exists()


def test_piece_that_kills_every_worker_is_given_up_as_an_error_of_ours() -> None:
    from distributed import KilledWorker  # noqa: PLC0415 - an extra

    with pytest.raises(ConnectionLostError, match="each worker that computed it died"), translated():
        raise KilledWorker("piece", None, 4)


def test_error_of_a_piece_reaches_the_caller_typed_and_whole(executor: DaskExecutor) -> None:
    def fail(number: int) -> int:
        if number == 2:
            raise UnknownNameError("price", "vwap", ("close",), hint="look again")
        return number

    with pytest.raises(UnknownNameError, match="vwap") as caught:
        executor.map(fail, range(4))
    assert (caught.value.known, caught.value.hint) == (("close",), "look again")
    assert executor.map(abs, [-5]) == [5]


def test_cancelled_run_is_over_and_the_executor_goes_on(executor: DaskExecutor, tmp_path: Path) -> None:
    def wait(number: int, directory: str = str(tmp_path)) -> None:
        Path(directory, str(number)).touch()
        while not Path(directory, "go on").exists():
            time.sleep(0.02)

    def when_started() -> None:
        wait_until(lambda: list(tmp_path.iterdir()))
        executor.cancel()

    canceller = threading.Thread(target=when_started)
    canceller.start()
    with pytest.raises(CancelledError):
        executor.map(wait, range(4))
    canceller.join()
    (tmp_path / "go on").touch()
    assert executor.map(abs, [-1, -2]) == [1, 2]


def test_running_cluster_is_used_by_its_address_and_left_running(executor: DaskExecutor) -> None:
    calls: list[tuple[int, int]] = []
    with DaskExecutor(executor.address, progress=lambda *counts: calls.append(counts)) as other:
        assert other.map(abs, [-1, -2, -3]) == [1, 2, 3]
    assert calls == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(UsageError, match="closed"):
        other.map(abs, [-1])
    other.close()
    assert executor.map(abs, [-1]) == [1]


def test_interrupted_program_ends_at_once_and_leaves_no_process(tmp_path: Path) -> None:
    """As Ctrl-C on a terminal does it: the signal reaches the workers too."""
    program = tmp_path / "program.py"
    program.write_text(SLEEPER)
    marks = tmp_path / "marks"
    marks.mkdir()
    command = [sys.executable, program, marks]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        wait_until(lambda: len(list(marks.iterdir())) == 2)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert complaint.rstrip().endswith("KeyboardInterrupt")
    assert complaint.count("Traceback") == 1, complaint


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense://x"])
def test_scheduler_that_does_not_answer_is_an_error_of_ours(address: str) -> None:
    with pytest.raises(ConnectError, match="no Dask scheduler answers at"):
        DaskExecutor(address, connect_timeout_s=1)


def test_no_worker_at_all_is_refused() -> None:
    with pytest.raises(ParameterError, match="workers is 0"):
        DaskExecutor(workers=0)


def test_without_the_extra_the_error_names_it() -> None:
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from ttapi_platform import DaskExecutor\n"
        "from ttapi_core import MissingExtraError\n"
        "try:\n    DaskExecutor()\nexcept MissingExtraError as error:\n    print(error.extra, error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("dask ")
    assert issubclass(MissingExtraError, UsageError)
    assert "install ttapi-platform[dask]" in done.stdout
