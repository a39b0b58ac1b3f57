# SPDX-License-Identifier: Apache-2.0
"""The protocol without sockets: handshake, channels, both data formats, bounds, timers, and rubbish."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.dxlink_protocol import (
    SUBSCRIPTION_BYTES_MAX,
    ChannelClosed,
    ChannelOpened,
    Closed,
    DXLinkProtocol,
    FeedConfigured,
    FeedData,
    FrameRejected,
    PeerError,
    Ready,
    State,
    Subscription,
)
from ttapi_core import (
    AuthenticationError,
    DecodeError,
    ParameterError,
    ProtocolError,
    StreamInterruptedError,
    TTError,
    UsageError,
)

QUOTE = {"Quote": ["eventSymbol", "bidPrice", "askPrice"]}


def sent(protocol: DXLinkProtocol) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in protocol.frames_to_send()]


def receive(protocol: DXLinkProtocol, now_s: float = 0.0, **message: Any) -> list[Any]:
    return protocol.receive_frame(json.dumps(message), now_s)


def ready(**options: float) -> DXLinkProtocol:
    protocol = DXLinkProtocol(**options)
    protocol.connect("secret-token", 0.0)
    receive(protocol, type="SETUP", channel=0, version="1.0", keepaliveTimeout=60)
    receive(protocol, type="AUTH_STATE", channel=0, state="UNAUTHORIZED")
    assert receive(protocol, type="AUTH_STATE", channel=0, state="AUTHORIZED") == [Ready()]
    protocol.frames_to_send()
    return protocol


def opened() -> tuple[DXLinkProtocol, int]:
    protocol = ready()
    channel = protocol.open_channel("HISTORY")
    assert receive(protocol, type="CHANNEL_OPENED", channel=channel) == [ChannelOpened(channel)]
    protocol.setup_feed(channel, QUOTE)
    protocol.frames_to_send()
    return protocol, channel


def test_handshake_sends_setup_then_the_token_when_asked() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    setup = sent(protocol)
    receive(protocol, type="SETUP", channel=0, version="1.0")
    receive(protocol, type="AUTH_STATE", channel=0, state="UNAUTHORIZED")
    assert [message["type"] for message in setup] == ["SETUP"]
    assert sent(protocol) == [{"type": "AUTH", "channel": 0, "token": "secret-token"}]


def test_handshake_given_a_second_unauthorized_closes_and_does_not_loop() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    receive(protocol, type="AUTH_STATE", channel=0, state="UNAUTHORIZED")
    protocol.frames_to_send()
    (event,) = receive(protocol, type="AUTH_STATE", channel=0, state="UNAUTHORIZED")
    assert isinstance(event.cause, AuthenticationError)
    assert protocol.state is State.CLOSED
    assert sent(protocol) == []


def test_error_unauthorized_closes_with_an_authentication_error() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    first, second = receive(protocol, type="ERROR", channel=0, error="UNAUTHORIZED", message="no")
    assert first == PeerError(0, "UNAUTHORIZED", "no")
    assert isinstance(second, Closed)
    assert isinstance(second.cause, AuthenticationError)


def test_error_that_repeats_the_token_is_shown_without_it() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    events = receive(protocol, type="ERROR", channel=0, error="BAD_ACTION", message="no secret-token here")
    assert "secret-token" not in str(events)
    assert events[0].message == "no [token] here"


def test_error_before_ready_closes() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    events = receive(protocol, type="ERROR", channel=0, error="UNSUPPORTED_PROTOCOL", message="old")
    assert isinstance(events[1].cause, StreamInterruptedError)


def test_error_when_ready_is_informational() -> None:
    protocol, channel = opened()
    assert receive(protocol, type="ERROR", channel=channel, error="BAD_ACTION", message="too big") == [
        PeerError(channel, "BAD_ACTION", "too big")
    ]
    assert protocol.state is State.READY


def test_token_is_in_no_representation() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("secret-token", 0.0)
    assert "secret-token" not in repr(protocol)


def test_channels_are_odd() -> None:
    protocol = ready()
    assert [protocol.open_channel("AUTO") for _ in range(3)] == [1, 3, 5]


def test_channel_closed_by_the_peer_cannot_be_used() -> None:
    protocol, channel = opened()
    assert receive(protocol, type="CHANNEL_CLOSED", channel=channel) == [ChannelClosed(channel)]
    assert receive(protocol, type="CHANNEL_CLOSED", channel=channel) == []
    with pytest.raises(UsageError):
        protocol.subscribe(channel, [Subscription("Quote", "SPY")])


def test_channel_never_asked_for_is_rejected() -> None:
    (event,) = receive(ready(), type="CHANNEL_OPENED", channel=8)
    assert isinstance(event.cause, ProtocolError)


@pytest.mark.parametrize("act", [lambda p: p.open_channel("AUTO"), lambda p: p.setup_feed(1, QUOTE)])
def test_commands_before_ready_are_usage_errors(act: Any) -> None:
    with pytest.raises(UsageError):
        act(DXLinkProtocol())


def test_connect_twice_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        ready().connect("token", 0.0)


def test_compact_data_becomes_columns() -> None:
    protocol, channel = opened()
    data = ["Quote", ["SPY", 1.5, "NaN", "QQQ", 2.5, 3]]
    assert receive(protocol, type="FEED_DATA", channel=channel, data=data) == [
        FeedData(channel, "Quote", tuple(QUOTE["Quote"]), [["SPY", "QQQ"], [1.5, 2.5], ["NaN", 3]])
    ]


def test_compact_data_follows_the_latest_feed_config() -> None:
    protocol, channel = opened()
    config = receive(
        protocol,
        type="FEED_CONFIG",
        channel=channel,
        aggregationPeriod=0.1,
        dataFormat="COMPACT",
        eventFields={"Quote": ["askPrice", "eventSymbol"]},
    )
    (event,) = receive(protocol, type="FEED_DATA", channel=channel, data=["Quote", [7, "SPY"]])
    assert config == [FeedConfigured(channel, "COMPACT", 0.1)]
    assert dict(zip(event.fields, event.columns, strict=True)) == {"askPrice": [7], "eventSymbol": ["SPY"]}


def test_full_data_is_read_without_announcement() -> None:
    protocol, channel = opened()
    data = [
        {"eventType": "Quote", "eventSymbol": "SPY", "bidPrice": 1},
        {"eventType": "Quote", "eventSymbol": "QQQ", "askPrice": 2},
    ]
    (event,) = receive(protocol, type="FEED_DATA", channel=channel, data=data)
    columns = dict(zip(event.fields, event.columns, strict=True))
    assert columns["eventSymbol"] == ["SPY", "QQQ"]
    assert columns["bidPrice"] == [1, None]
    assert columns["askPrice"] == [None, 2]


FULL_ITEM = st.fixed_dictionaries(
    {"eventType": st.sampled_from(["Quote", "Trade"]), "eventSymbol": st.sampled_from(["SPY", "QQQ"])},
    optional={"bidPrice": st.integers(1, 9), "askPrice": st.just("NaN")},
).flatmap(lambda item: st.permutations(list(item.items())).map(dict))


@given(st.lists(FULL_ITEM, min_size=1, max_size=5))
def test_full_data_is_read_alike_whatever_its_items_have_in_common(items: list[dict[str, Any]]) -> None:
    protocol, channel = opened()
    events = receive(protocol, type="FEED_DATA", channel=channel, data=items)
    read = [
        {name: value for name, value in zip(event.fields, row, strict=True) if value is not None}
        for event in events
        for row in zip(*event.columns, strict=True)
    ]
    assert sorted(read, key=repr_of) == sorted(items, key=repr_of)
    for event in events:
        told = [item["eventSymbol"] for item in items if item["eventType"] == event.event_type]
        assert event.columns[event.fields.index("eventSymbol")] == told


def repr_of(item: dict[str, Any]) -> str:
    return repr(sorted(item.items()))


@pytest.mark.parametrize(
    "data",
    [
        "text",
        ["Quote"],
        ["Quote", ["SPY", 1]],
        ["Trade", ["SPY"]],
        [7, []],
        [{"eventSymbol": "SPY"}],
        [{}, 7],
    ],
)
def test_data_that_cannot_be_read_is_rejected_and_named_by_channel(data: Any) -> None:
    protocol, channel = opened()
    events = receive(protocol, type="FEED_DATA", channel=channel, data=data)
    assert [(event.channel, type(event.cause)) for event in events] == [(channel, DecodeError)]


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "7", '{"channel":1}', '{"type":"X","channel":"1"}', b"\xff", "[" * 5000]
)
def test_frames_that_cannot_be_read_are_rejected(frame: str | bytes) -> None:
    (event,) = ready().receive_frame(frame, 0.0)
    assert isinstance(event, FrameRejected)
    assert isinstance(event.cause, DecodeError)


def test_feed_config_that_cannot_be_used_is_rejected() -> None:
    protocol, channel = opened()
    for message in ({"dataFormat": "XML"}, {"eventFields": {"Quote": []}}, {"eventFields": {"Quote": [1]}}):
        (event,) = receive(protocol, type="FEED_CONFIG", channel=channel, **message)
        assert isinstance(event, FrameRejected)


def test_unknown_messages_and_late_data_are_no_fault() -> None:
    protocol, channel = opened()
    assert receive(protocol, type="NEWS", channel=0) == []
    receive(protocol, type="CHANNEL_CLOSED", channel=channel)
    assert receive(protocol, type="FEED_DATA", channel=channel, data=["Quote", ["SPY", 1, 2]]) == []
    assert receive(protocol, type="FEED_CONFIG", channel=channel) == []


@pytest.mark.parametrize("kind", ["FEED_DATA", "FEED_CONFIG"])
@pytest.mark.parametrize("channel", [0, 2, 9, -1])
def test_channel_that_was_never_ours_is_a_protocol_error_and_not_the_end(kind: str, channel: int) -> None:
    protocol, _ = opened()
    (event,) = receive(protocol, type=kind, channel=channel, data=["Quote", ["SPY", 1, 2] * 100])
    assert isinstance(event.cause, ProtocolError)
    assert str(channel) in str(event.cause)
    assert protocol.state is State.READY


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="{}"), min_size=1, max_size=30), max_size=700
    )
)
def test_subscriptions_are_cut_into_messages_of_bounded_size(symbols: list[str]) -> None:
    protocol, channel = opened()
    protocol.subscribe(channel, [Subscription("Quote", symbol, 1_700_000_000_000) for symbol in symbols])
    frames = protocol.frames_to_send()
    assert all(len(frame.encode()) <= SUBSCRIPTION_BYTES_MAX for frame in frames)
    assert [item["symbol"] for frame in frames for item in json.loads(frame)["add"]] == symbols


def test_subscription_longer_than_a_message_is_refused() -> None:
    protocol, channel = opened()
    with pytest.raises(ParameterError):
        protocol.subscribe(channel, [Subscription("Quote", "X" * 9000)])


def test_subscribe_resets_then_removes_then_adds() -> None:
    protocol, channel = opened()
    protocol.subscribe(channel, [Subscription("Quote", "A")], remove=[Subscription("Quote", "B")], reset=True)
    assert [sorted(set(m) - {"type", "channel"}) for m in sent(protocol)] == [["reset"], ["remove"], ["add"]]


def test_keepalive_goes_out_after_thirty_quiet_seconds() -> None:
    protocol = ready()
    receive(protocol, now_s=25.0, type="KEEPALIVE", channel=0)
    assert protocol.next_timer_s == 30.0
    assert protocol.tick(29.9) == []
    assert sent(protocol) == []
    assert protocol.tick(30.0) == []
    assert sent(protocol) == [{"type": "KEEPALIVE", "channel": 0}]


def test_keepalive_is_earlier_for_a_peer_that_drops_us_earlier() -> None:
    protocol = DXLinkProtocol()
    protocol.connect("token", 0.0)
    receive(protocol, type="SETUP", channel=0, version="1.0", keepaliveTimeout=20)
    assert protocol.next_timer_s == 10.0


def test_silence_ends_the_connection() -> None:
    protocol = ready()
    (event,) = protocol.tick(60.0)
    assert isinstance(event.cause, StreamInterruptedError)
    assert protocol.next_timer_s == float("inf")
    assert protocol.tick(90.0) == protocol.closed("again") == []


def test_any_frame_counts_as_life() -> None:
    protocol = ready()
    receive(protocol, now_s=59.0, type="NEWS", channel=0)
    assert protocol.tick(100.0) == []


def test_cancelled_channel_is_told_once_open_and_left_alone_afterwards() -> None:
    protocol, channel = opened()
    protocol.cancel_channel(channel)
    receive(protocol, type="CHANNEL_CLOSED", channel=channel)
    protocol.cancel_channel(channel)
    assert sent(protocol) == [{"type": "CHANNEL_CANCEL", "channel": channel}]


VALID = [
    {"type": "SETUP", "channel": 0, "version": "1", "keepaliveTimeout": 60},
    {"type": "AUTH_STATE", "channel": 0, "state": "AUTHORIZED"},
    {"type": "CHANNEL_OPENED", "channel": 1, "service": "FEED", "parameters": {"contract": "AUTO"}},
    {"type": "FEED_CONFIG", "channel": 1, "dataFormat": "COMPACT", "eventFields": QUOTE},
    {"type": "FEED_DATA", "channel": 1, "data": ["Quote", ["SPY", 1.0, "NaN", "QQQ", 2.0, None]]},
    {"type": "FEED_DATA", "channel": 1, "data": [{"eventType": "Quote", "eventSymbol": "SPY"}]},
    {"type": "ERROR", "channel": 1, "error": "UNKNOWN", "message": "?"},
    {"type": "CHANNEL_CLOSED", "channel": 1},
]
RUBBISH: list[Any] = [None, True, -1, 1e308, "", "NaN", [], {}, [[]], {"a": 1}, 2**70, "\u0000"]


def mutated(rng: random.Random) -> str | bytes:
    message = json.loads(json.dumps(rng.choice(VALID)))
    kind = rng.randrange(4)
    if kind == 0:
        message[rng.choice([*message, "extra"])] = rng.choice(RUBBISH)
    elif kind == 1:
        message.pop(rng.choice(list(message)))
    text = json.dumps(message)
    if kind == 2:
        return text[: rng.randrange(len(text))]
    if kind == 3:
        spoilt = bytearray(text.encode())
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        return bytes(spoilt)
    return text


def test_fuzz_of_frames_gives_events_or_documented_errors_only() -> None:
    """2,000 spoilt frames: nothing is raised, and every rejected one says why."""
    rng = random.Random(20261120)
    for n in range(2000):
        if n % 50 == 0:
            protocol, _ = opened()
        for event in protocol.receive_frame(mutated(rng), 0.0):
            if isinstance(event, FrameRejected | Closed):
                assert isinstance(event.cause, TTError)
