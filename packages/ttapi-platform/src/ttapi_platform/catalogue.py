# SPDX-License-Identifier: Apache-2.0
"""
The catalogue of datasets: what each holds, how long it is fresh, what it depends on, how it is asked for.

Read `CATALOGUE` at the end of this module: it is one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from types import MappingProxyType
from typing import Final

import polars as pl

from ttapi_core import DEFAULT_TTLS, UnknownNameError
from ttapi_platform import market_schemas, reference_schemas
from ttapi_platform.declared_columns import MONEY, UTC, flag, number, text
from ttapi_platform.schemas import Check, Column, Schema

DEFAULT_VENUE: Final = "XNYS"
"""The venue whose sessions date the bars and options of US equities."""


class Keys(Enum):
    """Where the keys of a dataset come from."""

    UNIVERSE = "the symbols of the run"
    VENUE = "the venue of the run"
    PROVIDER = "whatever the provider lists"
    SERIES = "the series named in the run, as the provider calls them"


class Ageing(Enum):
    """What makes an entry old besides its time to live."""

    BY_TIME = "the time to live alone"
    BY_SESSION = "the close of a session; an entry does not age while the exchange is shut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """
    A declared table.

    Parameters
    ----------
    name
        Name on the command line and in the store.
    holds
        What a row is, in a few words.
    keys
        Where its keys come from.
    schema
        Columns, checks, order, version.
    ttl
        How long an entry is fresh, unless the settings say otherwise.
    depends_on
        Datasets that are brought up to date first and whose content it is made from.
    fetched
        How a provider is asked: the bulk form of the request.
    ageing
        What else makes an entry old.
    over_time
        Whether rows are days, so that a first day can be asked for.
    """

    name: str
    holds: str
    keys: Keys
    schema: Schema
    ttl: timedelta
    depends_on: tuple[str, ...] = ()
    fetched: str
    ageing: Ageing = Ageing.BY_TIME
    over_time: bool = False

    @property
    def key_column(self) -> str:
        """The column that holds the key: the first of the order."""
        return self.schema.order[0]


_ACCOUNTS: Final = Schema(
    version=1,
    order=("account_number",),
    columns={
        "account_number": text(),
        "nickname": text(null=True),
        "account_type": text(null=True),
        "margin_or_cash": text(null=True),
        "opened_at": Column(UTC, null=True),
        "is_closed": flag(),
        "currency": text(),
        **{
            name: Column(MONEY, null=False)
            for name in (
                "cash_balance",
                "net_liquidating_value",
                "equity_buying_power",
                "derivative_buying_power",
                "maintenance_requirement",
            )
        },
        "position_count": Column(pl.Int64(), null=False, low=0),
    },
)

_TRADING_DAYS: Final = Schema(
    version=1,
    order=("venue", "date"),
    columns={
        "venue": text(),
        "date": Column(pl.Date(), null=False),
        "open_at": Column(UTC, null=False),
        "close_at": Column(UTC, null=False),
        "early_close": flag(),
    },
    checks=(Check("the session closes before it opens", pl.col("close_at") <= pl.col("open_at")),),
)

_EXPIRATION_SERIES: Final = Schema(
    version=1,
    order=("symbol", "root_symbol", "expiration_date", "settlement_type"),
    columns={
        "symbol": text(),
        "root_symbol": text(),
        "option_chain_type": text(null=True),
        "shares_per_contract": Column(pl.Int64(), null=False, low=1),
        "expiration_date": Column(pl.Date(), null=False),
        "expiration_type": text(null=True),
        "settlement_type": text(null=True),
        "days_to_expiration": Column(pl.Int64(), null=False, low=0),
        "strike_count": Column(pl.Int64(), null=False, low=0),
        "strike_min": number(low=0),
        "strike_max": number(low=0),
        # Sessions after the day of collecting up to and with the expiration, by the trading calendar;
        # null where the expiration lies beyond every calendar we have.
        "trading_days_to_expiration": Column(pl.Int64(), null=True, low=0, derived=True),
    },
    checks=(Check("the lowest strike is above the highest", pl.col("strike_min") > pl.col("strike_max")),),
)


def _table(*datasets: Dataset) -> Mapping[str, Dataset]:
    return MappingProxyType({dataset.name: dataset for dataset in datasets})


# fmt: off
CATALOGUE: Final[Mapping[str, Dataset]] = _table(
    Dataset(name="accounts", holds="an account with its balances", keys=Keys.PROVIDER,
            schema=_ACCOUNTS, ttl=DEFAULT_TTLS["accounts"],
            fetched="the list of accounts, then balances and positions of each"),
    Dataset(name="symbols", holds="an instrument", keys=Keys.UNIVERSE,
            schema=reference_schemas.SYMBOLS, ttl=DEFAULT_TTLS["symbols"],
            fetched="lists of many symbols, paged"),
    Dataset(name="trading_days", holds="a session of a venue", keys=Keys.VENUE,
            schema=_TRADING_DAYS, ttl=DEFAULT_TTLS["trading_days"],
            fetched="sessions by range of dates", over_time=True),
    Dataset(name="quotes", holds="the last quote of a symbol", keys=Keys.UNIVERSE,
            schema=market_schemas.QUOTES, ttl=DEFAULT_TTLS["quotes"],
            fetched="100 symbols a request"),
    Dataset(name="eod_data", holds="a daily bar of a symbol", keys=Keys.UNIVERSE,
            schema=market_schemas.EOD_DATA, ttl=DEFAULT_TTLS["eod_data"],
            fetched="snapshots of candles, many symbols on one socket",
            ageing=Ageing.BY_SESSION, over_time=True),
    Dataset(name="expiration_series", holds="an option expiration of an underlying", keys=Keys.UNIVERSE,
            schema=_EXPIRATION_SERIES, ttl=DEFAULT_TTLS["expiration_series"],
            depends_on=("trading_days",), fetched="one nested chain an underlying"),
    Dataset(name="intraday_bars", holds="a bar of minutes or hours of a symbol", keys=Keys.UNIVERSE,
            schema=market_schemas.INTRADAY_BARS, ttl=DEFAULT_TTLS["intraday_bars"],
            fetched="one or many symbols a request", over_time=True),
    Dataset(name="option_chains", holds="an option contract of an underlying, with its quote",
            keys=Keys.UNIVERSE,
            schema=market_schemas.OPTION_CHAINS, ttl=DEFAULT_TTLS["option_chains"],
            fetched="one underlying a request"),
    Dataset(name="crypto_bars", holds="a bar of a currency pair", keys=Keys.UNIVERSE,
            schema=market_schemas.CRYPTO_BARS, ttl=DEFAULT_TTLS["crypto_bars"],
            fetched="one pair a request", over_time=True),
    Dataset(name="fx_rates", holds="a rate of a currency pair on a day", keys=Keys.UNIVERSE,
            schema=market_schemas.FX_RATES, ttl=DEFAULT_TTLS["fx_rates"],
            fetched="many pairs a request", over_time=True),
    Dataset(name="order_books", holds="a level of an order book", keys=Keys.UNIVERSE,
            schema=market_schemas.ORDER_BOOKS, ttl=DEFAULT_TTLS["order_books"],
            fetched="one symbol a request"),
    Dataset(name="trades", holds="a trade of a symbol", keys=Keys.UNIVERSE,
            schema=market_schemas.TRADES, ttl=DEFAULT_TTLS["trades"],
            fetched="one symbol a request"),
    Dataset(name="funding_rates", holds="a funding payment of a perpetual contract", keys=Keys.UNIVERSE,
            schema=market_schemas.FUNDING_RATES, ttl=DEFAULT_TTLS["funding_rates"],
            fetched="one contract a request", over_time=True),
    Dataset(name="futures_curves", holds="a contract of a futures product", keys=Keys.UNIVERSE,
            schema=market_schemas.FUTURES_CURVES, ttl=DEFAULT_TTLS["futures_curves"],
            fetched="one product a request"),
    Dataset(name="corporate_actions", holds="a split or dividend of a symbol", keys=Keys.UNIVERSE,
            schema=reference_schemas.CORPORATE_ACTIONS, ttl=DEFAULT_TTLS["corporate_actions"],
            fetched="one symbol a request", over_time=True),
    Dataset(name="earnings_calendar", holds="a report of earnings, past or expected", keys=Keys.PROVIDER,
            schema=reference_schemas.EARNINGS_CALENDAR, ttl=DEFAULT_TTLS["earnings_calendar"],
            fetched="all reports of a range of days", over_time=True),
    Dataset(name="ipo_calendar", holds="a public offering, past or expected", keys=Keys.PROVIDER,
            schema=reference_schemas.IPO_CALENDAR, ttl=DEFAULT_TTLS["ipo_calendar"],
            fetched="all offerings of a range of days", over_time=True),
    Dataset(name="fundamentals", holds="an item of a statement of a company", keys=Keys.UNIVERSE,
            schema=reference_schemas.FUNDAMENTALS, ttl=DEFAULT_TTLS["fundamentals"],
            fetched="one company a request"),
    Dataset(name="company_profiles", holds="what a company is", keys=Keys.UNIVERSE,
            schema=reference_schemas.COMPANY_PROFILES, ttl=DEFAULT_TTLS["company_profiles"],
            fetched="one company a request"),
    Dataset(name="news", holds="a piece of news", keys=Keys.UNIVERSE,
            schema=reference_schemas.NEWS, ttl=DEFAULT_TTLS["news"],
            fetched="one symbol a request", over_time=True),
    Dataset(name="filings", holds="a filing with a regulator", keys=Keys.UNIVERSE,
            schema=reference_schemas.FILINGS, ttl=DEFAULT_TTLS["filings"],
            fetched="one company a request", over_time=True),
    Dataset(name="short_interest", holds="the shares sold short on a settlement date", keys=Keys.UNIVERSE,
            schema=reference_schemas.SHORT_INTEREST, ttl=DEFAULT_TTLS["short_interest"],
            fetched="one symbol a request", over_time=True),
    Dataset(name="off_exchange_volume", holds="the volume of a symbol away from exchanges",
            keys=Keys.UNIVERSE,
            schema=reference_schemas.OFF_EXCHANGE_VOLUME, ttl=DEFAULT_TTLS["off_exchange_volume"],
            fetched="one symbol a request", over_time=True),
    Dataset(name="commitments_of_traders", holds="the positions of a group of traders in a market",
            keys=Keys.PROVIDER,
            schema=reference_schemas.COMMITMENTS_OF_TRADERS, ttl=DEFAULT_TTLS["commitments_of_traders"],
            fetched="all markets of a range of days", over_time=True),
    Dataset(name="economic_series", holds="an observation of a series", keys=Keys.SERIES,
            schema=reference_schemas.ECONOMIC_SERIES, ttl=DEFAULT_TTLS["economic_series"],
            fetched="one or many series a request", over_time=True),
    Dataset(name="yield_curves", holds="a point of a yield curve on a day", keys=Keys.PROVIDER,
            schema=reference_schemas.YIELD_CURVES, ttl=DEFAULT_TTLS["yield_curves"],
            fetched="whole curves of a range of days", over_time=True),
    Dataset(name="reference_rates", holds="a reference rate on a day", keys=Keys.PROVIDER,
            schema=reference_schemas.REFERENCE_RATES, ttl=DEFAULT_TTLS["reference_rates"],
            fetched="all rates of a range of days", over_time=True),
)
# fmt: on
"""Every dataset by name, in an order in which each stands after what it depends on."""


UNIVERSES: Final = Dataset(
    name="universes",
    holds="a symbol of a named universe of the provider",
    keys=Keys.PROVIDER,
    schema=Schema(version=1, order=("universe", "symbol"), columns={"universe": text(), "symbol": text()}),
    ttl=timedelta(hours=24),
    fetched="whatever the provider lists under that name",
)
"""Kept beside the datasets, so that a run in which all is fresh asks the provider nothing at all."""


_MAIN: Final = (
    ("accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series"),
    ("crypto_bars",),
    ("fx_rates",),
    ("economic_series",),
    ("yield_curves", "reference_rates"),
    ("commitments_of_traders",),
    ("filings", "fundamentals"),
    ("short_interest", "off_exchange_volume"),
)


def main_datasets(offered: Iterable[str]) -> tuple[str, ...]:
    """
    Return what a run brings that names no datasets, in the order of the catalogue.

    For a provider of daily bars the six datasets around them, as far as it has them; else the first it has of
    bars of currency pairs, exchange rates, economic series, yields and rates, positions of traders, filings,
    short interest; else all it has.
    """
    names = set(offered)
    groups = _MAIN if "eod_data" in names else _MAIN[1:]
    chosen = next((found for group in groups if (found := names.intersection(group))), names)
    return tuple(name for name in CATALOGUE if name in chosen)


def dataset_named(name: str) -> Dataset:
    """
    Return the dataset called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those that exist.
    """
    try:
        return CATALOGUE[name]
    except KeyError as exc:
        raise UnknownNameError("dataset", name, tuple(CATALOGUE)) from exc


def with_dependencies(names: Iterable[str]) -> tuple[Dataset, ...]:
    """
    Return the named datasets and all that they depend on, in the order of the catalogue.

    Raises
    ------
    UnknownNameError
        If a name is not in the catalogue.
    """
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        dataset = dataset_named(pending.pop())
        if dataset.name not in wanted:
            wanted.add(dataset.name)
            pending.extend(dataset.depends_on)
    return tuple(dataset for dataset in CATALOGUE.values() if dataset.name in wanted)
