# SPDX-License-Identifier: Apache-2.0
"""Options on futures: chains in two forms, single contracts, products, and what they are worth."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.answers import Answer, encode, invalid, items_answer, not_found, object_answer, timestamp
from ttapi_sandbox.futures import BY_CODE, PRODUCTS, carry, option_ticks, paged, product_item
from ttapi_sandbox.option_chains import plain
from ttapi_sandbox.routing import Route
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ttapi_sandbox.futures import Future, FutureBook, Product
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing

STRIKES_EACH_SIDE: Final = 20
_STREAMED: Final = re.compile(
    r"\.(?P<future>/[A-Z0-9]+[FGHJKMNQUVXZ]\d\d)(?P<letter>[CP])(?P<strike>[\d.]+):(?P<exchange>[A-Z]+)"
)
_STEPS: Final = {"ES": 25.0, "MES": 25.0, "NQ": 100.0, "ZN": 0.5, "CL": 0.5, "GC": 10.0, "VX": 1.0}


class FutureOption(NamedTuple):
    """One option on a future; it ends with its future."""

    future: Future
    is_call: bool
    strike: float

    @property
    def letter(self) -> str:
        """``C`` or ``P``."""
        return "C" if self.is_call else "P"

    @property
    def symbol(self) -> str:
        """The symbol over REST: ``./ESZ6 ESZ6  261218C6000``."""
        short = self.future.short
        return f"./{short:<5}{short:<6}{self.future.last_day:%y%m%d}{self.letter}{plain(self.strike)}"

    @property
    def streamer_symbol(self) -> str:
        """The symbol on the market data stream: ``./ESZ26C6000:XCME``."""
        name, _, exchange = self.future.streamer_symbol.partition(":")
        return f".{name}{self.letter}{plain(self.strike)}:{exchange}"


class FutureOptionBook:
    """The listed options on futures at a moment, and what is paid for futures and their options."""

    def __init__(self, market: Market, futures: FutureBook) -> None:
        self._market = market
        self.futures = futures

    def listing(self, product: Product) -> Listing:
        """Return the name whose prices move a product."""
        if product.index is not None:
            return self._market.by_symbol[product.index]
        return product.listing

    def future_price(self, future: Future, moment: Moment) -> Decimal:
        """Return the price of a future, on its tick."""
        listing = self.listing(future.product)
        return on_tick(
            self._market.day_bar(listing, moment).close * carry(future, moment.today), future.product
        )

    def previous_price(self, future: Future, moment: Moment) -> Decimal:
        """Return what a future closed at in the session before."""
        listing = self.listing(future.product)
        return on_tick(
            self._market.previous_close(listing, moment) * carry(future, moment.today), future.product
        )

    def option_price(self, option: FutureOption, price: Decimal, now: datetime) -> Decimal:
        """Return what an option is worth when its future stands at a price, on its tick and at least one."""
        years = max(YEARS_MIN, (option.future.expires_at - now) / timedelta(days=365.25))
        volatility = option.future.product.volatility
        worth = black_76(float(price), option.strike, years, volatility=volatility, is_call=option.is_call)
        tick = tick_of(option.future.product, worth)
        return max(tick, (Decimal(str(round(worth, 6))) / tick).to_integral_value() * tick)

    def strikes(self, future: Future, moment: Moment) -> list[float]:
        """Return the strikes of a future's options, ascending."""
        listing = self.listing(future.product)
        step = _STEPS[future.product.code]
        centre = round(self._market.reference_price(listing, moment) / step)
        first = max(1, centre - STRIKES_EACH_SIDE)
        return [number * step for number in range(first, centre + STRIKES_EACH_SIDE + 1)]

    def options(self, product: Product, moment: Moment) -> Iterator[FutureOption]:
        """Yield the options of a product by future and strike, the call before the put."""
        for future in self.futures.listed(product, moment.today):
            for strike in self.strikes(future, moment):
                yield FutureOption(future, True, strike)
                yield FutureOption(future, False, strike)

    def find(self, symbol: str, moment: Moment) -> FutureOption | None:
        """
        Return a listed option by its symbol over REST, or None.

        The ``./`` at its front may be missing: HTTP clients take it for a part of the path that says nothing.
        """
        symbol = f"./{symbol.removeprefix('./')}"
        future = self.futures.find(f"/{symbol[2:7].rstrip()}", moment.today)
        if future is None:
            return None
        for strike in self.strikes(future, moment):
            for is_call in (True, False):
                option = FutureOption(future, is_call, strike)
                if option.symbol == symbol:
                    return option
        return None

    def find_streamed(self, symbol: str, moment: Moment) -> FutureOption | None:
        """Return a listed option by its symbol on the stream, ``./ESZ26C6000:XCME``, or None."""
        parts = _STREAMED.fullmatch(symbol)
        if parts is None:
            return None
        future = self.futures.find(f"{parts['future']}:{parts['exchange']}", moment.today)
        if future is None:
            return None
        strikes = (strike for strike in self.strikes(future, moment) if plain(strike) == parts["strike"])
        return next((FutureOption(future, parts["letter"] == "C", strike) for strike in strikes), None)


