# SPDX-License-Identifier: Apache-2.0
"""Every call reads its documented answer, bears what is unknown or missing, and never guesses money."""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ttapi_client.accounts import position_of
from ttapi_client.complex_orders import placed_complex_order_of
from ttapi_client.orders import placed_order_of, placement_of
from ttapi_client.tastytrade import TastytradeClient
from ttapi_client.transactions import transaction_of
from ttapi_client.watchlists import Watchlist, WatchlistEntry
from ttapi_core import (
    AnswerMismatchError,
    ComplexOrderType,
    DataError,
    InstrumentType,
    NotFoundError,
    OrderAction,
    OrderStatus,
    OrderType,
    ParameterError,
    PriceEffect,
    TimeInForce,
    TTError,
)

_spec = importlib.util.spec_from_file_location("rest_catalogue", Path(__file__).with_name("catalogue.py"))
assert _spec is not None
assert _spec.loader is not None
catalogue = importlib.util.module_from_spec(_spec)
sys.modules["rest_catalogue"] = catalogue
_spec.loader.exec_module(catalogue)
ACCOUNT, CATALOGUE = catalogue.ACCOUNT, catalogue.CATALOGUE
MUTATIONS = 6000


def refused_by(desk: Any, path: str, body: Any) -> None:
    desk.replaced = lambda _method, called, _body: httpx.Response(200, json=body) if called == path else None


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
async def test_call_reads_its_documented_answer(api: TastytradeClient, desk: Any, entry: Any) -> None:
    refused_by(desk, entry.path, entry.body)
    found = await entry.call(api)
    assert found or found == 0
    assert [path for _, path, _, _ in desk.calls] == [entry.path]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
async def test_call_bears_unknown_members_and_nulls(api: TastytradeClient, desk: Any, entry: Any) -> None:
    """Whatever is optional may be null or absent, and what is new is ignored: the result is the same."""
    refused_by(desk, entry.path, entry.body)
    usual = await entry.call(api)
    refused_by(desk, entry.path, with_news(entry.body))
    assert await entry.call(api) == usual


def with_news(value: Any) -> Any:
    if isinstance(value, list):
        return [with_news(item) for item in value]
    if not isinstance(value, dict) or not value:
        return value
    return {name: with_news(item) for name, item in value.items()} | {"news": {"deep": [1]}, "gone": None}


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
async def test_call_given_an_error_raises_it(api: TastytradeClient, desk: Any, entry: Any) -> None:
    desk.replaced = lambda *_: httpx.Response(404, text="<html>no such path</html>")
    with pytest.raises(NotFoundError):
        await entry.call(api)


def test_catalogue_has_every_reading_call() -> None:
    writing = {
        *(
            "dry_run_order",
            "submit_order",
            "replace_order",
            "edit_order",
            "dry_run_replacement",
            "find_order",
        ),
        *("dry_run_complex_order", "submit_complex_order", "edit_complex_order", "find_complex_order"),
        *("create_watchlist", "replace_watchlist", "delete_watchlist", "delete_quote_alert"),
        *("dry_run_margin", "validate"),
        *("expiration_series", "equities_of_chunk", "market_data", "position_rows"),
    }
    calls = {name for name in dir(TastytradeClient) if not name.startswith("_")}
    assert calls - writing == {entry.name for entry in CATALOGUE}


MONEY = [
    ("balances", "cash-balance"),
    ("balances", "net-liquidating-value"),
    ("balances", "pending-cash"),
    ("balance", "maintenance-requirement"),
    ("balance_snapshots", "cash-balance"),
    ("net_liquidity_history", "total-close"),
    ("transactions", "value"),
    ("transactions", "net-value"),
    ("transactions", "commission"),
    ("transaction", "regulatory-fees"),
    ("total_fees", "total-fees"),
    ("orders", "price"),
    ("order", "size"),
    ("margin_requirements", "margin-requirement"),
    ("risk_free_rate", "risk-free-rate"),
    ("dividends", "amount"),
    ("cryptocurrency", "tick-size"),
    ("positions", "average-open-price"),
]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "twelve", "", True, [1], {}, "9" * 99])
@pytest.mark.parametrize(("name", "member"), MONEY, ids=lambda value: value)
async def test_money_that_is_no_number_is_a_data_error_that_names_it(
    api: TastytradeClient, desk: Any, name: str, member: str, amount: object
) -> None:
    entry = next(entry for entry in CATALOGUE if entry.name == name)
    body = copy.deepcopy(entry.body)
    row = body["data"]["items"][0] if "items" in body["data"] else body["data"]
    row[member] = amount
    refused_by(desk, entry.path, body)
    with pytest.raises(DataError) as caught:
        await entry.call(api)
    assert caught.value.column == member


