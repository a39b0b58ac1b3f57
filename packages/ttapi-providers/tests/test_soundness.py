# SPDX-License-Identifier: Apache-2.0
"""A record that cannot be true is left out; one that cannot be read is an error."""

from __future__ import annotations

import pytest

from ttapi_core import DataError
from ttapi_providers import Skip
from ttapi_providers.contracts import contract_columns
from ttapi_providers.soundness import priced, sound

BAR = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0}


def test_a_sound_bar_is_returned_as_it_is() -> None:
    assert sound(BAR) is BAR


@pytest.mark.parametrize("wrong", [{"high": 10.5}, {"low": 10.5}, {"close": 0.0, "low": 0.0}])
def test_a_bar_that_cannot_be_true_is_skipped(wrong: dict[str, float]) -> None:
    with pytest.raises(Skip):
        sound({**BAR, **wrong})


@pytest.mark.parametrize("name", list(BAR))
def test_a_bar_that_lacks_a_price_cannot_be_read(name: str) -> None:
    with pytest.raises(DataError) as caught:
        sound({**BAR, name: None})
    assert not isinstance(caught.value, Skip)


def test_a_crossed_quote_loses_its_sides_and_one_without_a_price_is_none() -> None:
    assert priced({"bid": 11.0, "ask": 10.0, "last": 10.5}) == {
        "bid": None, "bid_size": None, "ask": None, "ask_size": None, "last": 10.5
    }  # fmt: skip
    with pytest.raises(DataError):
        priced({"bid": 11.0, "ask": 10.0})


def test_the_name_of_a_contract_tells_its_columns() -> None:
    columns = contract_columns("SPXW260320P05000500")
    assert (columns["symbol"], columns["strike"], columns["option_type"]) == ("SPX", 5000.5, "P")
    with pytest.raises(DataError):
        contract_columns("KO")
