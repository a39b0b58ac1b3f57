# SPDX-License-Identifier: Apache-2.0
"""Instruments that are listed but not traded here: cryptocurrencies, warrants, currency pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.answers import Answer, encode, items_answer, not_found, object_answer
from ttapi_sandbox.futures import PRODUCTS, paged
from ttapi_sandbox.routing import Route
from ttapi_sandbox.universe import Listing

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request


class Coin(NamedTuple):
    """A cryptocurrency against the dollar, and the figures that its prices are made from."""

    number: int
    code: str
    name: str
    tick: str
    price: float
    volatility: float

    @property
    def symbol(self) -> str:
        """The symbol over REST."""
        return f"{self.code}/USD"

    @property
    def streamer_symbol(self) -> str:
        """The symbol on the market data stream."""
        return f"{self.symbol}:CXTALP"

    @property
    def listing(self) -> Listing:
        """The name whose simulated prices it has; they move while New York trades."""
        return Listing(
            self.symbol, self.name, "CRYPTO", "Volatility", "XCRY", self.price, 0.6, self.volatility
        )


COINS: Final = (
    Coin(1, "BTC", "Bitcoin", "0.01", 93_000.0, 0.45),
    Coin(2, "ETH", "Ether", "0.01", 3_150.0, 0.6),
    Coin(3, "SOL", "Solana", "0.01", 140.0, 0.75),
)
COIN_BY_SYMBOL: Final = {coin.symbol: coin for coin in COINS}
_WARRANTS: Final = ("ZZWTA", "ZZWTB")
_PAIRS: Final = (("EUR/USD", "Euro to dollar"), ("USD/JPY", "Dollar to yen"))
_PRECISIONS: Final = (
    {"instrument-type": "Equity", "value": 5, "minimum-increment-precision": 5},
    *(
        {
            "instrument-type": "Cryptocurrency",
            "symbol": coin.symbol,
            "value": 8,
            "minimum-increment-precision": 8,
        }
        for coin in COINS
    ),
)
SEARCH_LIMIT: Final = 25
SEARCH_LIMIT_MAX: Final = 1000


class MinorInstruments:
    """Answers about them."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/instruments/cryptocurrencies", self.coins),
            Route("GET", "/instruments/cryptocurrencies/{symbol}", self.coin),
            Route("GET", "/instruments/warrants", self.warrants),
            Route("GET", "/instruments/warrants/{symbol}", self.warrant),
            Route("GET", "/instruments/currency-pairs", self.currency_pairs),
            Route("GET", "/instruments/quantity-decimal-precisions", self.precisions),
            Route("GET", "/instruments/search", self.search),
        ]

    def coins(self, request: Request) -> Answer:
        """Answer with the cryptocurrencies asked for, or all."""
        symbols = request.items("symbol")
        found = [coin for coin in COINS if not symbols or coin.symbol in symbols]
        return paged(request, [encode(_coin_item(coin)) for coin in found])

    def coin(self, request: Request) -> Answer:
        """Answer with one cryptocurrency."""
        coin = COIN_BY_SYMBOL.get(request.parameters["symbol"])
        if coin is None:
            raise not_found(f"cryptocurrency {request.parameters['symbol']}")
        return object_answer(request.path, _coin_item(coin))

    def warrants(self, request: Request) -> Answer:
        """Answer with the warrants asked for, or all."""
        symbols = request.items("symbol")
        found = [symbol for symbol in _WARRANTS if not symbols or symbol in symbols]
        return paged(request, [encode(_warrant_item(symbol)) for symbol in found])

    def warrant(self, request: Request) -> Answer:
        """Answer with one warrant."""
        symbol = request.parameters["symbol"]
        if symbol not in _WARRANTS:
            raise not_found(f"warrant {symbol}")
        return object_answer(request.path, _warrant_item(symbol))

    def currency_pairs(self, request: Request) -> Answer:
        """Answer with the currency pairs."""
        items = [
            {
                "id": number,
                "symbol": symbol,
                "dx-symbol": symbol,
                "instrument-type": "Currency Pair",
                "description": f"SIMULATED {words}",
            }
            for number, (symbol, words) in enumerate(_PAIRS, start=1)
        ]
        return items_answer(request.path, map(encode, items))

    def precisions(self, request: Request) -> Answer:
        """Answer with how finely quantities can be given."""
        return items_answer(request.path, map(encode, _PRECISIONS))

    def search(self, request: Request) -> Answer:
        """Answer with instruments of any kind whose symbol or name holds a text."""
        text = request.required("query").upper()
        limit = request.whole("limit", SEARCH_LIMIT, least=1, most=SEARCH_LIMIT_MAX)
        wanted, category = request.text("type"), request.text("category")
        found = [
            row
            for row in self._rows()
            if (text in str(row["symbol"]).upper() or text in str(row["description"]).upper())
            and wanted in {None, row["instrument-type"]}
            and category in {None, row["instrument-type"]}
        ]
        found.sort(key=lambda row: (not str(row["symbol"]).startswith(text), len(str(row["symbol"]))))
        return items_answer(request.path, map(encode, found[:limit]))

    def _rows(self) -> list[dict[str, Any]]:
        rows = [
            {
                "symbol": listing.symbol,
                "description": f"SIMULATED {listing.name}",
                "instrument-type": "Index" if listing.is_index else "Equity",
                "listed-market": listing.market,
            }
            for listing in self._market.by_symbol.values()
        ]
        for product in PRODUCTS:
            words = f"SIMULATED {product.name}"
            rows.append({"symbol": f"/{product.code}", "description": words, "instrument-type": "Future"})
        for coin in COINS:
            words = f"SIMULATED {coin.name}"
            rows.append({"symbol": coin.symbol, "description": words, "instrument-type": "Cryptocurrency"})
        return rows


def _coin_item(coin: Coin) -> dict[str, Any]:
    return {
        "id": coin.number,
        "symbol": coin.symbol,
        "instrument-type": "Cryptocurrency",
        "short-description": coin.name,
        "description": f"SIMULATED {coin.name} to USD",
        "is-closing-only": True,
        "active": True,
        "tick-size": coin.tick,
        "streamer-symbol": coin.streamer_symbol,
        "destination-venue-symbols": [
            {
                "id": 10 + coin.number,
                "symbol": coin.symbol,
                "destination-venue": "SIMULATED_EXCHANGE",
                "max-quantity-precision": 8,
                "max-price-precision": 2,
                "routable": True,
            }
        ],
    }


def _warrant_item(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "instrument-type": "Warrant",
        "listed-market": "XNAS",
        "description": f"SIMULATED warrant {symbol}",
        "is-closing-only": True,
        "active": True,
        "cusip": "",
    }