@pytest.mark.parametrize("number", ["612.35", 612.35])
def test_numbers_may_be_texts_and_numbers_alike(number: object) -> None:
    assert placed_order_of(catalogue.ORDER | {"price": number}).price == Decimal("612.35")
    assert placed_order_of(catalogue.ORDER | {"id": "430071"}).id == "430071"
    assert placed_order_of(catalogue.ORDER | {"updated-at": "1795188601250"}).updated_at is not None


async def test_money_written_as_a_number_keeps_every_digit(api: TastytradeClient, desk: Any) -> None:
    content = b'{"data": {"account-number": "5WT00001", "total-fees": 12345678901234567.0123456789}}'
    desk.replaced = lambda *_: httpx.Response(200, content=content)
    assert await api.total_fees(ACCOUNT) == Decimal("12345678901234567.0123456789")


@pytest.mark.parametrize("amount", ["1e999999999", "1e-999999999"])
async def test_money_beyond_all_bounds_is_a_data_error(api: TastytradeClient, desk: Any, amount: str) -> None:
    for written in (amount, f'"{amount}"'):
        desk.replaced = lambda *_, written=written: httpx.Response(
            200, content=f'{{"data": {{"total-fees": {written}}}}}'.encode()
        )
        with pytest.raises(DataError):
            await api.total_fees(ACCOUNT)


def test_money_in_the_depth_is_named_with_its_path() -> None:
    order = copy.deepcopy(catalogue.ORDER)
    order["legs"][0]["fills"][0]["fill-price"] = "NaN"
    with pytest.raises(DataError) as caught:
        placed_order_of(order)
    assert caught.value.column == "legs.fills.fill-price"


def test_effects_give_amounts_their_sign() -> None:
    transaction = transaction_of(catalogue.TRANSACTION)
    assert (transaction.value, transaction.regulatory_fees) == (Decimal("-6120.0"), Decimal("-0.01"))
    sold = transaction_of(catalogue.TRANSACTION | {"value-effect": "Credit"})
    assert sold.value == Decimal("6120.0")


@pytest.mark.parametrize("change", [{"value-effect": "Sideways"}, {"value": "-1", "value-effect": "Credit"}])
def test_contradicting_effect_is_a_data_error(change: dict[str, str]) -> None:
    with pytest.raises(DataError):
        transaction_of(catalogue.TRANSACTION | change)
    with pytest.raises(DataError) as caught:
        placed_order_of(catalogue.ORDER | {"price-effect": "Sideways"})
    assert caught.value.column == "price-effect"


def test_effect_without_its_amount_is_nothing() -> None:
    row = {k: v for k, v in catalogue.TRANSACTION.items() if k != "commission"} | {
        "commission-effect": "Debit"
    }
    assert transaction_of(row).commission is None


def test_transfer_has_no_action_quantity_or_price() -> None:
    members = ("action", "quantity", "price", "symbol", "underlying-symbol", "instrument-type", "lots")
    row = {k: v for k, v in catalogue.TRANSACTION.items() if k not in members}
    moved = transaction_of(row | {"transaction-type": "Money Movement", "transaction-sub-type": "Transfer"})
    assert (moved.action, moved.quantity, moved.price, moved.symbol, moved.lots) == (
        None,
        None,
        None,
        None,
        (),
    )


