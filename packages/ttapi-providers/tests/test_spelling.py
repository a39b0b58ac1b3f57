# SPDX-License-Identifier: Apache-2.0
"""Names of shares and pairs that stand side by side are told apart, both ways."""

from __future__ import annotations

import pytest

from ttapi_core import DataError, InstrumentKind
from ttapi_providers import Asked, Naming, Row
from ttapi_providers.spelling import kind_of, named_kinds, shares_and_pairs, ticker

MARKED = shares_and_pairs(".", "/")
PLAIN = shares_and_pairs("-", "", no_pairs=frozenset({"RTYUSD"}))


@pytest.mark.parametrize(
    ("naming", "symbol", "name"),
    [
        (MARKED, "BRK/B", "BRK.B"),
        (MARKED, "BTC/USD", "BTC/USD"),
        (PLAIN, "BRK/B", "BRK-B"),
        (PLAIN, "EUR/USD", "EURUSD"),
        (PLAIN, "KO", "KO"),
    ],
)
def test_a_name_is_read_as_it_is_written(naming: Naming, symbol: str, name: str) -> None:
    assert naming.to_vendor(symbol) == name
    assert naming.canonical(name) == symbol


@pytest.mark.parametrize("name", ["RTYUSD", "VOD.L", "^GSPC", "GOOGL"])
def test_a_name_that_only_looks_like_a_pair_or_has_no_canonical_form_stays(name: str) -> None:
    assert PLAIN.canonical(name) == name


def test_kinds_by_name() -> None:
    assert kind_of("BTC/USD") is InstrumentKind.CRYPTO
    assert kind_of("VOD.L") is None
    holds = named_kinds(PLAIN, InstrumentKind.FX)
    asked = Asked(method="GET", base="https://x.example", path="/", names=("EURUSD",))
    assert holds(asked)
    assert not holds(Asked(method="GET", base="https://x.example", path="/"))


def test_a_record_without_a_name_cannot_be_read() -> None:
    assert ticker(Row({"symbol": "NA"}), "symbol") == "NA"
    with pytest.raises(DataError):
        ticker(Row({"symbol": " "}), "symbol")
