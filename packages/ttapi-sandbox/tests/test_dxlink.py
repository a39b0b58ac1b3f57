# SPDX-License-Identifier: Apache-2.0
"""The stream's state machine without a socket: what is refused, what goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttapi_sandbox.dxlink import Session
from ttapi_sandbox.events import FIELDS, EventSource
from ttapi_sandbox.future_options import FutureOptionBook
from ttapi_sandbox.futures import LISTED, PRODUCTS, FutureBook
from ttapi_sandbox.option_chains import ChainBook

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market


def fresh(market: Market, *, snapshots_max: int = 18) -> Session:
    source = EventSource(market, ChainBook(market))
    return Session(market, source, accepts=lambda token: token == "good", snapshots_max=snapshots_max)


def say(session: Session, kind: str, channel: int = 0, **members: Any) -> list[dict[str, Any]]:
    return [
        json.loads(text)
        for text in session.receive(json.dumps({"type": kind, "channel": channel, **members}))
    ]


def opened(market: Market, contract: str = "AUTO", **options: Any) -> Session:
    session = fresh(market, **options)
    say(session, "SETUP", version="0.1")
    say(session, "AUTH", token="good")
    say(session, "CHANNEL_REQUEST", 1, service="FEED", parameters={"contract": contract})
    say(session, "FEED_SETUP", 1, acceptDataFormat="COMPACT")
    return session


def drained(session: Session) -> list[dict[str, Any]]:
    found = []
    while (messages := session.next_snapshot()) is not None:
        found += [json.loads(text) for text in messages]
        session.snapshot_sent()
    return found


def test_order_of_the_first_steps_is_insisted_on(market: Market) -> None:
    session = fresh(market)
    assert say(session, "AUTH", token="good")[0]["error"] == "BAD_ACTION"
    assert [message["type"] for message in say(session, "SETUP", version="0.1")] == ["SETUP", "AUTH_STATE"]
    assert say(session, "CHANNEL_REQUEST", 1)[0]["error"] == "UNAUTHORIZED"
    assert [message["type"] for message in say(session, "SETUP", version="0.1")] == ["SETUP"]
    assert not session.ended


def test_setup_without_a_version_ends_the_connection(market: Market) -> None:
    session = fresh(market)
    assert say(session, "SETUP")[0]["error"] == "UNSUPPORTED_PROTOCOL"
    assert session.ended


@pytest.mark.parametrize("value", [0, -5, "60", None, True, 10**9])
def test_timeout_that_makes_no_sense_becomes_a_minute(market: Market, value: object) -> None:
    session = fresh(market)
    say(session, "SETUP", version="0.1", keepaliveTimeout=value, acceptKeepaliveTimeout=value)
    assert (session.client_timeout_s, session.server_timeout_s) == (60, 60)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '"x"', "{}", '{"type": 7}', '{"type": "SETUP"}', '{"type":"X","channel":-1}']
)
def test_message_that_cannot_be_read_is_an_error_and_not_the_end(market: Market, text: str) -> None:
    session = fresh(market)
    (answer,) = (json.loads(one) for one in session.receive(text))
    assert (answer["type"], answer["error"]) == ("ERROR", "INVALID_MESSAGE")
    assert not session.ended


@pytest.mark.parametrize(
    ("channel", "members", "words"),
    [
        (2, {"service": "FEED", "parameters": {"contract": "AUTO"}}, "even channel usage"),
        (1, {"service": "FEED", "parameters": {"contract": "AUTO"}}, "open already"),
        (3, {"service": "NOPE", "parameters": {"contract": "AUTO"}}, "NOPE"),
        (3, {"service": "FEED", "parameters": {"contract": "X"}}, "X"),
        (3, {"service": "FEED"}, "None"),
    ],
)
def test_channel_that_cannot_be_opened_is_a_bad_action(
    market: Market, channel: int, members: dict[str, Any], words: str
) -> None:
    (answer,) = say(opened(market), "CHANNEL_REQUEST", channel, **members)
    assert (answer["type"], answer["error"], answer["channel"]) == ("ERROR", "BAD_ACTION", channel)
    assert words in answer["message"]


def test_message_on_a_channel_that_is_not_open_or_of_unknown_type_is_an_error(market: Market) -> None:
    session = opened(market)
    assert say(session, "FEED_SETUP", 5)[0]["error"] == "BAD_ACTION"
    assert say(session, "NOPE", 1)[0]["error"] == "INVALID_MESSAGE"
    assert say(session, "ERROR", 0) == []


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_every_event_type_has_as_many_values_as_fields(market: Market, kind: str) -> None:
    session = opened(market)
    symbol = "AAPL{=d}" if kind == "Candle" else "AAPL"
    answers = say(session, "FEED_SUBSCRIPTION", 1, add=[{"type": kind, "symbol": symbol, "fromTime": 0}])
    (fields,) = answers[0]["eventFields"].values()
    for message in answers[1:] + drained(session):
        named, values = message["data"]
        assert named == kind
        assert len(values) % len(fields) == 0
        assert values[0] == symbol


def test_options_have_all_types_but_the_extended_trade_profile_and_underlying(market: Market) -> None:
    session = opened(market)
    symbol = ".SPY261218C650"
    kinds = ["Quote", "Trade", "Summary", "Greeks", "TheoPrice", "TimeAndSale"]
    asked = [*kinds, "Profile", "TradeETH", "Underlying", "Series"]
    answers = say(session, "FEED_SUBSCRIPTION", 1, add=[{"type": kind, "symbol": symbol} for kind in asked])
    assert [message["data"][0] for message in answers[1:]] == kinds
    assert all(message["data"][1][0] == symbol for message in answers[1:])


def events_of(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read COMPACT answers by the fields that one of them announces."""
    found = []
    fields: dict[str, list[str]] = {}
    for message in answers:
        fields |= message.get("eventFields", {})
        if message["type"] == "FEED_DATA":
            kind, values = message["data"]
            size = len(fields[kind])
            found += [
                dict(zip(fields[kind], values[n : n + size], strict=True))
                for n in range(0, len(values), size)
            ]
    return found


