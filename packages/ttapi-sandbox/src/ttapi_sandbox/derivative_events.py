# SPDX-License-Identifier: Apache-2.0
"""Events of what has no listing of its own: futures, options on them, cryptocurrencies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.candles import NAN
from ttapi_sandbox.future_options import FutureOptionBook, black_76, on_tick
from ttapi_sandbox.futures import FutureBook, carry
from ttapi_sandbox.minor_instruments import COINS
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN
from ttapi_sandbox.venue import Venue

if TYPE_CHECKING:
    from ttapi_sandbox.future_options import FutureOption
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.venue import Touch

Values = dict[str, Any]
_COIN_BY_STREAMER: Final = {coin.streamer_symbol: coin for coin in COINS}
_DAYS_A_YEAR: Final = 365


class _Seen(NamedTuple):
    """The best prices, and how the day began and ran: NaN of options."""

    touch: Touch
    opened: float | str = NAN
    high: float | str = NAN
    low: float | str = NAN


class DerivativeEvents:
    """
    Quote, Trade and Summary of futures, their options and cryptocurrencies; the theory of the options.

    Parameters
    ----------
    market
        Whose prices they follow.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._book = FutureOptionBook(market, FutureBook(market))
        self._venue = Venue(market, self._book)

    def quoted(self, kind: str, symbol: str, moment: Moment, head: Values) -> Values | None:
        """
        Return a Quote, Trade or Summary without its symbol; None of other types and unknown symbols.

        Parameters
        ----------
        kind, symbol
            Which event, of which symbol of the stream.
        moment
            Where the market stands.
        head
            ``time``, ``dayId`` and ``prevDayId`` of the moment.
        """
        read = {"Quote": _quote, "Trade": _trade, "Summary": _summary}.get(kind)
        seen = None if read is None else self._seen(symbol, moment)
        return None if read is None or seen is None else read(seen, head | {"exchange": symbol[-1:]})

    def theory(self, kind: str, symbol: str, moment: Moment) -> Values | None:
        """Return the values of a Greeks or TheoPrice that tell it from others; None of unknown symbols."""
        option = self._book.find_streamed(symbol, moment)
        if option is None:
            return None
        values = self._sensitivities(option, moment)
        if kind == "Greeks":
            return {name: value for name, value in values.items() if name != "underlyingPrice"}
        names = ("price", "underlyingPrice", "delta", "gamma")
        return {name: values[name] for name in names} | {"dividend": 0.0, "interest": RISK_FREE_RATE}

    def _seen(self, symbol: str, moment: Moment) -> _Seen | None:
        coin = _COIN_BY_STREAMER.get(symbol)
        if coin is not None:
            bar = self._market.day_bar(coin.listing, moment)
            return _Seen(self._venue.listing_touch(coin.listing, moment), bar.open, bar.high, bar.low)
        option = self._book.find_streamed(symbol, moment)
        if option is not None:
            return _Seen(self._venue.future_option_touch(option, moment))
        future = self._book.futures.find(symbol, moment.today) if symbol.startswith("/") else None
        if future is None or future.streamer_symbol != symbol:
            return None
        bar = self._market.day_bar(self._book.listing(future.product), moment)
        factor = carry(future, moment.today)
        opened, high, low = (
            float(on_tick(price * factor, future.product)) for price in (bar.open, bar.high, bar.low)
        )
        return _Seen(self._venue.future_touch(future, moment), opened, high, low)

    def _sensitivities(self, option: FutureOption, moment: Moment) -> Values:
        # By differences: there are few of them, and the price is a formula of four numbers.
        forward = float(self._book.future_price(option.future, moment))
        volatility = option.future.product.volatility
        years = max(YEARS_MIN, (option.future.expires_at - moment.now) / timedelta(days=365.25))

        def worth(at: float = forward, left: float = years, wild: float = volatility) -> float:
            return black_76(at, option.strike, left, volatility=wild, is_call=option.is_call)

        step = forward * 1e-3
        price, above, below = worth(), worth(forward + step), worth(forward - step)
        tomorrow = worth(left=max(YEARS_MIN, years - 1 / _DAYS_A_YEAR))
        return {
            "price": round(price, 6),
            "underlyingPrice": forward,
            "volatility": volatility,
            "delta": round((above - below) / (2 * step), 6),
            "gamma": round((above - 2 * price + below) / step**2, 6),
            "theta": round(tomorrow - price, 6),
            "rho": round(-years * price / 100, 6),
            "vega": round(worth(wild=volatility + 0.01) - price, 6),
        }


def _quote(seen: _Seen, head: Values) -> Values:
    touch = seen.touch
    return {
        "sequence": 0,
        "timeNanoPart": 0,
        "bidTime": head["time"],
        "bidExchangeCode": head["exchange"],
        "bidPrice": float(touch.bid),
        "bidSize": touch.bid_size,
        "askTime": head["time"],
        "askExchangeCode": head["exchange"],
        "askPrice": float(touch.ask),
        "askSize": touch.ask_size,
    }


def _trade(seen: _Seen, head: Values) -> Values:
    touch = seen.touch
    change = touch.last - touch.previous
    return {
        "time": head["time"],
        "timeNanoPart": 0,
        "sequence": 0,
        "exchangeCode": head["exchange"],
        "price": float(touch.last),
        "change": float(change),
        "size": 1,
        "dayId": head["dayId"],
        "dayVolume": 0,
        "dayTurnover": 0,
        "tickDirection": "UP" if change > 0 else "DOWN" if change < 0 else "ZERO",
        "extendedTradingHours": False,
    }


def _summary(seen: _Seen, head: Values) -> Values:
    return {
        "dayId": head["dayId"],
        "dayOpenPrice": seen.opened,
        "dayHighPrice": seen.high,
        "dayLowPrice": seen.low,
        "dayClosePrice": NAN,
        "dayClosePriceType": "REGULAR",
        "prevDayId": head["prevDayId"],
        "prevDayClosePrice": float(seen.touch.previous),
        "prevDayClosePriceType": "FINAL",
        "prevDayVolume": NAN,
        "openInterest": 0,
    }
