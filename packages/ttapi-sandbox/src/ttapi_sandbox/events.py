# SPDX-License-Identifier: Apache-2.0
"""Market data events: which fields each type has, and their values at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox import candles
from ttapi_sandbox.quotes import ListingQuote, OptionQuote, listing_quote, option_quotes
from ttapi_sandbox.trading_days import midnight_ms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.option_chains import ChainBook, Contract
    from ttapi_sandbox.quotes import Quotation

Values = dict[str, Any]

_COMMON: Final = ("eventSymbol", "eventTime")
_INDEXED: Final = (*_COMMON, "eventFlags", "index", "time", "sequence")
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Quote": (
        *_COMMON,
        *("sequence", "timeNanoPart", "bidTime", "bidExchangeCode", "bidPrice", "bidSize"),
        *("askTime", "askExchangeCode", "askPrice", "askSize"),
    ),
    "Trade": (
        *_COMMON,
        *("time", "timeNanoPart", "sequence", "exchangeCode", "price", "change", "size", "dayId"),
        *("dayVolume", "dayTurnover", "tickDirection", "extendedTradingHours"),
    ),
    "Summary": (
        *_COMMON,
        *("dayId", "dayOpenPrice", "dayHighPrice", "dayLowPrice", "dayClosePrice", "dayClosePriceType"),
        *("prevDayId", "prevDayClosePrice", "prevDayClosePriceType", "prevDayVolume", "openInterest"),
    ),
    "Profile": (
        *_COMMON,
        *("description", "shortSaleRestriction", "tradingStatus", "statusReason", "haltStartTime"),
        *("haltEndTime", "highLimitPrice", "lowLimitPrice", "high52WeekPrice", "low52WeekPrice", "beta"),
        *(
            "earningsPerShare",
            "dividendFrequency",
            "exDividendAmount",
            "exDividendDayId",
            "shares",
            "freeFloat",
        ),
    ),
    "Greeks": (*_INDEXED, "price", "volatility", "delta", "gamma", "theta", "rho", "vega"),
    "TheoPrice": (*_INDEXED, "price", "underlyingPrice", "delta", "gamma", "dividend", "interest"),
    "Underlying": (
        *_INDEXED,
        *("volatility", "frontVolatility", "backVolatility", "callVolume", "putVolume", "putCallRatio"),
    ),
    "TimeAndSale": (
        *_INDEXED,
        *("timeNanoPart", "exchangeCode", "price", "size", "bidPrice", "askPrice", "exchangeSaleConditions"),
        *("tradeThroughExempt", "aggressorSide", "spreadLeg", "extendedTradingHours", "validTick", "type"),
        *("buyer", "seller"),
    ),
    "Series": (
        *_INDEXED,
        *("expiration", "volatility", "callVolume", "putVolume", "putCallRatio", "forwardPrice"),
        *("dividend", "interest"),
    ),
    "Candle": candles.FIELDS,
}
"""Event types with all their fields; types beyond `SERVED` stay silent."""

FIELDS["TradeETH"] = FIELDS["Trade"]
SERVED: Final = frozenset({"Quote", "Trade", "TradeETH", "Summary", "Profile"})
"""Types whose last value is known for listings; options have all of them but the extended trade."""

LIVE: Final = frozenset({"Quote", "Trade"})
"""Types that are sent again while the market moves."""

_DAY_MS: Final = 86_400_000
_EXCHANGES: Final = {"XNAS": "Q", "XNYS": "N", "ARCX": "P", "BATS": "Z", "XCBO": "C"}


class EventSource:
    """Last values of events at a moment."""

    def __init__(self, market: Market, book: ChainBook) -> None:
        self._market = market
        self._book = book

    def last_values(self, kind: str, symbols: Iterable[str]) -> list[Values]:
        """Return one event for each symbol that has one, in the order of ``symbols``, options last."""
        if kind not in SERVED:
            return []
        moment = self._market.moment()
        found: list[Values] = []
        contracts: dict[str, Contract] = {}
        for symbol in symbols:
            listing = self._market.by_symbol.get(symbol)
            contract = None if listing or not symbol.startswith(".") else self._book.find_symbol(symbol)
            if listing is not None:
                values = self._listing_values(kind, listing_quote(self._market, listing, moment), moment)
                found += [values] if values else []
            elif contract is not None:
                contracts[symbol] = contract
        quotes = option_quotes(self._market, list(contracts.values()), moment)
        for symbol, quote in zip(contracts, quotes, strict=True):
            values = self._option_values(kind, quote, moment)
            found += [values | {"eventSymbol": symbol, "eventTime": 0}] if values else []
        return found

    def _listing_values(self, kind: str, quote: ListingQuote, moment: Moment) -> Values | None:
        values = {
            "Quote": self._quote,
            "Trade": self._trade,
            "TradeETH": self._extended_trade,
            "Summary": self._summary,
            "Profile": self._profile,
        }[kind](quote, moment)
        return values and values | {"eventSymbol": quote.listing.symbol, "eventTime": 0}

    def _time_ms(self, moment: Moment) -> int:
        return int(min(moment.now, self._market.session(moment).close_at).timestamp() * 1000)

    def _quote(self, quote: ListingQuote, moment: Moment) -> Values | None:
        return quote.quotation and _quote_values(quote.quotation, self._time_ms(moment), _exchange(quote))

    def _trade(self, quote: ListingQuote, moment: Moment) -> Values:
        bar = quote.bar
        change = round(bar.close - quote.previous_close, 4)
        return {
            "time": self._time_ms(moment),
            "timeNanoPart": 0,
            "sequence": int(moment.minute * 60),
            "exchangeCode": _exchange(quote),
            "price": bar.close,
            "change": change,
            "size": 0 if quote.listing.is_index else 100,
            "dayId": day_id(bar.day),
            "dayVolume": bar.volume,
            "dayTurnover": round(bar.volume * bar.vwap, 2),
            "tickDirection": "UP" if change > 0 else "DOWN" if change < 0 else "ZERO",
            "extendedTradingHours": False,
        }

    def _extended_trade(self, quote: ListingQuote, moment: Moment) -> Values | None:
        if quote.listing.is_index:
            return None
        return self._trade(quote, moment) | {"extendedTradingHours": True, "dayVolume": 0, "dayTurnover": 0}

    def _summary(self, quote: ListingQuote, moment: Moment) -> Values:
        bar = quote.bar
        previous = max(moment.number - 1, 0)
        before = self._market.series(quote.listing).bar(previous, moment.number)
        return {
            "dayId": day_id(bar.day),
            "dayOpenPrice": bar.open,
            "dayHighPrice": bar.high,
            "dayLowPrice": bar.low,
            "dayClosePrice": candles.NAN if moment.is_open else bar.close,
            "dayClosePriceType": "REGULAR" if moment.is_open else "FINAL",
            "prevDayId": day_id(before.day),
            "prevDayClosePrice": before.close,
            "prevDayClosePriceType": "FINAL",
            "prevDayVolume": before.volume,
            "openInterest": 0,
        }

    def _profile(self, quote: ListingQuote, moment: Moment) -> Values:
        listing, close = quote.listing, quote.previous_close
        low, high = self._market.year_range(listing, moment)
        paid = self._market.dividends(listing, moment)
        return {
            "description": f"SIMULATED {listing.name}",
            "shortSaleRestriction": "INACTIVE",
            "tradingStatus": "ACTIVE",
            "statusReason": "",
            "haltStartTime": 0,
            "haltEndTime": 0,
            "highLimitPrice": round(close * 1.05, 2),
            "lowLimitPrice": round(close * 0.95, 2),
            "high52WeekPrice": high,
            "low52WeekPrice": low,
            "beta": listing.beta,
            "earningsPerShare": candles.NAN,
            "dividendFrequency": 4 if paid else candles.NAN,
            "exDividendAmount": paid[-1][1] if paid else candles.NAN,
            "exDividendDayId": day_id(paid[-1][0]) if paid else 0,
            "shares": candles.NAN,
            "freeFloat": candles.NAN,
        }

    def _option_values(self, kind: str, quote: OptionQuote, moment: Moment) -> Values | None:
        time_ms = self._time_ms(moment)
        today = day_id(self._market.days.dates[moment.number])
        if kind == "Quote":
            return _quote_values(quote.quotation, time_ms, "C")
        if kind == "Trade":
            return {
                "time": time_ms,
                "timeNanoPart": 0,
                "sequence": 0,
                "exchangeCode": "C",
                "price": quote.mark,
                "change": round(quote.mark - quote.previous_mark, 4),
                "size": 1,
                "dayId": today,
                "dayVolume": quote.volume,
                "dayTurnover": round(quote.volume * quote.mark * 100, 2),
                "tickDirection": "ZERO",
                "extendedTradingHours": False,
            }
        if kind == "Summary":
            return {
                "dayId": today,
                **dict.fromkeys(("dayOpenPrice", "dayHighPrice", "dayLowPrice", "dayClosePrice"), quote.mark),
                "dayClosePriceType": "REGULAR",
                "prevDayId": day_id(self._market.days.dates[max(moment.number - 1, 0)]),
                "prevDayClosePrice": quote.previous_mark,
                "prevDayClosePriceType": "FINAL",
                "prevDayVolume": candles.NAN,
                "openInterest": quote.open_interest,
            }
        return None


def day_id(day: date) -> int:
    """Return the days since 1970-01-01."""
    return midnight_ms(day) // _DAY_MS


def _exchange(quote: ListingQuote) -> str:
    return _EXCHANGES[quote.listing.market]


def _quote_values(quotation: Quotation, time_ms: int, exchange: str) -> Values:
    return {
        "sequence": 0,
        "timeNanoPart": 0,
        "bidTime": time_ms,
        "bidExchangeCode": exchange,
        "bidPrice": quotation.bid,
        "bidSize": quotation.bid_size,
        "askTime": time_ms,
        "askExchangeCode": exchange,
        "askPrice": quotation.ask,
        "askSize": quotation.ask_size,
    }
