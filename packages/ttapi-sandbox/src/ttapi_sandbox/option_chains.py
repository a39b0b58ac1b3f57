# SPDX-License-Identifier: Apache-2.0
"""Option chains in the three forms of the API, and the contracts that they list."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.answers import Answer, encode, items_answer, not_found, timestamp
from ttapi_sandbox.instruments import option_tick_sizes
from ttapi_sandbox.routing import Route
from ttapi_sandbox.strikes import strikes
from ttapi_sandbox.trading_days import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ttapi_sandbox.expirations import Expiration, Root
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing

SHARES: Final = 100
KEPT_BYTES_MAX: Final = 192 * 1024 * 1024
"""Bytes of chains that are kept; the chains not asked for longest are forgotten first."""
_CLOSE: Final = {"PM": time(16, 15), "AM": time(9, 30)}


class Contract(NamedTuple):
    """One option: its root's underlying, expiration, type and strike."""

    listing: Listing
    root: str
    expiration: Expiration
    is_call: bool
    strike: float

    @property
    def symbol(self) -> str:
        """The OCC symbol."""
        letter = "C" if self.is_call else "P"
        return f"{self.root:<6}{self.expiration.day:%y%m%d}{letter}{round(self.strike * 1000):08d}"

    @property
    def streamer_symbol(self) -> str:
        """The symbol on the market data stream."""
        letter = "C" if self.is_call else "P"
        return f".{self.root}{self.expiration.day:%y%m%d}{letter}{plain(self.strike)}"


def plain(strike: float) -> str:
    """Write a strike without trailing zeros."""
    return f"{strike:.3f}".rstrip("0").rstrip(".")


def expires_at(expiration: Expiration) -> datetime:
    """Return the instant at which options of an expiration end (UTC)."""
    clock_time = _CLOSE[expiration.settlement]
    return datetime.combine(expiration.day, clock_time, tzinfo=NEW_YORK).astimezone(UTC)


def years_left(expiration: Expiration, now: datetime) -> float:
    """Return years from ``now`` to the end, never negative."""
    return max(0.0, (expires_at(expiration) - now) / timedelta(days=365.25))


