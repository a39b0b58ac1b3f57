# SPDX-License-Identifier: Apache-2.0
"""The server as one ASGI application: who may ask, what is counted, what goes wrong, who answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ttapi_core import ConfigurationError, ParameterError, SystemClock
from ttapi_sandbox.account_cards import cards_of
from ttapi_sandbox.accounts import Accounts
from ttapi_sandbox.administration import Administration
from ttapi_sandbox.answers import HTML, Answer, RefusalError, html, problem
from ttapi_sandbox.connections import connection_of
from ttapi_sandbox.customers import Customers
from ttapi_sandbox.damage import damaged, refusal, with_other_symbol
from ttapi_sandbox.delivery import Delivery, deliver
from ttapi_sandbox.desk import Desk
from ttapi_sandbox.desks import Desks
from ttapi_sandbox.faults import ACCOUNT_STREAM_PATH, REFUSING, STREAM_PATHS, FaultPlan
from ttapi_sandbox.future_options import FutureOptionBook, FutureOptions
from ttapi_sandbox.futures import FutureBook, Futures
from ttapi_sandbox.instruments import Instruments
from ttapi_sandbox.limits import TokenBucket
from ttapi_sandbox.margin_requirements import MarginRequirements
from ttapi_sandbox.market import Market
from ttapi_sandbox.market_data import MarketData
from ttapi_sandbox.market_metrics import MarketMetrics
from ttapi_sandbox.market_time import MarketTime
from ttapi_sandbox.minor_instruments import MinorInstruments
from ttapi_sandbox.notices import NoticeBoard
from ttapi_sandbox.option_chains import OptionChains
from ttapi_sandbox.quote_alerts import QuoteAlerts
from ttapi_sandbox.requests import Request
from ttapi_sandbox.routing import Router
from ttapi_sandbox.state_file import State, StateFile
from ttapi_sandbox.statistics import Statistics
from ttapi_sandbox.symbol_search import SymbolSearch
from ttapi_sandbox.timeline import Timeline
from ttapi_sandbox.tokens import Tokens
from ttapi_sandbox.trading import Trading
from ttapi_sandbox.transactions import Transactions
from ttapi_sandbox.venue import Venue
from ttapi_sandbox.watchlists import Watchlists

if TYPE_CHECKING:
    from datetime import datetime

    from ttapi_core import Clock
    from ttapi_sandbox.asgi import Receive, Scope, Send
    from ttapi_sandbox.faults import Fault
    from ttapi_sandbox.routing import Match, Route
    from ttapi_sandbox.scenario import Step
    from ttapi_sandbox.settings import SandboxSettings

ADMINISTRATION: Final = "/_sandbox/"
OLDEST_VERSION: Final = "20250813"
BODY_SIZE_MAX: Final = 1024 * 1024
PERIOD_S: Final = 0.25
"""Seconds of the clock between two looks at what is due."""


class Application:
    """
    The sandbox without its socket.

    Parameters
    ----------
    settings
        What it was told.
    clock
        Runs the market (unless the settings hold it), ages tokens and fills the rate limit.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock if clock is not None else SystemClock()
        self.state_file = StateFile(settings.state_file) if settings.state_file is not None else None
        kept = self._kept_state()
        self.timeline = Timeline(self.clock, start=_start(settings, kept), speed=_speed(settings))
        self.market = Market(seed=settings.seed, symbols=settings.symbols, clock=self.timeline)
        self.notices = NoticeBoard()
        self._watchlists = kept.watchlists if kept is not None else {}
        self._alerts = kept.alerts if kept is not None else {}
        self._derivatives = FutureOptionBook(self.market, FutureBook(self.market))
        self.desks = self._opened_desks(kept)
        self.quote_alerts = QuoteAlerts(self.market, self.notices, self._alerts, on_change=self.keep)
        self._steps = list(settings.scenario.steps) if settings.scenario is not None else []
        self._begun_s = self.clock.monotonic()
        self.tokens = Tokens(
            seed=settings.seed,
            clock=self.clock,
            lifetime_s=settings.token_lifetime_s,
            address_of_host=settings.allow_remote,
        )
        self.statistics = Statistics()
        self.faults = FaultPlan(settings.fault_specs())
        self.closing = asyncio.Event()
        self._bucket = TokenBucket(settings.rate_limit, self.clock) if settings.rate_limit else None
        self._numbers = 0
        self._stream_numbers = 0
        self._router = Router(self._nouns())
        self._administration = Router(Administration(self).routes())

    def _opened_desks(self, kept: State | None) -> Desks:
        venue = Venue(self.market, self._derivatives)
        books = kept.accounts if kept is not None else {}
        return Desks(
            [
                Desk(
                    venue,
                    self.notices,
                    account=card,
                    cash=self.settings.cash,
                    kept=books.get(card.number),
                    on_change=self.keep,
                )
                for card in cards_of(self.settings.accounts)
            ]
        )

    def _nouns(self) -> list[Route]:
        market = self.market
        nouns = (
            self.tokens,
            Customers(),
            Accounts(self.desks),
            Trading(self.desks),
            Transactions(self.desks),
            MarginRequirements(self.desks),
            Instruments(market),
            Futures(market, self._derivatives.futures),
            FutureOptions(market, self._derivatives),
            MinorInstruments(market),
            OptionChains(market),
            MarketData(market),
            MarketMetrics(market),
            MarketTime(market),
            SymbolSearch(market),
            Watchlists(market, self._watchlists, on_change=self.keep),
            self.quote_alerts,
        )
        return [route for noun in nouns for route in noun.routes()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or serve a stream."""
        if scope["type"] == "websocket":
            await self._stream(scope, receive, send)
            return
        request = Request.from_scope(scope)
        if request.method in {"POST", "PUT", "PATCH"}:
            request = request.with_body(await _body(receive))
        if request.raw_path.startswith(ADMINISTRATION):
            await deliver(self._administer(request), send)
            return
        answer, fault = self.answer(request)
        self.statistics.statuses[str(answer.status)] += 1
        if fault is None:
            await deliver(answer, send)
            return
        delivery = Delivery(connection_of(scope), receive=receive, send=send, closing=self.closing)
        await delivery.deliver(answer, fault)

    def answer(self, request: Request) -> tuple[Answer, Fault | None]:
        """Return the answer to a request, and the fault that hits its way back, if any."""
        match = self._router.match(request.method, request.raw_path)
        endpoint = match[0].endpoint if match else "unrouted"
        self.statistics.requests[endpoint] += 1
        refused = self._too_fast()
        if refused is not None:
            self.statistics.rejected += 1
            return refused, None
        self._numbers += 1
        fault = self.faults.draw(self._numbers, request.method, request.path)
        if fault is not None and fault.kind in REFUSING:
            self.statistics.faults[fault.kind] += 1
            return refusal(fault), None
        refused = self._refused(request, match)
        if refused is not None or match is None:
            return refused or html(404, "Not Found"), None
        return self._executed(request, match, fault)

    def _executed(self, request: Request, match: Match, fault: Fault | None) -> tuple[Answer, Fault | None]:
        route, parameters = match
        request = replace(request, parameters=parameters)
        if fault is not None and fault.kind == "wrong-symbol":
            other = with_other_symbol(request, self.market.neighbour)
            fault = None if other is None else fault
            request = other or request
        self.statistics.executed[route.endpoint] += 1
        try:
            answer = route.handler(request)
        except RefusalError as exc:
            answer = exc.answer
        if fault is None:
            return answer, None
        self.statistics.faults[fault.kind] += 1
        return damaged(answer, fault), fault

    def _too_fast(self) -> Answer | None:
        if self._bucket is None:
            return None
        wait_s = self._bucket.take()
        if not wait_s:
            return None
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if self.settings.rate_limit_headers:
            reset = str(max(1, round(wait_s + 0.5))).encode()
            headers = (
                (b"retry-after", reset),
                (b"ratelimit-limit", str(int(self._bucket.rate)).encode()),
                (b"ratelimit-remaining", str(self._bucket.remaining).encode()),
                (b"ratelimit-reset", reset),
            )
        return Answer(429, b"Too Many Requests", HTML, headers)

    def _refused(self, request: Request, match: Match | None) -> Answer | None:
        # 1. The edge wants a User-Agent. 2. Unrouted paths need no token. 3. The token. 4. The version.
        headers = request.headers
        if not headers.get(b"user-agent"):
            return html(401, "Authorization Required")
        if match is None:
            return html(404, "Not Found")
        if match[0].authenticated:
            scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
            if not token:
                return problem(401, "unauthorized", "No token was sent")
            if scheme != "Bearer" or not self.tokens.accepts(token):
                return problem(401, "token_invalid", "This token is invalid or has expired")
        version = headers.get(b"accept-version")
        if version is not None and not _known_version(version.decode("latin-1")):
            return problem(406, 406, "The requested version is not acceptable")
        return None

    def _administer(self, request: Request) -> Answer:
        match = self._administration.match(request.method, request.raw_path)
        if match is None:
            return html(404, "Not Found")
        try:
            return match[0].handler(request)
        except RefusalError as exc:
            return exc.answer

    async def run(self) -> None:
        """Let the market's time pass, and the scenario happen, until cancelled."""
        while True:
            self.pass_time()
            await self.clock.sleep(PERIOD_S)

    def pass_time(self) -> None:
        """Do what is due: steps of the scenario, orders, alerts."""
        elapsed = self.clock.monotonic() - self._begun_s
        while (due := self._due_step(elapsed)) is not None:
            self._steps.remove(due)
            self._do(due)
        self.desks.catch_up(wake=False)
        self.quote_alerts.look()

    def _due_step(self, elapsed_s: float) -> Step | None:
        now = self.market.now()
        return next((step for step in self._steps if step.is_due(elapsed_s, now)), None)

    def _do(self, step: Step) -> None:
        if step.faults is not None:
            self.faults.replace(step.faults)
        if step.expire_tokens:
            self.tokens.expire_all()
        if step.speed is not None:
            self.timeline.set_speed(step.speed)
        now = self.timeline.now()
        target = step.move_to or (now + timedelta(seconds=step.move) if step.move is not None else None)
        if target is not None and target > now:
            self.move_to(target)

    def move_to(self, moment: datetime) -> None:
        """
        Turn the market's time forward; orders fill and expire on the way.

        Raises
        ------
        ParameterError
            If the moment lies in the past or beyond the sessions that are known.
        """
        latest = self.market.latest
        if moment > latest:
            raise ParameterError("moment", moment, f"at most {latest.isoformat()}")
        self.desks.catch_up()
        self.timeline.move_to(moment)
        self.desks.catch_up()
        self.quote_alerts.look()
        self.keep()

    def keep(self) -> None:
        """Write the state file, if there is one."""
        if self.state_file is None:
            return
        settings = self.settings
        books = {desk.account.number: desk.engine.books for desk in self.desks}
        state = State(
            settings.seed, settings.symbols, self.market.now(), books, self._watchlists, self._alerts
        )
        self.state_file.write(state)

    def _kept_state(self) -> State | None:
        if self.state_file is None:
            return None
        settings = self.settings
        state = self.state_file.read(seed=settings.seed, symbols=settings.symbols)
        asked = {card.number: card.in_cash for card in cards_of(settings.accounts)}
        if state is not None and asked != {
            number: books.ledger.in_cash for number, books in state.accounts.items()
        }:
            raise ConfigurationError(
                "state_file", f"{self.state_file.path} is of other accounts", accepted="the same accounts"
            )
        return state

    def reset(self) -> None:
        """Forget all counts; numbers of requests and rules of faults begin anew."""
        self.statistics.reset()
        self.faults.replace(self.faults.specs)
        self._numbers = self._stream_numbers = 0

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/") or ACCOUNT_STREAM_PATH
        if path not in STREAM_PATHS:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        self.statistics.streams += 1
        self._stream_numbers += 1
        fault = self.faults.draw(self._stream_numbers, "GET", path)
        connection = connection_of(scope)
        # A sandbox listens sooner without these.
        if path == ACCOUNT_STREAM_PATH:
            from ttapi_sandbox.account_stream import serve_account_stream  # noqa: PLC0415 - see above

            await serve_account_stream(
                self, fault, connection, receive=receive, send=send, board=self.notices
            )
            return
        from ttapi_sandbox.streams import serve_stream  # noqa: PLC0415 - see above

        await serve_stream(self, fault, connection, receive=receive, send=send)


def _start(settings: SandboxSettings, kept: State | None) -> datetime | None:
    # A market that runs with the wall goes on with the wall; any other goes on where it was kept.
    begin = settings.as_of or settings.start
    if kept is None or (begin is None and settings.speed == 1):
        return begin
    return max(kept.now, begin) if begin is not None else kept.now


def _speed(settings: SandboxSettings) -> float:
    return 0.0 if settings.as_of is not None else settings.speed


def _known_version(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit() and text >= OLDEST_VERSION


async def _body(receive: Receive) -> bytes:
    pieces = []
    size = 0
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if not message.get("more_body", False) or size > BODY_SIZE_MAX:
            return b"".join(pieces)[:BODY_SIZE_MAX]
