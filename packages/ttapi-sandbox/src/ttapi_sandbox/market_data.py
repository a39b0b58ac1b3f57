# SPDX-License-Identifier: Apache-2.0
"""Quotes over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, decimal, encode, invalid, not_found, timestamp
from ttapi_sandbox.future_options import FutureOptionBook
from ttapi_sandbox.futures import FutureBook
from ttapi_sandbox.minor_instruments import COIN_BY_SYMBOL
from ttapi_sandbox.option_chains import ChainBook
from ttapi_sandbox.orders import signed
from ttapi_sandbox.quotes import ListingQuote, OptionQuote, listing_quote, option_quotes
from ttapi_sandbox.routing import Route
from ttapi_sandbox.venue import Venue

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing
    from ttapi_sandbox.venue import Touch

SYMBOLS_MAX: Final = 100
TYPES: Final = ("index", "equity", "equity-option", "future", "future-option", "cryptocurrency")
KINDS: Final = {"future": "Future", "future-option": "Future Option", "cryptocurrency": "Cryptocurrency"}
_SETTLING: Final = timedelta(minutes=30)


class MarketData:
    """Answers with quotes; an encoded quote is kept as long as the market does not move."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._book = ChainBook(market)
        self._derivatives = FutureOptionBook(market, FutureBook(market))
        self._venue = Venue(market, self._derivatives)
        self._kept: dict[str, bytes] = {}
        self._kept_at: tuple[int, int, str] | None = None

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/market-data/by-type", self.by_type),
            Route("GET", "/market-data/{instrument-type}/{symbol}", self.one),
        ]

    def by_type(self, request: Request) -> Answer:
        """Answer with the quotes of at most a hundred symbols; unknown ones are left out."""
        asked = {name: request.items(name) for name in TYPES}
        count = sum(map(len, asked.values()))
        if count > SYMBOLS_MAX:
            raise invalid("symbols", f"at most {SYMBOLS_MAX} symbols can be asked for, not {count}")
        moment = self._market.moment()
        items = self._listing_items(asked["index"], moment, index=True)
        items += self._listing_items(asked["equity"], moment, index=False)
        items += self._option_items(asked["equity-option"], moment)
        for kind in ("future", "future-option", "cryptocurrency"):
            items += self._other_items(KINDS[kind], asked[kind], moment)
        body = b'{"data":{"items":[%b]},"context":%b,"pagination":null}'
        return Answer(200, body % (b",".join(items), encode(request.path)))

    def one(self, request: Request) -> Answer:
        """Answer with the quote of one symbol."""
        kind, symbol = request.parameters["instrument-type"], request.parameters["symbol"]
        moment = self._market.moment()
        if kind == "Equity Option":
            items = self._option_items([symbol], moment)
        elif kind in {"Equity", "Index"}:
            items = self._listing_items([symbol], moment, index=kind == "Index")
        else:
            items = self._other_items(kind, [symbol], moment)
        if not items:
            raise not_found(f"market data of {kind} {symbol}")
        return Answer(200, b'{"data":%b,"context":%b}' % (items[0], encode(request.path)))

    def quote(self, listing: Listing, moment: Moment) -> ListingQuote:
        """Return what is quoted for a listing."""
        return listing_quote(self._market, listing, moment)

    def option_quotes(self, symbols: list[str], moment: Moment) -> list[OptionQuote]:
        """Return what is quoted for the listed ones of ``symbols``, in their order."""
        contracts = [self._book.find_symbol(symbol) for symbol in symbols]
        return option_quotes(self._market, [one for one in contracts if one is not None], moment)

    def _other_items(self, kind: str, symbols: list[str], moment: Moment) -> list[bytes]:
        found = [self._touch(kind, symbol, moment) for symbol in symbols]
        return [encode(self._other_item(kind, *one, moment)) for one in found if one is not None]

    def _touch(self, kind: str, symbol: str, moment: Moment) -> tuple[str, Touch] | None:
        if kind == "Future":
            future = self._derivatives.futures.find(symbol, moment.today)
            return None if future is None else (future.symbol, self._venue.future_touch(future, moment))
        if kind == "Future Option":
            option = self._derivatives.find(symbol, moment)
            return (
                None if option is None else (option.symbol, self._venue.future_option_touch(option, moment))
            )
        coin = COIN_BY_SYMBOL.get(symbol) if kind == "Cryptocurrency" else None
        return None if coin is None else (symbol, self._venue.listing_touch(coin.listing, moment))

    def _other_item(self, kind: str, symbol: str, touch: Touch, moment: Moment) -> dict[str, Any]:
        mark, previous = signed(touch.mark), signed(touch.previous)
        return {
            "symbol": symbol,
            "instrument-type": kind,
            **self._session_members(moment),
            "bid": signed(touch.bid),
            "bid-size": decimal(touch.bid_size),
            "ask": signed(touch.ask),
            "ask-size": decimal(touch.ask_size),
            "mid": signed((touch.bid + touch.ask) / 2),
            "mark": mark,
            "last": signed(touch.last),
            "prev-close": previous,
            "prev-day-close": previous,
            "volume": "0.0",
        }

    def _listing_items(self, symbols: list[str], moment: Moment, *, index: bool) -> list[bytes]:
        self._forget_if_moved(moment)
        found = (self._market.by_symbol.get(symbol) for symbol in symbols)
        return [self._item(one, moment) for one in found if one is not None and one.is_index == index]

    def _item(self, listing: Listing, moment: Moment) -> bytes:
        item = self._kept.get(listing.symbol)
        if item is None:
            item = encode(self._listing_item(self.quote(listing, moment), moment))
            self._kept[listing.symbol] = item
        return item

    def _forget_if_moved(self, moment: Moment) -> None:
        # While the market is open it moves every second; afterwards only when its close becomes final.
        state = (moment.number, int(moment.minute * 60) if moment.is_open else -1, self._close_type(moment))
        if self._kept_at != state:
            self._kept.clear()
            self._kept_at = state

    def _listing_item(self, quote: ListingQuote, moment: Moment) -> dict[str, Any]:
        listing, bar = quote.listing, quote.bar
        low, high = self._market.year_range(listing, moment)
        item = {
            "symbol": listing.symbol,
            "instrument-type": "Index" if listing.is_index else "Equity",
            **self._session_members(moment),
            "mark": decimal(quote.quotation.mid if quote.quotation else bar.close),
            "bid-size": "0.0",
            "ask-size": "0.0",
            "last": decimal(bar.close),
            "last-mkt": decimal(bar.close),
            "beta": decimal(listing.beta),
            "open": decimal(bar.open),
            "day-high-price": decimal(bar.high),
            "day-low-price": decimal(bar.low),
            "prev-close": decimal(quote.previous_close),
            "year-low-price": decimal(min(low, bar.low)),
            "year-high-price": decimal(max(high, bar.high)),
            "volume": decimal(bar.volume),
        }
        if not moment.is_open:
            item["close"] = decimal(bar.close)
        if quote.quotation is not None:
            item |= {
                "bid": decimal(quote.quotation.bid),
                "bid-size": decimal(quote.quotation.bid_size),
                "ask": decimal(quote.quotation.ask),
                "ask-size": decimal(quote.quotation.ask_size),
                "mid": decimal(quote.quotation.mid),
                "low-limit-price": decimal(round(bar.close * 0.95, 2)),
                "high-limit-price": decimal(round(bar.close * 1.05, 2)),
            }
        return item | self._dividend_members(listing, moment)

    def _dividend_members(self, listing: Listing, moment: Moment) -> dict[str, Any]:
        dividends = self._market.dividends(listing, moment)
        if not dividends:
            return {}
        return {"dividend-amount": decimal(dividends[-1][1]), "dividend-frequency": "4.0"}

    def _close_type(self, moment: Moment) -> str:
        if moment.is_open:
            return "Unknown"
        settled = moment.now >= self._market.session(moment).close_at + _SETTLING
        return "Final" if settled else "Regular"

    def _session_members(self, moment: Moment) -> dict[str, Any]:
        session = self._market.session(moment)
        before = self._market.days.dates[max(moment.number - 1, 0)]
        last = min(moment.now, session.close_at)
        return {
            "updated-at": timestamp(last).replace("+00:00", "Z"),
            "last-trade-time": int(last.timestamp() * 1000),
            "close-price-type": self._close_type(moment),
            "prev-close-price-type": "Final",
            "summary-date": session.date,
            "prev-close-date": before,
            "is-trading-halted": False,
            "halt-start-time": -1,
            "halt-end-time": -1,
        }

    def _option_items(self, symbols: list[str], moment: Moment) -> list[bytes]:
        return [encode(self._option_item(one, moment)) for one in self.option_quotes(symbols, moment)]

    def _option_item(self, quote: OptionQuote, moment: Moment) -> dict[str, Any]:
        contract, mark = quote.contract, decimal(quote.mark)
        return {
            "symbol": contract.symbol,
            "instrument-type": "Equity Option",
            **self._session_members(moment),
            "bid": decimal(quote.quotation.bid),
            "bid-size": decimal(quote.quotation.bid_size),
            "ask": decimal(quote.quotation.ask),
            "ask-size": decimal(quote.quotation.ask_size),
            "mid": decimal(quote.quotation.mid),
            "mark": mark,
            "last": mark,
            "prev-close": decimal(quote.previous_mark),
            "prev-day-close": decimal(quote.previous_mark),
            "volume": decimal(quote.volume),
            "open-interest": decimal(quote.open_interest),
        }