WORDS: list[tuple[str, type[Any], Any]] = [
    ("status", OrderStatus, lambda word: placed_order_of(catalogue.ORDER | {"status": word}).status),
    (
        "order-type",
        OrderType,
        lambda word: placed_order_of(catalogue.ORDER | {"order-type": word}).order_type,
    ),
    (
        "time-in-force",
        TimeInForce,
        lambda word: placed_order_of(catalogue.ORDER | {"time-in-force": word}).time_in_force,
    ),
    (
        "action",
        OrderAction,
        lambda word: (
            placed_order_of(catalogue.ORDER | {"legs": [{"symbol": "X", "action": word}]}).legs[0].action
        ),
    ),
    (
        "instrument-type",
        InstrumentType,
        lambda word: (
            placed_order_of(catalogue.ORDER | {"legs": [{"symbol": "X", "instrument-type": word}]})
            .legs[0]
            .instrument_type
        ),
    ),
    (
        "price-effect",
        PriceEffect,
        lambda word: placed_order_of(catalogue.ORDER | {"price-effect": word}).price_effect,
    ),
    ("type", ComplexOrderType, lambda word: placed_complex_order_of(catalogue.COMPLEX | {"type": word}).type),
]
DOCUMENTED = {
    "status": "Received,Routed,In Flight,Contingent,Live,Cancel Requested,Replace Requested,Filled,Cancelled,"
    "Expired,Rejected,Removed,Partially Removed",
    "order-type": "Limit,Market,Marketable Limit,Stop,Stop Limit,Notional Market",
    "time-in-force": "Day,GTC,GTD,Ext,Ext Overnight,GTC Ext,GTC Ext Overnight,IOC",
    "action": "Buy to Open,Buy to Close,Sell to Open,Sell to Close,Buy,Sell",
    "instrument-type": "Equity,Equity Option,Future,Future Option,Cryptocurrency,Index,Bond,Warrant,Equity Offering,"
    "Currency Pair,Event Contract,Fixed Income Security,Liquidity Pool,Unknown",
    "price-effect": "Debit,Credit",
    "type": "OTOCO,OCO,OTO,PAIRS",
}


@pytest.mark.parametrize(("member", "kind", "read"), WORDS, ids=[member for member, _, _ in WORDS])
def test_every_documented_word_is_read(member: str, kind: type[Any], read: Any) -> None:
    words = DOCUMENTED[member].split(",")
    assert [read(word) for word in words] == [kind(word) for word in words]
    assert {item.value for item in kind} == set(words)


def test_word_that_is_not_known_leaves_the_order_readable() -> None:
    strange = {"status": "Thinking", "order-type": "Wish", "time-in-force": "Ever"}
    order = placed_order_of(
        catalogue.ORDER | strange | {"legs": [{"symbol": "X", "instrument-type": "Moon"}]}
    )
    assert (order.status, order.status_word, order.order_type, order.time_in_force) == (
        None,
        "Thinking",
        None,
        None,
    )
    assert (order.is_terminal, order.is_working) == (False, False)
    assert order.legs[0].instrument_type is InstrumentType.UNKNOWN


@pytest.mark.parametrize("direction", ["Long", "Short", "Zero"])
def test_positions_of_every_direction_are_read(direction: str) -> None:
    quantity = 0 if direction == "Zero" else 2
    position = position_of(catalogue.POSITION | {"quantity-direction": direction, "quantity": quantity})
    assert position.direction.value == direction
    assert position.realized_day_gain == Decimal("-3.0")


async def test_position_that_no_symbol_names_is_refused_by_itself(api: TastytradeClient, desk: Any) -> None:
    bond = catalogue.POSITION | {"symbol": "912797QX8", "instrument-type": "Bond"}
    desk.fixed[f"/accounts/{ACCOUNT}/positions"] = catalogue.listed(bond, catalogue.POSITION)
    refused: dict[str, DataError] = {}
    assert len(await api.positions(ACCOUNT, refused=refused)) == 1
    assert list(refused) == ["912797QX8"]


def test_dry_run_has_no_id_and_no_time(samples: dict[str, Any]) -> None:
    order = {k: v for k, v in catalogue.ORDER.items() if k != "id"} | {"updated-at": 0}
    placement = placement_of({"order": order} | samples["effects"], is_dry_run=True)
    assert (placement.order.id, placement.order.updated_at) == (None, None)
    assert placement.buying_power_effect is not None
    assert placement.buying_power_effect.change_in_buying_power == Decimal("-311.14")
    assert placement.fee_calculation is not None
    assert placement.fee_calculation.total_fees == Decimal("-1.14")
    assert [(note.code, note.message) for note in placement.errors] == [("price", "odd")]


