# SPDX-License-Identifier: Apache-2.0
"""Settings are validated when built, and instants are read as they are meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ttapi_core import ConfigurationError, ManualClock
from ttapi_sandbox import FaultSpec, SandboxSettings, parse_as_of
from ttapi_sandbox.limits import TokenBucket


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("host", "0.0.0.0"),
        ("host", "example.com"),
        ("port", -1),
        ("port", 65536),
        ("symbols", 0),
        ("symbols", 10_001),
        ("symbols", True),
        ("rate_limit", 0),
        ("rate_limit", float("nan")),
        ("token_lifetime_s", 0),
        ("ticks_per_s", -1),
        ("snapshots_max", 0),
        ("as_of", datetime(2026, 1, 2)),  # noqa: DTZ001 - the naive one is the point
    ],
)
def test_setting_outside_its_domain_is_named(setting: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SandboxSettings(**{setting: value})
    assert caught.value.setting == setting
    assert caught.value.accepted


def test_remote_address_has_to_be_allowed() -> None:
    assert SandboxSettings(host="0.0.0.0", allow_remote=True).host == "0.0.0.0"
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert SandboxSettings(host=host).host == host


def test_faults_are_read_when_built() -> None:
    spec = FaultSpec(kinds=("html",))
    assert SandboxSettings(faults=("kind=html", spec)).fault_specs() == (spec, spec)
    with pytest.raises(ConfigurationError):
        SandboxSettings(faults=("kind=nope",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-19", datetime(2026, 11, 19, 22, tzinfo=UTC)),
        ("2026-11-19T15:00", datetime(2026, 11, 19, 15, tzinfo=UTC)),
        ("2026-11-19 15:00:30", datetime(2026, 11, 19, 15, 0, 30, tzinfo=UTC)),
        ("2026-11-19T15:00-05:00", datetime(2026, 11, 19, 20, tzinfo=UTC)),
        ("2026-11-19T15:00Z", datetime(2026, 11, 19, 15, tzinfo=UTC)),
    ],
)
def test_instant_is_utc_unless_it_says_otherwise(text: str, expected: datetime) -> None:
    assert parse_as_of(text) == expected
    assert parse_as_of(text).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-19T25:00", "19.11.2026"])
def test_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_as_of(text)


def test_bucket_lets_its_rate_through_and_refusals_take_nothing() -> None:
    clock = ManualClock()
    bucket = TokenBucket(10, clock)
    assert [bucket.take() for _ in range(10)] == [0.0] * 10
    assert bucket.remaining == 0
    for _ in range(5):
        assert bucket.take() == pytest.approx(0.1)
    clock.advance(0.25)
    assert [bucket.take() == 0 for _ in range(3)] == [True, True, False]
    clock.advance(3600)
    bucket.take()
    assert bucket.remaining == 9


def test_bucket_slower_than_one_a_second_still_lets_one_through() -> None:
    clock = ManualClock()
    bucket = TokenBucket(0.5, clock)
    assert bucket.take() == 0
    assert bucket.take() == pytest.approx(2.0)
    clock.advance(2)
    assert bucket.take() == 0
