# SPDX-License-Identifier: Apache-2.0
"""Scenario files: read strictly, done on time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ConfigurationError, ManualClock
from ttapi_sandbox import SandboxSettings
from ttapi_sandbox.application import Application
from ttapi_sandbox.scenario import parse_scenario, read_scenario

if TYPE_CHECKING:
    from pathlib import Path

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
TEXT = """
name = "a bad afternoon"

[[step]]
after = 10
faults = ["kind=503,path=/accounts", {kind = "html", times = 2}]

[[step]]
after = 20
faults = []
expire_tokens = true
move = 3600

[[step]]
at = 2026-11-19T16:30:05Z
speed = 60

[[step]]
after = 40
move_to = "2026-11-19T21:00:00"
"""


def test_scenario_happens_step_by_step() -> None:
    clock = ManualClock(OPEN)
    settings = SandboxSettings(symbols=2, start=OPEN, scenario=parse_scenario(TEXT))
    application = Application(settings, clock)
    token = application.tokens.issue("test", 1e6)

    def passed(seconds: float) -> tuple[int, bool, timedelta]:
        clock.advance(seconds)
        application.pass_time()
        return (
            len(application.faults.specs),
            application.tokens.accepts(token),
            application.market.now() - OPEN,
        )

    assert passed(9) == (0, True, timedelta(seconds=9))
    assert passed(1) == (2, True, timedelta(seconds=10))
    assert passed(10) == (0, False, timedelta(hours=1, seconds=20))
    assert application.timeline.speed == 60
    assert passed(10) == (0, False, timedelta(hours=1, seconds=620))
    assert passed(10)[2] == timedelta(hours=5, minutes=30)


def test_scenario_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(TEXT)
    scenario = read_scenario(path)
    assert (scenario.name, len(scenario.steps)) == ("a bad afternoon", 4)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_scenario(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("x = ", "scenario"),
        ("x = 1", "scenario"),
        ("step = 1", "scenario"),
        ("[[step]]\nafter = 1", "scenario.step[1]"),
        ("[[step]]\nspeed = 1", "scenario.step[1]"),
        ("[[step]]\nafter = 1\nat = 2026-01-01T00:00:00Z\nspeed = 1", "scenario.step[1]"),
        ("[[step]]\nafter = 1\nnope = 1", "scenario.step[1]"),
        ("[[step]]\nafter = 1\nspeed = -1", "scenario.step[1].speed"),
        ("[[step]]\nafter = 1\nmove = true", "scenario.step[1].move"),
        ("[[step]]\nafter = 1\nmove_to = 'soon'", "scenario.step[1].move_to"),
        ("[[step]]\nafter = 1\nfaults = 'x'", "scenario.step[1].faults"),
        ("[[step]]\nafter = 1\nfaults = ['kind=nope']", "fault"),
    ],
)
def test_scenario_that_makes_no_sense_is_refused_by_name(text: str, setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_scenario(text)
    assert caught.value.setting == setting


def settings_of(**changes: Any) -> SandboxSettings:
    return SandboxSettings(**changes)


@pytest.mark.parametrize(
    "changes", [{"as_of": OPEN, "speed": 2}, {"as_of": OPEN, "start": OPEN}, {"speed": -1}, {"cash": -1}]
)
def test_settings_of_time_and_money_are_checked(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        settings_of(**changes)
