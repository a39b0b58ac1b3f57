# SPDX-License-Identifier: Apache-2.0
"""
Recorded exchanges, sent again through the providers as if over HTTP.

A recording is a JSON file with ``provider``, ``dataset`` and ``interactions``: a list of ``request``
(``method``, ``url``, ``query``, ``body``) and ``response`` (``status``, ``content_type``, ``body``). A body
that is a JSON text is the text that was sent; any other is sent as the JSON that it is, digit by digit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ttapi_core import (
    BreakerPolicy,
    DataError,
    DeadlineExceededError,
    DecodeError,
    LimitPolicy,
    ManualClock,
    MissingExtraError,
    ResponseError,
    RetryPolicy,
    StoreError,
    TTError,
)
from ttapi_platform.catalogue import dataset_named
from ttapi_platform.schemas import Conformed

try:
    import httpx

    from ttapi_providers import Asked, DeclaredProvider, Decoded, Endpoint, Format, Provider, parsed
except ImportError as exc:  # pragma: no cover - an optional part
    raise MissingExtraError("ttapi-platform", "providers", "replaying recorded exchanges") from exc

MOCK_CREDENTIAL: Final = "MOCK-CREDENTIAL"
"""What stands for every secret while exchanges are replayed."""
_ONE_TRY: Final = RetryPolicy(attempts_max=1)
_PATIENT: Final = LimitPolicy(deadline_s=30.0)


class _Request(msgspec.Struct):
    method: str
    url: str
    query: dict[str, Any] | None = None
    body: Any = None


class _Response(msgspec.Struct):
    status: int
    body: msgspec.Raw = msgspec.Raw(b"null")
    content_type: str | None = None


class _Interaction(msgspec.Struct):
    request: _Request
    response: _Response


class _Recording(msgspec.Struct):
    provider: str
    dataset: str
    interactions: list[_Interaction]
    trimmed: bool = False
    source: dict[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    One recorded request and its answer.

    Parameters
    ----------
    file
        File, below the directory.
    number
        Of the interaction in the file, from 0.
    provider, dataset
        As the recording names them; a vendor's names, not ours.
    fidelity
        How the recording came to be: ``recorded``, ``body``, ``sample``; empty where it does not say.
    trimmed
        Whether lists in the body were shortened.
    asked
        The request.
    status, content, content_type
        The answer.
    """

    file: str
    number: int
    provider: str
    dataset: str
    fidelity: str
    trimmed: bool
    asked: Asked
    status: int
    content: bytes = field(repr=False)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """
    What one endpoint made of one exchange.

    Parameters
    ----------
    exchange, provider, endpoint
        What was replayed, and who took it.
    decoded
        Rows as the provider read them; None where it raised.
    conformed
        The same as a frame by key, held against the schema of the dataset.
    error
        What was raised.
    """

    exchange: Exchange
    provider: Provider
    endpoint: Endpoint
    decoded: Decoded | None = None
    conformed: Mapping[str, Conformed] = field(default_factory=dict)
    error: BaseException | None = None

    @property
    def rows(self) -> int:
        """Rows that keep the schema."""
        return sum(part.frame.height for part in self.conformed.values())


def read_exchanges(directory: Path, *, provider: str = "") -> Iterator[Exchange]:
    """
    Yield the exchanges of all recordings below a directory, in the order of their names.

    Parameters
    ----------
    directory
        With JSON files, at any depth.
    provider
        Only recordings of this name; empty for all.

    Raises
    ------
    StoreError
        If the directory or a file cannot be read.
    DataError
        If a file is no recording.
    """
    if not directory.is_dir():
        raise StoreError(directory, "is no directory")
    for path in sorted(directory.rglob("*.json")):
        exchanges = list(exchanges_of(path, named=path.relative_to(directory).as_posix()))
        if exchanges and provider in {"", exchanges[0].provider}:
            yield from exchanges


def exchanges_of(path: Path, *, named: str) -> Iterator[Exchange]:
    """
    Yield the exchanges of one recording.

    Raises
    ------
    StoreError
        If the file cannot be read.
    DataError
        If it is no recording.
    """
    recording = _recording(path)
    for number, interaction in enumerate(recording.interactions):
        yield _exchange(named, number, recording, interaction)


def _recording(path: Path) -> _Recording:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Recording)
    except OSError as exc:
        raise StoreError(path, exc.strerror or "cannot be read") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise DataError(f"{path.name} is no recording: {exc}") from exc


