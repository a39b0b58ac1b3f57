# SPDX-License-Identifier: Apache-2.0
"""How the columns of a user's files become daily bars: by their usual names, or as a small TOML says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
import polars as pl

from ttapi_core import ConfigurationError, DataError

LINE: Final = "__line"

_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("date", "day", "timestamp", "time", "datetime"),
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "last", "close_price"),
    "volume": ("volume", "v", "vol"),
    "adjusted_close": ("adjusted_close", "adj_close", "adjclose", "adjusted"),
    "vwap": ("vwap",),
    "trade_count": ("trade_count", "count", "trades"),
}
_SYMBOL_ALIASES: Final = ("symbol", "ticker")
_REQUIRED: Final = ("date", "open", "high", "low", "close")
# Forms that can be read in one way only; day/month or month/day with slashes must be named in the mapping.
_DATE_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y")


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """
    The columns of a file and where its rows stand.

    Parameters
    ----------
    frame
        Text columns (CSV) or typed ones (Parquet).
    first_line
        Line of the first row, where rows follow line by line.
    lines
        The line of each row, where they do not.
    unit
        What a place in the file is called: ``line`` or ``row``.
    """

    frame: pl.DataFrame
    first_line: int = 0
    lines: pl.Series | None = None
    unit: str = "line"

    def with_lines(self) -> pl.DataFrame:
        """Return the frame with the column `LINE`."""
        if self.lines is not None:
            return self.frame.with_columns(self.lines.alias(LINE))
        return self.frame.with_row_index(LINE, offset=self.first_line)

    def by_value(self, column: str) -> dict[str, NamedColumns]:
        """Return the rows of each value of a column, in their order; null counts as an empty text."""
        table = self.with_lines().with_columns(pl.col(column).cast(pl.String).fill_null("").str.strip_chars())
        parts = table.partition_by(column, as_dict=True, maintain_order=True)
        return {
            str(value): NamedColumns(part.drop(LINE), lines=part[LINE], unit=self.unit)
            for (value,), part in parts.items()
        }


class _EodTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    files: str = "*"
    date_format: str | None = None
    symbol: str | None = None
    columns: dict[str, str] = {}


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    eod_data: _EodTable = _EodTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class BarMapping:
    """
    Where the fields of a daily bar stand in a file.

    Parameters
    ----------
    files
        Which files of the directory count, as a glob pattern.
    columns
        Field of `eod_data` to column name; fields not named are found by their usual names.
    date_format
        As of ``strftime``; None tries ISO and other unambiguous usual forms, one for the whole file.
    symbol
        Column that holds the symbol, where a file holds many; None for ``Symbol`` or ``Ticker`` if there is
        such a column, else the file's name is the symbol.

    Examples
    --------
    The same as TOML::

        [eod_data]
        files = "*.csv"
        date_format = "%d/%m/%Y"
        symbol = "Contract"
        columns = { close = "Settle", adjusted_close = "Settle (adjusted)" }
    """

    files: str = "*"
    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    symbol: str | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, object], *, file_name: str) -> BarMapping:
        """
        Read a decoded TOML document.

        Raises
        ------
        ConfigurationError
            If a key is unknown or a value has the wrong type.
        """
        try:
            table = msgspec.convert(document, _Document).eod_data
        except msgspec.ValidationError as exc:
            raise ConfigurationError(
                file_name, str(exc), accepted="[eod_data] files, date_format, symbol, columns"
            ) from exc
        unknown = sorted(set(table.columns) - set(_ALIASES))
        if unknown:
            raise ConfigurationError(
                f"{file_name}: eod_data.columns.{unknown[0]}", "no such field", accepted=", ".join(_ALIASES)
            )
        return cls(
            files=table.files, columns=table.columns, date_format=table.date_format, symbol=table.symbol
        )

    @property
    def fingerprint(self) -> str:
        """A digest of the mapping, so that a changed one makes what was read by it stale."""
        content = repr((self.files, sorted(self.columns.items()), self.date_format, self.symbol))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def symbol_column(self, present: list[str], *, file_name: str) -> str | None:
        """
        Return the column that holds the symbol, or None where the file's name is the symbol.

        Raises
        ------
        DataError
            If the mapping names a column that is not there.
        """
        if self.symbol is None:
            return next((name for name in present if _plain(name) in _SYMBOL_ALIASES), None)
        if self.symbol not in present:
            raise DataError(
                f"{file_name} has no column {self.symbol!r}; it has {', '.join(present)}", column="symbol"
            )
        return self.symbol

    def bars(self, named: NamedColumns, *, key: str, file_name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
        """
        Return the rows as columns of ``eod_data``, and a text for each row that cannot be read.

        Empty optional values are null. All bars count as final.

        Raises
        ------
        DataError
            If a required column is not there.
        """
        found = self._find_columns(named.frame.columns, file_name)
        table = named.with_lines()
        date_format = self.date_format or _guess_date_format(table[found["date"]])
        typed = table.select(
            pl.lit(key).alias("symbol"),
            _as_date(table.schema[found["date"]], found["date"], date_format),
            *(_as_number(name, found.get(name), table.schema) for name in _ALIASES if name != "date"),
            pl.lit(value=True).alias("final"),
            LINE,
        )
        reasons = _reasons(table, typed, found)
        bad = reasons.is_not_null()
        skipped = tuple(
            f"{file_name}, {named.unit} {line}: {reason}"
            for line, reason in zip(table[LINE].filter(bad), reasons.filter(bad), strict=True)
        )
        return typed.filter(~bad).drop(LINE), skipped

    def _find_columns(self, present: list[str], file_name: str) -> dict[str, str]:
        by_plain_name = {_plain(name): name for name in reversed(present)}
        found: dict[str, str] = {}
        for name, aliases in _ALIASES.items():
            wanted = self.columns.get(name)
            if wanted is not None:
                if wanted not in present:
                    raise DataError(
                        f"{file_name} has no column {wanted!r}; it has {', '.join(present)}", column=name
                    )
                found[name] = wanted
                continue
            match = next((by_plain_name[alias] for alias in aliases if alias in by_plain_name), None)
            if match is not None:
                found[name] = match
            elif name in _REQUIRED:
                raise DataError(
                    f"{file_name} has no column for it; it has {', '.join(present)}",
                    column=name,
                    hint="name it in ttapi-files.toml under [eod_data] columns",
                )
        return found


def _plain(name: str) -> str:
    return name.strip().strip("*").lower().replace(" ", "_").replace(".", "").replace("-", "_")


def _guess_date_format(values: pl.Series) -> str | None:
    """Return the first form that reads every value that any form reads; None for typed columns."""
    if values.dtype != pl.String:
        return None
    days = values.str.strip_chars().str.head(10)
    read = {form: days.str.to_date(form, strict=False).is_not_null().sum() for form in _DATE_FORMATS}
    return max(read, key=lambda form: read[form])


def _as_date(dtype: pl.DataType, column: str, date_format: str | None) -> pl.Expr:
    if dtype == pl.String:
        text = pl.col(column).str.strip_chars()
        # A time of day after an ISO date is passed over: the bar is the day's.
        day = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[T ].*$", "$1")
        return day.str.to_date(date_format, strict=False).alias("date")
    return pl.col(column).cast(pl.Date, strict=False).alias("date")


def _as_number(name: str, column: str | None, schema: pl.Schema) -> pl.Expr:
    dtype = pl.Int64() if name == "trade_count" else pl.Float64()
    if column is None:
        return pl.lit(None, dtype=dtype).alias(name)
    value = pl.col(column)
    if schema[column] == pl.String:
        text = value.str.strip_chars()
        value = pl.when(text.str.len_chars() > 0).then(text)
    return value.cast(dtype, strict=False).alias(name)


def _reasons(table: pl.DataFrame, typed: pl.DataFrame, found: Mapping[str, str]) -> pl.Series:
    """Say the first thing wrong with each row: a value that cannot be read, or a required one not there."""
    both = pl.concat([table.select(pl.all().name.prefix("raw ")), typed], how="horizontal")
    tests = []
    for name, column in found.items():
        raw = pl.col(f"raw {column}").cast(pl.String)
        given = raw.is_not_null() & (raw.str.strip_chars().str.len_chars() > 0)
        unread = pl.col(name).is_null() & given
        tests.append(pl.when(unread).then(pl.format(f"{column} {{}} is no {_kind(name)}", raw.str.head(40))))
        if name in _REQUIRED:
            tests.append(pl.when(pl.col(name).is_null()).then(pl.lit(f"{column} is empty")))
    return both.select(pl.coalesce(tests).alias("reason"))["reason"]


def _kind(name: str) -> str:
    return {"date": "date", "trade_count": "whole number"}.get(name, "number")
