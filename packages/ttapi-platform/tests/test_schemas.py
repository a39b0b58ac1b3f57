# SPDX-License-Identifier: Apache-2.0
"""Schemas: what a provider delivers either keeps every promise or is refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import AnswerMismatchError, DataError, DataRequest
from ttapi_platform.catalogue import CATALOGUE
from ttapi_platform.testing import ScriptedProvider

EOD = CATALOGUE["eod_data"].schema
QUOTES = CATALOGUE["quotes"].schema


def bars(**changes: list[object]) -> dict[str, list[object]]:
    """Two good bars of AAPL, with some columns replaced."""
    columns: dict[str, list[object]] = {
        "symbol": ["AAPL", "AAPL"],
        "date": [date(2026, 1, 5), date(2026, 1, 6)],
        "open": [10.0, 11.0],
        "high": [12.0, 13.0],
        "low": [9.0, 10.0],
        "close": [11.0, 12.0],
        "volume": [1000.0, None],
        "vwap": [None, None],
        "trade_count": [5, None],
        "adjusted_close": [None, None],
        "final": [True, False],
    }
    return {**columns, **changes}


def quote(**changes: object) -> dict[str, list[object]]:
    values: dict[str, object] = dict.fromkeys(QUOTES.columns)
    values |= {"symbol": "AAPL", "bid": 10.0, "ask": 10.1, "is_halted": False}
    values |= {"quoted_at": datetime(2026, 1, 5, 15, tzinfo=UTC)}
    return {name: [value] for name, value in (values | changes).items()}


def test_good_rows_pass_with_the_declared_types_and_order() -> None:
    conformed = EOD.conform(bars(date=[date(2026, 1, 6), date(2026, 1, 5)]), key="AAPL")
    assert conformed.frame.schema == pl.Schema(EOD.dtypes)
    assert conformed.frame["date"].to_list() == [date(2026, 1, 5), date(2026, 1, 6)]
    assert conformed.skipped_rows == 0


def test_an_arrow_table_conforms_like_a_mapping() -> None:
    table = pl.DataFrame(bars(), schema_overrides=EOD.dtypes)
    assert EOD.conform(table, key="AAPL").frame.equals(EOD.conform(bars(), key="AAPL").frame)


def test_columns_beyond_the_schema_are_passed_over() -> None:
    assert EOD.conform(bars(extra=[1, 2]), key="AAPL").frame.columns == list(EOD.columns)


def test_missing_column_is_named_with_those_present() -> None:
    columns = bars()
    del columns["close"]
    with pytest.raises(DataError, match="'close': the answer lacks it; it has symbol, date") as caught:
        EOD.conform(columns, key="AAPL")
    assert caught.value.column == "close"


def test_value_of_another_type_is_named_with_its_row() -> None:
    with pytest.raises(DataError) as caught:
        EOD.conform(bars(close=[11.0, "12"]), key="AAPL")
    assert (caught.value.column, caught.value.row) == ("close", 1)


def test_arrow_column_of_another_type_is_named() -> None:
    table = pl.DataFrame(bars(), schema_overrides=EOD.dtypes).with_columns(pl.lit("x").alias("close"))
    with pytest.raises(DataError) as caught:
        EOD.conform(table, key="AAPL")
    assert caught.value.column == "close"


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="not of one length"):
        EOD.conform(bars(close=[11.0]), key="AAPL")


def test_rows_of_another_symbol_are_never_taken() -> None:
    with pytest.raises(AnswerMismatchError, match="'MSFT'"):
        EOD.conform(bars(symbol=["AAPL", "MSFT"]), key="AAPL")


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("close", None, "close is missing"),
        ("close", float("nan"), "close is missing"),
        ("close", float("inf"), "close is infinite"),
        ("open", -1.0, "open is below 0"),
        ("high", 1.0, "the high is below the low"),
        ("close", 99.0, "the open or close lies outside low and high"),
        ("date", date(2026, 1, 5), "a later row has the same key"),
    ],
)
def test_row_that_breaks_a_rule_is_left_out_and_named(column: str, value: object, reason: str) -> None:
    columns = bars()
    at = 0 if column == "date" else 1
    columns[column][1] = value
    conformed = EOD.conform(columns, key="AAPL")
    assert conformed.frame.height == 1
    assert conformed.skipped_rows == 1
    assert conformed.skipped == (f"row {at}, {columns['date'][at]}: {reason}",)


def test_answer_without_a_usable_row_is_refused() -> None:
    with pytest.raises(DataError, match="no usable row: the bid is above the ask"):
        QUOTES.conform(quote(bid=11.0), key="AAPL")


def test_quote_without_any_price_is_refused() -> None:
    with pytest.raises(DataError, match="no price at all"):
        QUOTES.conform(quote(bid=None, ask=None), key="AAPL")


def test_amount_with_more_decimals_than_the_column_is_refused() -> None:
    columns = ScriptedProvider()._accounts("5WT00001", DataRequest(dataset="accounts"))
    columns["cash_balance"] = [Decimal("1.12345678901")]
    with pytest.raises(DataError, match="more than 10 decimals") as caught:
        CATALOGUE["accounts"].schema.conform(columns, key="5WT00001")
    assert caught.value.column == "cash_balance"


def test_reasons_are_bounded_and_the_count_is_whole() -> None:
    many = 500
    columns = {name: [values[0]] * many for name, values in bars().items()}
    columns["close"] = [None] * (many - 1) + [11.0]
    conformed = EOD.conform(columns, key="AAPL")
    assert (conformed.frame.height, conformed.skipped_rows, len(conformed.skipped)) == (1, many - 1, 20)


@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_rows_out_and_rows_left_out_are_all_rows(closes: list[float]) -> None:
    rows = len(closes)
    columns = {name: [values[0]] * rows for name, values in bars().items()}
    columns["date"] = [date.fromordinal(738000 + at) for at in range(rows)]
    columns["close"] = list(closes)
    try:
        conformed = EOD.conform(columns, key="AAPL")
    except DataError:
        assert not any(9.0 <= close <= 12.0 for close in closes)
    else:
        assert conformed.frame.height + conformed.skipped_rows == rows
        assert conformed.frame["close"].is_between(9.0 * (1 - 1e-9), 12.0 * (1 + 1e-9)).all()
