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
]


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
    objects = found(data(target), place)
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
