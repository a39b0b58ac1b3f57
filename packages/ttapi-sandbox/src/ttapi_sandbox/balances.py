# SPDX-License-Identifier: Apache-2.0
"""Balances as the wire has them, computed from how an account stands."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.fees import ZERO
from ttapi_sandbox.ledger import plain

if TYPE_CHECKING:
    from ttapi_sandbox.standing import Standing

_ZERO_BALANCES: Final = (
    "maintenance-call-value",
    "reg-t-call-value",
    "day-trading-call-value",
    "day-equity-call-value",
    "day-trade-excess",
    "day-trading-buying-power",
    "pending-cash",
    "long-cryptocurrency-value",
    "short-cryptocurrency-value",
    "cryptocurrency-margin-requirement",
    "unsettled-cryptocurrency-fiat-amount",
    "equity-offering-margin-requirement",
    "long-bond-value",
    "bond-margin-requirement",
    "pending-margin-interest",
)


def balance_amounts(standing: Standing) -> dict[str, str]:
    """Return the amounts of a balance, each a decimal string."""
    long_equity, short_equity = standing.worth("Equity", 1), standing.worth("Equity", -1)
    long_options, short_options = standing.worth("Equity Option", 1), standing.worth("Equity Option", -1)
    long_futures, short_futures = standing.worth("Future", 1), standing.worth("Future", -1)
    needed = standing.requirement
    power = standing.buying_power
    withdrawable = max(ZERO, min(standing.cash, power))
    amounts = dict.fromkeys(_ZERO_BALANCES, ZERO) | {
        "cash-balance": standing.cash,
        "long-equity-value": long_equity,
        "short-equity-value": short_equity,
        "long-derivative-value": long_options,
        "short-derivative-value": short_options,
        "long-futures-value": long_futures,
        "short-futures-value": short_futures,
        "long-futures-derivative-value": standing.worth("Future Option", 1),
        "short-futures-derivative-value": standing.worth("Future Option", -1),
        "long-margineable-value": long_equity,
        "short-margineable-value": short_equity,
        "margin-equity": standing.cash + long_equity - short_equity,
        "equity-buying-power": power if standing.in_cash else power * 2,
        "derivative-buying-power": power,
        "available-trading-funds": power,
        "futures-margin-requirement": needed.futures,
        "futures-overnight-margin-requirement": needed.futures,
        "futures-intraday-margin-requirement": needed.futures,
        "maintenance-requirement": needed.maintenance,
        "maintenance-excess": standing.net - needed.maintenance,
        "reg-t-margin-requirement": needed.initial,
        "used-derivative-buying-power": needed.initial + standing.reserved,
        "net-liquidating-value": standing.net,
        "cash-available-to-withdraw": withdrawable,
        "closed-loop-available-balance": withdrawable,
        "effective-cryptocurrency-buying-power": withdrawable,
        "maintenance-call-value": max(ZERO, needed.maintenance - standing.net),
    }
    return {name: plain(_four(amount), 1) for name, amount in amounts.items()}


def _four(amount: Decimal) -> Decimal:
    # Cash can have more places than anybody shows: fills of parts of a share.
    return amount.quantize(Decimal("0.0001")) if amount % Decimal("0.0001") else amount
