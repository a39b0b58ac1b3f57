# SPDX-License-Identifier: Apache-2.0
"""
Recorded exchanges held against the contract of adapters: who takes each, and what comes of it.

Every interaction ends in one of four ways: ``decoded`` (claimed, and all checks hold), ``refused`` (the
answer was a refusal, and became the right typed error), ``failed`` (a check is broken), ``unclaimed``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ttapi_core import DecodeError, ResponseError
from ttapi_platform.conformance import Case, failures
from ttapi_platform.replaying import Exchange, Replayed, claimants, read_exchanges, replay
from ttapi_providers import Endpoint, Provider, RequestForm, load_providers, parsed

RESULTS: Final = ("decoded", "refused", "failed", "unclaimed")
_LOSSES: Final = frozenset({"records-accounted", "rows-accounted", "reasons-told"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    What one endpoint made of an interaction.

    Parameters
    ----------
    provider, dataset
        Who took it; the dataset is empty where the provider knows the server but not the request, and the
        answer was a refusal.
    records, rows, skipped
        Records of the body, rows that keep the schema, and what was left out of either.
    reasons
        Why, at most a few.
    error
        What was raised: class and words; empty for nothing.
    refused
        Whether that error is the vendor's own no.
    broken
        Checks that do not hold, with what breaks them.
    """

    provider: str
    dataset: str
    records: int = 0
    rows: int = 0
    skipped: int = 0
    reasons: tuple[str, ...] = ()
    error: tuple[str, str] | None = None
    refused: bool = False
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one interaction, claim by claim."""

    exchange: Exchange
    claims: tuple[Claim, ...]

    @property
    def result(self) -> str:
        """One of `RESULTS`."""
        if not self.claims:
            return "unclaimed"
        if any(claim.broken for claim in self.claims):
            return "failed"
        return "refused" if all(claim.refused for claim in self.claims) else "decoded"

    @property
    def lost(self) -> bool:
        """Whether a record or row is gone without a reason."""
        return any(_LOSSES & set(claim.broken) for claim in self.claims)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        exchange = self.exchange
        return {
            "file": exchange.file,
            "number": exchange.number,
            "recorded_as": f"{exchange.provider}/{exchange.dataset}",
            "fidelity": exchange.fidelity,
            "request": f"{exchange.asked.method} {exchange.asked.base}{exchange.asked.path}",
            "status": exchange.status,
            "result": self.result,
            "claims": [
                {
                    "provider": claim.provider,
                    "dataset": claim.dataset,
                    "records": claim.records,
                    "rows": claim.rows,
                    "skipped": claim.skipped,
                    "reasons": list(claim.reasons),
                    "error": {"type": claim.error[0], "message": claim.error[1]} if claim.error else None,
                    "broken": dict(claim.broken),
                }
                for claim in self.claims
            ],
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """All verdicts of a directory."""

    verdicts: tuple[Verdict, ...]

    def counts(self, *, fidelity: Iterable[str] | None = None, provider: str = "") -> Counter[str]:
        """Return how many interactions ended in each way, those of some fidelities or one provider alone."""
        wanted = set(fidelity) if fidelity is not None else None
        return Counter(
            verdict.result
            for verdict in self.verdicts
            if (wanted is None or verdict.exchange.fidelity in wanted)
            and (
                not provider
                or provider in {claim.provider for claim in verdict.claims} | {verdict.exchange.provider}
            )
        )

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Verdicts with a broken check."""
        return tuple(verdict for verdict in self.verdicts if verdict.result == "failed")

    @property
    def lost(self) -> int:
        """Interactions that lost a record or row in silence."""
        return sum(verdict.lost for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        fidelities = sorted({verdict.exchange.fidelity for verdict in self.verdicts})
        providers = sorted({verdict.exchange.provider for verdict in self.verdicts})
        return {
            "interactions": len(self.verdicts),
            **_told(self.counts()),
            "silent_losses": self.lost,
            "rows": sum(claim.rows for verdict in self.verdicts for claim in verdict.claims),
            "skipped": sum(claim.skipped for verdict in self.verdicts for claim in verdict.claims),
            "by_fidelity": {name or "unknown": _told(self.counts(fidelity=[name])) for name in fidelities},
            "by_provider": {name: _told(self.counts(provider=name)) for name in providers},
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
        }


def _told(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in RESULTS}


async def verify(
    directory: Path, providers: Mapping[str, Provider] | None = None, *, recorded: str = ""
) -> AsyncIterator[Verdict]:
    """
    Yield the verdict on each interaction below a directory, in the order of the files.

    Parameters
    ----------
    directory
        With recordings, see `ttapi_platform.replaying`.
    providers
        Who may claim an interaction, by name; None for all that are installed.
    recorded
        Only recordings of this vendor's name; empty for all.

    Raises
    ------
    StoreError, DataError
        If the directory or a recording cannot be read.
    ConfigurationError
        If an installed provider cannot be loaded.
    """
    providers = providers if providers is not None else load_providers()
    for exchange in read_exchanges(directory, provider=recorded):
        yield await verdict_on(exchange, providers)


async def verdict_on(exchange: Exchange, providers: Mapping[str, Provider]) -> Verdict:
    """Replay one interaction through whoever claims it, and hold what comes of it against the contract."""
    claims = claimants(exchange, providers)
    known = sum(bool(provider.claims(exchange.asked)) for provider in providers.values())
    found = [
        await _claim(exchange, provider, endpoint, (known, len(claims))) for provider, endpoint in claims
    ]
    if not found and exchange.status >= 300:
        found = [await _plain_refusal(exchange, p) for p in _of_server(exchange, providers)]
    return Verdict(exchange=exchange, claims=tuple(found))


def _of_server(exchange: Exchange, providers: Mapping[str, Provider]) -> list[Provider]:
    return [provider for provider in providers.values() if exchange.asked.host in provider.hosts][:1]


async def _claim(exchange: Exchange, provider: Provider, endpoint: Endpoint, known: tuple[int, int]) -> Claim:
    started_s = time.process_time()
    replayed = await replay(exchange, provider, endpoint)
    elapsed_s = time.process_time() - started_s
    case = Case(replayed=replayed, body=_body(exchange, endpoint), elapsed_s=elapsed_s, claimants=known)
    return _told_claim(replayed, broken=failures(case), dataset=endpoint.dataset)


async def _plain_refusal(exchange: Exchange, provider: Provider) -> Claim:
    """Send a request that no endpoint makes through a provider: its refusal is typed all the same."""
    asked = exchange.asked
    path = asked.path.replace("{", "").replace("}", "")
    endpoint = Endpoint(
        dataset=provider.endpoints[0].dataset,
        request=RequestForm(method=asked.method, path=path),
        row=lambda _row, _asked: {},
        batch=0,
        retired=True,
    )
    claim = await _claim(exchange, provider, endpoint, (1, 1))
    return Claim(
        provider=provider.name, dataset="", error=claim.error, refused=claim.refused, broken=claim.broken
    )


def _told_claim(replayed: Replayed, *, broken: Mapping[str, str], dataset: str) -> Claim:
    decoded, error = replayed.decoded, replayed.error
    left_out = sum(part.skipped_rows for part in replayed.conformed.values())
    reasons = [reason for part in replayed.conformed.values() for reason in part.skipped]
    return Claim(
        provider=replayed.provider.name,
        dataset=dataset,
        records=decoded.records if decoded is not None else 0,
        rows=replayed.rows,
        skipped=(decoded.skipped_count if decoded is not None else 0) + left_out,
        reasons=tuple([*(decoded.skipped if decoded is not None else ()), *reasons][:5]),
        error=(type(error).__name__, str(error)) if error is not None else None,
        refused=isinstance(error, ResponseError),
        broken=broken,
    )


def _body(exchange: Exchange, endpoint: Endpoint) -> Any:  # noqa: ANN401 - what a body holds
    if exchange.status >= 300:
        return None
    try:
        return parsed(exchange.content, endpoint.format)
    except DecodeError:
        return None