class ChainBook:
    """The listed contracts of every underlying at a moment."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def strikes(self, listing: Listing, expiration: Expiration, moment: Moment) -> list[float]:
        """Return the strikes of an expiration, ascending."""
        price = self._market.reference_price(listing, moment)
        days = (expiration.day - moment.today).days
        return strikes(listing.symbol, price, volatility=listing.volatility, days=days)

    def contracts(self, listing: Listing, root: Root, moment: Moment) -> Iterator[Contract]:
        """Yield the contracts of a root, by expiration and strike, the call before the put."""
        for expiration in root.expirations:
            for strike in self.strikes(listing, expiration, moment):
                for is_call in (True, False):
                    yield Contract(listing, root.symbol, expiration, is_call, strike)

    def find(
        self, root: str, day: date, strike: float, *, is_call: bool, moment: Moment | None = None
    ) -> Contract | None:
        """Return a contract by its parts, or None if it is not listed at a moment, now unless told."""
        listing = self._market.by_root.get(root)
        if listing is None:
            return None
        moment = moment if moment is not None else self._market.moment()
        for listed in self._market.roots(listing, moment):
            for expiration in listed.expirations:
                if (listed.symbol, expiration.day) == (root, day):
                    found = strike in self.strikes(listing, expiration, moment)
                    return Contract(listing, root, expiration, is_call, strike) if found else None
        return None

    def find_symbol(self, text: str, moment: Moment | None = None) -> Contract | None:
        """Return a contract by its OCC symbol or its symbol on the stream, or None if it is not listed."""
        parts = _streamer_parts(text) if text.startswith(".") else occ_parts(text)
        if parts is None:
            return None
        root, day_text, letter, strike = parts
        try:
            day = datetime.strptime(day_text, "%y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return None
        return self.find(root, day, strike, is_call=letter == "C", moment=moment)


_Parts = tuple[str, str, str, float]


def occ_parts(text: str) -> _Parts | None:
    """Return root, date, type and strike of an OCC symbol, or None if it is none."""
    digits = text[6:12] + text[13:]
    if len(text) != 21 or not (digits.isascii() and digits.isdigit()) or text[12] not in "CP":
        return None
    return text[:6].rstrip(), text[6:12], text[12], int(text[13:]) / 1000


def _streamer_parts(text: str) -> _Parts | None:
    position = max(text.rfind("C"), text.rfind("P"))
    strike = text[position + 1 :]
    if position < 8 or not strike.replace(".", "", 1).isdigit():
        return None
    return text[1 : position - 6], text[position - 6 : position], text[position], float(Decimal(strike))


class OptionChains:
    """Answers about chains; a body is built once a day and form, and kept."""

    def __init__(self, market: Market, *, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._market = market
        self._book = ChainBook(market)
        self._kept_bytes_max = kept_bytes_max
        self._kept: OrderedDict[tuple[str, str, date], list[bytes]] = OrderedDict()
        self.kept_bytes = 0

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/option-chains/{symbol}/nested", self.nested),
            Route("GET", "/option-chains/{symbol}/compact", self.compact),
            Route("GET", "/option-chains/{symbol}", self.detailed),
            Route("GET", "/instruments/equity-options", self.options),
            Route("GET", "/instruments/equity-options/{option}", self.option),
        ]

    def nested(self, request: Request) -> Answer:
        """Answer with expirations and strikes, one item a root."""
        return self._answer(request, "nested", self._nested_items)

    def compact(self, request: Request) -> Answer:
        """Answer with lists of symbols, one item a root, expiration type and settlement."""
        return self._answer(request, "compact", self._compact_items)

    def detailed(self, request: Request) -> Answer:
        """Answer with every option as an object."""
        return self._answer(request, "detailed", self._detailed_items)

    def option(self, request: Request) -> Answer:
        """Answer with one option."""
        contract = self._book.find_symbol(request.parameters["option"])
        if contract is None:
            raise not_found(f"equity option {request.parameters['option']}")
        item = _detailed_item(contract, self._market.moment())
        return Answer(200, b'{"data":%b,"context":%b}' % (item, encode(request.path)))

    def options(self, request: Request) -> Answer:
        """Answer with the listed ones of the options asked for."""
        moment = self._market.moment()
        found = (self._book.find_symbol(symbol) for symbol in request.items("symbol"))
        return items_answer(request.path, [_detailed_item(one, moment) for one in found if one is not None])

    def _answer(self, request: Request, form: str, build: Callable[[Listing, Moment], list[bytes]]) -> Answer:
        symbol = request.parameters["symbol"]
        listing = self._market.by_symbol.get(symbol)
        if listing is None:
            raise not_found(f"option chain of {symbol}")
        moment = self._market.moment()
        key = (form, symbol, moment.today)
        items = self._kept.get(key)
        if items is None:
            items = build(listing, moment)
            self._keep(key, items)
        self._kept.move_to_end(key)
        return items_answer(request.path, items)

    def _keep(self, key: tuple[str, str, date], items: list[bytes]) -> None:
        self._kept[key] = items
        self.kept_bytes += sum(map(len, items))
        while self.kept_bytes > self._kept_bytes_max and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self.kept_bytes -= sum(map(len, forgotten))

    def _nested_items(self, listing: Listing, moment: Moment) -> list[bytes]:
        ticks = encode(option_tick_sizes(listing)).decode()
        return [
            (
                f'{{"underlying-symbol":"{listing.symbol}","root-symbol":"{root.symbol}",'
                f'"option-chain-type":"Standard","shares-per-contract":{SHARES},'
                f'"tick-sizes":{ticks},"deliverables":[{_deliverable(listing, root)}],'
                f'"expirations":[{",".join(self._nested_expirations(listing, root, moment))}]}}'
            ).encode()
            for root in self._market.roots(listing, moment)
        ]

    def _nested_expirations(self, listing: Listing, root: Root, moment: Moment) -> Iterator[str]:
        for expiration in root.expirations:
            listed = self._book.strikes(listing, expiration, moment)
            padded = f"{root.symbol:<6}{expiration.day:%y%m%d}"
            short = f".{root.symbol}{expiration.day:%y%m%d}"
            rows = [
                f'{{"strike-price":"{strike}","call":"{padded}C{(code := round(strike * 1000)):08d}",'
                f'"call-streamer-symbol":"{short}C{(text := plain(strike))}","put":"{padded}P{code:08d}",'
                f'"put-streamer-symbol":"{short}P{text}"}}'
                for strike in listed
            ]
            yield (
                f'{{"expiration-type":"{expiration.kind}","expiration-date":"{expiration.day}",'
                f'"days-to-expiration":{(expiration.day - moment.today).days},'
                f'"settlement-type":"{expiration.settlement}","strikes":[{",".join(rows)}]}}'
            )

    def _compact_items(self, listing: Listing, moment: Moment) -> list[bytes]:
        items = []
        for root in self._market.roots(listing, moment):
            groups: dict[tuple[str, str], list[Contract]] = {}
            for contract in self._book.contracts(listing, root, moment):
                groups.setdefault(contract.expiration[1:], []).append(contract)
            items += [_compact_item(listing, root, contracts) for contracts in groups.values()]
        return items

    def _detailed_items(self, listing: Listing, moment: Moment) -> list[bytes]:
        return [
            _detailed_item(contract, moment)
            for root in self._market.roots(listing, moment)
            for contract in self._book.contracts(listing, root, moment)
        ]


def _deliverable(listing: Listing, root: Root) -> str:
    deliverable = {
        "id": 1,
        "root-symbol": root.symbol,
        "deliverable-type": "Shares",
        "description": f"{SHARES} shares of {listing.symbol}",
        "amount": f"{SHARES}.0",
        "symbol": listing.symbol,
        "instrument-type": "Equity",
        "percent": "100",
    }
    return encode(deliverable).decode()


def _compact_item(listing: Listing, root: Root, contracts: list[Contract]) -> bytes:
    _, kind, settlement = contracts[0].expiration
    item = {
        "underlying-symbol": listing.symbol,
        "root-symbol": root.symbol,
        "option-chain-type": "Standard",
        "settlement-type": settlement,
        "shares-per-contract": SHARES,
        "expiration-type": kind,
        "symbols": [contract.symbol for contract in contracts],
        "streamer-symbols": [contract.streamer_symbol for contract in contracts],
    }
    return b'%b,"deliverables":[%b]}' % (encode(item)[:-1], _deliverable(listing, root).encode())


def _detailed_item(contract: Contract, moment: Moment) -> bytes:
    expiration = contract.expiration
    end = timestamp(expires_at(expiration))
    return encode(
        {
            "symbol": contract.symbol,
            "instrument-type": "Equity Option",
            "active": True,
            "strike-price": str(contract.strike),
            "root-symbol": contract.root,
            "underlying-symbol": contract.listing.symbol,
            "expiration-date": expiration.day,
            "exercise-style": "European" if contract.listing.is_index else "American",
            "shares-per-contract": SHARES,
            "option-type": "C" if contract.is_call else "P",
            "option-chain-type": "Standard",
            "expiration-type": expiration.kind,
            "settlement-type": expiration.settlement,
            "days-to-expiration": (expiration.day - moment.today).days,
            "is-closing-only": False,
            "stops-trading-at": end,
            "expires-at": end,
            "market-time-instrument-collection": "Equity Option",
            "streamer-symbol": contract.streamer_symbol,
        }
    )
