# SPDX-License-Identifier: Apache-2.0
"""``ttapi compare``: what several providers say of one symbol, field by field."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ttapi_core import ParameterError, StoreUnavailableError
from ttapi_onboarding.collecting import opened_provider
from ttapi_onboarding.screens import (
    note,
    show,
    stdout_is_terminal,
    table,
    warn,
    warn_if_simulated,
    write_json,
)
from ttapi_platform import Collector, Comparison, Store, compare, dataset_named, resolve_universe

if TYPE_CHECKING:
    import polars as pl

    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

_TOLD_MAX: Final = 20
"""Differences that are shown on the terminal, unless more are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOrder:
    """
    What is to be compared.

    Parameters
    ----------
    dataset, symbol
        What is asked for.
    providers
        Who is asked, in the order of preference.
    since
        First day, or None for that of the settings.
    stored
        Whether only what is stored is looked at, and no one is asked.
    """

    dataset: str
    symbol: str
    providers: tuple[str, ...]
    since: date | None = None
    stored: bool = False


def run(
    invocation: Invocation, settings: Settings, order: CompareOrder, *, as_json: bool, limit: int | None
) -> None:
    """
    Ask each provider, hold the answers against each other, show the differences.

    Raises
    ------
    ParameterError
        If fewer than two providers are named.
    StoreUnavailableError
        If fewer than two have something.
    """
    if len(order.providers) < 2:
        raise ParameterError("providers", ",".join(order.providers), "at least two, such as yahoo,tiingo")
    dataset = dataset_named(order.dataset)
    with Store(Path(settings.data_dir)) as store:
        key, frames, causes = asyncio.run(_frames(invocation, settings, order, store))
    for name, cause in causes.items():
        warn(f"{name}: {cause}")
    if len(frames) < 2:
        what = f"nothing of {key} in {dataset.name} from more than {', '.join(frames) or 'no one'}"
        raise StoreUnavailableError(settings.data_dir, what, hint="name providers that have it")
    comparison = compare(dataset, key, frames)
    if as_json or not stdout_is_terminal():
        write_json(as_document(comparison, causes))
    else:
        _draw(comparison, limit=_TOLD_MAX if limit is None else limit)


async def _frames(
    invocation: Invocation, settings: Settings, order: CompareOrder, store: Store
) -> tuple[str, dict[str, pl.DataFrame], dict[str, str]]:
    frames: dict[str, pl.DataFrame] = {}
    causes: dict[str, str] = {}
    key = order.symbol
    for name in order.providers:
        spec = invocation.spec(name)
        warn_if_simulated(spec.name, simulated=spec.simulated)
        async with AsyncExitStack() as stack:
            provider = await stack.enter_async_context(opened_provider(invocation, spec, settings))
            key = (await resolve_universe(provider, [order.symbol], canonical=spec.canonical)).keys[0]
            if not order.stored:
                since = order.since or settings.since(datetime.now(UTC).date()) or spec.since_default
                collector = Collector(store, provider, ttls=settings.ttls())
                report = await collector.collect([key], datasets=[order.dataset], since=since)
                missing = [o for o in report.missing if o.dataset == order.dataset]
                if missing:
                    causes[name] = str(missing[0].cause or missing[0].outcome.value)
        source = spec.source_name(settings)
        if key in store.records(source, order.dataset):
            frame = store.read(source, order.dataset, [key])
            if frame.height:
                frames[name] = frame
    return key, frames, causes


def as_document(comparison: Comparison, causes: dict[str, str]) -> dict[str, Any]:
    """Return a comparison as JSON can hold it."""
    return {
        "dataset": comparison.dataset,
        "symbol": comparison.symbol,
        "providers": list(comparison.providers),
        "rows": dict(comparison.rows),
        "compared": comparison.compared,
        "agreed": comparison.agreed,
        "counts": {field: dict(kinds) for field, kinds in comparison.counts.items()},
        "causes": causes,
        "differences": [
            {
                "at": [_plain(value) for value in difference.at],
                "field": difference.field,
                "kind": difference.kind.value,
                "values": {name: _plain(value) for name, value in difference.values.items()},
                "chosen": difference.chosen,
                "factor": difference.factor,
            }
            for difference in comparison.differences
        ],
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _draw(comparison: Comparison, *, limit: int) -> None:
    kinds = dict.fromkeys(kind for counts in comparison.counts.values() for kind in counts)
    if kinds:
        columns = [("field", "left"), *((kind, "right") for kind in kinds)]
        rows = [(field, *(counts.get(kind) for kind in kinds)) for field, counts in comparison.counts.items()]
        show(table(f"{comparison.symbol}: differences by field", columns, rows))
    columns = [("at", "left"), ("field", "left"), ("kind", "left")]
    columns += [(name, "right") for name in comparison.providers] + [("chosen", "left")]
    shown = comparison.differences[: limit or None]
    lines = [
        (
            " ".join(str(_plain(value)) for value in difference.at) or None,
            difference.field,
            difference.kind.value,
            *(difference.values[name] for name in comparison.providers),
            difference.chosen,
        )
        for difference in shown
    ]
    if lines:
        show(table("every candidate", columns, lines))
    told = ", ".join(f"{name}: {count:,} rows" for name, count in comparison.rows.items())
    note(f"{told}; {comparison.agreed:,} of {comparison.compared:,} values agree")
    if len(shown) < len(comparison.differences):
        note(f"{len(comparison.differences) - len(shown):,} more differences: --limit 0 or --json shows all")
