# SPDX-License-Identifier: Apache-2.0
"""
Time and sales: a sale of every name on a grid of instants, the same whoever asks and whenever.

A listing's sales of the running session can be asked for from a time on, of an option only the latest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.candles import REMOVE_EVENT, SNAPSHOT_BEGIN, SNAPSHOT_END, SNAPSHOT_SNIP
from ttapi_sandbox.randomness import generator

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.universe import Listing

EVERY_MS: Final = 5_000
"""Time between two sales of a name."""
SALES_MAX: Final = 8000
"""Sales of the longest snapshot."""


class Sale(NamedTuple):
    """A sale: its time in epoch milliseconds, price and size; without a price it only marks a place."""

    time: int
    price: float | None
    size: int = 0
    bought: bool = True
    flags: int = 0


def grid_ms(market: Market, moment: Moment) -> int:
    """Return the instant of the latest sale, epoch milliseconds: within the session that opened last."""
    session = market.session(moment)
    end_ms = int(min(moment.now, session.close_at).timestamp() * 1000)
    opened_ms = int(session.open_at.timestamp() * 1000)
    return max(opened_ms, end_ms - (end_ms - opened_ms) % EVERY_MS)


def sale_of(market: Market, listing: Listing, time_ms: int, moment: Moment) -> Sale:
    """Return the sale of a listing at an instant of the grid of the session that opened last."""
    opened_ms = int(market.session(moment).open_at.timestamp() * 1000)
    minute = (time_ms - opened_ms) / 60_000
    price = market.path(listing, moment.number, moment.number).until(minute).close
    size, bought = size_and_side(market.seed, listing.symbol, time_ms)
    return Sale(time_ms, price, size, bought)


def size_and_side(seed: int, symbol: str, time_ms: int) -> tuple[int, bool]:
    """Return how much a sale was of, and whether the buyer crossed the spread."""
    chance = generator(seed, symbol, "sale", time_ms)
    return chance.randint(1, 400), chance.random() < 0.5


def sales(market: Market, listing: Listing, from_ms: int, moment: Moment) -> list[Sale]:
    """Return the sales from ``from_ms`` on as a snapshot: newest first, the ends flagged."""
    opened_ms = int(market.session(moment).open_at.timestamp() * 1000)
    last = grid_ms(market, moment)
    first = opened_ms + max(0, -(-(from_ms - opened_ms) // EVERY_MS)) * EVERY_MS
    times = range(last, first - 1, -EVERY_MS)
    found = [sale_of(market, listing, time_ms, moment) for time_ms in times[:SALES_MAX]]
    if not found:
        return [Sale(from_ms, None, flags=SNAPSHOT_BEGIN | SNAPSHOT_END | REMOVE_EVENT)]
    ending = SNAPSHOT_SNIP if len(times) > len(found) else SNAPSHOT_END
    found[-1] = found[-1]._replace(flags=ending)
    found[0] = found[0]._replace(flags=found[0].flags | SNAPSHOT_BEGIN)
    return found


def moment_at(moment: Moment, time_ms: int) -> Moment:
    """Return an earlier moment of the same session."""
    now = datetime.fromtimestamp(time_ms / 1000, UTC)
    back = (moment.now - now).total_seconds() / 60
    return replace(moment, now=now, minute=max(0.0, moment.minute - back))


def sale_values(sale: Sale, *, exchange: str, spread: float) -> dict[str, Any]:
    """Return the values of a TimeAndSale event, all but its symbol."""
    index = index_of(sale.time)
    if sale.price is None:
        return {"eventFlags": sale.flags, "index": index, "time": sale.time, "sequence": 0, "type": "NEW"}
    bid = round(sale.price - (spread if sale.bought else 0.0), 4)
    return {
        "eventFlags": sale.flags,
        "index": index,
        "time": sale.time,
        "sequence": 0,
        "timeNanoPart": 0,
        "exchangeCode": exchange,
        "price": sale.price,
        "size": sale.size,
        "bidPrice": bid,
        "askPrice": round(bid + spread, 4),
        "exchangeSaleConditions": "@",
        "tradeThroughExempt": "",
        "aggressorSide": "BUY" if sale.bought else "SELL",
        "spreadLeg": False,
        "extendedTradingHours": False,
        "validTick": True,
        "type": "NEW",
        # Never told, and null in both formats: strict clients take nothing else.
        "buyer": None,
        "seller": None,
    }


def index_of(time_ms: int, sequence: int = 0) -> int:
    """Return the index of an event of a time series."""
    return (time_ms // 1000) << 32 | (time_ms % 1000) << 22 | sequence
