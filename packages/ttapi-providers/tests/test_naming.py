# SPDX-License-Identifier: Apache-2.0
"""Names go to the vendor and come back the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_providers import Naming, pairs, share_classes

KRAKEN = pairs(coins={"BTC": "XBT"})


@pytest.mark.parametrize(
    ("naming", "canonical", "vendor"),
    [
        (share_classes("-"), "BRK/B", "BRK-B"),
        (share_classes("."), "BF/B", "BF.B"),
        (share_classes("-"), "AAPL", "AAPL"),
        (pairs("-"), "BTC/USD", "BTC-USD"),
        (pairs(), "ETH/USDT", "ETHUSDT"),
        (pairs("", lower=True), "BTC/EUR", "btceur"),
        (KRAKEN, "BTC/USD", "XBTUSD"),
    ],
)
def test_a_name_goes_and_comes_back(naming: Naming, canonical: str, vendor: str) -> None:
    assert naming.to_vendor(canonical) == vendor
    assert naming.canonical(vendor) == canonical


@pytest.mark.parametrize("name", ["VOD.L", "BTC-27DEC24-100000-C", "^GSPC", "ES=F"])
def test_a_name_without_a_canonical_form_stays_the_vendors(name: str) -> None:
    assert share_classes("-").canonical(name) == name


def test_a_pair_without_a_mark_takes_the_longest_quote_currency() -> None:
    assert pairs().canonical("BTCUSDT") == "BTC/USDT"
    assert pairs().canonical("USDTUSD") == "USDT/USD"


def test_what_is_no_pair_is_none_of_ours() -> None:
    assert pairs("-").to_canonical("BTCUSD") is None
    assert pairs("-").to_canonical("BTC-USD-SWAP") is None
    assert pairs().to_canonical("USD") is None


@given(st.from_regex(r"[A-Z]{3,5}", fullmatch=True), st.sampled_from(["USD", "USDT", "EUR", "BTC"]))
def test_every_marked_pair_comes_back(base: str, quote: str) -> None:
    naming = pairs("_")
    assert naming.canonical(naming.to_vendor(f"{base}/{quote}")) == f"{base}/{quote}"
