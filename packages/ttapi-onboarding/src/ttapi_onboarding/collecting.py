# SPDX-License-Identifier: Apache-2.0
"""``ttapi collect``: one run over a universe, and what is shown of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import Outcome, ParameterError
from ttapi_onboarding.analysis import SHARES, in_order
from ttapi_onboarding.durations import age_text
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.exports import drawn
from ttapi_onboarding.progress import progress_board
from ttapi_onboarding.reports import report_parts
from ttapi_onboarding.screens import note, show, stdout_is_terminal, warn, warn_if_simulated, write_line
from ttapi_onboarding.specs import Connection
from ttapi_platform import (
    Collector,
    DeferredProvider,
    Store,
    analyze,
    collect_in_turn,
    resolve_universe,
    with_dependencies,
)
from ttapi_polars.analyses import analysis_named
from ttapi_polars.analysis_terms import AnalysisOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from ttapi_core import DataProvider
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.layers import Loaded
    from ttapi_onboarding.settings import Settings
    from ttapi_onboarding.specs import ProviderSpec
    from ttapi_platform import CollectReport, Progress, Universe

TOP: Final = 10
_TOLD_MAX: Final = 5
"""Malformed rows, and other oddities, that are named on the terminal."""
_FILES: Final = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOrder:
    """
    What is to be collected.

    Parameters
    ----------
    symbols
        Instrument names; empty for a universe.
    datasets
        Names; empty for all that the provider has.
    since
        First day of daily data, or None for that of the settings.
    refresh
        Whether to fetch also what is fresh.
    """

    symbols: Sequence[str] = ()
    datasets: Sequence[str] = ()
    since: date | None = None
    refresh: bool = False


def require_files_provider(settings: Settings, **flags: object) -> None:
    """Raise `ParameterError` if a flag of the files provider is given to another one."""
    for name, value in flags.items():
        if value is not None and settings.provider != _FILES:
            raise ParameterError(name, str(value), f"only with --provider {_FILES}")


def require_one_universe(symbols: Sequence[str] | None, universe: str | None) -> None:
    """Raise `ParameterError` if symbols and a universe are both given as flags."""
    if symbols and universe is not None:
        raise ParameterError("universe", universe, "either symbols or a universe, not both")


def run(
    invocation: Invocation, loaded: Loaded, order: CollectOrder, *, as_json: bool, progress: bool
) -> ExitCode:
    """Collect, show the report, and return the exit code that it deserves."""
    settings = loaded.settings
    specs = [invocation.spec(name) for name in settings.providers]
    for spec in specs:
        warn_if_simulated(spec.name, simulated=spec.simulated)
    with (
        Store(Path(settings.data_dir)) as store,
        progress_board(f"opening {specs[0].name}", wanted=progress) as on_progress,
    ):
        report = _interruptible(invocation, settings, order, store, on_progress)
        _tell_left_out(report)
        _tell_stale(report)
        if as_json or not stdout_is_terminal():
            write_line(report.to_json())
            return verdict(report, settings.max_missing)
    _draw(report, store, settings)
    return verdict(report, settings.max_missing)


def _interruptible(
    invocation: Invocation,
    settings: Settings,
    order: CollectOrder,
    store: Store,
    on_progress: Callable[[Progress], None] | None,
) -> CollectReport:
    try:
        return asyncio.run(collect(invocation, settings, order, store=store, on_progress=on_progress))
    except KeyboardInterrupt:
        kept = f"what was fetched is kept in {settings.data_dir}; run it again to go on"
        raise KeyboardInterrupt(kept) from None


async def collect(
    invocation: Invocation,
    settings: Settings,
    order: CollectOrder,
    *,
    store: Store,
    on_progress: Callable[[Progress], None] | None = None,
) -> CollectReport:
    """
    Open the provider, find the universe, collect.

    Raises
    ------
    TTError
        Whatever makes a run impossible; what goes wrong with one symbol is in the report.
    """
    with_dependencies(order.datasets)  # a misspelt name shall not start anything
    ttls = settings.ttls()
    specs = [invocation.spec(name) for name in settings.providers]
    async with AsyncExitStack() as stack:
        providers = [
            await stack.enter_async_context(opened_provider(invocation, spec, settings)) for spec in specs
        ]
        universe = await _universe(providers[0], specs[0], settings, order, store)
        collectors = [Collector(store, one, ttls=ttls, on_progress=on_progress) for one in providers]
        return await collect_in_turn(
            collectors,
            universe.keys,
            datasets=order.datasets or None,
            since=_since(invocation, settings, order),
            refresh=order.refresh,
        )


async def _universe(
    provider: DataProvider, spec: ProviderSpec, settings: Settings, order: CollectOrder, store: Store
) -> Universe:
    universe = await resolve_universe(
        provider,
        order.symbols,
        universe=None if order.symbols else settings.universe,
        named=settings.universes,
        store=store,
        ttls=settings.ttls(),
        refresh=order.refresh,
        canonical=spec.canonical,
    )
    if universe.duplicates:
        note(f"universe {universe.name}: {universe.duplicates} repeated symbols are asked for once")
    if not order.symbols and settings.universe is None:
        _tell_left(store, provider.name, universe.keys)
    return universe


@asynccontextmanager
async def opened_provider(
    invocation: Invocation, spec: ProviderSpec, settings: Settings
) -> AsyncIterator[DataProvider]:
    """Open a provider, now or when it is first asked something, and close it in the end."""
    connection = Connection(settings=settings, environment=invocation.environment)
    if not spec.opens_late:
        async with spec.open(connection) as provider:
            yield provider
        return
    late = DeferredProvider(
        spec.source_name(settings),
        simulated=spec.simulated,
        datasets=frozenset(spec.datasets),
        opened=lambda: spec.open(connection),
    )
    async with aclosing(late):
        yield late


def _since(invocation: Invocation, settings: Settings, order: CollectOrder) -> date | None:
    if order.since is not None:
        return order.since
    return settings.since(datetime.now(UTC).date()) or invocation.spec_of(settings).since_default


def _tell_left_out(report: CollectReport) -> None:
    reasons = [f"{o.key}: {reason}" for o in report.outcomes for reason in o.skipped]
    if report.skipped_rows:
        warn(f"{report.skipped_rows:,} malformed rows were left out; --json has all of them")
        _tell_first(reasons)
    notices = [f"{o.dataset} {o.key}: {o.notice}" for o in report.outcomes if o.notice]
    if notices:
        warn(f"{len(notices):,} keys have fewer days than before; --json has all of them")
        _tell_first(notices)


def _tell_left(store: Store, source: str, keys: Sequence[str]) -> None:
    """Name what is stored and belongs no more to all that the provider has: it is not brought up to date."""
    left = sorted(set(store.records(source, "eod_data")).difference(keys))
    if left:
        more = f" and {len(left) - _TOLD_MAX:,} more" if len(left) > _TOLD_MAX else ""
        names = ", ".join(left[:_TOLD_MAX])
        warn(f"stored from {source}, not among what it has now, and not asked for: {names}{more}")


def _tell_first(texts: Sequence[str]) -> None:
    for text in texts[:_TOLD_MAX]:
        note(f"  {text}")


def _tell_who_answered(report: CollectReport) -> None:
    if report.answered_by:
        note("answered by " + ", ".join(f"{name}: {count:,}" for name, count in report.answered_by.items()))


def _tell_stale(report: CollectReport) -> None:
    stale = [outcome for outcome in report.outcomes if outcome.outcome is Outcome.STALE]
    if not stale:
        return
    oldest = min((o.fetched_at for o in stale if o.fetched_at is not None), default=None)
    age = "" if oldest is None else f", up to {age_text(report.started_at - oldest)} old"
    warn(f"{len(stale):,} of {len(report.outcomes):,} are stale{age}: the provider failed, older data serves")


def verdict(report: CollectReport, max_missing: float) -> ExitCode:
    """Return the exit code of a report, and warn where something is missing."""
    if report.missing_fraction > max_missing:
        warn(f"{report.missing_fraction:.1%} is missing, more than --max-missing {max_missing:g}")
        return ExitCode.MISSING
    if report.missing_fraction:
        warn(f"{report.missing_fraction:.1%} is missing, within --max-missing {max_missing:g}")
    return ExitCode.COMPLETE


def _draw(report: CollectReport, store: Store, settings: Settings) -> None:
    show(*report_parts(report, data_dir=settings.data_dir))
    _tell_who_answered(report)
    if "eod_data" not in report.datasets or report.answered_by:
        return
    stored = store.records(report.provider, "eod_data")
    symbols = [o.key for o in report.outcomes if o.dataset == "eod_data" and o.key in stored]
    analysis = analysis_named("volatility")
    table = analyze(store.root, report.provider, analysis=analysis, options=AnalysisOptions(), keys=symbols)
    table = in_order(analysis, table.drop_nulls("volatility"))
    simulated = "SIMULATED · " if report.simulated else ""
    if table.height:
        title = f"{simulated}highest volatility a year ({table.height:,} symbols)"
        show(drawn(table.head(TOP), title, percent=SHARES)[0])
