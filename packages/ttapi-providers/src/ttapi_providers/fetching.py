# SPDX-License-Identifier: Apache-2.0
"""
A declared provider at work: a `DataProvider` over `ResilientClient`, the same for every vendor.

What an outcome means here:

* ``UNKNOWN_SYMBOL``: the vendor says so (404, or the code that it has for that), or leaves the key out of an
  answer that has rows of others.
* ``EMPTY``: the answer is whole and has no records.
* ``NOT_ENTITLED``: 403, or the vendor's words for it.
* ``FAILED``: everything else, with its cause. Refused credentials and a closed provider are raised.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

import httpx

from ttapi_client import Budget, ResilientClient, each, open_transport
from ttapi_core import (
    KEY_COLUMNS,
    AuthenticationError,
    BreakerPolicy,
    Clock,
    CredentialsError,
    DataAnswer,
    DataRequest,
    DecodeError,
    Event,
    Health,
    LimitPolicy,
    NotEntitledError,
    NotFoundError,
    Outcome,
    ParameterError,
    ProtocolError,
    RequestCounts,
    ResponseError,
    RetryPolicy,
    Symbol,
    SymbolError,
    SystemClock,
    TTError,
    UnknownNameError,
    UsageError,
)
from ttapi_providers.asking import Asked, Wanted, wire_path
from ttapi_providers.bodies import Format, parsed
from ttapi_providers.declaring import Credential, Endpoint, Provider, recognise
from ttapi_providers.decoding import Decoded, columns_of, decode
from ttapi_providers.handshake import Handshaker
from ttapi_providers.reading import Values

PAGES_MAX: Final = 1000
"""Pages of one question; more is taken for a vendor that turns in circles."""
_ENDS_EVERYTHING: Final = (AuthenticationError, CredentialsError, UsageError)
_ACCEPT: Final = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv, text/plain;q=0.9",
    Format.TSV: "text/tab-separated-values, text/plain;q=0.9",
    Format.XML: "application/xml, text/xml",
    Format.TEXT: "text/plain, */*;q=0.5",
    Format.ANY: "application/json, text/csv;q=0.9, */*;q=0.5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    What came of one question, all its pages together.

    Parameters
    ----------
    decoded
        What the answers hold.
    request_id
        Of the last page.
    attempts
        Requests that were sent.
    """

    decoded: Decoded
    request_id: str
    attempts: int


