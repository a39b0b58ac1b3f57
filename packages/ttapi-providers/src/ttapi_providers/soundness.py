# SPDX-License-Identifier: Apache-2.0
"""
Soundness of single records in answers that hold many instruments.

What breaks a rule of its dataset is left out with a reason, so that one bad record does not cost its answer.
"""

from __future__ import annotations

from typing import Final

from ttapi_core import DataError
from ttapi_providers.declaring import Skip
from ttapi_providers.reading import Values

_PRICES: Final = ("bid", "ask", "last", "close", "mark", "prev_close")
_SLACK: Final = 1e-9


def uncrossed(values: Values) -> Values:
    """Return what has a bid and an ask as it is; a bid above the ask is no price of either."""
    bid, ask = values.get("bid"), values.get("ask")
    if isinstance(bid, float) and isinstance(ask, float) and bid > ask:
        return {**values, "bid": None, "bid_size": None, "ask": None, "ask_size": None}
    return values


def priced(values: Values) -> Values:
    """
    Return a quote as it is; a bid above the ask is no price of either.

    Raises
    ------
    DataError
        If it has no price at all.
    """
    values = uncrossed(values)
    if all(values.get(name) is None for name in _PRICES):
        raise DataError("there is no price of the instrument", column="last")
    return values


def sound(values: Values) -> Values:
    """
    Return a bar as it is.

    Raises
    ------
    DataError
        If it has no four prices.
    Skip
        If they cannot all be true.
    """
    opened, high, low, close = (values.get(name) for name in ("open", "high", "low", "close"))
    if not (isinstance(opened, float) and isinstance(high, float)):
        raise DataError("the bar has no open or no high", column="open")
    if not (isinstance(low, float) and isinstance(close, float)):
        raise DataError("the bar has no low or no close", column="close")
    if close == 0:
        raise Skip("the close is zero")
    if max(opened, close) > high * (1 + _SLACK) or min(opened, close) < low * (1 - _SLACK):
        raise Skip("the open or close lies outside low and high")
    return values
