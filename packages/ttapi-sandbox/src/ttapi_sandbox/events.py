# SPDX-License-Identifier: Apache-2.0
"""Market data events: which fields each type has, and their values at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox import candles
from ttapi_sandbox.derivative_events import DerivativeEvents
from ttapi_sandbox.option_chains import years_left
from ttapi_sandbox.prints import (
    EVERY_MS,
    Sale,
    grid_ms,
    index_of,
    moment_at,
    sale_of,
    sale_values,
    sales,
    size_and_side,
)
from ttapi_sandbox.quotes import ListingQuote, OptionQuote, listing_quote, option_quotes
from ttapi_sandbox.randomness import generator
from ttapi_sandbox.sensitivities import Sensitivity, sensitivities
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN
from ttapi_sandbox.trading_days import midnight_ms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.option_chains import ChainBook, Contract
    from ttapi_sandbox.quotes import Quotation
    from ttapi_sandbox.universe import Listing

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
        *("volatility", "frontVolatility", "backVolatility", "callVolume", "putVolume", "optionVolume"),
        "putCallRatio",
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
QUOTED: Final = frozenset({"Quote", "Trade", "TradeETH", "Summary", "Profile"})
"""Types that follow from what is quoted; options have neither the extended trade nor a profile."""
THEORETICAL: Final = frozenset({"Greeks", "TheoPrice"})
"""Types that options alone have."""
SERVED: Final = QUOTED | THEORETICAL | {"Underlying", "TimeAndSale"}
"""Types that have values; ``Underlying`` is of listings alone. `FIELDS` has one more, which stays silent."""

LIVE: Final = ("Quote", "Trade", "Greeks", "TheoPrice", "Underlying")
"""Types that are sent again at every tick while the market moves; sales are sent as they happen."""

_MONTH_YEARS: Final = 30 / 365.25
_CONTRACTS_MAX: Final = 200_000
_DAY_MS: Final = 86_400_000
_EXCHANGES: Final = {"XNAS": "Q", "XNYS": "N", "ARCX": "P", "BATS": "Z", "XCBO": "C"}


class EventSource:
    """Last values of events at a moment."""

    def __init__(self, market: Market, book: ChainBook) -> None:
        self._market = market
        self._book = book
        self._derivatives = DerivativeEvents(market)
        self._contracts: dict[str, Contract | None] = {}
        self._contracts_day: date | None = None

    def last_values(self, kind: str, symbols: Iterable[str]) -> list[Values]:
        """Return one event for each symbol that has one: listings in order, options, and derivatives last."""
        if kind not in SERVED:
            return []
        moment, symbols = self._market.moment(), list(symbols)
        others = self._derivative_values(kind, symbols, moment)
        return self._listed_values(kind, symbols, moment) + others

    def _derivative_values(self, kind: str, symbols: list[str], moment: Moment) -> list[Values]:
        # Futures and coins have one of these in their symbols: most others are passed by quickly.
        symbols = [symbol for symbol in symbols if ":" in symbol]
        if not symbols or kind not in QUOTED | THEORETICAL:
            return []
        head = self._head(moment)
        found = []
        for symbol in symbols:
            if kind in THEORETICAL:
                theory = self._derivatives.theory(kind, symbol, moment)
                values = theory and self._indexed(head["time"]) | theory
            else:
                values = self._derivatives.quoted(kind, symbol, moment, head)
            found += [values | {"eventSymbol": symbol, "eventTime": 0}] if values else []
        return found

    def _head(self, moment: Moment) -> Values:
        dates = self._market.days.dates
        today, before = dates[moment.number], dates[max(moment.number - 1, 0)]
        return {"time": self._time_ms(moment), "dayId": day_id(today), "prevDayId": day_id(before)}

    @staticmethod
    def _indexed(time_ms: int) -> Values:
        return {"eventFlags": 0, "index": index_of(time_ms), "time": time_ms, "sequence": 0}

    def _listed_values(self, kind: str, symbols: list[str], moment: Moment) -> list[Values]:
        listed, contracts = self._known(symbols, moment)
        if kind in THEORETICAL:
            return self._theory(kind, contracts, moment)
        if kind == "Underlying":
            return [self._underlying(listing, moment) for listing in listed]
        if kind == "TimeAndSale":
            return self._last_sales(listed, contracts, moment)
        found: list[Values] = []
        for listing in listed:
            values = self._listing_values(kind, listing_quote(self._market, listing, moment), moment)
            found += [values] if values else []
        if kind in {"TradeETH", "Profile"}:
            return found
        quotes = option_quotes(self._market, list(contracts.values()), moment)
        for symbol, quote in zip(contracts, quotes, strict=True):
            values = self._option_values(kind, quote, moment)
            found += [values | {"eventSymbol": symbol, "eventTime": 0}] if values else []
        return found

    def sales(self, symbol: str, from_ms: int) -> list[Values]:
        """Return the sales of a symbol from ``from_ms`` on as a snapshot, newest first; an option's last."""
        moment = self._market.moment()
        listing = self._market.by_symbol.get(symbol)
        if listing is not None:
            found = sales(self._market, listing, from_ms, moment)
            return [self._sale(listing, symbol, sale, moment) for sale in found]
        last = self.last_values("TimeAndSale", [symbol])
        empty = {
            "eventSymbol": symbol,
            "eventTime": 0,
            **sale_values(Sale(from_ms, None, flags=2 | 4 | 8), exchange="", spread=0),
        }
        kept = [values | {"eventFlags": 4 | 8} for values in last if values["time"] >= from_ms]
        return kept or [empty]

    def sales_since(self, symbols: Iterable[str], after_ms: int) -> tuple[list[Values], int]:
        """Return the sales that happened after ``after_ms``, oldest first, and the time of the latest."""
        moment = self._market.moment()
        listed, contracts = self._known(symbols, moment)
        last = grid_ms(self._market, moment)
        found: list[Values] = []
        for time_ms in range(max(after_ms + EVERY_MS, last - 12 * EVERY_MS), last + 1, EVERY_MS):
            for listing in listed:
                sale = sale_of(self._market, listing, time_ms, moment)
                found.append(self._sale(listing, listing.symbol, sale, moment))
            found += self._option_sales(contracts, time_ms, moment)
        return found, max(last, after_ms)

    def latest_sale_ms(self) -> int:
        """Return when the latest sale happened, epoch milliseconds."""
        return grid_ms(self._market, self._market.moment())

    def _known(self, symbols: Iterable[str], moment: Moment) -> tuple[list[Listing], dict[str, Contract]]:
        if self._contracts_day != moment.today or len(self._contracts) > _CONTRACTS_MAX:
            self._contracts, self._contracts_day = {}, moment.today  # what is listed changes once a day
        listed: list[Listing] = []
        contracts: dict[str, Contract] = {}
        for symbol in symbols:
            listing = self._market.by_symbol.get(symbol)
            if listing is not None:
                listed.append(listing)
            elif symbol.startswith(".") and ":" not in symbol:
                if symbol not in self._contracts:
                    self._contracts[symbol] = self._book.find_symbol(symbol)
                contract = self._contracts[symbol]
                if contract is not None:
                    contracts[symbol] = contract
        return listed, contracts

    def _theory(self, kind: str, contracts: dict[str, Contract], moment: Moment) -> list[Values]:
        head = {"eventTime": 0, **self._indexed(self._time_ms(moment))}
        read = _greeks_values if kind == "Greeks" else _theo_price_values
        found = sensitivities(self._market, list(contracts.values()), moment)
        return [
            {"eventSymbol": symbol, **head, **read(sensitivity)}
            for symbol, sensitivity in zip(contracts, found, strict=True)
        ]

    def _underlying(self, listing: Listing, moment: Moment) -> Values:
        surface = self._market.surface(listing, moment)
        years = sorted(
            {
                max(years_left(expiration, moment.now), YEARS_MIN)
                for root in self._market.roots(listing, moment)
                for expiration in root.expirations
            }
        ) or [_MONTH_YEARS]
        time_ms = self._time_ms(moment)
        chance = generator(self._market.seed, listing.symbol, "flow", moment.number)
        session = self._market.session(moment)
        part = moment.minute / max(1.0, (session.close_at - session.open_at).total_seconds() / 60)
        calls, puts = (int(part * chance.randint(2_000, 400_000)) for _ in range(2))
        return {
            "eventSymbol": listing.symbol,
            "eventTime": 0,
            "eventFlags": 0,
            "index": index_of(time_ms),
            "time": time_ms,
            "sequence": 0,
            "volatility": round(surface.at_the_money(_MONTH_YEARS), 6),
            "frontVolatility": round(surface.at_the_money(years[0]), 6),
            "backVolatility": round(surface.at_the_money(years[min(1, len(years) - 1)]), 6),
            "callVolume": calls,
            "putVolume": puts,
            "optionVolume": calls + puts,
            "putCallRatio": round(puts / calls, 4) if calls else candles.NAN,
        }

    def _last_sales(
        self, listed: list[Listing], contracts: dict[str, Contract], moment: Moment
    ) -> list[Values]:
        time_ms = grid_ms(self._market, moment)
        found = [
            self._sale(listing, listing.symbol, sale_of(self._market, listing, time_ms, moment), moment)
            for listing in listed
        ]
        return found + self._option_sales(contracts, time_ms, moment)

    def _sale(self, listing: Listing, symbol: str, sale: Sale, moment: Moment) -> Values:
        quotation = listing_quote(self._market, listing, moment).quotation
        spread = round(quotation.ask - quotation.bid, 4) if quotation else 0.0
        values = sale_values(sale, exchange=_EXCHANGES[listing.market], spread=spread)
        return {"eventSymbol": symbol, "eventTime": 0, **values}

    def _option_sales(self, contracts: dict[str, Contract], time_ms: int, moment: Moment) -> list[Values]:
        found = sensitivities(self._market, list(contracts.values()), moment_at(moment, time_ms))
        events = []
        for symbol, sensitivity in zip(contracts, found, strict=True):
            size, bought = size_and_side(self._market.seed, symbol, time_ms)
            price = round(max(sensitivity.price, 0.01), 2)
            sale = Sale(time_ms, price, 1 + size % 20, bought)
            values = sale_values(sale, exchange="C", spread=max(0.01, round(0.03 * price, 2)))
            events.append({"eventSymbol": symbol, "eventTime": 0, **values})
        return events

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


def _greeks_values(theory: Sensitivity) -> Values:
    return {
        "price": theory.price,
        "volatility": theory.volatility,
        "delta": theory.delta,
        "gamma": theory.gamma,
        "theta": theory.theta,
        "rho": theory.rho,
        "vega": theory.vega,
    }


def _theo_price_values(theory: Sensitivity) -> Values:
    return {
        "price": theory.price,
        "underlyingPrice": theory.spot,
        "delta": theory.delta,
        "gamma": theory.gamma,
        "dividend": theory.dividend_yield,
        "interest": RISK_FREE_RATE,
    }