def test_times_are_utc(samples: dict[str, Any]) -> None:
    order = placed_order_of(catalogue.ORDER | {"received-at": "2026-11-20T10:30:01.250-05:00"})
    assert order.received_at == datetime(2026, 11, 20, 15, 30, 1, 250000, tzinfo=UTC)
    assert order.received_at.tzinfo is UTC


async def test_margin_groups_bear_empty_objects_and_nan(api: TastytradeClient, desk: Any) -> None:
    desk.fixed[f"/margin/accounts/{ACCOUNT}/requirements"] = catalogue.one(catalogue.MARGIN)
    report = await api.margin_requirements(ACCOUNT)
    assert report.margin_requirement == Decimal("-100.5")
    (group,) = report.groups
    assert (group.groups[0].buying_power, group.expected_price_range_up_percent) == (None, None)


async def test_private_facts_are_in_no_representation(api: TastytradeClient, desk: Any) -> None:
    desk.fixed["/customers/me"] = catalogue.one(catalogue.CUSTOMER)
    customer = await api.customer()
    assert customer.email == "someone@example.com"
    assert customer.permitted_account_types[0].margin_types[0].is_margin
    assert not any(word in repr(customer) for word in ("someone", "Person", "1980", "Springfield"))


async def test_compact_chain_of_uneven_lists_is_a_data_error(api: TastytradeClient, desk: Any) -> None:
    uneven = catalogue.COMPACT | {"streamer-symbols": [".A", ".B"]}
    desk.fixed["/option-chains/QQQ/compact"] = catalogue.listed(uneven)
    with pytest.raises(DataError) as caught:
        await api.compact_option_chain("QQQ")
    assert caught.value.column == "streamer-symbols"


@pytest.mark.parametrize("name", ["equity", "future", "quote", "order", "watchlist", "account"])
async def test_answer_about_another_object_is_a_mismatch(api: TastytradeClient, desk: Any, name: str) -> None:
    entry = next(entry for entry in CATALOGUE if entry.name == name)
    other = {"symbol": "OTHER", "id": 1, "name": "Other", "account-number": "5WT99999"}
    body = {"data": {k: other.get(k, v) for k, v in entry.body["data"].items()}}
    refused_by(desk, entry.path, body)
    with pytest.raises(AnswerMismatchError):
        await entry.call(api)


async def test_watchlists_are_written_as_a_whole(api: TastytradeClient, desk: Any) -> None:
    desk.replaced = lambda method, path, body: (
        httpx.Response(204) if method == "DELETE" else httpx.Response(201, json={"data": body})
    )
    mine = Watchlist(name="a/b", watchlist_entries=(WatchlistEntry(symbol="QQQ"),), order_index=3)
    assert await api.create_watchlist(mine) == mine
    assert await api.replace_watchlist("a/b", mine) == mine
    await api.delete_watchlist("a/b")
    assert [(method, path) for method, path, _, _ in desk.calls] == [
        ("POST", "/watchlists"),
        ("PUT", "/watchlists/a%2Fb"),
        ("DELETE", "/watchlists/a%2Fb"),
    ]
    with pytest.raises(ParameterError):
        await api.create_watchlist(Watchlist(name=" "))


async def test_alerts_are_removed_without_an_answer(api: TastytradeClient, desk: Any) -> None:
    desk.replaced = lambda *_: httpx.Response(204)
    await api.delete_quote_alert("12")
    assert desk.calls[0][:2] == ("DELETE", "/quote-alerts/12")


