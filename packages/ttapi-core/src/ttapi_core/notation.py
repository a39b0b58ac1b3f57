# SPDX-License-Identifier: Apache-2.0
"""How instruments are written: the grammar of canonical and streamer forms. Texts in, facts or None out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from ttapi_core.futures import MONTH_LETTERS


class InstrumentKind(Enum):
    """What an instrument is."""

    EQUITY = "equity"
    ETF = "etf"
    INDEX = "index"
    FUTURE = "future"
    FUTURE_OPTION = "future_option"
    EQUITY_OPTION = "equity_option"
    CRYPTO = "crypto"
    FX = "fx"


class OptionType(Enum):
    """The right of an option, as symbols spell it."""

    CALL = "C"
    PUT = "P"


FORMS: Final = {
    InstrumentKind.EQUITY: "an equity such as AAPL or BRK/B",
    InstrumentKind.ETF: "an ETF such as SPY",
    InstrumentKind.INDEX: "an index such as SPX",
    InstrumentKind.FUTURE: "a future such as /ESZ6",
    InstrumentKind.FUTURE_OPTION: "a future option such as './ESZ6 ESZ6  261218C6000'",
    InstrumentKind.EQUITY_OPTION: "an option of 21 characters such as 'SPY   261218C00600000'",
    InstrumentKind.CRYPTO: "a cryptocurrency pair such as BTC/USD",
    InstrumentKind.FX: "a currency pair such as EUR/USD",
}
ANY_FORM: Final = "an instrument such as AAPL, /ESZ6, 'SPY   261218C00600000' or BTC/USD"

LENGTH_MAX: Final = 64  # the longest real form has fewer than 40 characters
EQUITY: Final = re.compile(r"[A-Z][A-Z0-9]{0,9}(?:/[A-Z][A-Z0-9]{0,3})?")
PAIR: Final = re.compile(r"([A-Z0-9]{2,10})/([A-Z]{3,5})")
FUTURE: Final = re.compile(rf"/([A-Z0-9]{{1,4}})([{MONTH_LETTERS}])([0-9]{{1,2}})")
_CONTRACT: Final = re.compile(rf"([A-Z0-9]{{1,4}})([{MONTH_LETTERS}])([0-9])")
OPTION: Final = re.compile(r"([A-Z0-9]{1,6}) *([0-9]{6})([CP])([0-9]{8})")
OPTION_STREAMER: Final = re.compile(
    r"\.([A-Z0-9]{1,6})([0-9]{6})([CP])((?:0|[1-9][0-9]{0,4})(?:\.[0-9]{1,3})?)"
)
FUTURE_OPTION: Final = re.compile(
    r"\./([A-Z0-9 ]{5})([A-Z0-9 ]{6})([0-9]{6})([CP])((?:0|[1-9][0-9]{0,7})(?:\.[0-9]{1,8})?)"
)

CURRENCIES: Final = frozenset(
    {
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNH",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "USD",
        "ZAR",
    }
)
CRYPTO_QUOTES: Final = CURRENCIES | {"USDT", "USDC", "BTC", "ETH"}

# Option roots that are not their underlying's name, beside adjusted roots, which carry a digit.
_UNDERLYING_BY_ROOT: Final = {
    "SPXW": "SPX",
    "NDXP": "NDX",
    "RUTW": "RUT",
    "VIXW": "VIX",
    "MRUT": "RUT",
    "BRKB": "BRK/B",
    "BFB": "BF/B",
}


class Reading(NamedTuple):
    """What a canonical text says."""

    root: str
    underlying: str
    expiration: date | None = None
    option_type: OptionType | None = None
    strike: Decimal | None = None


def _read_plain(canonical: str) -> Reading | None:
    return Reading(canonical, canonical) if EQUITY.fullmatch(canonical) else None


def _read_pair(canonical: str) -> Reading | None:
    pair = PAIR.fullmatch(canonical)
    return Reading(pair[1], canonical) if pair else None


def _read_future(canonical: str) -> Reading | None:
    match = _CONTRACT.fullmatch(canonical[1:])
    return Reading(match[1], canonical) if match and canonical.startswith("/") else None


def _read_option(canonical: str) -> Reading | None:
    match = OPTION.fullmatch(canonical)
    if match is None or len(canonical) != 21:
        return None
    root, day, right, thousandths = match.groups()
    expiration, strike = _day(day), Decimal(thousandths).scaleb(-3)
    if expiration is None or not strike or root.isdigit():
        return None
    return Reading(root, _underlying_of(root), expiration, OptionType(right), _plain(strike))


def _read_future_option(canonical: str) -> Reading | None:
    match = FUTURE_OPTION.fullmatch(canonical)
    if match is None:
        return None
    future, contract = match[1].rstrip(), _CONTRACT.fullmatch(match[2].rstrip())
    expiration, strike = _day(match[3]), Decimal(match[5])
    if contract is None or not _CONTRACT.fullmatch(future) or expiration is None or not strike:
        return None
    return Reading(contract[1], f"/{future}", expiration, OptionType(match[4]), _plain(strike))


READERS: Final[dict[InstrumentKind, Callable[[str], Reading | None]]] = {
    InstrumentKind.EQUITY: _read_plain,
    InstrumentKind.ETF: _read_plain,
    InstrumentKind.INDEX: _read_plain,
    InstrumentKind.FUTURE: _read_future,
    InstrumentKind.FUTURE_OPTION: _read_future_option,
    InstrumentKind.EQUITY_OPTION: _read_option,
    InstrumentKind.CRYPTO: _read_pair,
    InstrumentKind.FX: _read_pair,
}


def _underlying_of(root: str) -> str:
    plain = root.strip("0123456789")
    return _UNDERLYING_BY_ROOT.get(plain, plain)


def _day(yymmdd: str) -> date | None:
    try:
        return date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return None


def _plain(strike: Decimal) -> Decimal:
    """Drop trailing zeros after the point, and only those: 600.500 is 600.5, 600 stays 600."""
    return Decimal(f"{strike.normalize():f}")
