# SPDX-License-Identifier: Apache-2.0
"""Durations as text."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_onboarding.durations import age_text, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        (" 24 H ", timedelta(days=1)),
        ("7d", timedelta(days=7)),
    ],
)
def test_parse_duration_reads_a_number_and_a_unit(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "1.5h", "0s", "5 weeks", "1h30m", "٣m", "999999999d", "9" * 40 + "s"]
)
def test_parse_duration_given_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(min_value=1, max_value=36_500 * 86_400))
def test_format_duration_is_read_back_as_it_was(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(max_size=12))
def test_parse_duration_given_any_text_does_not_raise(text: str) -> None:
    answer = parse_duration(text)
    assert answer is None or answer > timedelta(0)


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(days=30, hours=23), "30d"),
        (timedelta(hours=23, minutes=59), "23h"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=59.9), "59s"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_age_text_is_about_how_long_ago_it_was(age: timedelta, text: str) -> None:
    assert age_text(age) == text
