# SPDX-License-Identifier: Apache-2.0
"""Floats of market data as the decimals that they were written as."""

from __future__ import annotations

from decimal import Decimal


def exact(number: float | None) -> Decimal | None:
    """Return the shortest decimal that is this float: the digits of the wire, up to 15 of them."""
    return None if number is None else Decimal(repr(number).removesuffix(".0"))
