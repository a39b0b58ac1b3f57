# SPDX-License-Identifier: Apache-2.0
"""
tastytrade as a `DataProvider`: six datasets, each asked key answered exactly once.

What an outcome means here:

* ``UNKNOWN_SYMBOL``: the server leaves the symbol out of an answer that names the others; a chain is 404 and
  the instrument list does not know the symbol either; an account is not in the list of accounts; a venue is
  not served.
* ``EMPTY``: a chain is 404 or has no expirations, but the instrument list knows the symbol: it has no
  options. A candle series is empty: the stream said so, while it had candles of others.
* ``NOT_ENTITLED``: 403.
* ``FAILED``: everything else, with its cause; also a candle series of which the stream says nothing while it
  answers for others, since that does not tell a lost answer from a symbol without trades. A refused grant and
  a closed provider are raised instead.

Bulk calls come first: quotes go 100 a call, instruments as many a call as a query holds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Self

from ttapi_client.api import RequestTrace
from ttapi_client.client import ResilientClient
from ttapi_client.datasets import DatasetReader
from ttapi_client.live_streams import LiveStreams, account_url_of
from ttapi_client.logs import get_logger
from ttapi_client.oauth import OAuthAuthenticator
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import (
    BreakerPolicy,
    Clock,
    DataAnswer,
    DataRequest,
    Event,
    Health,
    LimitPolicy,
    LostAnswerPolicy,
    RequestCounts,
    RetryPolicy,
    Symbol,
    SystemClock,
)
from ttapi_core.errors import (
    NotFoundError,
    SymbolError,
    TTError,
    UnknownNameError,
    UsageError,
)

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    import httpx

    from ttapi_client.account_engine import AccountPolicy
    from ttapi_client.account_feed import AccountFeed
    from ttapi_client.candle_history import CandleHistory, HistoryPolicy
    from ttapi_client.dxlink_engine import FeedPolicy

_log = get_logger(__name__)

ALL: Final = "all"
"""The universe of everything that is traded and has options, indexes left out."""


class TastytradeProvider:
    """
    A `DataProvider` over the tastytrade API; made by `open_tastytrade`.

    Parameters
    ----------
    client
        Sends the requests; closed with the provider.
    authenticator
        Of that client; closed with the provider.
    token_client
        Sends the authenticator's requests; closed with the provider.
    name
        Short name, safe as a folder name.
    simulated
        Whether the data is made up.
    workers
        Calls that are made at a time.
    account_url
        Address of the account stream.
    history_policy, feed_policy
        Waits and bounds of candle series, and of subscriptions.
    lost_answers
        What is done about an order whose answer was lost; None for the default.
    clock
        Tells the time and waits.
    """

    def __init__(  # noqa: PLR0913 - the parts of a provider, each with its default
        self,
        client: ResilientClient,
        *,
        authenticator: OAuthAuthenticator | None = None,
        token_client: ResilientClient | None = None,
        name: str = "tastytrade",
        simulated: bool = False,
        workers: int = 100,
        account_url: str = "",
        history_policy: HistoryPolicy | None = None,
        feed_policy: FeedPolicy | None = None,
        lost_answers: LostAnswerPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._authenticator = authenticator
        self._token_client = token_client
        self._name = name
        self._simulated = simulated
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._closed = False
        self.api: Final = TastytradeClient(client, lost_answers=lost_answers)
        self._streams = LiveStreams(
            self.api,
            authenticator=authenticator,
            account_url=account_url,
            history_policy=history_policy,
            feed_policy=feed_policy,
            clock=self._clock,
        )
        self._reader = DatasetReader(self.api, history=self._history, clock=self._clock, workers=workers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r}, simulated={self._simulated})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End all subscriptions and close all connections; idempotent."""
        self._closed = True
        for part in (self._streams, self._authenticator, self._client, self._token_client):
            if part is not None:
                await part.aclose()

    @property
    def name(self) -> str:
        """Short name, safe as a folder name."""
        return self._name

    @property
    def simulated(self) -> bool:
        """Whether the data is made up."""
        return self._simulated

    @property
    def datasets(self) -> frozenset[str]:
        """Names of the datasets that it can answer."""
        return frozenset(self._reader.readers)

    @property
    def counts(self) -> RequestCounts:
        """Requests since it was opened, those for tokens included."""
        counts = [c.counts for c in (self._client, self._token_client) if c is not None]
        return RequestCounts(
            sent=sum(c.sent for c in counts),
            retried=sum(c.retried for c in counts),
            failed=sum(c.failed for c in counts),
        )

    async def universe(self, name: str) -> Sequence[str]:
        """
        Return the symbols of ``all``, or of a public watchlist.

        ``all`` is what is traded and has options, without indexes, in alphabetical order. Where no instrument
        says anything of options, every one counts.

        Raises
        ------
        UnknownNameError
            If it is neither.
        TTError
            If a call failed.
        """
        return await self._all() if name == ALL else await self._watchlist(name)

    async def _all(self) -> list[str]:
        equities = [e for e in await self._reader.active_equities() if e.active and not e.is_index]
        told = any(equity.has_options is not None for equity in equities)
        symbols = {equity.symbol for equity in equities if equity.has_options or not told}
        _log.info("universe", name=ALL, symbols=len(symbols), without_options=len(equities) - len(symbols))
        return sorted(symbols)

    async def _watchlist(self, name: str) -> list[str]:
        try:
            texts = (await self.api.public_watchlist(name)).symbols
        except NotFoundError as exc:
            raise UnknownNameError("universe", name, await self._universe_names()) from exc
        symbols: dict[str, None] = {}
        for text in texts:
            try:
                symbols[Symbol.parse(text).canonical] = None
            except SymbolError as exc:
                _log.warning("watchlist_entry_left_out", watchlist=name, cause=str(exc))
        return list(symbols)

    async def _universe_names(self) -> tuple[str, ...]:
        try:
            lists = await self.api.public_watchlists(counts_only=True)
            return (ALL, *sorted(watchlist.name for watchlist in lists))
        except TTError:  # only the error message gets shorter
            return (ALL,)

    async def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """
        Answer a request, each key exactly once, in any order, as the answers come in.

        Raises
        ------
        UnknownNameError
            If there is no such dataset.
        GrantRefusedError, UsageError
            If no further answer is possible.
        TTError
            If the accounts are asked for without keys, and cannot be listed.
        """
        read = self._reader.readers.get(request.dataset)
        if read is None:
            raise UnknownNameError("dataset", request.dataset, tuple(sorted(self.datasets)))
        self._check_open()
        async with aclosing(read(request)) as answers:
            async for answer in answers:
                yield answer

    async def health_check(self) -> Health:
        """Ask for the accounts; the clock skew is known to about a second."""
        trace = RequestTrace()
        started_s = time.perf_counter()
        try:
            self._check_open()
            await self.api.accounts(trace=trace)
        except TTError as exc:
            return Health(reachable=False, cause=exc)
        latency_s = time.perf_counter() - started_s
        return Health(
            reachable=True, latency_s=latency_s, clock_skew_s=_skew_s(trace, self._clock.now(), latency_s)
        )

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """
        Yield ``quote``, ``trade`` and ``bar`` events until the provider is closed.

        Each subscription has a connection of its own, opened again when it breaks. For a slow reader the
        latest quote of a symbol waits, and up to 100,000 trades and as many bars. What may be missing is told
        by an event whose payload is a `Notice`: ``events_missing`` after an outage (facts: start, detected,
        end, cause, symbols), ``events_dropped`` at that bound, ``bars_missing`` where the bars of an outage
        could not be filled in. An event that cannot be read is left out and logged.

        Bars are those of a minute, of all hours: each change of the running one with ``final`` False, and it
        whole with ``final`` True once the next one has begun. Those of an outage are filled in.

        Raises
        ------
        ParameterError
            If a kind is none of these, or a symbol is none.
        UsageError
            If the provider is closed already.
        TTError
            If the stream broke for good.
        """
        self._check_open()
        async with aclosing(self._streams.events(kinds, symbols, source=self._name)) as events:
            async for event in events:
                yield event

    def account_feed(self, numbers: Sequence[str], *, policy: AccountPolicy | None = None) -> AccountFeed:
        """
        Make the feed of orders, balances and positions of some accounts; it is open while entered.

        After a gap it reads their state again: orders and complex orders of the day, balances, positions. It
        is closed with the provider at the latest.

        Parameters
        ----------
        numbers
            Account numbers.
        policy
            Waits and bounds.

        Raises
        ------
        UsageError
            If the provider is closed, or has no authenticator.
        ParameterError
            If there is no account.
        MissingExtraError
            If the extra ``stream`` is not installed.

        Examples
        --------
        ::

            async with provider.account_feed(["5WT00001"]) as feed:
                async for item in feed.items():
                    ...
        """
        self._check_open()
        return self._streams.account(numbers, policy=policy)

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(f"the provider {self._name} is closed")

    def _history(self) -> CandleHistory:
        self._check_open()
        return self._streams.history()


