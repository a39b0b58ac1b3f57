# SPDX-License-Identifier: Apache-2.0
"""The one account of the sandbox: itself, its balances and its positions, in agreement with the quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import (
    Answer,
    RefusalError,
    encode,
    items_answer,
    not_found,
    object_answer,
    problem,
    timestamp,
)
from ttapi_sandbox.option_chains import SHARES, ChainBook, Contract, expires_at
from ttapi_sandbox.quotes import option_quotes
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.market_data import MarketData
    from ttapi_sandbox.requests import Request

ACCOUNT_NUMBER: Final = "5WT00001"
CASH: Final = Decimal("25000.0")
CURRENCY: Final = "USD"
_ZERO: Final = Decimal("0.0")
_HELD: Final = (("SPY", 10), ("AAPL", 40))
_OPTIONS_HELD: Final = 2
_ACCOUNT: Final[dict[str, Any]] = {
    "account-number": ACCOUNT_NUMBER,
    "external-id": "A0000000001",
    "nickname": "SIMULATED",
    "account-type-name": "Individual",
    "margin-or-cash": "Margin",
    "opened-at": "2025-02-03T15:04:05.000+00:00",
    "created-at": "2025-02-03T15:00:00.000+00:00",
    "is-closed": False,
    "is-firm-error": False,
    "is-firm-proprietary": False,
    "is-foreign": False,
    "is-futures-approved": True,
    "is-test-drive": False,
    "day-trader-status": False,
    "investment-objective": "SPECULATION",
    "suitable-options-level": "No Restrictions",
}
_TRADING_STATUS: Final[dict[str, Any]] = {
    "id": 1,
    "account-number": ACCOUNT_NUMBER,
    "equities-margin-calculation-type": "Reg T",
    "fee-schedule-name": "SIMULATED",
    "options-level": "No Restrictions",
    "futures-margin-rate-multiplier": "1.0",
    "small-notional-futures-margin-rate-multiplier": "1.0",
    "has-intraday-equities-margin": False,
    "is-aggregated-at-clearing": False,
    "is-closed": False,
    "is-closing-only": False,
    "is-cryptocurrency-enabled": False,
    "is-frozen": False,
    "is-full-equity-margin-required": False,
    "is-futures-closing-only": False,
    "is-futures-intra-day-enabled": False,
    "is-futures-enabled": True,
    "is-in-day-trade-equity-maintenance-call": False,
    "is-in-margin-call": False,
    "is-pattern-day-trader": False,
    "is-small-notional-futures-intra-day-enabled": False,
    "is-roll-the-day-forward-enabled": True,
    "are-far-otm-net-options-restricted": False,
    "short-calls-enabled": True,
    "is-equity-offering-enabled": False,
    "is-equity-offering-closing-only": False,
}
_ZERO_BALANCES: Final = (
    "short-equity-value",
    "short-derivative-value",
    "long-futures-value",
    "short-futures-value",
    "long-futures-derivative-value",
    "short-futures-derivative-value",
    "short-margineable-value",
    "futures-margin-requirement",
    "maintenance-call-value",
    "reg-t-call-value",
    "day-trading-call-value",
    "day-equity-call-value",
    "day-trade-excess",
    "pending-cash",
    "long-cryptocurrency-value",
    "short-cryptocurrency-value",
    "cryptocurrency-margin-requirement",
    "unsettled-cryptocurrency-fiat-amount",
    "equity-offering-margin-requirement",
    "long-bond-value",
    "bond-margin-requirement",
    "futures-overnight-margin-requirement",
    "futures-intraday-margin-requirement",
    "pending-margin-interest",
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position: what is held, how much of it, and its prices as decimals."""

    symbol: str
    underlying: str
    quantity: int
    multiplier: int
    mark: Decimal
    close: Decimal
    opened: Decimal
    contract: Contract | None = None

    @property
    def value(self) -> Decimal:
        """What it is worth at the mark."""
        return self.mark * self.quantity * self.multiplier