def test_greeks_and_theoretical_prices_of_options_agree_and_have_their_signs(market: Market) -> None:
    session = opened(market)
    symbols = [".SPY261218C650", ".SPY261218P650"]
    add = [{"type": kind, "symbol": symbol} for kind in ("Greeks", "TheoPrice") for symbol in symbols]
    call, put, call_theory, put_theory = events_of(say(session, "FEED_SUBSCRIPTION", 1, add=add))
    assert 0 < call["delta"] < 1
    assert -1 < put["delta"] < 0
    assert call["gamma"] == pytest.approx(put["gamma"])
    assert call["theta"] < 0 < call["vega"]
    assert call["index"] == (call["time"] // 1000) << 32 | (call["time"] % 1000) << 22
    assert (call_theory["price"], put_theory["delta"]) == (call["price"], put["delta"])
    assert call_theory["underlyingPrice"] == put_theory["underlyingPrice"] > 0


def test_underlying_has_volatilities_and_volumes_of_its_options(market: Market) -> None:
    add = [{"type": "Underlying", "symbol": "SPY"}]
    (event,) = events_of(say(opened(market), "FEED_SUBSCRIPTION", 1, add=add))
    assert all(0.03 < event[name] < 2 for name in ("volatility", "frontVolatility", "backVolatility"))
    assert event["putCallRatio"] == pytest.approx(event["putVolume"] / event["callVolume"], abs=1e-4)
    assert event["optionVolume"] == event["putVolume"] + event["callVolume"] > 0


def options_on_a_future(market: Market) -> tuple[str, str]:
    """The call and the put nearest to the money."""
    options = list(FutureOptionBook(market, FutureBook(market)).options(PRODUCTS[0], market.moment()))
    middle = len(options) // LISTED // 4 * 2
    return options[middle].streamer_symbol, options[middle + 1].streamer_symbol


@pytest.mark.parametrize("symbol", ["/ESZ26:XCME", "an option", "BTC/USD:CXTALP"])
def test_futures_their_options_and_coins_are_quoted(market: Market, symbol: str) -> None:
    symbol = options_on_a_future(market)[0] if symbol == "an option" else symbol
    add = [{"type": kind, "symbol": symbol} for kind in ("Quote", "Trade", "Summary")]
    quote, trade, summary = events_of(say(opened(market), "FEED_SUBSCRIPTION", 1, add=add))
    assert {one["eventSymbol"] for one in (quote, trade, summary)} == {symbol}
    assert 0 < quote["bidPrice"] <= trade["price"] <= quote["askPrice"]
    assert trade["price"] - trade["change"] == pytest.approx(summary["prevDayClosePrice"])
    if summary["dayHighPrice"] != "NaN":
        assert summary["dayLowPrice"] <= summary["dayOpenPrice"] <= summary["dayHighPrice"]
        assert summary["dayLowPrice"] <= trade["price"] <= summary["dayHighPrice"]


def test_options_on_futures_have_greeks_with_their_signs(market: Market) -> None:
    symbols = options_on_a_future(market)
    add = [{"type": kind, "symbol": symbol} for kind in ("Greeks", "TheoPrice") for symbol in symbols]
    call, put, call_theory, put_theory = events_of(say(opened(market), "FEED_SUBSCRIPTION", 1, add=add))
    assert -1 < put["delta"] < 0 < call["delta"] < 1
    assert call["gamma"] == pytest.approx(put["gamma"], abs=1e-5)
    assert call["theta"] < 0 < call["vega"]
    assert call_theory["underlyingPrice"] == put_theory["underlyingPrice"] > 0
    assert (call_theory["price"], put_theory["delta"]) == (call["price"], put["delta"])


@pytest.mark.parametrize(
    "symbol",
    ["/ESZ6", "/ESZ26", "/ESZ26:XNYM", "/NOPE:XCME", "./ESZ26C1:XCME", "./ESZ26:XCME", "BTC/USD", ":"],
)
@pytest.mark.parametrize("kind", ["Quote", "Greeks"])
def test_derivatives_that_are_not_known_stay_silent(market: Market, kind: str, symbol: str) -> None:
    answers = say(opened(market), "FEED_SUBSCRIPTION", 1, add=[{"type": kind, "symbol": symbol}])
    assert [answer["type"] for answer in answers] == ["FEED_CONFIG"]


def test_sales_of_a_session_are_a_snapshot_newest_first_and_the_last_of_them_the_last_value(
    market: Market,
) -> None:
    add = [{"type": "TimeAndSale", "symbol": "SPY", "fromTime": 0}]
    session = opened(market, "HISTORY")
    config = say(session, "FEED_SUBSCRIPTION", 1, add=add)
    sales = events_of(config + drained(session))
    (last,) = events_of(say(opened(market), "FEED_SUBSCRIPTION", 1, add=add))
    assert [sale["index"] for sale in sales] == sorted({sale["index"] for sale in sales}, reverse=True)
    assert (sales[0]["eventFlags"], sales[-1]["eventFlags"]) == (4, 8)
    assert len(sales) == 390 * 60 // 5 + 1
    assert {**sales[0], "eventFlags": 0} == last
    assert {sale["price"] in (sale["bidPrice"], sale["askPrice"]) for sale in sales} == {True}
    assert {(sale["buyer"], sale["seller"]) for sale in sales} == {(None, None)}


@pytest.mark.parametrize("symbol", ["SPY", ".SPY261218C650", "NOPE"])
def test_sales_after_the_last_one_are_an_empty_snapshot(market: Market, symbol: str) -> None:
    session = opened(market, "HISTORY")
    add = [{"type": "TimeAndSale", "symbol": symbol, "fromTime": 1 << 44}]
    config = say(session, "FEED_SUBSCRIPTION", 1, add=add)
    (event,) = events_of(config + drained(session))
    assert (event["eventSymbol"], event["eventFlags"], event["price"]) == (symbol, 14, None)


def test_symbols_without_data_and_indexes_without_quotes_stay_silent(market: Market) -> None:
    session = opened(market)
    add = [{"type": "Quote", "symbol": symbol} for symbol in ("NOPE", ".NOPE261218C1", ".", "SPX")]
    add += [{"type": "TradeETH", "symbol": "SPX"}]
    (answer,) = say(session, "FEED_SUBSCRIPTION", 1, add=add)
    assert answer["type"] == "FEED_CONFIG"


def test_unknown_event_type_is_an_error_and_the_rest_is_served(market: Market) -> None:
    add = [{"type": "Nope", "symbol": "SPY"}, {"type": "Quote", "symbol": "SPY"}, {"symbol": "SPY"}, 7]
    answers = say(opened(market), "FEED_SUBSCRIPTION", 1, add=add)
    assert [message["type"] for message in answers] == ["ERROR", "FEED_CONFIG", "FEED_DATA"]


def test_full_format_leaves_empty_members_out_and_names_the_type(market: Market) -> None:
    session = opened(market)
    say(session, "FEED_SETUP", 1, acceptDataFormat="FULL")
    answers = say(session, "FEED_SUBSCRIPTION", 1, add=[{"type": "Profile", "symbol": "SPY"}])
    (event,) = answers[-1]["data"]
    assert event["eventType"] == "Profile"
    assert "NaN" not in event.values()
    assert "shares" not in event
    add = [{"type": "Candle", "symbol": "SPY{=d}", "fromTime": 0}]
    say(session, "FEED_SUBSCRIPTION", 1, add=add)
    candle = drained(session)[0]["data"][0]
    assert (candle["eventType"], candle["eventSymbol"]) == ("Candle", "SPY{=d}")
    assert "impVolatility" not in candle


def test_reset_comes_before_remove_and_remove_before_add(market: Market) -> None:
    session = opened(market)
    spy, qqq = {"type": "Quote", "symbol": "SPY"}, {"type": "Quote", "symbol": "QQQ"}
    say(session, "FEED_SUBSCRIPTION", 1, add=[spy, qqq])
    say(session, "FEED_SUBSCRIPTION", 1, remove=[qqq], add=[qqq])
    assert set(session.channels[1].subscriptions) == {("Quote", "SPY"), ("Quote", "QQQ")}
    say(session, "FEED_SUBSCRIPTION", 1, reset=True, remove=[spy], add=[spy])
    assert set(session.channels[1].subscriptions) == {("Quote", "SPY")}
    say(session, "FEED_SUBSCRIPTION", 1, remove=[spy])
    assert session.channels[1].subscriptions == {}


def test_snapshot_that_was_removed_or_replaced_is_not_sent(market: Market) -> None:
    session = opened(market)
    one, two = ({"type": "Candle", "symbol": symbol, "fromTime": 0} for symbol in ("SPY{=d}", "QQQ{=w}"))
    say(session, "FEED_SUBSCRIPTION", 1, add=[one, two])
    say(session, "FEED_SUBSCRIPTION", 1, remove=[{"type": "Candle", "symbol": "QQQ{=w}"}])
    later = one | {"fromTime": 1_790_000_000_000}
    say(session, "FEED_SUBSCRIPTION", 1, add=[later])
    messages = drained(session)
    assert {message["data"][1][0] for message in messages} == {"SPY{=d}"}
    assert sum(len(message["data"][1]) for message in messages) < 18 * 60


def test_snapshots_in_flight_are_bounded_until_they_are_sent(market: Market) -> None:
    session = opened(market, snapshots_max=2)
    add = [
        {"type": "Candle", "symbol": f"{symbol}{{=mo}}", "fromTime": 0} for symbol in ("SPY", "QQQ", "IWM")
    ]
    assert say(session, "FEED_SUBSCRIPTION", 1, add=add)[-1]["error"] == "BAD_ACTION"
    assert session.snapshots_in_flight == 0
    say(session, "FEED_SUBSCRIPTION", 1, add=add[:2])
    messages = session.next_snapshot()
    assert messages is not None
    assert say(session, "FEED_SUBSCRIPTION", 1, add=add[2:])[-1]["error"] == "BAD_ACTION"
    session.snapshot_sent()
    assert say(session, "FEED_SUBSCRIPTION", 1, add=add[2:]) == []
    drained(session)
    assert session.snapshots_in_flight == 0


def test_ticker_contract_has_the_last_candle_only_and_stream_none(market: Market) -> None:
    add = [
        {"type": "Candle", "symbol": "SPY{=d}", "fromTime": 0},
        {"type": "Candle", "symbol": "SPY", "fromTime": 0},
    ]
    session = opened(market, "TICKER")
    answers = say(session, "FEED_SUBSCRIPTION", 1, add=add)
    assert len(answers[1]["data"][1]) == len(FIELDS["Candle"])
    assert drained(session) == []
    session = opened(market, "STREAM")
    assert [message["type"] for message in say(session, "FEED_SUBSCRIPTION", 1, add=add)] == ["FEED_CONFIG"]
    assert drained(session) == []


def test_closed_market_does_not_tick(market: Market) -> None:
    session = opened(market)
    say(session, "FEED_SUBSCRIPTION", 1, add=[{"type": "Quote", "symbol": "SPY"}])
    assert list(session.tick(with_candles=True)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    (
        *("version", "token", "service", "parameters", "add", "remove", "reset", "acceptDataFormat"),
        *("acceptEventFields", "acceptAggregationPeriod", "keepaliveTimeout"),
    )
)
KINDS = st.sampled_from(
    [
        "SETUP",
        "AUTH",
        "CHANNEL_REQUEST",
        "FEED_SETUP",
        "FEED_SUBSCRIPTION",
        "CHANNEL_CANCEL",
        "KEEPALIVE",
        "?",
    ]
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Quote", "Candle", "X"]),
            "symbol": st.sampled_from(["SPY", "SPY{=w}", "{=d}", ".C1"]),
        },
        optional={"fromTime": JSON},
    )
    | JSON,
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(KINDS, st.integers(0, 3), st.dictionaries(NAMES, JSON | ENTRIES, max_size=3)), max_size=6
    )
)
def test_whatever_is_said_is_answered_with_well_formed_messages(
    market: Market, messages: list[tuple[str, int, dict[str, Any]]]
) -> None:
    session = opened(market)
    for kind, channel, members in messages:
        for text in session.receive(json.dumps({**members, "type": kind, "channel": channel})):
            assert {"type", "channel"} <= json.loads(text).keys()
            assert len(text.encode()) <= 65_536
    drained(session)
