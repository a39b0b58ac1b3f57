# SPDX-License-Identifier: Apache-2.0
"""Volatility ranks, liquidity, dividends and earnings of the simulated names."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ttapi_sandbox.answers import Answer, decimal, encode, items_answer, not_found, object_answer, timestamp
from ttapi_sandbox.expirations import month_after
from ttapi_sandbox.instruments import lendability
from ttapi_sandbox.option_chains import years_left
from ttapi_sandbox.randomness import generator
from ttapi_sandbox.routing import Route
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing

MONTH_YEARS = 30 / 365.25


class MarketMetrics:
    """Answers with metrics, and with what companies paid and earned."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        events = "/market-metrics/historic-corporate-events"
        return [
            Route("GET", "/market-metrics", self.several),
            Route("GET", f"{events}/dividends/{{symbol}}", self.dividends),
            Route("GET", f"{events}/earnings-reports/{{symbol}}", self.earnings),
            Route(
                "GET", "/margin-requirements-public-configuration", self.configuration, authenticated=False
            ),
        ]

    def several(self, request: Request) -> Answer:
        """Answer with the metrics of the listed ones of the symbols asked for."""
        moment = self._market.moment()
        found = (self._market.by_symbol.get(symbol) for symbol in request.items("symbols"))
        return items_answer(
            request.path, [encode(self._metrics(one, moment)) for one in found if one is not None]
        )

    def dividends(self, request: Request) -> Answer:
        """Answer with the dividends paid so far, newest first."""
        paid = self._market.dividends(self._listing(request), self._market.moment())
        return items_answer(
            request.path,
            [encode({"occurred-date": day, "amount": decimal(amount)}) for day, amount in reversed(paid)],
        )

    def earnings(self, request: Request) -> Answer:
        """Answer with the earnings reported in a range, newest first."""
        listing = self._listing(request)
        today = self._market.moment().today
        first, last = request.day("start-date"), min(request.day("end-date", today), today)
        reports = (
            [] if listing.kind != "EQUITY" else earnings_reports(listing, self._market.seed, first, last)
        )
        return items_answer(
            request.path,
            [encode({"occurred-date": day, "eps": decimal(eps)}) for day, eps in reversed(reports)],
        )

    def configuration(self, request: Request) -> Answer:
        """Answer with the interest rate that margins are computed with; needs no token."""
        return object_answer(request.path, {"risk-free-rate": str(RISK_FREE_RATE)})

    def _listing(self, request: Request) -> Listing:
        listing = self._market.by_symbol.get(request.parameters["symbol"])
        if listing is None:
            raise not_found(f"symbol {request.parameters['symbol']}")
        return listing

    def _metrics(self, listing: Listing, moment: Moment) -> dict[str, Any]:
        surface = self._market.surface(listing, moment)
        series = self._market.series(listing)
        implied = surface.at_the_money(MONTH_YEARS)
        realised = series.volatility(moment.number)
        rank = _rank(series.volatility(moment.number), listing.volatility)
        updated = timestamp(min(moment.now, self._market.session(moment).close_at)).replace("+00:00", "Z")
        chance = generator(self._market.seed, listing.symbol, "metrics")
        item = {
            "symbol": listing.symbol,
            "updated-at": updated,
            "created-at": "2020-01-02T00:00:00.000Z",
            "implied-volatility-index": decimal(implied),
            "implied-volatility-index-5-day-change": decimal(
                implied
                - surface._replace(current=series.volatility(max(0, moment.number - 5))).at_the_money(
                    MONTH_YEARS
                )
            ),
            "implied-volatility-index-rank": decimal(rank),
            "tos-implied-volatility-index-rank": decimal(rank),
            "tw-implied-volatility-index-rank": decimal(rank),
            "implied-volatility-index-rank-source": "tos",
            "implied-volatility-percentile": decimal(rank),
            "implied-volatility-30-day": decimal(100 * implied),
            "historical-volatility-30-day": decimal(100 * realised),
            "iv-hv-30-day-difference": decimal(100 * (implied - realised)),
            "liquidity-rating": 4 if listing.is_etf else chance.randint(2, 4),
            "liquidity-rank": decimal(chance.uniform(0.4, 1.0)),
            "liquidity-value": decimal(chance.uniform(50, 1500)),
            "beta": decimal(listing.beta),
            "corr-spy-3month": decimal(min(0.98, max(-0.98, 0.15 * listing.beta / listing.volatility))),
            "market-cap": decimal(
                0 if listing.kind != "EQUITY" else listing.price * chance.randint(10**7, 10**9)
            ),
            "lendability": lendability(listing, self._market.seed),
            "listed-market": listing.market,
            "option-expiration-implied-volatilities": self._by_expiration(listing, moment),
        }
        if listing.kind == "EQUITY":
            item["earnings"] = self._next_earnings(listing, moment.today)
        return item

    def _by_expiration(self, listing: Listing, moment: Moment) -> list[dict[str, Any]]:
        surface = self._market.surface(listing, moment)
        return [
            {
                "expiration-date": expiration.day,
                "option-chain-type": "Standard",
                "settlement-type": expiration.settlement,
                "implied-volatility": decimal(
                    surface.at_the_money(max(YEARS_MIN, years_left(expiration, moment.now)))
                ),
            }
            for root in self._market.roots(listing, moment)
            for expiration in root.expirations
        ]

    def _next_earnings(self, listing: Listing, today: date) -> dict[str, Any]:
        coming = earnings_reports(
            listing, self._market.seed, today + timedelta(days=1), today + timedelta(days=130)
        )
        return {
            "visible": True,
            "estimated": False,
            "late-flag": 0,
            "expected-report-date": coming[0][0],
            "time-of-day": "AMC",
        }


def earnings_reports(listing: Listing, seed: int, first: date, last: date) -> list[tuple[date, float]]:
    """Return dates and earnings a share of the quarterly reports from ``first`` to ``last``, ascending."""
    chance = generator(seed, listing.symbol, "earnings")
    day, margin = chance.randint(18, 28), chance.uniform(0.01, 0.06)
    found = []
    year, month = first.year, 1
    while date(year, month, 1) <= last:
        reported = date(year, month, day)
        if first <= reported <= last:
            surprise = generator(seed, listing.symbol, "earnings", reported).gauss(0, 0.1)
            found.append((reported, round(listing.price * margin / 4 * (1 + surprise), 2)))
        year, month = month_after(year, month, 3)
    return found


def _rank(current: float, usual: float) -> float:
    return round(1 / (1 + math.exp(-3 * (current / usual - 1))), 4)
