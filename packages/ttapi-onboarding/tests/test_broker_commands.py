# SPDX-License-Identifier: Apache-2.0
"""The commands of a broker, over one in memory, run in this process."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ttapi_core import (
    Account,
    Balance,
    Broker,
    BuyingPowerEffect,
    DataError,
    FeeCalculation,
    FeedGap,
    InstrumentType,
    MarketSnapshot,
    MarketWatch,
    NotEntitledError,
    NotFoundError,
    OptionExpiration,
    OptionStrike,
    Order,
    OrderMessage,
    OrderStatus,
    OrderUnknownError,
    PlacedFill,
    PlacedLeg,
    PlacedOrder,
    Placement,
    Position,
    QuantityDirection,
    RequestRefusedError,
    StreamInterruptedError,
    Symbol,
    TTError,
)
from ttapi_onboarding import Connection, ProviderSpec, build_app

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
DAY = date(2026, 12, 18)


def account(number: str, nickname: str | None = None, **more: Any) -> Account:
    return Account(
        number=number, account_type="Individual", margin_or_cash="Margin", nickname=nickname, **more
    )


def market(symbol: str, bid: str, ask: str) -> MarketSnapshot:
    return MarketSnapshot(
        symbol=Symbol.parse(symbol),
        time=NOW,
        bid=Decimal(bid),
        ask=Decimal(ask),
        last=Decimal(bid),
        previous_close=Decimal(100),
    )


@dataclass
class ScriptedBroker:
    """A broker that says what a test tells it to, and notes what it was asked to do."""

    is_real_money: bool = False
    name: str = "scripted"
    account_list: list[Account] = field(default_factory=lambda: [account("5WT00001")])
    held: list[Position] = field(default_factory=list)
    unreadable: dict[str, DataError] = field(default_factory=dict)
    placed: dict[str, PlacedOrder] = field(default_factory=dict)
    markets: list[MarketSnapshot] = field(default_factory=list)
    expirations: list[OptionExpiration] = field(default_factory=list)
    stream: list[MarketSnapshot | FeedGap | TTError] = field(default_factory=list)
    failure: TTError | None = None
    status: OrderStatus = OrderStatus.RECEIVED
    done: list[tuple[Any, ...]] = field(default_factory=list)
    opened_to_trade: list[bool] = field(default_factory=list)

    async def accounts(self) -> list[Account]:
        return self.account_list

    async def balance(self, account_number: str) -> Balance:
        if self.failure is not None:
            raise self.failure
        amounts = dict.fromkeys(
            (
                "cash_balance",
                "net_liquidating_value",
                "equity_buying_power",
                "derivative_buying_power",
                "maintenance_requirement",
            ),
            Decimal("25000.10"),
        )
        return Balance(account_number=account_number, time=NOW, **amounts)

    async def positions(
        self, account_number: str, *, refused: dict[str, DataError] | None = None
    ) -> list[Position]:
        if refused is not None:
            refused.update(self.unreadable)
        return self.held

    async def orders(self, account_number: str, *, since: date | None = None) -> list[PlacedOrder]:
        self.done.append(("orders", account_number, since))
        return list(self.placed.values())

    async def order(self, account_number: str, order_id: str) -> PlacedOrder:
        if order_id not in self.placed:
            raise NotFoundError("GET answered 404", status=404)
        return self.placed[order_id]

    def _placement(self, order: Order, order_id: str | None) -> Placement:
        return Placement(
            order=PlacedOrder(
                account_number=order.account_number,
                status_word=self.status.value,
                status=self.status,
                id=order_id,
                order_type=order.order_type,
                time_in_force=order.time_in_force,
                price=order.price,
                price_effect=order.price_effect,
                external_identifier=str(order.id),
                legs=tuple(
                    PlacedLeg(
                        symbol=leg.symbol.canonical,
                        instrument_type=InstrumentType.of_kind(leg.symbol.kind),
                        action=leg.action,
                        quantity=leg.quantity,
                        remaining_quantity=leg.quantity,
                    )
                    for leg in order.legs
                ),
            ),
            buying_power_effect=BuyingPowerEffect(
                change_in_margin_requirement=Decimal("-612.35"),
                change_in_buying_power=Decimal("-612.36"),
                current_buying_power=Decimal(1000),
                new_buying_power=Decimal("387.64"),
            ),
            fee_calculation=FeeCalculation(total_fees=Decimal("-0.01")),
            warnings=(OrderMessage(code="slow", message="It will wait for the opening."),),
        )

    async def dry_run(self, order: Order) -> Placement:
        self.done.append(("dry_run", order))
        return self._placement(order, None)

    async def submit(self, order: Order, *, look_first: bool = False) -> Placement:
        self.done.append(("submit", order, look_first))
        if self.failure is not None:
            raise self.failure
        return self._placement(order, "1")

    async def replace(self, order_id: str, order: Order) -> PlacedOrder:
        self.done.append(("replace", order_id, order))
        return self._placement(order, "2").order

    async def cancel(self, account_number: str, order_id: str) -> PlacedOrder:
        self.done.append(("cancel", account_number, order_id))
        return self.placed[order_id]

    async def option_expirations(self, symbol: Symbol) -> list[OptionExpiration]:
        if not self.expirations:
            raise NotFoundError("GET answered 404", status=404)
        return self.expirations

    async def snapshots(self, symbols: Sequence[Symbol]) -> list[MarketSnapshot]:
        return [found for found in self.markets if found.symbol in symbols]

    @asynccontextmanager
    async def watch(self, symbols: Sequence[Symbol]) -> AsyncIterator["ScriptedWatch"]:
        yield ScriptedWatch(self.stream)

    def what(self, name: str) -> list[tuple[Any, ...]]:
        return [entry for entry in self.done if entry[0] == name]


class ScriptedWatch:
    """Updates of a list; then the feed ends with the error that stands last in it."""

    is_live = True
    left_out = 0

    def __init__(self, stream: list[MarketSnapshot | FeedGap | TTError]) -> None:
        self._stream = stream
        self.gaps = sum(isinstance(item, FeedGap) for item in stream)

    async def updates(self) -> AsyncGenerator[MarketSnapshot | FeedGap, None]:
        for item in self._stream:
            if isinstance(item, TTError):
                raise item
            yield item


Run = Callable[..., Result]


@pytest.fixture
def broker() -> ScriptedBroker:
    return ScriptedBroker()


@pytest.fixture
def run(broker: ScriptedBroker, home: dict[str, str]) -> Run:
    @asynccontextmanager
    async def opened(connection: Connection) -> AsyncIterator[Broker]:
        broker.opened_to_trade.append(connection.trades)
        yield broker

    def spec(name: str, **more: Any) -> ProviderSpec:
        return ProviderSpec(
            name=name,
            description="of a test",
            simulated=name == "sandbox",
            needs_credentials=False,
            datasets=(),
            open=None,  # type: ignore[arg-type] # no command of a broker opens it
            **more,
        )

    specs = [spec("sandbox", open_broker=opened), spec("tastytrade", open_broker=opened), spec("files")]

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        app = build_app(specs, distribution="ttapi-onboarding")
        return CliRunner().invoke(app, arguments, input=typed, env=home)

    return invoke


def real(broker: ScriptedBroker) -> None:
    broker.is_real_money = True
    broker.account_list = [account("5WT00001", "main"), account("5WX90001", "other"), account("5WX81234")]


def test_the_fake_is_a_broker() -> None:
    assert isinstance(ScriptedBroker(), Broker)
    assert isinstance(ScriptedWatch([]), MarketWatch)


def test_accounts_are_exact_and_whole_for_programs(run: Run, broker: ScriptedBroker) -> None:
    real(broker)
    done = run(
        "accounts",
        "--json",
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["number"] for row in rows] == ["5WT00001", "5WX90001", "5WX81234"]
    assert rows[0]["net_liquidating_value"] == "25000.10"
    assert rows[0]["is_real_money"] is True
    assert broker.opened_to_trade == [True]


def test_an_account_that_cannot_be_read_is_named_by_its_ending_and_the_others_are_shown(
    run: Run, broker: ScriptedBroker
) -> None:
    real(broker)
    broker.failure = NotEntitledError("GET /accounts/5WX81234/balances answered 403")
    done = run("accounts", "--json")
    assert done.exit_code == 3
    assert "the balance of ***1234 cannot be read" in done.stderr
    assert "5WX81234" not in done.stderr
    assert json.loads(done.stdout)[2]["cash_balance"] is None


def test_of_several_accounts_one_has_to_be_named_and_endings_tell_them_apart(
    run: Run, broker: ScriptedBroker
) -> None:
    real(broker)
    for command in ("positions", "orders"):
        done = run(command)
        assert (done.exit_code, done.stdout) == (2, "")
        listed = done.stderr.splitlines()[-1]
        assert listed.startswith(
            "error: account is None, expected one of ***00001 (main), ***90001 (other), "
        )
        assert "5WT00001" not in listed
        assert "***1234" in listed


@pytest.mark.parametrize(
    ("wanted", "number"),
    [("5WX81234", "5WX81234"), ("1234", "5WX81234"), ("***1234", "5WX81234"), ("Main", "5WT00001")],
)
def test_an_account_goes_by_number_ending_or_nickname(
    run: Run, broker: ScriptedBroker, wanted: str, number: str
) -> None:
    real(broker)
    assert run("orders", "--account", wanted).exit_code == 0
    assert broker.done == [("orders", number, None)]


@pytest.mark.parametrize("wanted", ["0001", "234", "", "nobody", "5WT"])
def test_an_account_that_is_not_clear_is_an_error_that_lists_them(
    run: Run, broker: ScriptedBroker, wanted: str
) -> None:
    real(broker)
    done = run("orders", "--account", wanted)
    assert done.exit_code == 2
    assert "name it with --account" in done.stderr
    assert broker.done == []


def test_positions_have_gains_to_the_last_digit_and_a_side(run: Run, broker: ScriptedBroker) -> None:
    broker.held = [
        Position(
            account_number="5WT00001",
            symbol=Symbol.parse("SPY   261218C00600000"),
            time=NOW,
            quantity=Decimal(2),
            direction=QuantityDirection.SHORT,
            average_open_price=Decimal("11.24"),
            mark=Decimal("11.7451"),
            average_daily_close_price=Decimal("11.30"),
            realized_day_gain=Decimal("1.5"),
            multiplier=Decimal(100),
        )
    ]
    (row,) = json.loads(run("positions").stdout)
    assert (row["quantity"], row["open_gain"], row["day_gain"]) == ("-2", "-101.0200", "-87.5200")
    assert row["close_price"] is None


def test_a_position_that_cannot_be_read_is_named_and_the_exit_code_says_so(
    run: Run, broker: ScriptedBroker
) -> None:
    broker.unreadable = {"T-BILL": DataError("is no instrument", column="symbol")}
    done = run("positions", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (3, [])
    assert "position T-BILL cannot be read" in done.stderr


def test_orders_are_listed_from_a_day_on_and_only_live_ones_where_asked(
    run: Run, broker: ScriptedBroker
) -> None:
    for number, status in enumerate((OrderStatus.LIVE, OrderStatus.FILLED)):
        broker.placed[str(number)] = PlacedOrder(
            account_number="5WT00001", status_word=status.value, status=status, id=str(number)
        )
    done = run("orders", "--since", "2026-11-01", "--live")
    assert [row["id"] for row in json.loads(done.stdout)] == ["0"]
    assert broker.done == [("orders", "5WT00001", date(2026, 11, 1))]


BUY = ("SPY", "1", "--buy", "--limit", "612.35")


def test_submit_at_a_simulated_broker_asks_nothing_and_tells_all(run: Run, broker: ScriptedBroker) -> None:
    done = run("order", "submit", *BUY)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    ((_, order, look_first),) = broker.what("submit")
    assert told["external_id"] == told["order"]["external_identifier"] == str(order.id)
    assert (told["order"]["id"], told["request"]["price"], told["fees"]["total_fees"]) == (
        "1",
        "612.35",
        "-0.01",
    )
    assert told["warnings"][0]["message"] == "It will wait for the opening."
    assert not look_first
    assert "buy to open 1 SPY · limit 612.35 debit · day" in done.stderr


@pytest.mark.parametrize(
    "command", [("submit", *BUY), ("replace", "7", "--limit", "1"), ("cancel", "7")], ids=lambda c: c[0]
)
def test_real_money_where_nobody_can_be_asked_is_refused_before_anything(
    run: Run, broker: ScriptedBroker, command: tuple[str, ...]
) -> None:
    real(broker)
    done = run("order", *command, "--account", "main", typed="y\ny\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("error: --yes is None, expected to be given")
    assert broker.done == []


def test_real_money_with_yes_is_sent(run: Run, broker: ScriptedBroker) -> None:
    real(broker)
    assert run("order", "submit", *BUY, "--account", "main", "--yes").exit_code == 0
    assert len(broker.what("submit")) == 1
    assert broker.what("dry_run") == []


def test_a_dry_run_of_real_money_needs_no_leave(run: Run, broker: ScriptedBroker) -> None:
    real(broker)
    done = run("order", "dry-run", *BUY, "--account", "main")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["buying_power_effect"]["new_buying_power"] == "387.64"
    assert broker.what("submit") == []


def test_an_order_that_may_have_been_placed_has_an_exit_code_of_its_own(
    run: Run, broker: ScriptedBroker
) -> None:
    broker.failure = OrderUnknownError("the answer was lost", external_identifier="x")
    assert run("order", "submit", *BUY).exit_code == 5
    broker.failure = RequestRefusedError("no", status=422)
    assert run("order", "submit", *BUY).exit_code == 1


def test_an_error_of_a_real_account_shows_no_more_of_its_number(run: Run, broker: ScriptedBroker) -> None:
    real(broker)
    broker.failure = RequestRefusedError("POST /accounts/5WT00001/orders answered 422", status=422)
    done = run("order", "submit", *BUY, "--yes", "--account", "main")
    assert done.exit_code == 1
    assert "5WT00001" not in done.stderr
    assert "00001/orders answered 422" in done.stderr


def test_a_rejected_order_is_a_failure(run: Run, broker: ScriptedBroker) -> None:
    broker.status = OrderStatus.REJECTED
    done = run("order", "submit", *BUY)
    assert done.exit_code == 1
    assert "the broker rejected it" in done.stderr


def test_an_earlier_try_is_looked_for_first(run: Run, broker: ScriptedBroker) -> None:
    identifier = "8c5d0c1e-0000-4000-8000-000000000001"
    assert run("order", "submit", *BUY, "--external-id", identifier).exit_code == 0
    ((_, order, look_first),) = broker.what("submit")
    assert (str(order.id), look_first) == (identifier, True)


def test_a_flag_that_is_wrong_opens_no_broker(run: Run, broker: ScriptedBroker) -> None:
    done = run("order", "submit", "SPY", "1", "--buy")
    assert done.exit_code == 2
    assert done.stderr == "error: --limit is None, expected a price, or --stop PRICE, or --market\n"
    assert broker.opened_to_trade == []


def test_replace_tells_the_new_id(run: Run, broker: ScriptedBroker) -> None:
    run("order", "submit", *BUY)
    ((_, order, _),) = broker.what("submit")
    broker.placed["1"] = broker._placement(order, "1").order
    done = run("order", "replace", "1", "--limit", "612.40")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["replaces_order_id"], told["order"]["id"], told["order"]["price"]) == ("1", "2", "612.40")


def test_cancel_tells_what_was_filled_before(run: Run, broker: ScriptedBroker) -> None:
    fill = PlacedFill(id="f", quantity=Decimal(1), price=Decimal(600), time=NOW)
    leg = PlacedLeg(symbol="SPY", quantity=Decimal(2), fills=(fill,))
    broker.placed["1"] = PlacedOrder(
        account_number="5WT00001", status_word="Cancelled", status=OrderStatus.CANCELLED, id="1", legs=(leg,)
    )
    told = json.loads(run("order", "cancel", "1").stdout)
    assert told["order"]["legs"][0]["fills"][0]["price"] == "600"
    assert broker.what("cancel") == [("cancel", "5WT00001", "1")]


def expiration(day: date, *strikes: str, root: str = "SPY") -> OptionExpiration:
    return OptionExpiration(
        root=root,
        expiration=day,
        expiration_type="Regular",
        settlement_type="PM",
        days_to_expiration=28,
        strikes=tuple(
            OptionStrike(
                strike=Decimal(strike), call=Symbol.parse(f"{root:<6}{day:%y%m%d}C{int(strike) * 1000:08}")
            )
            for strike in strikes
        ),
    )


def test_a_chain_lists_expirations_and_one_of_them_with_markets(run: Run, broker: ScriptedBroker) -> None:
    broker.expirations = [expiration(DAY, "590", "600", "610", "620"), expiration(date(2027, 1, 15), "600")]
    broker.markets = [market("SPY", "604", "605"), market("SPY   261218C00600000", "7.1", "7.2")]
    listed = json.loads(run("chain", "SPY").stdout)
    assert [(row["expiration"], row["strike_count"]) for row in listed["expirations"]] == [
        ("2026-12-18", 4),
        ("2027-01-15", 1),
    ]
    assert listed["chains"] == []
    one = json.loads(run("chain", "SPY", "--expiration", "2026-12-18", "--strikes", "2").stdout)
    (shown,) = one["chains"]
    assert [row["strike"] for row in shown["strikes"]] == ["600", "610"]
    call = shown["strikes"][0]["call"]
    assert (call["symbol"], call["bid"], call["streamer_symbol"]) == (
        "SPY   261218C00600000",
        "7.1",
        ".SPY261218C600",
    )
    assert shown["strikes"][0]["put"] is None
    assert broker.opened_to_trade == [False, False]


def test_a_day_without_options_names_days_with_some(run: Run, broker: ScriptedBroker) -> None:
    broker.expirations = [expiration(DAY, "600")]
    done = run("chain", "SPY", "--expiration", "2026-12-17")
    assert done.exit_code == 2
    assert "such as 2026-12-18" in done.stderr


def test_what_is_not_there_is_usage_and_named(run: Run, broker: ScriptedBroker) -> None:
    assert "symbol is 'SPY', expected an instrument with options" in run("chain", "SPY").stderr
    for command in (("cancel", "7"), ("replace", "7", "--limit", "1")):
        done = run("order", *command)
        assert done.exit_code == 2
        assert "error: ID is '7', expected an order of this account" in done.stderr
    broker.failure = NotFoundError("GET /instruments/equities/SPY answered 404", status=404)
    done = run("order", "submit", *BUY)
    assert done.exit_code == 2
    assert "error: symbol is 'SPY', expected what the broker knows" in done.stderr


def test_quotes_come_in_the_order_asked_and_unknown_ones_are_named(run: Run, broker: ScriptedBroker) -> None:
    broker.markets = [market("SPY", "604", "605.5")]
    done = run("quote", "spy", "NOSUCH", "SPY")
    assert done.exit_code == 3
    (row,) = json.loads(done.stdout)
    assert (row["ask"], row["change"], row["change_fraction"]) == ("605.5", "504", "5.040000")
    assert "not known to the broker: NOSUCH" in done.stderr
    assert run("quote", "NOSUCH").exit_code == 2


def test_follow_in_a_pipe_writes_an_object_a_line_and_gaps_among_them(
    run: Run, broker: ScriptedBroker
) -> None:
    first = market("SPY", "604", "605")
    broker.markets = [first]
    broker.stream = [
        replace(first, bid=Decimal("604.5")),
        FeedGap(number=1, cause="nothing comes in"),
        FeedGap(number=1, cause="cut", start=NOW, end=NOW),
        StreamInterruptedError("the grant was refused"),
    ]
    done = run("quote", "SPY", "--follow", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("bid") for row in rows] == ["604", "604.5", None, None]
    assert [row["gap"]["end"] for row in rows[2:]] == [None, "2026-11-20T15:30:00Z"]
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "error: the grant was refused"


def test_follow_for_a_time_ends_well(run: Run, broker: ScriptedBroker) -> None:
    broker.markets = [market("SPY", "604", "605")]
    done = run("quote", "SPY", "--follow", "--for", "1s")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1].startswith("0 updates of 1 symbol in ")


@pytest.mark.parametrize("arguments", [("--for", "5s"), ("--follow", "--for", "soon")])
def test_a_time_that_is_none_or_without_follow_is_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("quote", "SPY", *arguments).exit_code == 2


def test_of_several_providers_the_first_with_accounts_is_the_broker(run: Run) -> None:
    assert run("accounts", "--provider", "files,tastytrade").exit_code == 0


def test_a_provider_without_accounts_is_usage(run: Run) -> None:
    done = run("accounts", "--provider", "files")
    assert done.exit_code == 2
    assert done.stderr == "error: provider is 'files', expected one with accounts: sandbox, tastytrade\n"
