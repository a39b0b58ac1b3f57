# SPDX-License-Identifier: Apache-2.0
"""Names of option contracts as the clearing house writes them without blanks: ``AAPL250117C00150000``."""

from __future__ import annotations

import re
from typing import Final

from ttapi_core import Symbol, SymbolError

_CONTRACT: Final = re.compile(r"([A-Z]{1,6}\d?)(\d{6}[CP]\d{8})")


def contract_of(name: str | None) -> str | None:
    """
    Return the canonical name of a contract; None for a text that names none.

    Examples
    --------
    >>> contract_of("AAPL250117C00150000")
    'AAPL  250117C00150000'
    """
    found = _CONTRACT.fullmatch((name or "").replace(" ", ""))
    if found is None:
        return None
    try:
        return Symbol.parse(f"{found[1]:<6}{found[2]}").canonical
    except SymbolError:
        return None
