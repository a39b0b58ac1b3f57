# SPDX-License-Identifier: Apache-2.0
"""Spelling of vendors that write shares and currency pairs side by side."""

from __future__ import annotations

from collections.abc import Callable

from ttapi_core import DataError, InstrumentKind, Symbol, SymbolError
from ttapi_providers.asking import Asked
from ttapi_providers.naming import Naming, pairs, share_classes
from ttapi_providers.reading import Row

PAIRS = frozenset({InstrumentKind.CRYPTO, InstrumentKind.FX})
"""Kinds that are written as two currencies."""
_PAIR_LENGTH_MIN = 6  # tickers of shares are shorter


def shares_and_pairs(share: str, between: str, *, no_pairs: frozenset[str] = frozenset()) -> Naming:
    """
    Write ``BRK/B`` with the mark ``share`` and ``BTC/USD`` with the mark ``between``, which may be empty.

    ``no_pairs`` are names that look like pairs and are none.
    """
    shares, two = share_classes(share), pairs(between)

    def to_vendor(symbol: str) -> str:
        return two.to_vendor(symbol) if kind_of(symbol) in PAIRS else shares.to_vendor(symbol)

    def to_canonical(name: str) -> str | None:
        if between:
            return shares.to_canonical(name) or two.to_canonical(name)
        is_pair = len(name) >= _PAIR_LENGTH_MIN and name.isalnum() and name not in no_pairs
        return (two.to_canonical(name) if is_pair else None) or shares.to_canonical(name)

    return Naming(to_vendor=to_vendor, to_canonical=to_canonical)


def kind_of(symbol: str) -> InstrumentKind | None:
    """Return what a canonical symbol is; None where it has no canonical form."""
    try:
        return Symbol.parse(symbol).kind
    except SymbolError:
        return None


def named_kinds(naming: Naming, *kinds: InstrumentKind) -> Callable[[Asked], bool]:
    """Hold for requests whose first name is of one of the kinds."""

    def holds(asked: Asked) -> bool:
        return bool(asked.names) and kind_of(naming.canonical(asked.names[0])) in kinds

    return holds


def ticker(row: Row, *fields: str | int) -> str:
    """
    Return a name of an instrument.

    Raises
    ------
    DataError
        If there is none.
    """
    name = row.text(*fields)
    if name is None:
        raise DataError("the record names no instrument", column="symbol")
    return name