def _skew_s(trace: RequestTrace, now: datetime, latency_s: float) -> float | None:
    try:
        server_time = parsedate_to_datetime(trace.server_time)
        # Half a second, because the header is cut to whole ones; half the latency, because it is as old.
        return (server_time - now).total_seconds() + 0.5 + latency_s / 2
    except (TypeError, ValueError):  # no header, or one without a zone
        return None


def open_tastytrade(  # noqa: PLR0913 - the settings of a provider, each with its default
    base_url: str,
    client_secret: str,
    refresh_token: str,
    *,
    name: str = "tastytrade",
    simulated: bool = False,
    limits: LimitPolicy = LimitPolicy(),  # noqa: B008 - frozen
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
    breaker: BreakerPolicy = BreakerPolicy(),  # noqa: B008 - frozen
    lost_answers: LostAnswerPolicy | None = None,
    account_url: str | None = None,
    history: HistoryPolicy | None = None,
    feed: FeedPolicy | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    seed: int | None = None,
) -> TastytradeProvider:
    """
    Make a provider; nothing is sent before the first question.

    Parameters
    ----------
    base_url
        ``https://api.tastyworks.com``, or that of the sandbox.
    client_secret, refresh_token
        The credentials of the OAuth grant.
    name, simulated
        What the provider says of itself.
    limits, retry, breaker
        Of the HTTP client.
    lost_answers
        What is done about an order whose answer was lost; None for the default.
    account_url
        Address of the account stream; None for the one that belongs to ``base_url``.
    history, feed
        Waits and bounds of candle series, and of subscriptions.
    transport
        Any httpx transport, shared by requests and tokens; None for the fastest that is installed.
    clock
        Tells the time and waits.
    seed
        Of all jitter.

    Raises
    ------
    CredentialsError
        If a credential is empty.
    ParameterError
        If ``base_url`` is no plain http or https URL.
    """
    options: dict[str, Any] = {
        "limits": limits,
        "retry": retry,
        "breaker": breaker,
        "transport": transport,
        "clock": clock,
        "seed": seed,
    }
    token_client = ResilientClient(base_url, **options)
    authenticator = OAuthAuthenticator(
        token_client, client_secret=client_secret, refresh_token=refresh_token, clock=clock, seed=seed
    )
    return TastytradeProvider(
        ResilientClient(base_url, authenticator=authenticator, **options),
        authenticator=authenticator,
        token_client=token_client,
        name=name,
        simulated=simulated,
        workers=limits.concurrency_max,
        account_url=account_url_of(base_url) if account_url is None else account_url,
        history_policy=history,
        feed_policy=feed,
        lost_answers=lost_answers,
        clock=clock,
    )
