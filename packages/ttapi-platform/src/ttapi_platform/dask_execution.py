# SPDX-License-Identifier: Apache-2.0
"""
Pieces of a computation on a Dask cluster: one of this machine, started for the purpose, or one that runs.

A local cluster listens on 127.0.0.1 alone, on ports that the system chooses, and ends with its executor. Its
workers are processes with one thread each, and Polars in them has one thread too: as many pieces as workers
are computed at once. Workers of a running cluster are started by whoever runs it; set `POLARS_MAX_THREADS`
to the threads a task may use before they start. Such a cluster must be trusted: it runs what it is sent.

A worker that dies costs the time of its pieces, which others compute again; a piece that kills four workers
is given up.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ttapi_core.errors import ConnectError, ConnectionLostError, MissingExtraError, ParameterError, UsageError
from ttapi_platform.execution import Advance

_HOST: Final = "127.0.0.1"
CONNECT_TIMEOUT_S: Final = 60.0
"""Generous, for a busy machine that is still loading libraries."""
_CLOSE_TIMEOUT_S: Final = 10
_CONFIGURATION: Final[Mapping[str, object]] = {
    # In the environment of a worker before it is started: Polars reads it when it is imported.
    "distributed.nanny.pre-spawn-environ": {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"},
    # Else the cluster gives up a worker that is not back in 15 s, and the pieces wait for ever.
    "distributed.deploy.lost-worker-timeout": "365 days",
    "distributed.scheduler.no-workers-timeout": "120s",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.diagnostics.nvml": False,
    "distributed.admin.system-monitor.gil.enabled": False,
}
_LOGGING: Final = {"logging": {"distributed": "critical", "distributed.client": "critical"}}
"""Heeded where Dask is loaded here for the first time; what matters of its troubles is raised."""
_T = TypeVar("_T")
_R = TypeVar("_R")


class DaskExecutor:
    """
    Computes pieces on a Dask cluster.

    Parameters
    ----------
    scheduler
        Address of the scheduler of a running cluster, such as ``tcp://10.0.0.5:8786``; None starts a cluster
        on this machine.
    workers
        Processes of the cluster that is started.
    progress
        Called after each piece.
    connect_timeout_s
        Seconds until a scheduler that does not answer is given up.

    Raises
    ------
    MissingExtraError
        If the extra ``dask`` is not installed.
    ConnectError
        If the cluster does not start, or nobody answers at the address.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        *,
        workers: int = 2,
        progress: Advance | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        if workers < 1:
            raise ParameterError("workers", workers, "a whole number, at least 1")
        self._progress = progress
        self._futures: list[Any] = []
        self._stack = ExitStack()
        self._client: Any = None  # typed as little as the library
        try:
            self._client = self._stack.enter_context(
                _connected(scheduler, workers, timeout_s=connect_timeout_s)
            )
        except BaseException:
            self._stack.close()
            raise

    @property
    def workers(self) -> int:
        """How many threads the cluster has now, over all workers."""
        threads: dict[str, int] = self._connection().nthreads()
        return max(sum(threads.values()), 1)

    @property
    def address(self) -> str:
        """Address of the scheduler."""
        found: str = self._connection().scheduler_info()["address"]
        return found

    def map(self, function: Callable[[_T], _R], pieces: Sequence[_T]) -> list[_R]:
        """Compute each piece on some worker; see `Executor.map`."""
        client = self._connection()
        self._futures = client.map(function, pieces, pure=False)
        places = {future.key: place for place, future in enumerate(self._futures)}
        results: dict[int, _R] = {}  # each is fetched once, and while others are being computed
        try:
            with translated():
                for future in _loaded("distributed").as_completed(self._futures, loop=client.loop):
                    results[places[future.key]] = future.result()
                    if self._progress is not None:
                        self._progress(len(results), len(pieces))
                return [results[place] for place in range(len(pieces))]
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Give up the pieces that are not done; those under way run out, and nobody waits for them."""
        futures, self._futures = self._futures, []
        if futures and self._client is not None:
            self._client.cancel(futures, force=True)

    def close(self) -> None:
        """Leave the cluster; if it was started here, end its processes, whatever they do."""
        self._client = None
        self._stack.close()

    def _connection(self) -> Any:  # noqa: ANN401 - likewise
        if self._client is None:
            raise UsageError("the executor is closed")
        return self._client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _loaded(module: str) -> Any:  # noqa: ANN401 - it is typed in parts
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError("ttapi-platform", "dask", "computing on a Dask cluster") from error


@contextmanager
def _connected(scheduler: str | None, workers: int, *, timeout_s: float) -> Iterator[Any]:
    with ExitStack() as stack:
        configuration = _loaded("dask").config
        with configuration.set(_LOGGING):
            distributed = _loaded("distributed")
        stack.enter_context(configuration.set(_CONFIGURATION))
        target = scheduler if scheduler is not None else stack.enter_context(_local_cluster(workers))
        try:
            client = distributed.Client(target, timeout=timeout_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ConnectError(f"no Dask scheduler answers at {scheduler}: {error}") from error
        stack.callback(client.close, _CLOSE_TIMEOUT_S)
        yield client


@contextmanager
def _local_cluster(workers: int) -> Iterator[object]:
    with tempfile.TemporaryDirectory(prefix="ttapi-dask-", ignore_cleanup_errors=True) as scratch:
        try:
            cluster = _loaded("distributed").LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host=_HOST,
                dashboard_address=f"{_HOST}:0",
                worker_dashboard_address=f"{_HOST}:0",
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
                memory_limit=0,
            )
        except (OSError, TimeoutError, RuntimeError) as error:
            raise ConnectError(f"the local Dask cluster does not start: {error}") from error
        try:
            yield cluster
        finally:
            cluster.close(timeout=_CLOSE_TIMEOUT_S)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what Dask raises of itself into errors of ours; what a piece raised passes through."""
    distributed = _loaded("distributed")
    try:
        yield
    except distributed.KilledWorker as error:
        raise ConnectionLostError(
            "a piece was given up: each worker that computed it died",
            hint="perhaps for want of memory: take more pieces",
        ) from error
    except distributed.scheduler.NoWorkerError as error:
        raise ConnectionLostError("the cluster has no worker left") from error
    except distributed.client.FuturesCancelledError as error:
        raise CancelledError from error
