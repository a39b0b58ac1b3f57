# SPDX-License-Identifier: Apache-2.0
"""The account stream without sockets: answers, typed notices, gaps, tokens, bounds and rubbish."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ttapi_client.account_engine import (
    AccountEngine,
    AccountNotice,
    AccountPolicy,
    AccountState,
    NoticeRejected,
    Reread,
)
from ttapi_client.dxlink_engine import CloseLine, Instant, OpenLine
from ttapi_client.dxlink_reports import GapReport
from ttapi_core import (
    AuthenticationError,
    Balance,
    CapacityError,
    DataError,
    DecodeError,
    GrantRefusedError,
    NotEntitledError,
    ParameterError,
    Position,
    ProtocolError,
    StreamInterruptedError,
)

ACCOUNT = "5WT00001"
START = datetime(2026, 11, 19, 15, tzinfo=UTC)
BALANCE = {
    "account-number": ACCOUNT,
    "currency": "USD",
    "cash-balance": "25000.10",
    "net-liquidating-value": "31120.0",
    "equity-buying-power": "50000.0",
    "derivative-buying-power": "25000.0",
    "maintenance-requirement": "1836.0",
    "updated-at": "2026-11-20T21:05:00.000+00:00",
}
POSITION = {
    "account-number": ACCOUNT,
    "symbol": "SPY",
    "underlying-symbol": "SPY",
    "instrument-type": "Equity",
    "quantity": 10,
    "quantity-direction": "Long",
    "average-open-price": "612.1",
    "close-price": "611.0",
    "multiplier": 1,
    "cost-effect": "Credit",
    "is-suppressed": False,
    "is-frozen": False,
    "realized-day-gain": "0.0",
    "realized-today": "0.0",
    "created-at": "2026-11-19T15:30:00.000+00:00",
    "updated-at": "2026-11-19T15:30:00.000+00:00",
}


class Harness:
    """A server that answers, and a clock; ``silent`` it does not answer."""

    def __init__(self, policy: AccountPolicy | None = None, *, seed: int = 1) -> None:
        self.now_s = 0.0
        self.engine = AccountEngine([ACCOUNT], policy or AccountPolicy(), self.now, seed=seed)
        self.engine.start(self.now)
        self.line: int | None = None
        self.tokens: list[bool] = []
        self.said: list[dict[str, Any]] = []
        self.items: list[Any] = []
        self.rereads: list[Reread] = []
        self.sequence = 0
        self.silent = False
        self.refuse: Exception | None = None
        self.state: Any = ["state"]

    @property
    def now(self) -> Instant:
        return Instant(self.now_s, START + timedelta(seconds=self.now_s))

    def settle(self) -> None:
        for _ in range(100):
            busy = False
            for action in self.engine.actions():
                busy = True
                match action:
                    case OpenLine(line, fresh):
                        self.tokens.append(fresh)
                        if self.refuse is not None:
                            self.engine.failed(line, self.refuse, self.now)
                        else:
                            self.line, self.sequence = line, 0
                            self.engine.opened(line, f"token-{len(self.tokens)}", self.now)
                    case CloseLine(line):
                        self.line = None if self.line == line else self.line
                    case Reread():
                        self.rereads.append(action)
                        if self.state is not None:
                            self.engine.reread(action.gap, self.state)
            for frame in self.engine.frames_to_send():
                busy = True
                message = json.loads(frame)
                self.said.append(message)
                if not self.silent:
                    answer = {k: message[k] for k in ("action", "request-id", "value") if k in message}
                    self.hear({"status": "ok", **answer})
            self.items += self.engine.take()
            if not busy:
                return
        raise AssertionError("it never comes to rest")

    def hear(self, message: Any) -> None:
        if self.line is not None:
            text = message if isinstance(message, str | bytes) else json.dumps(message)
            self.engine.received(self.line, text, self.now)

    def notice(self, kind: str, data: Any, **members: Any) -> None:
        self.sequence += 1
        self.hear(
            {"type": kind, "data": data, "timestamp": 1_795_188_601_400, "ws-sequence": self.sequence}
            | members
        )

    def run_until(self, end_s: float) -> None:
        self.settle()
        while self.now_s < end_s and self.engine.failure is None:
            self.now_s = min(end_s, max(self.now_s, self.engine.next_timer_s))
            self.engine.tick(self.now)
            self.settle()

    def of(self, kind: type[Any]) -> list[Any]:
        return [item for item in self.items if isinstance(item, kind)]


def connected(**options: Any) -> Harness:
    harness = Harness(**options)
    harness.settle()
    return harness


def test_connect_names_the_accounts_and_carries_the_token() -> None:
    (message,) = connected().said
    assert message == {
        "action": "connect",
        "value": [ACCOUNT],
        "auth-token": "Bearer token-1",
        "request-id": 1,
        "source": "ttapi",
    }


def test_heartbeats_carry_the_token_of_their_time() -> None:
    harness = connected()
    harness.engine.use_token("later")
    harness.run_until(61)
    beats = [message for message in harness.said if message["action"] == "heartbeat"]
    assert [beat["auth-token"] for beat in beats] == ["Bearer later"] * 4
    assert harness.items == []


def test_notices_come_typed_and_in_order() -> None:
    harness = connected()
    harness.notice("AccountBalance", BALANCE)
    harness.notice("CurrentPosition", POSITION)
    harness.notice("QuoteAlert", {"symbol": "SPY"})
    harness.settle()
    balance, position, alert = harness.items
    assert isinstance(balance.value, Balance)
    assert balance.value.cash_balance == Decimal("25000.10")
    assert isinstance(position.value, Position)
    assert (position.kind, position.account_number, position.sequence) == ("CurrentPosition", ACCOUNT, 2)
    assert alert.value == {"symbol": "SPY"}
    assert balance.time == datetime(2026, 11, 20, 15, 30, 1, 400_000, UTC)


@pytest.mark.parametrize("number", ["9007199254740993.01", "0.1000000000000000055", "123456789012345.67"])
def test_money_written_as_a_number_keeps_every_digit(number: str) -> None:
    assert Decimal(float(number)) != Decimal(number)
    harness = connected()
    for kind, data, field in (
        ("AccountBalance", BALANCE, "cash-balance"),
        ("CurrentPosition", POSITION, "average-open-price"),
        ("ExternalTransaction", {"account-number": ACCOUNT}, "amount"),
    ):
        text = json.dumps({"type": kind, "data": data | {field: "?"}, "timestamp": 1})
        harness.hear(text.replace('"?"', number).replace('"timestamp": 1', '"timestamp": 1795188601400.0'))
    harness.settle()
    balance, position, transaction = harness.items
    assert balance.value.cash_balance == Decimal(number)
    assert position.value.average_open_price == Decimal(number)
    assert transaction.value["amount"] == Decimal(number)
    assert balance.time == datetime(2026, 11, 20, 15, 30, 1, 400_000, UTC)


def test_several_results_of_one_message_come_each() -> None:
    harness = connected()
    results = [{"type": "AccountBalance", "data": BALANCE}, {"type": "CurrentPosition", "data": POSITION}]
    harness.hear({"results": results, "timestamp": 1})
    harness.settle()
    assert [item.kind for item in harness.items] == ["AccountBalance", "CurrentPosition"]


@pytest.mark.parametrize(
    ("kind", "data", "column"),
    [
        ("AccountBalance", BALANCE | {"cash-balance": "NaN"}, "cash-balance"),
        ("AccountBalance", BALANCE | {"cash-balance": True}, "cash-balance"),
        ("AccountBalance", {**BALANCE, "account-number": "5WT99999"}, "account-number"),
        ("CurrentPosition", POSITION | {"quantity": "ten"}, "quantity"),
        ("CurrentPosition", POSITION | {"quantity-direction": "Sideways"}, "quantity-direction"),
        ("Order", {"account-number": ACCOUNT, "status": "Live"}, ""),
    ],
)
def test_notice_that_cannot_be_read_is_an_error_that_names_the_field(
    kind: str, data: dict[str, Any], column: str
) -> None:
    harness = connected()
    harness.notice(kind, data)
    harness.notice("CurrentPosition", POSITION)
    harness.settle()
    rejected, good = harness.items
    assert isinstance(rejected, NoticeRejected)
    assert isinstance(rejected.cause, DataError)
    assert not column or rejected.cause.column == column
    assert isinstance(good, AccountNotice)


def test_outage_is_a_gap_then_the_state_then_what_came_since() -> None:
    harness = connected()
    harness.run_until(100)
    harness.engine.lost(1, "code 1006", harness.now)
    harness.state = None
    harness.run_until(101)
    harness.notice("CurrentPosition", POSITION)
    assert [type(item) for item in harness.items] == [GapReport]
    harness.engine.reread(1, [Decimal(1)])
    harness.settle()
    gap, state, notice = harness.items
    assert (gap.symbols, gap.attempts, gap.start <= gap.detected <= gap.end) == ((ACCOUNT,), 1, True)
    assert state == AccountState(1, (Decimal(1),))
    assert notice.kind == "CurrentPosition"


def test_state_that_cannot_be_read_is_said_after_some_attempts() -> None:
    harness = connected(policy=AccountPolicy(rereads_max=3))
    harness.state = StreamInterruptedError("no")
    harness.engine.lost(1, "code 1006", harness.now)
    harness.run_until(30)
    assert harness.of(AccountState) == [AccountState(1, (), harness.state)]
    assert len(harness.rereads) == 3


def test_silent_stream_is_found_within_twice_the_heartbeat() -> None:
    harness = connected()
    harness.run_until(100)
    frozen_s, harness.silent = harness.now_s, True
    harness.run_until(frozen_s + 26)
    harness.silent = False
    harness.run_until(frozen_s + 60)
    (gap,) = harness.of(GapReport)
    assert (gap.detected - START).total_seconds() - frozen_s <= 30
    assert "no answer to heartbeat" in str(gap.cause)


def test_refused_token_is_renewed_on_the_next_connection() -> None:
    harness = connected()
    harness.hear({"status": "error", "action": "heartbeat", "message": "failed: token-1 expired token"})
    harness.run_until(60)
    (gap,) = harness.of(GapReport)
    assert isinstance(gap.cause, AuthenticationError)
    assert "token-1" not in str(gap.cause)
    assert harness.tokens == [False, True]


def test_missing_sequence_number_is_a_gap_of_a_connection_that_goes_on() -> None:
    harness = connected()
    harness.notice("CurrentPosition", POSITION)
    harness.sequence += 3
    harness.notice("CurrentPosition", POSITION)
    harness.settle()
    assert [type(item) for item in harness.items] == [AccountNotice, GapReport, AccountState, AccountNotice]
    assert isinstance(harness.items[1].cause, ProtocolError)
    assert len(harness.tokens) == 1


@pytest.mark.parametrize("frame", ["", "{", "[]", "7", "null", b"\xff", "[" * 5000])
def test_frame_that_cannot_be_read_is_a_gap_and_not_the_end(frame: str | bytes) -> None:
    harness = connected()
    harness.hear(frame)
    harness.settle()
    gap = harness.of(GapReport)[0]
    assert isinstance(gap.cause, DecodeError)
    assert isinstance(harness.of(NoticeRejected)[0].cause, DecodeError)
    assert len(harness.tokens) == 1


def test_answer_for_other_accounts_is_not_taken() -> None:
    harness = Harness()
    harness.silent = True
    harness.settle()
    harness.hear({"status": "ok", "action": "connect", "value": ["other"], "request-id": 1})
    assert isinstance(harness.engine.failure, ProtocolError)
    assert "'value'" in str(harness.engine.failure)


def test_notices_beyond_the_bound_are_counted_and_the_state_is_read_again() -> None:
    harness = connected(policy=AccountPolicy(notices_max=10))
    for _ in range(11):
        harness.notice("CurrentPosition", POSITION)
    harness.settle()
    gap, state = harness.items
    assert isinstance(gap.cause, CapacityError)
    assert isinstance(state, AccountState)
    assert harness.engine.statistics.dropped == 11


def test_account_that_is_not_ours_ends_the_stream_at_once() -> None:
    harness = Harness()
    harness.silent = True
    harness.settle()
    harness.hear({"status": "error", "action": "connect", "message": "failed: account", "request-id": 1})
    assert isinstance(harness.engine.failure, NotEntitledError)
    assert ACCOUNT in str(harness.engine.failure)


def test_refusal_of_a_connect_that_may_pass_is_tried_again() -> None:
    harness = Harness()
    harness.silent = True
    harness.settle()
    harness.hear({"status": "error", "action": "connect", "message": "failed", "request-id": 1})
    harness.silent = False
    harness.run_until(60)
    assert harness.engine.failure is None
    assert len(harness.tokens) == 2


def test_refused_grant_ends_the_stream() -> None:
    harness = connected()
    harness.refuse = GrantRefusedError("no")
    harness.engine.lost(1, "code 1006", harness.now)
    harness.run_until(60)
    assert harness.engine.failure is harness.refuse


def test_outage_that_lasts_too_long_ends_the_stream() -> None:
    harness = connected(policy=AccountPolicy(outage_max_s=300))
    harness.refuse = StreamInterruptedError("no")
    harness.engine.lost(1, "code 1006", harness.now)
    harness.run_until(5000)
    assert harness.engine.failure is harness.refuse
    assert 300 <= harness.now_s <= 340


@pytest.mark.parametrize("heartbeat_s", [1.9, 61.0])
def test_heartbeat_outside_the_peers_bounds_is_refused(heartbeat_s: float) -> None:
    with pytest.raises(ParameterError):
        AccountPolicy(heartbeat_s=heartbeat_s)


def test_stream_without_accounts_is_refused() -> None:
    with pytest.raises(ParameterError):
        AccountEngine([], AccountPolicy(), Instant(0.0, START))


def test_rubbish_of_every_kind_raises_nothing() -> None:
    chance = random.Random(7)
    pool: list[Any] = [
        None,
        True,
        1,
        -1,
        1e300,
        "",
        "x",
        [],
        {},
        [1],
        {"type": "Order"},
        ACCOUNT,
        BALANCE,
        POSITION,
    ]
    names = [
        "type",
        "data",
        "timestamp",
        "ws-sequence",
        "results",
        "action",
        "status",
        "message",
        "request-id",
        "value",
    ]
    kinds = ["Order", "ComplexOrder", "AccountBalance", "CurrentPosition", "Nope"]
    harness = connected()
    for _ in range(5000):
        message = {name: chance.choice(pool) for name in chance.sample(names, chance.randint(0, 6))}
        if chance.random() < 0.5:
            data = dict(chance.choice([BALANCE, POSITION]))
            data[chance.choice(list(data))] = chance.choice(pool)
            message = {"type": chance.choice(kinds), "data": data}
        harness.hear(message)
        if chance.random() < 0.1:
            harness.run_until(harness.now_s + 40)
            assert harness.engine.failure is None or isinstance(harness.engine.failure, ProtocolError)
            if harness.engine.failure is not None:
                harness = connected()
    harness.settle()
    assert harness.of(NoticeRejected)


@pytest.mark.parametrize("seed", range(3))
def test_day_of_faults_leaves_the_reader_with_the_true_position(seed: int) -> None:
    """Whatever breaks, the state that was read again and the notices after it add up to the truth."""
    chance = random.Random(seed)
    harness = connected(seed=seed)
    truth = 0
    known: int | None = None
    faults: list[float] = []
    for minute in range(24 * 60):
        harness.run_until(60 * minute)
        harness.silent = False
        truth += 1
        harness.state = [truth]
        if chance.random() < 0.15:
            faults.append(harness.now_s)
            kind = chance.choice(["drop", "freeze", "expire", "garble"])
            if kind == "freeze":
                harness.silent = True
            elif kind == "drop" and harness.line is not None:
                harness.engine.lost(harness.line, "code 1006", harness.now)
            elif kind == "expire":
                harness.hear({"status": "error", "action": "heartbeat", "message": "failed: token expired"})
            elif kind == "garble":
                harness.sequence += 1
                harness.hear('{"type":"CurrentPos')
        if not harness.silent:  # frozen, the notice never arrives
            harness.notice("CurrentPosition", POSITION | {"quantity": truth})
        harness.settle()
    harness.silent = False
    harness.run_until(24 * 3600 + 120)
    for item in harness.items:
        if isinstance(item, AccountNotice):
            known = int(item.value.quantity)
        elif isinstance(item, AccountState):
            assert item.cause is None
            (known,) = item.values
    assert known == truth
    gaps = harness.of(GapReport)
    # A gap that comes while the state is read is read for together with the one before.
    read = {state.gap for state in harness.of(AccountState)}
    assert read <= {gap.number for gap in gaps}
    assert gaps[-1].number in read
    spans = [[(at - START).total_seconds() for at in (gap.start, gap.detected, gap.end)] for gap in gaps]
    for time_s in faults:  # another one may have come before, and then they end together
        assert any(start <= time_s <= end and found <= time_s + 30 for start, found, end in spans)