class Accounts:
    """Answers about accounts, balances and positions."""

    def __init__(self, market: Market, data: MarketData) -> None:
        self._market = market
        self._data = data
        self._book = ChainBook(market)

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/customers/{customer}/accounts", self.all),
            Route("GET", "/customers/{customer}/accounts/{account}", self.one),
            Route("GET", "/accounts/{account}/trading-status", self.trading_status),
            Route("GET", "/accounts/{account}/balances", self.balances),
            Route("GET", "/accounts/{account}/balances/{currency}", self.balance),
            Route("GET", "/accounts/{account}/positions", self.positions),
        ]

    def all(self, request: Request) -> Answer:
        """Answer with every account and what the customer may do with it."""
        return items_answer(request.path, [encode({"account": _ACCOUNT, "authority-level": "owner"})])

    def one(self, request: Request) -> Answer:
        """Answer with one account."""
        _require_account(request)
        return object_answer(request.path, _ACCOUNT)

    def trading_status(self, request: Request) -> Answer:
        """Answer with what the account may trade."""
        _require_account(request)
        updated = {"updated-at": timestamp(self._market.moment().now)}
        return object_answer(request.path, _TRADING_STATUS | updated)

    def balances(self, request: Request) -> Answer:
        """Answer with the balances, one a currency."""
        _require_account(request)
        return items_answer(request.path, [encode(self._balance())])

    def balance(self, request: Request) -> Answer:
        """Answer with the balance of a currency."""
        _require_account(request)
        if request.parameters["currency"].upper() != CURRENCY:
            raise not_found(f"balance in {request.parameters['currency']}")
        return object_answer(request.path, self._balance())

    def positions(self, request: Request) -> Answer:
        """Answer with the positions, filtered as asked."""
        _require_account(request)
        moment = self._market.moment()
        underlyings, symbol = request.items("underlying-symbol"), request.text("symbol")
        kind, with_marks = request.text("instrument-type"), request.flag("include-marks")
        items = []
        for holding in self.holdings(moment):
            if underlyings and holding.underlying not in underlyings:
                continue
            item = self._position(holding, moment, with_marks=bool(with_marks))
            if symbol in {None, holding.symbol} and kind in {None, item["instrument-type"]}:
                items.append(encode(item))
        return items_answer(request.path, items)

    def holdings(self, moment: Moment) -> list[Holding]:
        """Return what the account holds at a moment."""
        held = [
            self._stock(symbol, quantity, moment)
            for symbol, quantity in _HELD
            if symbol in self._market.by_symbol
        ]
        return [*held, *self._options("SPY", moment)]

    def _stock(self, symbol: str, quantity: int, moment: Moment) -> Holding:
        quote = self._data.quote(self._market.by_symbol[symbol], moment)
        series = self._market.series(quote.listing)
        opened = series.close(max(0, moment.number - 12), moment.number)
        mark = quote.quotation.mid if quote.quotation else quote.bar.close
        return Holding(
            symbol, symbol, quantity, 1, _money(mark), _money(quote.previous_close), _money(opened)
        )

    def _options(self, symbol: str, moment: Moment) -> list[Holding]:
        # Calls at the money of the second monthly expiration: always listed, never about to end.
        listing = self._market.by_symbol.get(symbol)
        if listing is None:
            return []
        root = self._market.roots(listing, moment)[0]
        expiration = [expiration for expiration in root.expirations if expiration.kind == "Regular"][1]
        strikes = self._book.strikes(listing, expiration, moment)
        contract = Contract(listing, root.symbol, expiration, True, strikes[len(strikes) // 2])
        quote = option_quotes(self._market, [contract], moment)[0]
        close = _money(quote.previous_mark)
        mark = _money(quote.mark)
        return [Holding(contract.symbol, symbol, _OPTIONS_HELD, SHARES, mark, close, close, contract)]

    def _position(self, holding: Holding, moment: Moment, *, with_marks: bool) -> dict[str, Any]:
        days = self._market.days.dates
        opened = timestamp(
            self._market.days.sessions[max(0, moment.number - 12)].open_at + timedelta(minutes=1)
        )
        item = {
            "account-number": ACCOUNT_NUMBER,
            "symbol": holding.symbol,
            "instrument-type": "Equity Option" if holding.contract else "Equity",
            "underlying-symbol": holding.underlying,
            "streamer-symbol": holding.contract.streamer_symbol if holding.contract else holding.symbol,
            "quantity": holding.quantity,
            "quantity-direction": "Long",
            "close-price": str(holding.close),
            "average-open-price": str(holding.opened),
            "average-yearly-market-close-price": str(holding.opened),
            "average-daily-market-close-price": str(holding.close),
            "multiplier": holding.multiplier,
            "cost-effect": "Credit",
            "is-suppressed": False,
            "is-frozen": False,
            "restricted-quantity": 0,
            "realized-day-gain": "0.0",
            "realized-day-gain-effect": "None",
            "realized-day-gain-date": days[moment.number],
            "realized-today": "0.0",
            "realized-today-effect": "None",
            "realized-today-date": days[moment.number],
            "created-at": opened,
            "updated-at": opened,
        }
        if holding.contract:
            item["expires-at"] = timestamp(expires_at(holding.contract.expiration))
        if with_marks:
            item |= {"mark": str(holding.value), "mark-price": str(holding.mark)}
        return item

    def _balance(self) -> dict[str, Any]:
        moment = self._market.moment()
        holdings = self.holdings(moment)
        equity = sum((one.value for one in holdings if one.contract is None), _ZERO)
        derivative = sum((one.value for one in holdings if one.contract is not None), _ZERO)
        net = CASH + equity + derivative
        required = (equity * Decimal("0.3") + derivative).quantize(Decimal("0.01"))
        excess = CASH + equity + derivative - required
        amounts = dict.fromkeys(_ZERO_BALANCES, _ZERO) | {
            "cash-balance": CASH,
            "long-equity-value": equity,
            "long-derivative-value": derivative,
            "long-margineable-value": equity,
            "margin-equity": CASH + equity,
            "equity-buying-power": excess * 2,
            "derivative-buying-power": excess,
            "day-trading-buying-power": _ZERO,
            "available-trading-funds": excess,
            "maintenance-requirement": required,
            "net-liquidating-value": net,
            "cash-available-to-withdraw": min(CASH, excess),
            "closed-loop-available-balance": min(CASH, excess),
            "used-derivative-buying-power": required,
            "reg-t-margin-requirement": required,
            "maintenance-excess": excess,
            "effective-cryptocurrency-buying-power": min(CASH, excess),
        }
        return {
            "account-number": ACCOUNT_NUMBER,
            "currency": CURRENCY,
            **{name: str(amount) for name, amount in amounts.items()},
            "pending-cash-effect": "None",
            "snapshot-date": moment.today,
            "updated-at": timestamp(moment.now),
        }


def _money(value: float) -> Decimal:
    return Decimal(str(round(value, 4)))


def _require_account(request: Request) -> None:
    if request.parameters["account"] != ACCOUNT_NUMBER:
        raise RefusalError(problem(403, "not_permitted", "User not permitted access"))
