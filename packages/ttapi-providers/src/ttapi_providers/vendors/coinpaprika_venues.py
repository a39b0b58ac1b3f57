# SPDX-License-Identifier: Apache-2.0
"""
What CoinPaprika tells of single exchanges: a pair there is ``binance:BTC/USDT``, not the average of the pair.

Prices are converted: they are in the currency that was asked for, dollars if none was, and where several
were, the name ends in the currency.
"""

from __future__ import annotations

from typing import Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, Skip
from ttapi_providers.exchanges import price
from ttapi_providers.reading import Row, Values

_SPOT: Final = "Spot"


def _market(row: Row, asked: Asked) -> list[Values]:
    venue, pair = row.text("exchange_id") or asked.told("exchange"), row.text("pair")
    if not venue or not pair:
        raise DataError("the market has no pair or no exchange", column="pair")
    category = row.text("category") or _SPOT
    name = f"{venue}:{pair}" if category == _SPOT else f"{venue}:{pair}:{category}"
    if row.flag("outlier"):
        raise Skip(f"CoinPaprika calls the price of {name} an outlier")
    quotes = [
        (of.name.upper(), last) for of in row.rows("quotes") if (last := price(of, "price")) is not None
    ]
    if not quotes:
        raise Skip(f"{name} has no price")
    many = len(row.rows("quotes")) > 1
    return [
        {
            "symbol": f"{name}:{currency}" if many else name,
            "vendor_symbol": f"{name}:{currency}" if many else name,
            "last": last,
            "currency": currency,
            "quoted_at": row.time("last_updated"),
        }
        for currency, last in quotes
    ]


VENUES: Final = tuple(
    Endpoint(
        dataset="quotes",
        request=get(f"/v1/{path}"),
        row=_market,
        batch=0,
        retired=True,
    )
    for path in ("coins/{coin}/markets", "exchanges/{exchange}/markets")
)
"""All of them are read; coins are asked for by their average price."""
