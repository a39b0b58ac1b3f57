# SPDX-License-Identifier: Apache-2.0
"""
Deribit's first interface: the same facts under other names, which are put into the present ones.

Its requests were served under ``/api/v1`` and, for a while, ``/api/v2``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Condition, Endpoint
from ttapi_providers.exchanges import levels_of
from ttapi_providers.items import Finder, place
from ttapi_providers.reading import Row, time_of
from ttapi_providers.vendors.deribit_market import (
    book_level,
    chain_contract,
    curve_contract,
    instrument,
    is_future,
    is_option,
    quote,
    trade,
    underlying,
)

_SUMMARY: Final = {
    "instrument_name": "instrumentName",
    "bid_price": "bidPrice",
    "ask_price": "askPrice",
    "mid_price": "midPrice",
    "mark_price": "markPrice",
    "last": "last",
    "high": "high",
    "low": "low",
    "volume": "volumeBtc",
    "open_interest": "openInterestAmount",
}
_TRADE: Final = {
    "instrument_name": "instrument",
    "trade_id": "tradeId",
    "timestamp": "timeStamp",
    "price": "price",
    "amount": "amount",
    "quantity": "quantity",
    "direction": "direction",
}
_INSTRUMENT: Final = {
    "instrument_name": "instrumentName",
    "kind": "kind",
    "is_active": "isActive",
    "quote_currency": "currency",
    "settlement_period": "settlement",
}
_CREATED: Final = "%Y-%m-%d %H:%M:%S GMT"


def _records(body: Any) -> list[Any]:  # noqa: ANN401 - JSON
    found = place(body, "result")
    return found if isinstance(found, list) else [found]


def _renamed(names: Mapping[str, str]) -> Finder:
    """Find the records, or the one in their place, under the names of today."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        return [
            Row({ours: record[theirs] for ours, theirs in names.items() if theirs in record})
            for record in _records(body)
        ]

    return find


def _summaries(condition: Callable[[str], bool] | None) -> Finder:
    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        rows = _renamed(_SUMMARY)(body, asked)
        for row, record in zip(rows, _records(body), strict=True):
            created = time_of(record.get("created"), "created", zone="UTC", form=_CREATED)
            row.value["timestamp"] = int(created.timestamp() * 1000) if created else None
            if is_option(row.text("instrument_name") or ""):
                row.value.pop("volume", None)  # it is not told what an option's is in
        return [row for row in rows if condition is None or condition(row.text("instrument_name") or "")]

    return find


def _book(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    book = place(body, "result")
    sides = {
        side: [[level.get("price"), level.get("amount", level.get("quantity"))] for level in book[side]]
        for side in ("bids", "asks")
    }
    return levels_of({"instrument_name": book.get("instrument"), "timestamp": book.get("tstamp"), **sides})


def _underlying_asked(asked: Asked) -> Sequence[str]:
    return [name for name in (underlying(asked.query.get("instrument", "")),) if name]


def _asks(condition: Callable[[str], bool], word: str) -> Condition:
    """Hold for requests for one contract of a kind, or for all of them."""

    def holds(asked: Asked) -> bool:
        name = asked.query.get("instrument", "")
        return name in {"all", word} or condition(name)

    return holds


def _is_one(asked: Asked) -> bool:
    return asked.query.get("instrument", "") not in {"all", "option", "future", ""}


RETIRED: Final = tuple(
    endpoint
    for api in ("/api/v1/public", "/api/v2/public")
    for endpoint in (
        Endpoint(
            dataset="quotes",
            request=get(f"{api}/getsummary", {"instrument": "{symbol}"}),
            items=_summaries(None),
            row=quote,
            when=_is_one,
            retired=True,
        ),
        Endpoint(
            dataset="quotes",
            request=get(f"{api}/getsummary"),
            items=_summaries(None),
            row=quote,
            when=lambda asked: not _is_one(asked),
            batch=0,
            retired=True,
        ),
        *(
            Endpoint(
                dataset=dataset,
                request=get(f"{api}/getsummary"),
                items=_summaries(condition),
                row=row,
                when=_asks(condition, word),
                found_by=_underlying_asked,
                retired=True,
            )
            for dataset, row, condition, word in (
                ("option_chains", chain_contract, is_option, "option"),
                ("futures_curves", curve_contract, is_future, "future"),
            )
        ),
        Endpoint(
            dataset="order_books",
            request=get(f"{api}/getorderbook", {"instrument": "{symbol}"}),
            items=_book,
            row=book_level,
            retired=True,
        ),
        Endpoint(
            dataset="trades",
            request=get(f"{api}/getlasttrades", {"instrument": "{symbol}"}),
            items=_renamed(_TRADE),
            row=trade,
            retired=True,
        ),
        Endpoint(
            dataset="symbols",
            request=get(f"{api}/getinstruments"),
            items=_renamed(_INSTRUMENT),
            row=instrument,
            batch=0,
            retired=True,
        ),
    )
)
"""What is read of the interface before."""