def _exchange(file: str, number: int, recording: _Recording, interaction: _Interaction) -> Exchange:
    request, response = interaction.request, interaction.response
    raw = bytes(response.body)
    is_text = raw[:1] == b'"'
    return Exchange(
        file=file,
        number=number,
        provider=recording.provider,
        dataset=recording.dataset,
        fidelity=str(recording.source.get("fidelity", "")),
        trimmed=recording.trimmed,
        asked=Asked.of(request.method, request.url, query=request.query, body=_posted(request.body)),
        status=response.status,
        content=msgspec.json.decode(raw, type=str).encode() if is_text else raw,
        content_type=response.content_type or "application/json",
    )


def _posted(body: object) -> object:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def claimants(exchange: Exchange, providers: Mapping[str, Provider]) -> list[tuple[Provider, Endpoint]]:
    """Return the endpoints that an exchange is of: those of the first provider that knows the request."""
    for provider in providers.values():
        endpoints = [e for e in provider.claims(exchange.asked) if _has_shape(e, exchange)]
        if endpoints:
            return [(provider, endpoint) for endpoint in endpoints]
    return []


def _has_shape(endpoint: Endpoint, exchange: Exchange) -> bool:
    if endpoint.shape is None or exchange.status >= 300:
        return True
    try:
        return bool(endpoint.shape(parsed(exchange.content, endpoint.format)))
    except DecodeError:  # cut off, say: it may well be one of this endpoint's
        return True
    except Exception:  # noqa: BLE001 - a question to any body at all; what it trips over is another shape
        return False


async def replay(exchange: Exchange, provider: Provider, endpoint: Endpoint) -> Replayed:
    """
    Send a recorded request through a provider, answer it as recorded, and hold the rows against the schema.

    Raises nothing of its own: what the provider raised is in ``error``.
    """

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            exchange.status, content=exchange.content, headers={"Content-Type": exchange.content_type}
        )

    opened = DeclaredProvider(
        provider,
        credentials={credential.variable: MOCK_CREDENTIAL for credential in provider.credentials},
        transport=lambda _base: httpx.MockTransport(answer),
        retry=_ONE_TRY,
        limits=_PATIENT,
        clock=ManualClock(datetime.now(UTC), auto_advance=True),  # refused for haste, it waits no real time
        breaker=BreakerPolicy(failures_max=1_000_000),
    )
    decoded = None
    try:
        async with opened:
            decoded, _, _ = await opened.exchange(endpoint, exchange.asked)
        conformed = conform(endpoint.dataset, decoded)
    except DeadlineExceededError as exc:  # it would have waited: the refusal is what came
        told = exc.__cause__ if isinstance(exc.__cause__, ResponseError) else exc
        return Replayed(exchange=exchange, provider=provider, endpoint=endpoint, decoded=decoded, error=told)
    except Exception as exc:  # noqa: BLE001 - reported, whatever it is: a verdict on the provider
        return Replayed(exchange=exchange, provider=provider, endpoint=endpoint, decoded=decoded, error=exc)
    return Replayed(
        exchange=exchange, provider=provider, endpoint=endpoint, decoded=decoded, conformed=conformed
    )


def conform(dataset: str, decoded: Decoded) -> dict[str, Conformed]:
    """
    Hold decoded rows against the schema of their dataset, key by key.

    Raises
    ------
    DataError
        If a column is unknown, missing or of the wrong type, or no row of a key keeps the rules.
    """
    schema = dataset_named(dataset).schema
    strange = [name for name in decoded.columns() if name not in schema.columns]
    if strange:
        raise DataError(
            f"{dataset} has no such column; it has {', '.join(schema.columns)}", column=strange[0]
        )
    by_key: dict[str, list[dict[str, object]]] = {}
    for row in decoded.rows:
        by_key.setdefault(str(row[schema.order[0]]), []).append(row)
    names = list(schema.columns)
    tables = [
        (key, {name: [row.get(name) for row in rows] for name in names}) for key, rows in by_key.items()
    ]
    found: dict[str, Conformed] = {}
    for (key, _), result in zip(tables, schema.conform_all(tables) if tables else [], strict=True):
        if isinstance(result, TTError):
            raise result
        found[key] = result
    return found


__all__ = [
    "Exchange",
    "Format",
    "Replayed",
    "claimants",
    "conform",
    "read_exchanges",
    "replay",
]
