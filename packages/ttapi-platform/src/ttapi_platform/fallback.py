# SPDX-License-Identifier: Apache-2.0
"""
Several providers asked in turn: what the first does not bring is asked of the next, key by key.

The order of preference is the order given. A key goes on to the next provider if it is missing (unknown, not
entitled, failed) or only a stale answer of it is there; an empty answer is an answer. What no one brings
keeps the outcome of the first provider that has one at all, and names who was asked. Each provider's rows
stay its own in the store: nothing is mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from ttapi_core import AuthenticationError, CredentialsError, Outcome, ParameterError, RequestCounts
from ttapi_platform.catalogue import Keys, dataset_named
from ttapi_platform.collector import Collector
from ttapi_platform.report import CollectReport, KeyOutcome

_Place = tuple[str, str]


async def collect_in_turn(
    collectors: Sequence[Collector],
    keys: Sequence[str],
    *,
    datasets: Sequence[str] | None = None,
    since: date | None = None,
    refresh: bool = False,
) -> CollectReport:
    """
    Bring datasets up to date from whichever provider has them.

    Parameters
    ----------
    collectors
        One a provider, in the order of preference.
    keys
        Canonical symbols, distinct.
    datasets
        Names; None for every dataset that the first provider has.
    since, refresh
        As for `Collector.collect`.

    Returns
    -------
    CollectReport
        One outcome for every (dataset, key); ``provider`` of each says who answered.

    Raises
    ------
    ParameterError
        If there is no provider.
    UnknownNameError
        If no provider has one of the datasets.
    AuthenticationError, CredentialsError
        If credentials are the reason why no provider at all could be asked.
    """
    if not collectors:
        raise ParameterError("providers", (), "at least one provider")
    if len(collectors) == 1:
        return await collectors[0].collect(keys, datasets=datasets, since=since, refresh=refresh)
    reports: list[CollectReport] = []
    merged: dict[_Place, KeyOutcome] = {}
    refused: AuthenticationError | CredentialsError | None = None
    for collector in collectors:
        for names, wanted in _open_questions(collector, collectors, keys, datasets, merged).items():
            try:
                report = await collector.collect(
                    wanted, datasets=list(names) or None, since=since, refresh=refresh
                )
            except (AuthenticationError, CredentialsError) as exc:
                refused = refused or exc
                _note_refusal(merged, collector.provider.name, names, wanted, exc)
                continue
            reports.append(report)
            _merge(merged, report)
    if not reports and refused is not None:
        raise refused
    return _joined(collectors, reports, merged)


def _open_questions(
    collector: Collector,
    collectors: Sequence[Collector],
    keys: Sequence[str],
    datasets: Sequence[str] | None,
    merged: Mapping[_Place, KeyOutcome],
) -> dict[tuple[str, ...], list[str]]:
    """Return what to ask one provider: datasets, and the keys that are wanted of them."""
    if datasets is None and not merged:
        return {(): list(keys)}
    offered = collector.provider.datasets
    names = datasets if datasets is not None else dict.fromkeys(place[0] for place in merged)
    anywhere = frozenset[str]().union(*(one.provider.datasets for one in collectors))
    questions: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if name in anywhere and name not in offered:
            continue
        wanted = _wanted(name, keys, merged)
        if wanted:
            questions.setdefault((name,), wanted)
    return _together(questions)


def _wanted(dataset: str, keys: Sequence[str], merged: Mapping[_Place, KeyOutcome]) -> list[str]:
    if dataset_named(dataset).keys in (Keys.UNIVERSE, Keys.SERIES):
        return [key for key in keys if _is_open(merged.get((dataset, key)))]
    # What a provider lists as a whole is asked of the next one only if the first brought nothing of it.
    known = [outcome for (name, _), outcome in merged.items() if name == dataset]
    return list(keys) if all(map(_is_open, known)) else []


def _together(questions: Mapping[tuple[str, ...], list[str]]) -> dict[tuple[str, ...], list[str]]:
    """Put datasets of which the same keys are wanted into one question."""
    by_keys: dict[tuple[str, ...], list[str]] = {}
    for names, wanted in questions.items():
        by_keys.setdefault(tuple(wanted), []).extend(names)
    return {tuple(names): list(wanted) for wanted, names in by_keys.items()}


def _is_open(outcome: KeyOutcome | None) -> bool:
    return outcome is None or outcome.is_missing or outcome.outcome is Outcome.STALE


def _merge(merged: dict[_Place, KeyOutcome], report: CollectReport) -> None:
    for outcome in report.outcomes:
        place = (outcome.dataset, outcome.key)
        mine, before = replace(outcome, provider=report.provider), merged.get(place)
        if before is None:
            merged[place] = mine
        elif not mine.is_missing and (before.is_missing or mine.outcome is not Outcome.STALE):
            merged[place] = replace(
                mine, tried=(*before.tried, _told(before)), attempts=before.attempts + mine.attempts
            )
        else:
            merged[place] = replace(
                before, tried=(*before.tried, _told(mine)), attempts=before.attempts + mine.attempts
            )


def _told(outcome: KeyOutcome) -> tuple[str, str]:
    cause = f": {outcome.cause}" if outcome.cause is not None else ""
    return outcome.provider, f"{outcome.outcome.value}{cause}"


def _note_refusal(
    merged: dict[_Place, KeyOutcome],
    provider: str,
    names: Sequence[str],
    keys: Sequence[str],
    cause: AuthenticationError | CredentialsError,
) -> None:
    for name in names:
        for key in keys:
            place = (name, key)
            outcome = KeyOutcome(
                dataset=name, key=key, outcome=Outcome.FAILED, cause=cause, provider=provider
            )
            before = merged.get(place)
            merged[place] = (
                outcome if before is None else replace(before, tried=(*before.tried, _told(outcome)))
            )


def _joined(
    collectors: Sequence[Collector], reports: Sequence[CollectReport], merged: Mapping[_Place, KeyOutcome]
) -> CollectReport:
    first = reports[0]
    return CollectReport(
        run_id=first.run_id,
        provider=",".join(collector.provider.name for collector in collectors),
        simulated=any(report.simulated for report in reports),
        started_at=first.started_at,
        elapsed_s=sum(report.elapsed_s for report in reports),
        requests=RequestCounts(
            sent=sum(report.requests.sent for report in reports),
            retried=sum(report.requests.retried for report in reports),
            failed=sum(report.requests.failed for report in reports),
        ),
        outcomes=tuple(merged.values()),
        planned=tuple(dict.fromkeys(name for report in reports for name in report.planned)),
    )
