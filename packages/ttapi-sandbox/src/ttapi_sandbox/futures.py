# SPDX-License-Identifier: Apache-2.0
"""Futures and their products: what is listed of them at a moment, and their instruments on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.answers import Answer, encode, not_found, object_answer, page_answer, timestamp
from ttapi_sandbox.expirations import month_after, third_friday
from ttapi_sandbox.routing import Route
from ttapi_sandbox.trading_days import NEW_YORK
from ttapi_sandbox.universe import Listing

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.requests import Request

MONTHS: Final = "FGHJKMNQUVXZ"
"""The letters of the months from January on."""

LISTED: Final = 4
"""Contracts that are listed of each product."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its contracts, and what one point of its price is worth."""

    code: str
    name: str
    exchange: str
    streamer_exchange: str
    sector: str
    months: str
    tick: str
    point: str
    display: str
    price: float
    beta: float
    volatility: float
    margin: str
    twin: tuple[str, int] | None = None
    index: str | None = None

    @property
    def listing(self) -> Listing:
        """The name whose simulated prices its contracts have."""
        market = self.streamer_exchange
        return Listing(
            f"/{self.code}",
            self.name,
            "FUTURE",
            "Broad Market",
            market,
            self.price,
            self.beta,
            self.volatility,
        )


PRODUCTS: Final = (
    Product("ES", "E-mini S&P 500", "CME", "XCME", "Stock Index", "HMUZ", "0.25", "50.0", "0.01",
            6260.0, 1.0, 0.155, "18000", ("SPY", 501), "SPX"),
    Product("MES", "Micro E-mini S&P 500", "CME", "XCME", "Stock Index", "HMUZ", "0.25", "5.0", "0.01",
            6260.0, 1.0, 0.155, "1800", ("SPY", 50), "SPX"),
    Product("NQ", "E-mini Nasdaq-100", "CME", "XCME", "Stock Index", "HMUZ", "0.25", "20.0", "0.01",
            22800.0, 1.15, 0.20, "26000", ("QQQ", 820)),
    Product("ZN", "10-Year T-Note", "CME", "XCBT", "Interest Rate", "HMUZ", "0.015625", "1000.0", "1.0",
            112.0, -0.1, 0.06, "2000"),
    Product("CL", "Crude Oil", "CME", "XNYM", "Energy", MONTHS, "0.01", "1000.0", "0.01",
            62.0, 0.4, 0.33, "6500"),
    Product("GC", "Gold", "CME", "XCEC", "Metals", "GJMQVZ", "0.1", "100.0", "0.1",
            3900.0, 0.0, 0.17, "15000"),
    Product("VX", "Cboe Volatility Index", "CFE", "XCBF", "Volatility", MONTHS, "0.05", "1000.0", "0.01",
            19.0, -3.0, 0.7, "7000"),
)  # fmt: skip
"""The products that the sandbox lists."""

BY_CODE: Final = {product.code: product for product in PRODUCTS}


class Future(NamedTuple):
    """A contract of a product."""

    product: Product
    year: int
    month: int
    last_day: date

    @property
    def short(self) -> str:
        """Product, month and the last digit of the year: ``ESZ6``."""
        return f"{self.product.code}{MONTHS[self.month - 1]}{self.year % 10}"

    @property
    def symbol(self) -> str:
        """The symbol over REST: ``/ESZ6``."""
        return f"/{self.short}"

    @property
    def streamer_symbol(self) -> str:
        """The symbol on the market data stream: ``/ESZ26:XCME``."""
        letter = MONTHS[self.month - 1]
        return f"/{self.product.code}{letter}{self.year % 100:02d}:{self.product.streamer_exchange}"

    @property
    def expires_at(self) -> datetime:
        """The instant at which it ends (UTC)."""
        return datetime.combine(self.last_day, time(9, 30), tzinfo=NEW_YORK).astimezone(UTC)


