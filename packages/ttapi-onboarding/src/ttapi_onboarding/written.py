# SPDX-License-Identifier: Apache-2.0
"""Instruments and numbers as a person writes them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from ttapi_core import Symbol
from ttapi_core.errors import ParameterError

_ROOT_MAX: Final = 6
_MAGNITUDE_MAX: Final = 15
"""Powers of ten, up and down, beyond which a number of an order is a slip of the hand."""


def instrument(text: str) -> Symbol:
    """
    Read an instrument as a person writes it; of an option also the streamer form, ``.SPY261218C600``.

    Raises
    ------
    SymbolError
        If it is none.
    """
    trimmed = text.strip().strip("'\"").strip()
    if trimmed.startswith(".") and not trimmed.startswith("./"):
        return Symbol.from_streamer(trimmed.upper())
    root, blank, rest = trimmed.partition(" ")
    # Blanks in the middle are hard to count: SPY 261218C00600000 is meant as well.
    if blank and not trimmed.startswith(".") and len(root) <= _ROOT_MAX:
        trimmed = f"{root.upper():<6}{rest.strip().upper()}"
    return Symbol.parse(trimmed)


def number(flag: str, text: str) -> Decimal:
    """
    Read a number, exactly.

    Raises
    ------
    ParameterError
        If it is none.
    """
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = None
    # Digits of other alphabets and 1_000 are numbers to Python, and slips of the hand here.
    if found is None or not found.is_finite() or not text.isascii() or "_" in text:
        raise ParameterError(flag, text, "a number such as 612.35")
    if found and abs(found.adjusted()) > _MAGNITUDE_MAX:
        raise ParameterError(flag, text, "a number such as 612.35")
    return found
