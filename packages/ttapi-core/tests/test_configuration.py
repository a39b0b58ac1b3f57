# SPDX-License-Identifier: Apache-2.0
"""Configuration values: validated when built, named in the error."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields
from datetime import timedelta

import pytest

from ttapi_core import (
    DEFAULT_TTLS,
    BreakerPolicy,
    ConfigurationError,
    LimitPolicy,
    RateWindow,
    RetryPolicy,
    TTLPolicy,
)

POLICIES = (RetryPolicy(), BreakerPolicy(), LimitPolicy(), TTLPolicy(ttls={"quotes": timedelta(seconds=1)}))


@pytest.mark.parametrize(
    ("policy", "name", "wrong"),
    [
        *((RetryPolicy, "attempts_max", wrong) for wrong in (0, -1, 1.5, True, "3", None)),
        *(
            (RetryPolicy, "wait_initial_s", wrong)
            for wrong in (0, -1, float("nan"), float("inf"), True, "1", None)
        ),
        (RetryPolicy, "wait_initial_s", 11),
        (RetryPolicy, "wait_max_s", 0.1),
        (RetryPolicy, "retry_after_max_s", 0),
        (BreakerPolicy, "failures_max", 0),
        (BreakerPolicy, "reset_timeout_s", 0),
        (BreakerPolicy, "trials", 0),
        (BreakerPolicy, "successes_to_close", 0),
        (BreakerPolicy, "endpoints_max", 0),
        (LimitPolicy, "concurrency_max", 0),
        (LimitPolicy, "rate_initial_per_s", 0),
        (LimitPolicy, "rate_min_per_s", 0),
        (LimitPolicy, "deadline_s", float("inf")),
        (LimitPolicy, "read_timeout_s", 0),
        (LimitPolicy, "connect_timeout_s", 0),
        (LimitPolicy, "body_size_max", 0),
        (LimitPolicy, "windows", [RateWindow(requests=5, seconds=60)]),
        (LimitPolicy, "windows", ((5, 60),)),
    ],
)
def test_value_outside_its_domain_raises_and_names_the_setting(
    policy: type, name: str, wrong: object
) -> None:
    with pytest.raises(ConfigurationError, match=policy.__name__) as caught:
        policy(**{name: wrong})
    assert caught.value.accepted


@pytest.mark.parametrize("wrong", [timedelta(0), timedelta(seconds=-1), 300, None])
def test_time_to_live_that_is_no_duration_raises(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match=r"ttl\.quotes"):
        TTLPolicy(ttls={"quotes": wrong})  # type: ignore[dict-item]  # the point of the test


def test_times_to_live_not_named_keep_their_defaults() -> None:
    policy = TTLPolicy(ttls={"quotes": timedelta(seconds=1)})
    assert policy.for_dataset("quotes") == timedelta(seconds=1)
    assert policy.for_dataset("accounts") == DEFAULT_TTLS["accounts"] == timedelta(hours=1)
    assert policy.for_dataset("of_another_day") == timedelta(days=1)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
def test_policies_are_frozen_and_go_to_other_processes(
    policy: RetryPolicy | BreakerPolicy | LimitPolicy | TTLPolicy,
) -> None:
    assert pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == policy
    with pytest.raises(AttributeError):
        setattr(policy, fields(policy)[0].name, None)
    with pytest.raises(TypeError):
        DEFAULT_TTLS["quotes"] = timedelta(1)  # type: ignore[index]  # the point of the test


def test_no_rate_limit_is_known_at_first() -> None:
    assert LimitPolicy().rate_initial_per_s is None
    assert LimitPolicy(rate_initial_per_s=10).rate_initial_per_s == 10
