# SPDX-License-Identifier: Apache-2.0
"""Every member that a strict client insists on is there, and of its type."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CUSTOMER = """
bool: is-foreign subject-to-tax-withholding has-industry-affiliation has-listed-affiliation
bool: has-political-affiliation has-delayed-quotes has-pending-or-approved-application is-professional
str: id first-name last-name usa-citizenship-type mobile-phone-number email tax-number-type
object: address mailing-address
date: birth-date
list: permitted-account-types
time: created-at
"""
ADDRESS = "str: city country postal-code state-region street-one\nbool: is-domestic is-foreign"
ACCOUNT_TYPE = """
bool: is_tax_advantaged is_publicly_available has_multiple_owners
str: name description
list: margin_types
"""
MARGIN_TYPE = "str: name\nbool: is_margin"
SUITABILITY = """
str: covered-options-trading-experience employment-status futures-trading-experience marital-status
str: stock-trading-experience uncovered-options-trading-experience
int: id annual-net-income liquid-net-worth net-worth number-of-dependents
"""
PERSON = """
str: external-id first-name last-name citizenship-country usa-citizenship-type employment-status
str: marital-status
int: number-of-dependents
"""
ACCOUNT = """
bool: is-closed is-firm-error is-firm-proprietary is-futures-approved is-foreign day-trader-status
str: account-number nickname account-type-name margin-or-cash
time: opened-at created-at
"""
BALANCE = """
dec: cash-balance long-equity-value short-equity-value long-derivative-value short-derivative-value
dec: long-futures-value short-futures-value long-futures-derivative-value short-futures-derivative-value
dec: long-margineable-value short-margineable-value margin-equity equity-buying-power
dec: derivative-buying-power day-trading-buying-power futures-margin-requirement available-trading-funds
dec: maintenance-requirement maintenance-call-value reg-t-call-value day-trading-call-value
dec: day-equity-call-value net-liquidating-value cash-available-to-withdraw day-trade-excess pending-cash
dec: long-cryptocurrency-value short-cryptocurrency-value cryptocurrency-margin-requirement
dec: unsettled-cryptocurrency-fiat-amount closed-loop-available-balance equity-offering-margin-requirement
dec: long-bond-value bond-margin-requirement used-derivative-buying-power reg-t-margin-requirement
dec: futures-overnight-margin-requirement futures-intraday-margin-requirement maintenance-excess
dec: pending-margin-interest effective-cryptocurrency-buying-power
str: account-number
date: snapshot-date
time: updated-at
"""
POSITION = """
dec: quantity close-price average-open-price multiplier realized-day-gain realized-today
str: account-number symbol underlying-symbol quantity-direction cost-effect instrument-type
bool: is-suppressed is-frozen
time: created-at updated-at
"""
TRADING_STATUS = """
bool: has-intraday-equities-margin is-aggregated-at-clearing is-closed is-closing-only
bool: is-cryptocurrency-enabled is-frozen is-full-equity-margin-required is-futures-closing-only
bool: is-futures-intra-day-enabled is-futures-enabled is-in-day-trade-equity-maintenance-call
bool: is-in-margin-call is-pattern-day-trader is-small-notional-futures-intra-day-enabled
bool: is-roll-the-day-forward-enabled are-far-otm-net-options-restricted short-calls-enabled
bool: is-equity-offering-enabled is-equity-offering-closing-only
str: account-number equities-margin-calculation-type fee-schedule-name options-level
dec: futures-margin-rate-multiplier small-notional-futures-margin-rate-multiplier
int: id
time: updated-at
"""
EQUITY = """
bool: is-index is-closing-only is-options-closing-only active is-illiquid is-etf
str: symbol description lendability market-time-instrument-collection streamer-symbol instrument-type
int: id
"""
TICK_SIZE = "dec: value"
OPTION = """
str: symbol root-symbol underlying-symbol exercise-style option-chain-type expiration-type settlement-type
str: market-time-instrument-collection instrument-type option-type streamer-symbol
bool: active is-closing-only
int: shares-per-contract days-to-expiration
dec: strike-price
date: expiration-date
time: stops-trading-at
"""
CHAIN = """
str: underlying-symbol root-symbol option-chain-type
int: shares-per-contract
list: tick-sizes expirations
"""
EXPIRATION = (
    "str: expiration-type settlement-type\ndate: expiration-date\nint: days-to-expiration\nlist: strikes"
)
STRIKE = "str: call put call-streamer-symbol put-streamer-symbol\ndec: strike-price"
DELIVERABLE = "str: root-symbol deliverable-type description percent\nint: id\ndec: amount"
QUOTE = """
str: instrument-type close-price-type prev-close-price-type symbol
dec: bid-size ask-size
date: summary-date prev-close-date
int: halt-start-time halt-end-time
time: updated-at
"""
METRICS = "str: symbol\ntime: updated-at\ndec: market-cap"
EXPIRATION_VOLATILITY = "str: settlement-type option-chain-type\ndate: expiration-date"
EARNINGS = "bool: estimated visible\nint: late-flag"
DIVIDEND = "date: occurred-date\ndec: amount"
EARNING = "date: occurred-date\ndec: eps"
SESSION = "str: instrument-collection state"
SNAPSHOT = "time: open-at start-at close-at close-at-ext\nstr: instrument-collection\ndate: session-date"
HOLIDAYS = "list: market-half-days market-holidays"
HIT = "str: symbol description"
WATCHLIST = "str: name"
QUOTE_TOKEN = "str: token dxlink-url level websocket-url\ntime: issued-at expires-at"

SNAPSHOT_OF_BALANCE = """
dec: cash-balance long-equity-value short-equity-value long-derivative-value short-derivative-value
dec: long-futures-value short-futures-value long-futures-derivative-value short-futures-derivative-value
dec: long-margineable-value short-margineable-value margin-equity equity-buying-power
dec: derivative-buying-power day-trading-buying-power futures-margin-requirement available-trading-funds
dec: maintenance-requirement maintenance-call-value reg-t-call-value day-trading-call-value
dec: day-equity-call-value net-liquidating-value cash-available-to-withdraw day-trade-excess pending-cash
str: account-number time-of-day
date: snapshot-date
"""
TRANSACTION = """
str: account-number transaction-type transaction-sub-type description
dec: value net-value
int: id
time: executed-at
date: transaction-date
bool: is-estimated-fee
"""
FEES = "dec: total-fees\nstr: total-fees-effect"
NET_LIQ = """
dec: open high low close pending-cash-open pending-cash-high pending-cash-low pending-cash-close
dec: total-open total-high total-low total-close
str: time
"""
MARGIN = """
dec: margin-requirement maintenance-requirement margin-equity option-buying-power reg-t-margin-requirement
dec: reg-t-option-buying-power maintenance-excess
str: account-number description margin-calculation-type option-level
int: last-state-timestamp
list: groups
"""
MARGIN_GROUP = "str: description code margin-calculation-type\ndec: buying-power margin-requirement"
ORDER = """
str: time-in-force order-type underlying-instrument-type status account-number underlying-symbol
bool: cancellable editable edited
int: id updated-at
list: legs
"""
LEG = "str: instrument-type action symbol\nlist: fills"
FILL = "dec: quantity fill-price\nstr: fill-id\ntime: filled-at"
COMPLEX = "str: account-number type\nint: id\nlist: orders"
FUTURE = """
str: symbol product-code product-group exchange streamer-exchange-code streamer-symbol
bool: active active-month next-active-month is-closing-only back-month-first-calendar-symbol
dec: tick-size notional-multiplier display-factor
date: last-trade-date expiration-date
time: stops-trading-at expires-at
"""
FUTURE_PRODUCT = """
str: root-symbol code description exchange product-type streamer-exchange-code market-sector
str: clearing-code clearing-exchange-code
bool: small-notional back-month-first-calendar-symbol first-notice cash-settled
dec: notional-multiplier tick-size display-factor
list: listed-months active-months
object: roll
"""
ROLL = "int: active-count business-days-offset\nbool: cash-settled first-notice\nstr: name"
OPTION_PRODUCT = """
str: root-symbol code exchange product-type expiration-type market-sector clearing-code
str: clearing-exchange-code
bool: cash-settled is-rollover
dec: display-factor clearing-price-multiplier
int: settlement-delay-days
"""
FUTURE_OPTION = """
str: symbol underlying-symbol product-code root-symbol option-root-symbol exchange streamer-symbol
str: exercise-style settlement-type last-trade-time exchange-symbol security-exchange sx-id option-type
dec: strike-price future-price-ratio multiplier underlying-count notional-value display-factor strike-factor
bool: is-vanilla is-primary-deliverable is-confirmed is-exercisable-weekly is-closing-only active
date: expiration-date maturity-date
time: stops-trading-at expires-at
int: days-to-expiration
"""
NESTED_FUTURE = """
str: root-symbol symbol
time: expires-at stops-trading-at
bool: next-active-month active-month
int: days-to-expiration
date: expiration-date
"""
NESTED_EXPIRATION = """
str: root-symbol underlying-symbol option-root-symbol asset expiration-type option-contract-symbol
str: settlement-type
dec: notional-value strike-factor display-factor
time: expires-at stops-trading-at
int: days-to-expiration
date: expiration-date
list: strikes tick-sizes
"""
CRYPTO = """
str: symbol short-description description streamer-symbol instrument-type
bool: is-closing-only active
int: id
dec: tick-size
list: destination-venue-symbols
"""
VENUE_SYMBOL = "str: symbol destination-venue\nint: id\nbool: routable"
PRECISION = "int: value minimum-increment-precision\nstr: instrument-type"
WARRANT = "str: symbol listed-market description instrument-type\nbool: is-closing-only active"
FOREX = "str: description dx-symbol symbol instrument-type\nint: id"
PAIRS = "str: name\nint: order-index\nlist: pairs-equations"
PAIR = "str: left-action left-symbol right-action right-symbol\nint: left-quantity right-quantity"

READERS: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "dec": lambda value: Decimal(value).is_finite(),
    "date": lambda value: bool(date.fromisoformat(value)),
    "time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

OPTION_SYMBOL = "SPY%20%20%20261218C00650000"
OCC = "SPY   261218C00650000"
EXPIRATIONS = "items.*.expirations.*"
CASES = [
    ("/customers/me", "", CUSTOMER),
    ("/customers/me", "address", ADDRESS),
    ("/customers/me", "mailing-address", ADDRESS),
    ("/customers/me", "permitted-account-types.*", ACCOUNT_TYPE),
    ("/customers/me", "permitted-account-types.*.margin_types.*", MARGIN_TYPE),
    ("/customers/me", "customer-suitability", SUITABILITY),
    ("/customers/me", "person", PERSON),
    ("/customers/me/accounts", "items.*.account", ACCOUNT),
    ("/customers/me/accounts/5WT00001", "", ACCOUNT),
    ("/accounts/5WT00001/balances", "items.*", BALANCE),
    ("/accounts/5WT00001/balances/USD", "", BALANCE),
    ("/accounts/5WT00001/positions", "items.*", POSITION),
    ("/accounts/5WT00001/trading-status", "", TRADING_STATUS),
    ("/instruments/equities", "items.*", EQUITY),
    ("/instruments/equities/active", "items.*", EQUITY),
    ("/instruments/equities/active", "items.*.tick-sizes.*", TICK_SIZE),
    ("/instruments/equities/active", "items.*.option-tick-sizes.*", TICK_SIZE),
    ("/instruments/equities/BRK%2FB", "", EQUITY),
    ("/instruments/equity-options/" + OPTION_SYMBOL, "", OPTION),
    ("/instruments/equity-options?symbol[]=" + OPTION_SYMBOL, "items.*", OPTION),
    ("/option-chains/AAPL", "items.*", OPTION),
    ("/option-chains/SPX/nested", "items.*", CHAIN),
    ("/option-chains/SPX/nested", "items.*.tick-sizes.*", TICK_SIZE),
    ("/option-chains/SPX/nested", "items.*.deliverables.*", DELIVERABLE),
    ("/option-chains/SPX/nested", EXPIRATIONS, EXPIRATION),
    ("/option-chains/SPX/nested", EXPIRATIONS + ".strikes.*", STRIKE),
    ("/option-chains/AAPL/compact", "items.*.deliverables.*", DELIVERABLE),
    ("/market-data/by-type?equity=AAPL,SPY&index=SPX&equity-option=" + OPTION_SYMBOL, "items.*", QUOTE),
    ("/market-data/Equity/AAPL", "", QUOTE),
    ("/market-metrics?symbols=SPY,AAPL", "items.*", METRICS),
    (
        "/market-metrics?symbols=AAPL",
        "items.*.option-expiration-implied-volatilities.*",
        EXPIRATION_VOLATILITY,
    ),
    ("/market-metrics?symbols=AAPL", "items.*.earnings", EARNINGS),
    ("/market-metrics/historic-corporate-events/dividends/SPY", "items.*", DIVIDEND),
    (
        "/market-metrics/historic-corporate-events/earnings-reports/AAPL?start-date=2025-01-01",
        "items.*",
        EARNING,
    ),
    ("/market-time/sessions?from-date=2026-11-01&to-date=2026-12-01", "items.*", SNAPSHOT),
    ("/market-time/sessions/current?instrument-collections[]=Equity", "items.*", SESSION),
    ("/market-time/equities/sessions/current", "", SESSION),
    ("/market-time/equities/sessions/current", "next-session", SNAPSHOT),
    ("/market-time/equities/sessions/current", "previous-session", SNAPSHOT),
    ("/market-time/equities/sessions/next", "", SNAPSHOT),
    ("/market-time/equities/sessions/next", "", SESSION),
    ("/market-time/equities/sessions/previous", "", SNAPSHOT),
    ("/market-time/futures/sessions/current/CME", "", SESSION),
    ("/market-time/equities/holidays", "", HOLIDAYS),
    ("/symbols/search/BRK", "items.*", HIT),
    ("/public-watchlists", "items.*", WATCHLIST),
    ("/public-watchlists/Sandbox%20507", "", WATCHLIST),
    ("/api-quote-tokens", "", QUOTE_TOKEN),
    ("/instruments/futures", "items.*", FUTURE),
    ("/instruments/futures", "items.*.future-product", FUTURE_PRODUCT),
    ("/instruments/futures/ESZ6", "", FUTURE),
    ("/instruments/future-products", "items.*", FUTURE_PRODUCT),
    ("/instruments/future-products/CME/ES", "", FUTURE_PRODUCT),
    ("/instruments/future-products/CME/ES", "roll", ROLL),
    ("/instruments/future-option-products", "items.*", OPTION_PRODUCT),
    ("/instruments/future-option-products/CME/ES", "", OPTION_PRODUCT),
    ("/futures-option-chains/ES", "items.*", FUTURE_OPTION),
    ("/futures-option-chains/ES/nested", "futures.*", NESTED_FUTURE),
    ("/futures-option-chains/ES/nested", "option-chains.*.expirations.*", NESTED_EXPIRATION),
    ("/futures-option-chains/ES/nested", "option-chains.*.expirations.*.strikes.*", STRIKE),
    ("/instruments/cryptocurrencies", "items.*", CRYPTO),
    ("/instruments/cryptocurrencies/BTC%2FUSD", "", CRYPTO),
    ("/instruments/cryptocurrencies", "items.*.destination-venue-symbols.*", VENUE_SYMBOL),
    ("/instruments/quantity-decimal-precisions", "items.*", PRECISION),
    ("/instruments/warrants", "items.*", WARRANT),
    ("/instruments/currency-pairs", "items.*", FOREX),
    ("/pairs-watchlists", "items.*", PAIRS),
    ("/pairs-watchlists", "items.*.pairs-equations.*", PAIR),
    ("/market-data/by-type?future=%2FESZ6&cryptocurrency=BTC%2FUSD", "items.*", QUOTE),
]
AFTER_TRADES = [
    ("balances", "items.*", BALANCE),
    ("balance-snapshots", "items.*", SNAPSHOT_OF_BALANCE),
    ("balance-snapshots?time-of-day=BOD&start-date=2026-11-01", "items.*", SNAPSHOT_OF_BALANCE),
    ("positions?include-marks=true", "items.*", POSITION),
    ("transactions", "items.*", TRANSACTION),
    ("transactions/total-fees?date=2026-11-19", "", FEES),
    ("net-liq/history?time-back=1d", "items.*", NET_LIQ),
    ("net-liq/history?time-back=1y", "items.*", NET_LIQ),
    ("net-liq/history?start-time=2026-11-01T00:00:00Z", "items.*", NET_LIQ),
    ("orders", "items.*", ORDER),
    ("orders/live", "items.*", ORDER),
    ("orders", "items.*.legs.*", LEG),
    ("orders?status[]=Filled", "items.*.legs.*.fills.*", FILL),
    ("complex-orders", "items.*", COMPLEX),
    ("complex-orders/live", "items.*.orders.*", ORDER),
]
WORDS = {
    "status": {
        *(
            "Received",
            "Cancelled",
            "Filled",
            "Expired",
            "Live",
            "Rejected",
            "Contingent",
            "Routed",
            "In Flight",
        ),
        *("Cancel Requested", "Replace Requested", "Removed", "Partially Removed"),
    },
    "time-in-force": {"Day", "GTC", "GTD", "Ext", "Ext Overnight", "GTC Ext", "GTC Ext Overnight", "IOC"},
    "order-type": {"Limit", "Market", "Marketable Limit", "Stop", "Stop Limit", "Notional Market"},
}


def found(data: Any, place: str) -> list[dict[str, Any]]:
    """Return the objects at a place such as ``items.*.account``."""
    objects = [data]
    for step in filter(None, place.split(".")):
        objects = [inner for one in objects for inner in (one if step == "*" else [one[step]])]
    return objects


@pytest.mark.parametrize(("target", "place", "members"), CASES)
def test_answer_has_every_required_member(
    data: Callable[[str], Any], target: str, place: str, members: str
) -> None:
    check(found(data(target), place), members)


@pytest.mark.parametrize(("path", "place", "members"), AFTER_TRADES)
def test_answer_about_an_account_that_traded_has_every_required_member(
    traded_data: Callable[[str], Any], path: str, place: str, members: str
) -> None:
    check(found(traded_data(f"/accounts/5WT00001/{path}"), place), members)


def test_margin_report_has_every_required_member(traded_data: Callable[[str], Any]) -> None:
    report = traded_data("/margin/accounts/5WT00001/requirements")
    check([report], MARGIN)
    check(report["groups"], MARGIN_GROUP)
    check([leaf for group in report["groups"] for leaf in group["groups"]], MARGIN_GROUP)
    assert traded_data("/accounts/5WT00001/margin-requirements/SPY/effective")["underlying-symbol"] == "SPY"
    assert traded_data("/accounts/5WT00001/position-limit")["account-number"] == "5WT00001"


def test_words_of_orders_are_known_and_amounts_have_their_effects(traded_data: Callable[[str], Any]) -> None:
    orders = traded_data("/accounts/5WT00001/orders?per-page=100")["items"]
    assert {one["status"] for one in orders} >= {"Filled", "Live", "Contingent"}
    for one in orders:
        assert all(one[name] in words for name, words in WORDS.items())
        assert {name for name in one if name.endswith("-effect")} == {
            f"{name}-effect" for name in ("price", "value") if name in one
        }


def check(objects: list[dict[str, Any]], members: str) -> None:
    assert objects
    for line in members.strip().splitlines():
        kind, names = line.split(":")
        for name in names.split():
            for one in objects:
                assert READERS[kind](one[name]), (name, one[name])


def test_margin_configuration_needs_no_token(ask: Callable[..., Any]) -> None:
    answer = ask("/margin-requirements-public-configuration", headers={b"authorization": b""})
    assert answer.status == 200
    assert 0 < Decimal(json.loads(answer.body)["data"]["risk-free-rate"]) < 1


def test_words_of_closed_lists_are_known_ones(data: Callable[[str], Any]) -> None:
    quotes = data("/market-data/by-type?equity=AAPL&index=VIX&equity-option=" + OPTION_SYMBOL)["items"]
    assert [quote["instrument-type"] for quote in quotes] == ["Index", "Equity", "Equity Option"]
    prices = {"Regular", "Indicative", "Preliminary", "Final", "Unknown"}
    assert {quote["close-price-type"] for quote in quotes} <= prices
    chain = data("/option-chains/SPX/nested")["items"]
    kinds = {expiration["expiration-type"] for expiration in found({"items": chain}, EXPIRATIONS)}
    assert kinds == {"Regular", "Weekly", "Quarterly"}
    states = {"Open", "Closed", "Pre-market", "Extended"}
    assert data("/market-time/equities/sessions/current")["state"] in states
    assert {position["quantity-direction"] for position in data("/accounts/5WT00001/positions")["items"]} == {
        "Long"
    }