def tick_of(product: Product, price: float) -> Decimal:
    """Return the tick of a product's options at a price."""
    for row in option_ticks(product):
        if "threshold" not in row or price < float(row["threshold"]):
            return Decimal(row["value"])
    raise AssertionError(product)


def on_tick(price: float, product: Product) -> Decimal:
    """Return a price on the tick of a product."""
    tick = Decimal(product.tick)
    return (Decimal(str(round(price, 6))) / tick).to_integral_value() * tick


def black_76(forward: float, strike: float, years: float, *, volatility: float, is_call: bool) -> float:
    """
    Return the price of a European option on a forward (Black, 1976).

    Parameters
    ----------
    forward, strike
        Above zero.
    years
        To the expiration, above zero.
    volatility
        Annualised, as a fraction.
    is_call
        Call or put.
    """
    deviation = volatility * math.sqrt(years)
    upper = (math.log(forward / strike) + deviation * deviation / 2) / deviation
    sign = 1 if is_call else -1
    inner = forward * _normal(sign * upper) - strike * _normal(sign * (upper - deviation))
    return max(0.0, sign * math.exp(-RISK_FREE_RATE * years) * inner)


def _normal(value: float) -> float:
    return math.erfc(-value / math.sqrt(2)) / 2


class FutureOptions:
    """Answers about options on futures."""

    def __init__(self, market: Market, book: FutureOptionBook) -> None:
        self._market = market
        self._book = book

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/futures-option-chains/{code}/nested", self.nested),
            Route("GET", "/futures-option-chains/{code}", self.detailed),
            Route("GET", "/instruments/future-options", self.several),
            Route("GET", "/instruments/future-options/{symbol}", self.one),
            Route("GET", "/instruments/future-option-products", self.products),
            Route("GET", "/instruments/future-option-products/{exchange}/{root}", self.product),
            Route("GET", "/instruments/future-option-products/{root}", self.product),
        ]

    def nested(self, request: Request) -> Answer:
        """Answer with the futures of a product, and the expirations and strikes of its options."""
        product = _product(request.parameters["code"])
        moment = self._market.moment()
        futures = self._book.futures.listed(product, moment.today)
        chain = {
            "underlying-symbol": f"/{product.code}",
            "root-symbol": f"/{product.code}",
            "exercise-style": "American",
            "expirations": [self._expiration(future, moment) for future in futures],
        }
        data = {"futures": [self._future(future, moment) for future in futures], "option-chains": [chain]}
        return object_answer(request.path, data)

    def detailed(self, request: Request) -> Answer:
        """Answer with every option of a product as an object."""
        product = _product(request.parameters["code"])
        moment = self._market.moment()
        return items_answer(
            request.path, [encode(self._item(one, moment)) for one in self._book.options(product, moment)]
        )

    def several(self, request: Request) -> Answer:
        """Answer with the options asked for by symbols, or by root, expiration, type and strike together."""
        moment = self._market.moment()
        symbols = request.items("symbol")
        if symbols:
            found = [one for symbol in symbols if (one := self._book.find(symbol, moment)) is not None]
        else:
            found = self._by_parts(request, moment)
        return paged(request, [encode(self._item(one, moment)) for one in found])

    def _by_parts(self, request: Request, moment: Moment) -> list[FutureOption]:
        root, day = request.required("option-root-symbol"), request.day("expiration-date")
        letter, strike = request.required("option-type"), request.required("strike-price")
        product = BY_CODE.get(root.lstrip("/"))
        try:
            wanted = float(strike)
        except ValueError:
            raise invalid("strike-price", "is not a number") from None
        if product is None:
            return []
        return [
            one
            for one in self._book.options(product, moment)
            if (one.future.last_day, one.letter, one.strike) == (day, letter.upper()[:1], wanted)
        ]

    def one(self, request: Request) -> Answer:
        """Answer with one option."""
        moment = self._market.moment()
        option = self._book.find(request.parameters["symbol"], moment)
        if option is None:
            raise not_found(f"future option {request.parameters['symbol']}")
        return object_answer(request.path, self._item(option, moment))

    def products(self, request: Request) -> Answer:
        """Answer with the products of options."""
        return paged(request, [encode(option_product_item(one, with_future=True)) for one in PRODUCTS])

    def product(self, request: Request) -> Answer:
        """Answer with one product of options."""
        product = BY_CODE.get(request.parameters["root"].lstrip("/"))
        exchange = request.parameters.get("exchange")
        if product is None or exchange not in {None, product.exchange}:
            raise not_found(f"future option product {request.parameters['root']}")
        return object_answer(request.path, option_product_item(product, with_future=True))

    def _future(self, future: Future, moment: Moment) -> dict[str, Any]:
        listed = self._book.futures.listed(future.product, moment.today)
        end = timestamp(future.expires_at)
        return {
            "symbol": future.symbol,
            "root-symbol": f"/{future.product.code}",
            "expiration-date": future.last_day,
            "maturity-date": future.last_day,
            "days-to-expiration": _days(future.last_day, moment.today),
            "active-month": listed[0] == future,
            "next-active-month": len(listed) > 1 and listed[1] == future,
            "stops-trading-at": end,
            "expires-at": end,
        }

    def _expiration(self, future: Future, moment: Moment) -> dict[str, Any]:
        product, end = future.product, timestamp(future.expires_at)
        return {
            "underlying-symbol": future.symbol,
            "root-symbol": f"/{product.code}",
            "option-root-symbol": product.code,
            "option-contract-symbol": future.short,
            "asset": product.code,
            "expiration-date": future.last_day,
            "days-to-expiration": _days(future.last_day, moment.today),
            "expiration-type": "Regular",
            "settlement-type": "AM",
            "notional-value": product.display,
            "display-factor": product.display,
            "strike-factor": "1.0",
            "stops-trading-at": end,
            "expires-at": end,
            "tick-sizes": option_ticks(product),
            "strikes": [
                {
                    "strike-price": str(strike),
                    "call": FutureOption(future, True, strike).symbol,
                    "call-streamer-symbol": FutureOption(future, True, strike).streamer_symbol,
                    "put": FutureOption(future, False, strike).symbol,
                    "put-streamer-symbol": FutureOption(future, False, strike).streamer_symbol,
                }
                for strike in self._book.strikes(future, moment)
            ],
        }

    def _item(self, option: FutureOption, moment: Moment) -> dict[str, Any]:
        future, product = option.future, option.future.product
        end = timestamp(future.expires_at)
        return {
            "symbol": option.symbol,
            "instrument-type": "Future Option",
            "underlying-symbol": future.symbol,
            "product-code": product.code,
            "root-symbol": f"/{product.code}",
            "option-root-symbol": product.code,
            "exchange": product.exchange,
            "exchange-symbol": f"{future.short} {option.letter}{plain(option.strike)}",
            "streamer-symbol": option.streamer_symbol,
            "exercise-style": "American",
            "settlement-type": "Future",
            "last-trade-time": "0",
            "security-exchange": "2",
            "sx-id": "0",
            "option-type": option.letter,
            "strike-price": str(option.strike),
            "strike-factor": "1.0",
            "future-price-ratio": "1.0",
            "multiplier": "1.0",
            "underlying-count": "1.0",
            "notional-value": product.display,
            "display-factor": product.display,
            "is-vanilla": True,
            "is-primary-deliverable": True,
            "is-confirmed": True,
            "is-exercisable-weekly": True,
            "is-closing-only": False,
            "active": True,
            "expiration-date": future.last_day,
            "maturity-date": future.last_day,
            "stops-trading-at": end,
            "expires-at": end,
            "days-to-expiration": _days(future.last_day, moment.today),
            "future-option-product": option_product_item(product, with_future=False),
        }


def _product(code: str) -> Product:
    product = BY_CODE.get(code.lstrip("/"))
    if product is None:
        raise not_found(f"futures option chain of {code}")
    return product


def _days(day: date, today: date) -> int:
    return (day - today).days


def option_product_item(product: Product, *, with_future: bool) -> dict[str, Any]:
    """Return the product of a product's options as the wire has it."""
    item: dict[str, Any] = {
        "root-symbol": product.code,
        "code": product.code,
        "exchange": product.exchange,
        "product-type": "Physical",
        "expiration-type": "Regular",
        "market-sector": product.sector,
        "clearing-code": product.code,
        "clearing-exchange-code": "0",
        "clearing-price-multiplier": "1.0",
        "display-factor": product.display,
        "cash-settled": False,
        "is-rollover": False,
        "settlement-delay-days": 0,
        "supported": True,
    }
    return item | {"future-product": product_item(product)} if with_future else item
