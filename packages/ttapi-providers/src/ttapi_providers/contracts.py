# SPDX-License-Identifier: Apache-2.0
"""What the name of an option contract tells, as columns of `option_chains`."""

from __future__ import annotations

from ttapi_core import DataError, Symbol
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Values


def contract_columns(name: str, column: str = "vendor_symbol") -> Values:
    """
    Return underlying, expiration, strike and right of a contract such as ``AAPL240426C00162500``.

    Raises
    ------
    DataError
        If it names none.
    """
    canonical = contract_of(name.upper())
    if canonical is None:
        raise DataError(f"{name[:40]!r} is no contract", column=column)
    symbol = Symbol.parse(canonical)
    return {
        "symbol": symbol.underlying,
        "vendor_symbol": name,
        "contract": canonical,
        "expiration_date": symbol.expiration,
        "strike": float(symbol.strike or 0),
        "option_type": symbol.option_type.value if symbol.option_type else None,
    }
