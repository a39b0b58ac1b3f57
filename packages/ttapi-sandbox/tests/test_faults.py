# SPDX-License-Identifier: Apache-2.0
"""Rules of faults: how they are written, and when they fire."""

from __future__ import annotations

from collections import Counter

import pytest

from ttapi_core import ConfigurationError
from ttapi_sandbox import FaultPlan, FaultSpec, parse_fault
from ttapi_sandbox.faults import KINDS, MIX, fault_of


def test_every_member_of_a_rule_is_read() -> None:
    text = "kind=429, rate=0.5,path=/option-chains,method=get,seed=3,after=2,times=5,seconds=2,headers=true"
    assert parse_fault(text) == FaultSpec(
        kinds=("429",),
        rate=0.5,
        path="/option-chains",
        method="GET",
        seed=3,
        after=2,
        times=5,
        seconds=2.0,
        headers=True,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known(kind: str) -> None:
    assert parse_fault(f"kind={kind}").kinds == (kind,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "html",
        "rate=0.5",
        "kind=nope",
        "kind=html,kind=empty",
        "kind=html,rate=2",
        "kind=html,rate=nan",
        "kind=html,rate=x",
        "kind=html,times=0",
        "kind=html,after=-1",
        "kind=html,headers=perhaps",
        "kind=latency,seconds=-1",
        "kind=html,colour=red",
        "kind=html+stream-drop",
        "mix=7",
    ],
)
def test_rule_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_fault(text)
    assert caught.value.setting == "fault"
    assert caught.value.accepted


def test_mix_is_eight_kinds_evenly_at_its_rate() -> None:
    plan = FaultPlan((parse_fault("mix=0.08"),))
    fired = Counter(fault.kind for number in range(20_000) if (fault := plan.draw(number, "GET", "/x")))
    assert set(fired) == set(MIX)
    assert len(MIX) == 8
    assert 1400 < fired.total() < 1800
    assert all(140 < count < 260 for count in fired.values())


def drawn(text: str, *, count: int = 200) -> list[int]:
    plan = FaultPlan((parse_fault(text),))
    return [number for number in range(count) if plan.draw(number, "GET", "/option-chains/A")]


def test_choice_depends_on_the_seed_and_the_number_alone() -> None:
    assert drawn("kind=html,rate=0.3") == drawn("kind=empty,rate=0.3")
    assert drawn("kind=html,rate=0.3") != drawn("kind=html,rate=0.3,seed=1")


def test_rule_spares_what_it_does_not_concern() -> None:
    assert drawn("kind=html,path=/option") == list(range(200))
    assert drawn("kind=html,path=*chains/A") == list(range(200))
    assert drawn("kind=html,path=/market-data") == []
    assert drawn("kind=html,method=POST") == []
    assert drawn("kind=stream-drop") == []
    assert drawn("kind=html,after=5,times=3") == [5, 6, 7]


def test_first_rule_that_hits_fires_and_replacing_begins_anew() -> None:
    plan = FaultPlan((parse_fault("kind=html,times=1"), parse_fault("kind=empty")))
    kinds = [fault.kind for number in range(3) if (fault := plan.draw(number, "GET", "/"))]
    assert kinds == ["html", "empty", "empty"]
    plan.replace(plan.specs)
    fault = plan.draw(0, "GET", "/")
    assert fault is not None
    assert fault.kind == "html"


def test_rule_from_json_values_is_the_one_from_text() -> None:
    members = {"kind": "latency", "rate": 0.5, "times": 3, "seconds": 1}
    assert fault_of(members) == parse_fault("kind=latency,rate=0.5,times=3,seconds=1")
    with pytest.raises(ConfigurationError):
        fault_of({"kind": "latency", "times": []})