class FutureBook:
    """The listed contracts at a moment."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._kept: dict[tuple[str, date], tuple[Future, ...]] = {}

    def listed(self, product: Product, today: date) -> tuple[Future, ...]:
        """Return the next contracts of a product, the nearest first."""
        key = (product.code, today)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > 256:
                self._kept.clear()
            found = self._kept[key] = self._next(product, today)
        return found

    def _next(self, product: Product, today: date) -> tuple[Future, ...]:
        found: list[Future] = []
        year, month = today.year, today.month
        while len(found) < LISTED:
            if MONTHS[month - 1] in product.months:
                day = third_friday(year, month)
                if day <= self._market.days.dates[-1]:
                    day = self._market.days.previous_or_same(day)
                if day >= today:
                    found.append(Future(product, year, month, day))
            year, month = month_after(year, month, 1)
        return tuple(found)

    def find(self, symbol: str, today: date) -> Future | None:
        """Return a listed contract by its symbol, over REST or on the stream, with its slash or without."""
        wanted = symbol if symbol.startswith("/") else f"/{symbol}"
        for product in PRODUCTS:
            if wanted.startswith(f"/{product.code}"):
                for future in self.listed(product, today):
                    if wanted in {future.symbol, future.streamer_symbol}:
                        return future
        return None


class Futures:
    """Answers about futures and their products."""

    def __init__(self, market: Market, book: FutureBook) -> None:
        self._market = market
        self._book = book

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/instruments/futures", self.listed),
            Route("GET", "/instruments/futures/{symbol}", self.one),
            Route("GET", "/instruments/future-products", self.products),
            Route("GET", "/instruments/future-products/{exchange}/{code}", self.product),
        ]

    def listed(self, request: Request) -> Answer:
        """Answer with the contracts asked for, a page at a time."""
        symbols, codes = request.items("symbol"), request.items("product-code")
        exchange = request.text("exchange")
        moment = self._market.moment()
        found = [
            future
            for product in PRODUCTS
            if (not codes or product.code in codes) and exchange in {None, product.exchange}
            for future in self._book.listed(product, moment.today)
        ]
        if symbols:
            wanted = {symbol if symbol.startswith("/") else f"/{symbol}" for symbol in symbols}
            found = [future for future in found if future.symbol in wanted]
        items = [encode(self._item(future, moment)) for future in found]
        return paged(request, items)

    def one(self, request: Request) -> Answer:
        """Answer with one contract; its slash is left out of the path, or encoded."""
        moment = self._market.moment()
        future = self._book.find(request.parameters["symbol"], moment.today)
        if future is None:
            raise not_found(f"future {request.parameters['symbol']}")
        return object_answer(request.path, self._item(future, moment))

    def products(self, request: Request) -> Answer:
        """Answer with all products."""
        return paged(request, [encode(product_item(product)) for product in PRODUCTS])

    def product(self, request: Request) -> Answer:
        """Answer with one product."""
        product = BY_CODE.get(request.parameters["code"].lstrip("/"))
        if product is None or product.exchange != request.parameters["exchange"]:
            raise not_found(f"future product {request.parameters['code']}")
        return object_answer(request.path, product_item(product))

    def _item(self, future: Future, moment: Moment) -> dict[str, Any]:
        listed = self._book.listed(future.product, moment.today)
        number = listed.index(future)
        following = listed[number + 1] if number + 1 < len(listed) else None
        product = future.product
        end, day = timestamp(future.expires_at), future.last_day
        item: dict[str, Any] = {
            "symbol": future.symbol,
            "product-code": product.code,
            "instrument-type": "Future",
            "active": True,
            "active-month": number == 0,
            "next-active-month": number == 1,
            "is-tradeable": True,
            "is-closing-only": False,
            "contract-size": "1.0",
            "tick-size": product.tick,
            "notional-multiplier": product.point,
            "display-factor": product.display,
            "main-fraction": "0.0",
            "sub-fraction": "0.0",
            "first-notice-date": day,
            "last-trade-date": day,
            "expiration-date": day,
            "closing-only-date": day,
            "stops-trading-at": end,
            "expires-at": end,
            "product-group": f"{product.exchange}_{product.code}",
            "exchange": product.exchange,
            "exchange-symbol": future.short,
            "security-id": str(100_000 + 1000 * PRODUCTS.index(product) + number),
            "streamer-exchange-code": product.streamer_exchange,
            "streamer-symbol": future.streamer_symbol,
            "back-month-first-calendar-symbol": True,
            "tick-sizes": [{"value": product.tick}],
            "option-tick-sizes": option_ticks(product),
            "spread-tick-sizes": []
            if following is None
            else [{"value": product.tick, "symbol": following.symbol}],
            "future-product": product_item(product),
        }
        if following is not None:
            item["roll-target-symbol"] = following.symbol
        if product.twin is not None:
            item["future-etf-equivalent"] = {"symbol": product.twin[0], "share-quantity": product.twin[1]}
        return item


def option_ticks(product: Product) -> list[dict[str, str]]:
    """Return the ticks of a product's options."""
    if product.index is not None:
        return [{"threshold": "10.0", "value": "0.05"}, {"value": "0.25"}]
    return [{"value": product.tick}]


def product_item(product: Product) -> dict[str, Any]:
    """Return a product as the wire has it."""
    return {
        "root-symbol": f"/{product.code}",
        "code": product.code,
        "description": f"SIMULATED {product.name}",
        "clearing-code": product.code,
        "clearing-exchange-code": "0",
        "clearport-code": product.code,
        "legacy-code": product.code,
        "exchange": product.exchange,
        "legacy-exchange-code": product.exchange,
        "product-type": "Financial" if product.sector != "Energy" else "Physical",
        "listed-months": list(product.months),
        "active-months": list(product.months),
        "notional-multiplier": product.point,
        "tick-size": product.tick,
        "display-factor": product.display,
        "streamer-exchange-code": product.streamer_exchange,
        "small-notional": product.code.startswith("M"),
        "back-month-first-calendar-symbol": True,
        "first-notice": False,
        "cash-settled": True,
        "security-group": product.code,
        "market-sector": product.sector,
        "supported": True,
        "roll": {
            "name": "equity_index",
            "active-count": LISTED,
            "cash-settled": True,
            "business-days-offset": 4,
            "first-notice": False,
        },
    }


def paged(request: Request, items: list[bytes], *, default: int = 1000, most: int = 1000) -> Answer:
    """Answer with one page of encoded items, as the request asks for it."""
    per_page = request.whole("per-page", default, least=1, most=most)
    offset = request.whole("page-offset", 0, least=0, most=1_000_000)
    return page_answer(request.path, items, per_page=per_page, page_offset=offset)


def carry(future: Future, today: date) -> float:
    """Return the factor from the product's price to the contract's: later contracts cost a little more."""
    return 1 + 0.02 * max(0, (future.last_day - today) // timedelta(days=1)) / 365
