# SPDX-License-Identifier: Apache-2.0
"""Whatever a body holds, the answer is one of the documented ones, and the books do not move by mistake."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core import ManualClock
from ttapi_sandbox import SandboxSettings
from ttapi_sandbox.application import Application
from ttapi_sandbox.requests import Request
from ttapi_sandbox.tickets import ACTIONS, INSTRUMENT_TYPES, ORDER_TYPES, TIMES_IN_FORCE

if TYPE_CHECKING:
    from ttapi_sandbox.answers import Answer

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
ACCOUNT = "/accounts/5WT00001"

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=24),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)
numbers = st.sampled_from(
    ["1", "100.00", "0", "-1", "NaN", "1e30", "0.00001", 5, 2.5, "612.345", "999999999999999999"]
)
symbols = st.sampled_from(
    [
        *(
            "SPY",
            "AAPL",
            "SPX",
            "BTC/USD",
            "/ESZ6",
            "./ESZ6 ESZ6  261218C6800",
            "",
            "\x00",
            "SPY   261218C00650000",
        ),
        *("SPY   261318C00650000", "SPY   ²61218C00650000", "/", "./", "/ESZ", "SPY   261218C0065000²"),
    ]
)
legs = st.fixed_dictionaries(
    {},
    optional={
        "symbol": symbols | anything,
        "instrument-type": st.sampled_from(INSTRUMENT_TYPES) | anything,
        "action": st.sampled_from(ACTIONS) | anything,
        "quantity": numbers | anything,
    },
)
conditions = st.fixed_dictionaries(
    {"action": st.sampled_from(["route", "cancel"]), "instrument-type": st.just("Equity"), "symbol": symbols},
    optional={"comparator": st.sampled_from(["gte", "lte"]), "threshold": numbers | anything},
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "order-type": st.sampled_from(ORDER_TYPES) | anything,
        "time-in-force": st.sampled_from(TIMES_IN_FORCE) | anything,
        "price": numbers | anything,
        "price-effect": st.sampled_from(["Debit", "Credit", "None"]) | anything,
        "value": numbers,
        "value-effect": st.sampled_from(["Debit", "Credit"]),
        "stop-trigger": numbers,
        "gtc-date": st.sampled_from(["2026-11-20", "2026-02-30", "x", "2099-01-01"]),
        "rules": st.fixed_dictionaries(
            {}, optional={"conditions": st.lists(conditions, max_size=2) | anything}
        ),
        "legs": st.lists(legs, max_size=3) | anything,
        "advanced-instructions": anything,
    },
)


@pytest.fixture(scope="module")
def application() -> Application:
    return Application(SandboxSettings(seed=7, symbols=3, start=OPEN, speed=0), ManualClock(OPEN))


def sent(application: Application, method: str, path: str, body: Any) -> Answer:
    token = application.tokens.issue("test", 1e6)
    headers = {b"user-agent": b"test/1", b"authorization": f"Bearer {token}".encode()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return application.answer(Request(method, path, b"", headers, content))[0]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["orders", "orders/dry-run"]), bodies)
def test_answer_to_any_order_is_a_documented_one(
    application: Application, path: str, body: dict[str, Any]
) -> None:
    answer = sent(application, "POST", f"{ACCOUNT}/{path}", body)
    assert answer.status in {201, 400, 422}, (answer, body)
    decoded = json.loads(answer.body)
    assert ("data" in decoded) == (answer.status == 201)
    if answer.status != 201:
        assert decoded["error"]["code"]
    ledger = application.desks.first.ledger
    assert ledger.cash == application.settings.cash + sum(one.net for one in ledger.transactions)


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["OCO", "OTO", "OTOCO", "PAIRS", "x"]) | anything,
            "orders": st.lists(bodies, max_size=3) | anything,
            "trigger-order": bodies | anything,
            "ratio-price-threshold": numbers | anything,
            "ratio-price-comparator": st.sampled_from(["gte", "lte", "eq"]) | anything,
        },
    )
)
def test_answer_to_any_complex_order_is_a_documented_one(
    application: Application, body: dict[str, Any]
) -> None:
    answer = sent(application, "POST", f"{ACCOUNT}/complex-orders", body)
    assert answer.status in {201, 400, 422}, (answer, body)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["/watchlists", "/quote-alerts", f"{ACCOUNT}/orders"]), anything | st.binary(max_size=40)
)
def test_answer_to_any_body_is_a_documented_one(application: Application, path: str, body: Any) -> None:
    assert sent(application, "POST", path, body).status in {201, 400, 422}


@pytest.mark.parametrize("number", ["0", "-1", "²", "9" * 12, "9" * 5000, "x", "%2F"])
def test_answer_to_any_number_is_not_found(application: Application, number: str) -> None:
    from urllib.parse import quote  # noqa: PLC0415 - used here only

    for path in (f"{ACCOUNT}/orders", f"{ACCOUNT}/complex-orders", f"{ACCOUNT}/transactions"):
        answer = sent(application, "GET", f"{path}/{quote(number, safe='%')}", b"")
        assert answer.status == 404, number
