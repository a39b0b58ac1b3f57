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
from ttapi_platform.schemas import Check, Column, Schema

MONEY: Final = pl.Decimal(38, 10)
UTC: Final = pl.Datetime("us", "UTC")
DEFAULT_VENUE: Final = "XNYS"
"""The venue whose sessions date the bars and options of US equities."""


class Keys(Enum):
    """Where the keys of a dataset come from."""

    UNIVERSE = "the symbols of the run"
    VENUE = "the venue of the run"
    PROVIDER = "whatever the provider lists"


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


def _text(*, null: bool = False) -> Column:
    return Column(pl.String(), null=null)


def _number(*, null: bool = True, low: float | None = None) -> Column:
    return Column(pl.Float64(), null=null, low=low)


def _flag() -> Column:
    return Column(pl.Boolean(), null=False)


_ACCOUNTS: Final = Schema(
    version=1,
    order=("account_number",),
    columns={
        "account_number": _text(),
        "nickname": _text(null=True),
        "account_type": _text(null=True),
        "margin_or_cash": _text(null=True),
        "opened_at": Column(UTC, null=True),
        "is_closed": _flag(),
        "currency": _text(),
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

_SYMBOLS: Final = Schema(
    version=1,
    order=("symbol",),
    columns={
        "symbol": _text(),
        "description": _text(null=True),
        "instrument_type": _text(),
        "is_etf": _flag(),
        "is_index": _flag(),
        "active": _flag(),
        "is_closing_only": _flag(),
        "listed_market": _text(null=True),
        "lendability": _text(null=True),
        "streamer_symbol": _text(),
    },
)

_TRADING_DAYS: Final = Schema(
    version=1,
    order=("venue", "date"),
    columns={
        "venue": _text(),
        "date": Column(pl.Date(), null=False),
        "open_at": Column(UTC, null=False),
        "close_at": Column(UTC, null=False),
        "early_close": _flag(),
    },
    checks=(Check("the session closes before it opens", pl.col("close_at") <= pl.col("open_at")),),
)

_QUOTES: Final = Schema(
    version=1,
    order=("symbol",),
    columns={
        "symbol": _text(),
        "bid": _number(low=0),
        "bid_size": _number(low=0),
        "ask": _number(low=0),
        "ask_size": _number(low=0),
        "mid": _number(low=0),
        "mark": _number(low=0),
        "last": _number(low=0),
        "open": _number(low=0),
        "high": _number(low=0),
        "low": _number(low=0),
        "close": _number(low=0),
        "prev_close": _number(low=0),
        "volume": _number(low=0),
        "is_halted": _flag(),
        "quoted_at": Column(UTC, null=False),
    },
    checks=(
        Check("the bid is above the ask", pl.col("bid") > pl.col("ask")),
        Check("the high is below the low", pl.col("high") < pl.col("low")),
        Check(
            "there is no price at all",
            pl.all_horizontal(pl.col("bid", "ask", "mark", "last", "close", "prev_close").is_null()),
        ),
    ),
)

_EOD_DATA: Final = Schema(
    version=1,
    order=("symbol", "date"),
    columns={
        "symbol": _text(),
        "date": Column(pl.Date(), null=False),
        "open": _number(null=False, low=0),
        "high": _number(null=False, low=0),
        "low": _number(null=False, low=0),
        "close": _number(null=False, low=0),
        "volume": _number(low=0),
        "vwap": _number(low=0),
        "trade_count": Column(pl.Int64(), null=True, low=0),
        "adjusted_close": _number(low=0),
        "final": _flag(),
    },
    checks=(
        Check("the high is below the low", pl.col("high") < pl.col("low")),
        Check(
            "the open or close lies outside low and high",
            (pl.max_horizontal("open", "close") > pl.col("high") * (1 + 1e-9))
            | (pl.min_horizontal("open", "close") < pl.col("low") * (1 - 1e-9)),
        ),
        Check("the close is zero", pl.col("close") == 0),
    ),
)

_EXPIRATION_SERIES: Final = Schema(
    version=1,
    order=("symbol", "root_symbol", "expiration_date", "settlement_type"),
    columns={
        "symbol": _text(),
        "root_symbol": _text(),
        "option_chain_type": _text(null=True),
        "shares_per_contract": Column(pl.Int64(), null=False, low=1),
        "expiration_date": Column(pl.Date(), null=False),
        "expiration_type": _text(null=True),
        "settlement_type": _text(null=True),
        "days_to_expiration": Column(pl.Int64(), null=False, low=0),
        "strike_count": Column(pl.Int64(), null=False, low=0),
        "strike_min": _number(low=0),
        "strike_max": _number(low=0),
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
            schema=_SYMBOLS, ttl=DEFAULT_TTLS["symbols"],
            fetched="lists of many symbols, paged"),
    Dataset(name="trading_days", holds="a session of a venue", keys=Keys.VENUE,
            schema=_TRADING_DAYS, ttl=DEFAULT_TTLS["trading_days"],
            fetched="sessions by range of dates", over_time=True),
    Dataset(name="quotes", holds="the last quote of a symbol", keys=Keys.UNIVERSE,
            schema=_QUOTES, ttl=DEFAULT_TTLS["quotes"],
            fetched="100 symbols a request"),
    Dataset(name="eod_data", holds="a daily bar of a symbol", keys=Keys.UNIVERSE,
            schema=_EOD_DATA, ttl=DEFAULT_TTLS["eod_data"],
            fetched="snapshots of candles, many symbols on one socket",
            ageing=Ageing.BY_SESSION, over_time=True),
    Dataset(name="expiration_series", holds="an option expiration of an underlying", keys=Keys.UNIVERSE,
            schema=_EXPIRATION_SERIES, ttl=DEFAULT_TTLS["expiration_series"],
            depends_on=("trading_days",), fetched="one nested chain an underlying"),
)
# fmt: on
"""Every dataset by name, in an order in which each stands after what it depends on."""


UNIVERSES: Final = Dataset(
    name="universes",
    holds="a symbol of a named universe of the provider",
    keys=Keys.PROVIDER,
    schema=Schema(version=1, order=("universe", "symbol"), columns={"universe": _text(), "symbol": _text()}),
    ttl=timedelta(hours=24),
    fetched="whatever the provider lists under that name",
)
"""Kept beside the datasets, so that a run in which all is fresh asks the provider nothing at all."""


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