class DeclaredProvider:
    """
    A `DataProvider` made from a declaration; opened and used in one event loop, closed with `aclose`.

    Parameters
    ----------
    declaration
        What the vendor gives and how it is asked.
    credentials
        Secrets by the name of their variable.
    limits, retry, breaker
        Of the HTTP clients, one for each server.
    transport
        Makes the transport of a server, by its base; None for the fastest that is installed.
    budget
        Makes the rate budget of a server's client, such as one that all processes of the machine share; None
        for one in memory. The limits that the vendor publishes hold in either.
    clock
        Tells the time and waits.
    workers
        Questions that are asked at a time.
    base_url
        Asked instead of every server of the declaration; for a proxy, or a server of your own.

    Raises
    ------
    CredentialsError
        If a secret that is needed is not given.
    """

    def __init__(  # noqa: PLR0913 - the parts of a provider, each with its default
        self,
        declaration: Provider,
        *,
        credentials: Mapping[str, str] | None = None,
        limits: LimitPolicy = LimitPolicy(),  # noqa: B008 - frozen
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        breaker: BreakerPolicy = BreakerPolicy(),  # noqa: B008 - frozen
        transport: Callable[[str], httpx.AsyncBaseTransport] | None = None,
        budget: Callable[[], Budget] | None = None,
        clock: Clock | None = None,
        workers: int = 8,
        base_url: str = "",
    ) -> None:
        self.declaration: Final = declaration
        self._credentials = _checked(declaration, credentials or {})
        self._limits = replace(limits, windows=limits.windows or declaration.limits)
        self._retry, self._breaker = retry, breaker
        self._transport = transport
        self._budget = budget
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._workers = workers
        self._base_url = base_url
        self._clients: dict[str, ResilientClient] = {}
        self._handshaker = self._with_handshake()
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; idempotent."""
        self._closed = True
        for client in self._clients.values():
            await client.aclose()

    @property
    def name(self) -> str:
        """Short name, safe as a folder name."""
        return self.declaration.name

    @property
    def simulated(self) -> bool:
        """Whether the data is made up: it is not."""
        return False

    @property
    def datasets(self) -> frozenset[str]:
        """Names of the datasets that it can answer."""
        return frozenset(self.declaration.datasets)

    @property
    def counts(self) -> RequestCounts:
        """Requests since it was opened."""
        counts = [client.counts for client in self._clients.values()]
        return RequestCounts(
            sent=sum(c.sent for c in counts),
            retried=sum(c.retried for c in counts),
            failed=sum(c.failed for c in counts),
        )

    @staticmethod
    def canonical(text: str) -> str:
        """Return a key as it is stored: canonical where it names an instrument, else the vendor's own."""
        stripped = text.strip()
        try:
            return Symbol.parse(stripped).canonical
        except SymbolError:
            return stripped

    async def universe(self, name: str) -> Sequence[str]:
        """
        Return the keys of one of its named lists.

        Raises
        ------
        UnknownNameError
            If it has no list of that name; most vendors have none at all.
        """
        try:
            return self.declaration.universes[name]
        except KeyError as exc:
            hint = (
                f"{self.name} lists no symbols by itself: name them with --symbols" if name == "all" else ""
            )
            raise UnknownNameError("universe", name, tuple(self.declaration.universes), hint=hint) from exc

    def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """
        Refuse: a declared provider answers questions and has no stream.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            f"{self.name} has no stream of {', '.join(kinds) or 'events'} ({len(symbols)} symbols)"
        )

    async def health_check(self) -> Health:
        """Ask its servers for nothing in particular: any answer but refused credentials will do."""
        started_s = time.perf_counter()
        try:
            base = self._main_base
            client = self._client(base)
            await client.request(
                "GET", "/", headers=self._headers(base), params=self._params(base), deadline_s=10.0
            )
        except ResponseError as exc:
            if isinstance(exc, AuthenticationError):
                return Health(reachable=False, cause=exc)
        except TTError as exc:
            return Health(reachable=False, cause=exc)
        return Health(reachable=True, latency_s=time.perf_counter() - started_s)

    # --- questions ---------------------------------------------------------------------------------------

    async def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """
        Answer a request, each key exactly once, in any order, as the answers come in.

        Raises
        ------
        UnknownNameError
            If there is no such dataset.
        AuthenticationError, CredentialsError, UsageError
            If no further answer is possible.
        TTError
            If all there is was asked for, and cannot be had.
        """
        if request.dataset not in self.datasets:
            raise UnknownNameError("dataset", request.dataset, tuple(sorted(self.datasets)))
        wanted = self._wanted(request, request.keys)
        endpoints = [
            endpoint
            for endpoint in self.declaration.endpoints
            if endpoint.dataset == request.dataset
            and not endpoint.retired
            and (endpoint.asked_when is None or endpoint.asked_when(wanted))
        ]
        questions, strangers = _questions(endpoints, request.keys)
        for key in strangers:
            cause = ParameterError("symbol", key, f"an instrument that {self.name} has {request.dataset} of")
            yield DataAnswer(
                dataset=request.dataset, key=key, outcome=Outcome.UNKNOWN_SYMBOL, cause=cause, attempts=0
            )

        async def ask(question: _Question) -> list[DataAnswer]:
            return await self._answers(request, question)

        async with aclosing(each(questions, ask, workers=self._workers)) as batches:
            async for answers in batches:
                for answer in answers:
                    yield answer

    async def _answers(self, request: DataRequest, question: _Question) -> list[DataAnswer]:
        try:
            fetched = [
                await self._fetch(endpoint, self._wanted(request, question.keys))
                for endpoint in question.endpoints
            ]
        except _ENDS_EVERYTHING:
            raise
        except TTError as exc:
            if not question.keys:
                raise
            if len(question.keys) > 1 and _is_of_one(exc):
                return await self._halved(request, question)
            return [_failed(request, key, exc) for key in question.keys]
        wholly = all(endpoint.batch == 0 for endpoint in question.endpoints)
        return _sorted_out(request, question.keys, fetched, wholly=wholly)

    async def _halved(self, request: DataRequest, question: _Question) -> list[DataAnswer]:
        # One name that the vendor dislikes must not cost the others theirs: it is found by halving.
        middle = len(question.keys) // 2
        halves = (question.keys[:middle], question.keys[middle:])
        answers = [await self._answers(request, replace(question, keys=keys)) for keys in halves]
        return [answer for half in answers for answer in half]

    def _wanted(self, request: DataRequest, keys: tuple[str, ...]) -> Wanted:
        return Wanted(
            keys=keys,
            names=tuple(self.declaration.naming.to_vendor(key) for key in keys),
            since=request.since,
            until=request.until,
            today=self._clock.now().date(),
        )

    async def _fetch(self, endpoint: Endpoint, wanted: Wanted) -> Fetched:
        asked: Asked | None = endpoint.request.ask(wanted, self._main_base)
        rows: list[Values] = []
        skipped: list[str] = []
        records = used = skipped_count = passed_over = attempts = 0
        request_id = ""
        seen: set[tuple[tuple[str, str], ...]] = set()
        while asked is not None:
            page = tuple(sorted({**asked.query, "": asked.path, "post": repr(asked.body)}.items()))
            if page in seen or len(seen) >= PAGES_MAX:
                raise ProtocolError(f"{self.name} turns in circles: page {len(seen) + 1} was there before")
            seen.add(page)
            decoded, body, response = await self.exchange(endpoint, asked)
            rows += decoded.rows
            skipped += decoded.skipped
            records, used = records + decoded.records, used + decoded.used
            skipped_count += decoded.skipped_count
            passed_over += decoded.passed_over
            request_id = str(response.extensions.get("ttapi_request_id", ""))
            attempts += int(response.extensions.get("ttapi_attempts", 1))
            asked = _next_page(endpoint, asked, body)
        whole = Decoded(
            rows=rows,
            records=records,
            used=used,
            skipped=tuple(skipped),
            skipped_count=skipped_count,
            passed_over=passed_over,
        )
        return Fetched(decoded=whole, request_id=request_id, attempts=attempts)

    async def exchange(self, endpoint: Endpoint, asked: Asked) -> tuple[Decoded, Any, httpx.Response]:
        """
        Send one request and decode its answer.

        Returns
        -------
        tuple
            What it holds, the parsed body, and the answer with ``ttapi_request_id`` and ``ttapi_attempts``.

        Raises
        ------
        TTError
            Those of `ResilientClient.request`, each as the class that the vendor's code stands for, and those
            of `decode`.
        """
        recognised = recognise(endpoint, asked)
        if recognised is None:
            raise UsageError(f"{self.name}: {asked.method} {asked.path} is no request of {endpoint.dataset}")
        bodies: list[Any] = []

        def check(response: httpx.Response) -> None:
            bodies[:] = [parsed(response.content, endpoint.format)]

        try:
            response = await self._sent(endpoint, asked, check)
        except ResponseError as exc:
            error = self.declaration.refusal(exc)
            if error is exc:
                raise
            raise error from exc
        try:
            return decode(self.declaration, endpoint, recognised, bodies[0]), bodies[0], response
        except (ResponseError, ProtocolError) as exc:
            exc.request_id = exc.request_id or str(response.extensions.get("ttapi_request_id", ""))
            raise

    async def _sent(
        self, endpoint: Endpoint, asked: Asked, check: Callable[[httpx.Response], None]
    ) -> httpx.Response:
        # A server that wants a handshake says so with 401: before the first, and when the last one has aged.
        agreement = self._handshaker.agreement if self._handshaker is not None else None
        try:
            return await self._sent_once(endpoint, asked, check)
        except AuthenticationError as refusal:
            if self._handshaker is None:
                raise
            try:
                await self._handshaker.renew(agreement)
            except AuthenticationError as exc:
                raise refusal from exc
        return await self._sent_once(endpoint, asked, check)

    async def _sent_once(
        self, endpoint: Endpoint, asked: Asked, check: Callable[[httpx.Response], None]
    ) -> httpx.Response:
        return await self._client(asked.base).request(
            asked.method,
            wire_path(asked.path),
            params={**asked.query, **self._params(asked.base)},
            json=self._posted(asked),
            headers={
                "Accept": _ACCEPT[endpoint.format],
                **self._headers(asked.base),
                **endpoint.request.headers,
            },
            endpoint=f"{asked.method} {endpoint.request.path}",
            check=check,
            weight=endpoint.weight,
        )

    def _with_handshake(self) -> Handshaker | None:
        if self.declaration.handshake is None:
            return None
        return Handshaker(
            self.declaration.handshake,
            open_transport=self._transport
            or (lambda base: open_transport(self._limits, base_url=base, prefer="httpx")),
            headers=self.declaration.headers,
            base_url=self._base_url,
        )

    def _client(self, base: str) -> ResilientClient:
        if self._closed:
            raise UsageError(f"the provider {self.name} is closed")
        base = self._base_url or base
        if base not in self._clients:
            self._clients[base] = ResilientClient(
                base,
                limits=self._limits,
                retry=self._retry,
                breaker=self._breaker,
                transport=self._transport(base) if self._transport is not None else None,
                budget=self._budget() if self._budget is not None else None,
                clock=self._clock,
            )
        return self._clients[base]

    def _headers(self, base: str) -> dict[str, str]:
        secrets = {c.header: c.form.format(s) for c, s in self._secrets(base) if c.header}
        agreed = self._handshaker.headers() if self._handshaker is not None else {}
        return {**self.declaration.headers, **secrets, **agreed}

    def _params(self, base: str) -> dict[str, str]:
        agreed = self._handshaker.params() if self._handshaker is not None else {}
        return {c.param: c.form.format(s) for c, s in self._secrets(base) if c.param} | agreed

    def _posted(self, asked: Asked) -> object:
        secrets = {c.member: c.form.format(s) for c, s in self._secrets(asked.base) if c.member}
        if isinstance(asked.body, dict):
            return {**asked.body, **secrets}
        return asked.body if isinstance(asked.body, list) else None

    @property
    def _main_base(self) -> str:
        """The server of requests that name none: that of a credential for one server, else the first."""
        own = (c.base for c, _ in self._credentials if c.base in self.declaration.bases)
        return next(own, self.declaration.bases[0])

    def _secrets(self, base: str) -> list[tuple[Credential, str]]:
        return [(c, secret) for c, secret in self._credentials if c.base in {"", base}]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    endpoints: tuple[Endpoint, ...]
    keys: tuple[str, ...]


def _checked(declaration: Provider, given: Mapping[str, str]) -> list[tuple[Credential, str]]:
    found = []
    for credential in declaration.credentials:
        secret = given.get(credential.variable, "")
        if secret:
            found.append((credential, secret))
        elif not credential.optional:
            raise CredentialsError(
                credential.variable,
                "is not set",
                hint=f"{declaration.title} gives one: {credential.obtained or declaration.site}",
            )
    return found


def _questions(endpoints: Sequence[Endpoint], keys: tuple[str, ...]) -> tuple[list[_Question], list[str]]:
    """Return what to ask, and the keys that no endpoint answers for."""
    extra = tuple(e for e in endpoints if e.besides)
    firsts = [e for e in endpoints if not e.besides]
    whole = [e for e in firsts if e.batch == 0]
    if not keys or (whole and whole[0] is firsts[0]):
        asked = whole or firsts
        return [_Question(endpoints=(asked[0], *extra), keys=keys)], []
    by_endpoint: dict[int, list[str]] = {}
    strangers = []
    for key in keys:
        at = next((n for n, endpoint in enumerate(firsts) if _takes(endpoint, key)), None)
        if at is None:
            strangers.append(key)
        else:
            by_endpoint.setdefault(at, []).append(key)
    questions = [
        _Question(endpoints=(firsts[at], *extra), keys=tuple(wanted[start : start + size]))
        for at, wanted in by_endpoint.items()
        for size in (firsts[at].batch or len(wanted),)
        for start in range(0, len(wanted), size)
    ]
    return questions, strangers


def _takes(endpoint: Endpoint, key: str) -> bool:
    if endpoint.takes is not None and not endpoint.takes(key):
        return False
    if endpoint.kinds is None:
        return True
    try:
        return Symbol.parse(key).kind in endpoint.kinds
    except SymbolError:  # a spelling of the vendor's own, such as VOD.L: the vendor knows
        return True


def _next_page(endpoint: Endpoint, asked: Asked, body: Any) -> Asked | None:  # noqa: ANN401 - JSON
    if endpoint.next_page is None:
        return None
    try:
        told = endpoint.next_page(body, asked)
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        raise DecodeError(f"the answer does not tell its next page: {type(exc).__name__}") from exc
    if not told:
        return None
    if isinstance(told, str | Asked):
        following = told if isinstance(told, Asked) else Asked.of(asked.method, told)
        if following.base != asked.base:
            raise ProtocolError(f"the next page is on another server: {following.host}")
        body = following.body if isinstance(told, Asked) else asked.body
        return replace(
            following, body=body, names=asked.names, keys=asked.keys, since=asked.since, until=asked.until
        )
    return replace(asked, query={**asked.query, **told})


def _is_of_one(error: TTError) -> bool:
    """Whether one key of many may be what the vendor refused."""
    return isinstance(error, ResponseError) and error.status in {400, 404, 422}


def _failed(request: DataRequest, key: str, cause: TTError) -> DataAnswer:
    outcome = Outcome.FAILED
    if isinstance(cause, NotFoundError):
        outcome = Outcome.UNKNOWN_SYMBOL
    elif isinstance(cause, NotEntitledError):
        outcome = Outcome.NOT_ENTITLED
    return DataAnswer(
        dataset=request.dataset,
        key=key,
        outcome=outcome,
        cause=cause,
        attempts=max(1, cause.attempts),
        request_id=getattr(cause, "request_id", ""),
    )


def _sorted_out(
    request: DataRequest, keys: tuple[str, ...], fetched: Sequence[Fetched], *, wholly: bool
) -> list[DataAnswer]:
    """Give each key its rows; records that could not be read are counted with every key of the request."""
    column = KEY_COLUMNS.get(request.dataset, "symbol")
    by_key: dict[str, list[Values]] = {key: [] for key in keys}
    strange: Counter[str] = Counter()
    for part in fetched:
        for row in part.decoded.rows:
            key = str(row[column])
            if key in by_key or not keys:
                by_key.setdefault(key, []).append(row)
            else:
                strange[key] += 1
    skipped = tuple(reason for part in fetched for reason in part.decoded.skipped)
    skipped_count = sum(part.decoded.skipped_count for part in fetched)
    if strange and not wholly:  # of an endpoint that gives all it has, the rest was not asked for
        names = ", ".join(sorted(strange)[:3]) + (
            f" and {len(strange) - 3} others" if len(strange) > 3 else ""
        )
        skipped += (f"{strange.total()} rows of {names}, which were not asked for",)
        skipped_count += strange.total()
    others = any(by_key.values()) and len(keys) > 1
    return [
        DataAnswer(
            dataset=request.dataset,
            key=key,
            outcome=Outcome.FRESH if rows else Outcome.UNKNOWN_SYMBOL if others else Outcome.EMPTY,
            columns=columns_of(rows) if rows else None,
            attempts=sum(part.attempts for part in fetched),
            request_id=fetched[-1].request_id,
            skipped=skipped,
            skipped_count=skipped_count,
        )
        for key, rows in by_key.items()
    ]
