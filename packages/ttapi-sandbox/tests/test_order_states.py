# SPDX-License-Identifier: Apache-2.0
"""Every pair of a status and a step is legal and leads somewhere, or is refused."""

from __future__ import annotations

from itertools import product

import pytest

from ttapi_sandbox.order_states import FINAL, TRANSITIONS, WORKING, IllegalStepError, Status, Step, after, can


@pytest.mark.parametrize(("status", "step"), list(product(Status, Step)))
def test_pair_is_in_the_table_or_refused(status: Status, step: Step) -> None:
    if can(status, step):
        assert after(status, step) is TRANSITIONS[status, step]
    else:
        with pytest.raises(IllegalStepError) as caught:
            after(status, step)
        assert (caught.value.status, caught.value.step) == (status, step)


def test_nothing_leads_out_of_a_final_status() -> None:
    assert not [status for status, _ in TRANSITIONS if status in FINAL]


def test_every_status_is_reached_from_received_and_every_other_one_ends() -> None:
    reached = {Status.RECEIVED}
    while more := {end for (begin, _), end in TRANSITIONS.items() if begin in reached} - reached:
        reached |= more
    assert reached == set(Status)
    for status in set(Status) - FINAL:
        assert any(begin is status and end in FINAL for (begin, _), end in TRANSITIONS.items())


def test_only_working_orders_are_filled() -> None:
    assert {status for status, step in TRANSITIONS if step in {Step.FILL, Step.COMPLETE}} == WORKING


def test_normal_line_of_an_order() -> None:
    status = Status.RECEIVED
    for step in (
        Step.ROUTE,
        Step.TRANSMIT,
        Step.WORK,
        Step.FILL,
        Step.REQUEST_CANCEL,
        Step.FILL,
        Step.COMPLETE,
    ):
        status = after(status, step)
    assert status is Status.FILLED
