# SPDX-License-Identifier: Apache-2.0
"""
The streams of one provider: made when they are asked for, and closed together.

Candle series share one connection. Each subscription and each account feed has one of its own, so that a
reader that is slow, or an outage, is nobody else's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

from ttapi_client.link import require_stream_extra
from ttapi_core.errors import UsageError

if TYPE_CHECKING:
    from ttapi_client.account_engine import AccountPolicy
    from ttapi_client.account_feed import AccountFeed
    from ttapi_client.authentication import Authenticator
    from ttapi_client.candle_history import CandleHistory, HistoryPolicy
    from ttapi_client.dxlink_engine import FeedPolicy
    from ttapi_client.dxlink_feed import MarketFeed
    from ttapi_client.tastytrade import TastytradeClient
    from ttapi_core import Clock, Event

_STREAMERS: Final = {
    "api.tastyworks.com": "streamer.tastyworks.com",
    "api.tastytrade.com": "streamer.tastyworks.com",
    "api.cert.tastyworks.com": "streamer.cert.tastyworks.com",
}


def account_url_of(base_url: str) -> str:
    """
    Return the address of the account stream that belongs to an API.

    Examples
    --------
    >>> account_url_of("https://api.tastyworks.com")
    'wss://streamer.tastyworks.com'
    >>> account_url_of("http://127.0.0.1:8000")
    'ws://127.0.0.1:8000'
    """
    parts = urlsplit(base_url)
    host = _STREAMERS.get(parts.hostname or "", parts.netloc)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{host}"


class LiveStreams:
    """
    The streams of one provider.

    Parameters
    ----------
    api
        Gives quote tokens, and the state of accounts.
    authenticator
        Knows the access token; None where there is none, and so no account feed.
    account_url
        Of the account stream.
    history_policy, feed_policy
        Waits and bounds of candle series, and of subscriptions.
    clock
        Tells the time and waits.
    """

    def __init__(
        self,
        api: TastytradeClient,
        *,
        authenticator: Authenticator | None,
        account_url: str,
        history_policy: HistoryPolicy | None,
        feed_policy: FeedPolicy | None,
        clock: Clock,
    ) -> None:
        self._api = api
        self._authenticator = authenticator
        self._account_url = account_url
        self._history_policy = history_policy
        self._feed_policy = feed_policy
        self._clock = clock
        self._history: CandleHistory | None = None
        self._feeds: WeakSet[MarketFeed | AccountFeed] = WeakSet()

    def history(self) -> CandleHistory:
        """Return the connection that candle series come by."""
        if self._history is None:
            from ttapi_client.candle_history import CandleHistory  # noqa: PLC0415 - loaded when first needed

            self._history = CandleHistory(
                self._api.quote_token, policy=self._history_policy, clock=self._clock
            )
        return self._history

    async def events(
        self, kinds: Sequence[str], symbols: Sequence[str], *, source: str
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of a new feed until it is closed; see `TastytradeProvider.subscribe`."""
        require_stream_extra()
        from ttapi_client.dxlink_feed import MarketFeed  # noqa: PLC0415 - an extra
        from ttapi_client.live import LiveSubscription  # noqa: PLC0415 - an extra

        live = LiveSubscription(kinds, symbols, source=source)
        feed = MarketFeed(self._api.quote_token, policy=self._feed_policy, clock=self._clock)
        self._feeds.add(feed)
        async with feed, aclosing(feed.items()) as items:
            feed.add(live.subscriptions(self._clock.now()))
            async for item in items:
                for event in live.dropped(feed.statistics.dropped, self._clock.now()):
                    yield event
                for event in live.events_of(item, self._clock.now()):
                    yield event

    def account(self, numbers: Sequence[str], *, policy: AccountPolicy | None) -> AccountFeed:
        """Make the feed of some accounts; see `TastytradeProvider.account_feed`."""
        if self._authenticator is None:
            raise UsageError("a provider without an authenticator has no account feed")
        require_stream_extra()
        from ttapi_client.account_feed import AccountFeed  # noqa: PLC0415 - an extra

        feed = AccountFeed(
            self._account_url,
            numbers,
            self._authenticator,
            read_state=self._account_state,
            policy=policy,
            clock=self._clock,
        )
        self._feeds.add(feed)
        return feed

    async def _account_state(self, numbers: Sequence[str]) -> list[Any]:
        state: list[Any] = []
        for number in numbers:
            state += await self._api.live_orders(number)
            state += await self._api.live_complex_orders(number)
            state += await self._api.balances(number)
            state += await self._api.positions(number)
        return state

    async def aclose(self) -> None:
        """Close all of them; idempotent."""
        await asyncio.gather(*(feed.aclose() for feed in list(self._feeds)))
        if self._history is not None:
            await self._history.aclose()