@pytest.mark.parametrize(
    "call",
    [
        lambda api: catalogue.every(api.orders(ACCOUNT)),
        lambda api: catalogue.every(api.orders(ACCOUNT, first=date(2026, 2, 1), last=date(2026, 1, 1))),
        lambda api: catalogue.every(api.orders(ACCOUNT, start=datetime(2026, 1, 1))),  # noqa: DTZ001 - the mistake
        lambda api: catalogue.every(api.transactions(ACCOUNT, first=datetime(2026, 1, 1, tzinfo=UTC))),
        lambda api: catalogue.every(api.customer_orders([], first=date(2026, 1, 1))),
        lambda api: catalogue.every(api.balance_snapshots(ACCOUNT, time_of_day="Noon")),
        lambda api: catalogue.every(api.future_options()),
        lambda api: catalogue.every(api.future_options(root="ES")),
        lambda api: api.net_liquidity_history(ACCOUNT),
        lambda api: api.net_liquidity_history(ACCOUNT, time_back="2w"),
        lambda api: api.search_symbols(" "),
        lambda api: api.search_instruments("x", limit=0),
        lambda api: api.market_state("Moon"),
        lambda api: api.create_quote_alert("QQQ", Decimal(1), operator="="),
        lambda api: api.create_quote_alert("QQQ", Decimal("NaN")),
    ],
)
async def test_rubbish_is_refused_before_anything_is_sent(
    api: TastytradeClient, desk: Any, call: Any
) -> None:
    with pytest.raises(ParameterError):
        await call(api)
    assert desk.calls == []


RUBBISH: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        1e308,
        2**70,
        "",
        " ",
        "NaN",
        "-Infinity",
        "é\u0000",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
    ),
    *(
        "1e999999999",
        "-0",
        "0x10",
        "1_000",
        "١٢",
        "\ud800",
        "9" * 5000,
        "2026-13-45",
        "0001-01-01T00:00:00+23:59",
    ),
]


def spoilt(value: Any, rng: random.Random) -> Any:
    """Replace, drop or add something anywhere in a JSON value."""
    if rng.random() < 0.12 or not isinstance(value, dict | list) or not value:
        return rng.choice(RUBBISH)
    if isinstance(value, list):
        place = rng.randrange(len(value))
        changed = [spoilt(item, rng) if n == place else item for n, item in enumerate(value)]
        return changed * 2 if rng.random() < 0.05 else changed
    name = rng.choice(list(value))
    if rng.random() < 0.15:
        return {key: item for key, item in value.items() if key != name}
    return {key: spoilt(item, rng) if key == name else item for key, item in value.items()}


async def test_spoilt_bodies_give_values_or_documented_errors(api: TastytradeClient, desk: Any) -> None:
    """Thousands of spoilt, cut and flipped bodies over every call: a value or a `TTError`, each within 1 s."""
    rng = random.Random(20261120)
    refusals, slowest = 0, 0.0
    for n in range(MUTATIONS):
        entry = CATALOGUE[n % len(CATALOGUE)]
        content = json.dumps(spoilt(entry.body, rng)).encode()
        if n % 7 == 0:
            content = content[: rng.randrange(len(content) + 1)]
        if n % 11 == 0 and content:
            place = rng.randrange(len(content))
            content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
        desk.replaced = lambda *_, content=content: httpx.Response(200, content=content)
        started = time.perf_counter()
        try:
            await entry.call(api)
        except TTError:
            refusals += 1
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 1
    assert MUTATIONS / 10 < refusals < MUTATIONS


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"data":' * 50_000,
        b'{"data":{"items":[NaN]}}',
        b"\xff\xfe",
        b'{"data":{"items":[' + b"9" * 6000 + b"]}}",
    ],
    ids=["deep list", "deep object", "bare NaN", "no UTF-8", "long number"],
)
@pytest.mark.parametrize("name", ["orders", "balance", "margin_requirements"])
async def test_hostile_bodies_are_documented_errors(
    api: TastytradeClient, desk: Any, name: str, content: bytes
) -> None:
    entry = next(entry for entry in CATALOGUE if entry.name == name)
    desk.replaced = lambda *_: httpx.Response(200, content=content)
    with pytest.raises(TTError):
        await entry.call(api)


async def test_groups_without_end_are_a_data_error(api: TastytradeClient, desk: Any) -> None:
    group: dict[str, Any] = {"description": "x"}
    for _ in range(200):
        group = {"description": "x", "groups": [group]}
    desk.fixed[f"/margin/accounts/{ACCOUNT}/requirements"] = catalogue.one(
        catalogue.MARGIN | {"groups": [group]}
    )
    with pytest.raises(DataError):
        await api.margin_requirements(ACCOUNT)
