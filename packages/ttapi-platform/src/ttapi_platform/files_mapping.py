# SPDX-License-Identifier: Apache-2.0
"""How the columns of a user's files become daily bars: by their usual names, or as a small TOML says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
import polars as pl
from polars import selectors as cs

from ttapi_core import ConfigurationError, DataError

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
_COMPACT: Final = "%Y%m%d"
_DATE_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", _COMPACT, "%d.%m.%Y")
# No daily bar is older or younger; a year outside is a two-digit one or a misread form.
_YEARS: Final = (1800, 2200)


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """
    The columns of a file and where its rows stand.

    Parameters
    ----------
    frame
        Text columns (CSV) or typed ones (Parquet).
    lines
        The line or row number of each row.
    unit
        What a place in the file is called: ``line`` or ``row``.
    """

    frame: pl.DataFrame
    lines: pl.Series
    unit: str = "line"

    def by_value(self, column: str) -> dict[str, NamedColumns]:
        """Return the rows of each value of a column, in their order; null counts as an empty text."""
        values = self.frame[column].cast(pl.String).fill_null("").str.strip_chars()
        places = pl.DataFrame({"value": values}).with_row_index("place")
        parts = places.partition_by("value", as_dict=True, maintain_order=True)
        return {str(value): self._at(part["place"]) for (value,), part in parts.items()}

    def without_rows(self) -> NamedColumns:
        """Return the same columns, empty."""
        return NamedColumns(self.frame.clear(), self.lines.clear(), self.unit)

    def _at(self, places: pl.Series) -> NamedColumns:
        return NamedColumns(self.frame[places], self.lines[places], self.unit)


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
            If a required column is not there, or a column has a type that holds no dates or numbers.
        """
        found = self._find_columns(named.frame.columns, file_name)
        for name, column in found.items():
            _require_readable(name, named.frame.schema[column], column=column, file_name=file_name)
        raw = named.frame.select(pl.col(column).alias(name) for name, column in found.items())
        raw = raw.with_columns(cs.float().fill_nan(None))
        typed = raw.select(
            pl.lit(key).alias("symbol"),
            _as_date(raw["date"], self.date_format),
            *(_as_number(name, raw.schema.get(name)) for name in _ALIASES if name != "date"),
            pl.lit(value=True).alias("final"),
        )
        reasons = _reasons(raw, typed, found)
        bad = reasons.is_not_null()
        skipped = tuple(
            f"{file_name}, {named.unit} {line}: {reason}"
            for line, reason in zip(named.lines.filter(bad), reasons.filter(bad), strict=True)
        )
        return typed.filter(~bad), skipped

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


def _require_readable(name: str, dtype: pl.DataType, *, column: str, file_name: str) -> None:
    """Refuse what polars would cast to something else than is meant: times, or numbers as days since 1970."""
    if name == "date":
        readable = dtype in (pl.String, pl.Date, pl.Datetime) or dtype.is_integer()
    else:
        readable = dtype in (pl.String, pl.Null) or dtype.is_numeric()
    if not readable:
        raise DataError(f"{file_name}: {dtype} holds no {_kind(name)}s", column=column)


def _guess_date_format(values: pl.Series) -> str:
    """Return the first form that reads every value that any form reads."""
    days = values.str.strip_chars().str.head(10)
    read = {form: days.str.to_date(form, strict=False).is_not_null().sum() for form in _DATE_FORMATS}
    return max(read, key=lambda form: read[form])


def _as_date(values: pl.Series, date_format: str | None) -> pl.Expr:
    value = pl.col("date")
    if values.dtype.is_integer():
        return _compact_date(value.cast(pl.String))
    if values.dtype != pl.String:
        # The bar is of the day at its own place, which a time zone says; a bare cast takes the day in UTC.
        local = value.dt.replace_time_zone(None) if values.dtype == pl.Datetime else value
        return local.cast(pl.Date)
    # A time of day after an ISO date is passed over: the bar is the day's.
    day = value.str.strip_chars().str.replace(r"^(\d{4}-\d{2}-\d{2})[T ].*$", "$1")
    form = date_format or _guess_date_format(values)
    return _compact_date(day) if form == _COMPACT else day.str.to_date(form, strict=False)


def _compact_date(text: pl.Expr) -> pl.Expr:
    # Without the length 2024111 would be read as a day of November.
    return pl.when(text.str.contains(r"^\d{8}$")).then(text).str.to_date(_COMPACT, strict=False)


def _as_number(name: str, dtype: pl.DataType | None) -> pl.Expr:
    if dtype is None:
        return pl.lit(None, dtype=pl.Int64 if name == "trade_count" else pl.Float64).alias(name)
    value = pl.col(name)
    if dtype == pl.String:
        text = value.str.strip_chars()
        value = pl.when(text.str.len_chars() > 0).then(text)
    number = value.cast(pl.Float64, strict=False)
    if name == "trade_count":
        number = pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)
    return number.alias(name)


def _reasons(raw: pl.DataFrame, typed: pl.DataFrame, found: Mapping[str, str]) -> pl.Series:
    """Say the first thing wrong with each row: a value that cannot be read, or a required one not there."""
    both = pl.concat([raw.select(pl.all().name.prefix("raw ")), typed], how="horizontal")
    tests = [test for name, column in found.items() for test in _tests(name, column)]
    return both.select(pl.coalesce(tests).alias("reason"))["reason"]


def _tests(name: str, column: str) -> Iterator[pl.Expr]:
    raw = pl.col(f"raw {name}").cast(pl.String)
    given = raw.is_not_null() & (raw.str.strip_chars().str.len_chars() > 0)
    unread = pl.col(name).is_null() & given
    shown = raw.str.head(40)
    # A column name is data, not a format: braces in it stand for themselves.
    yield pl.when(unread).then(pl.concat_str(pl.lit(f"{column} "), shown, pl.lit(f" is no {_kind(name)}")))
    if name in _REQUIRED:
        yield pl.when(pl.col(name).is_null()).then(pl.lit(f"{column} is empty"))
    if name == "date":
        first, last = _YEARS
        outside = ~pl.col(name).dt.year().is_between(first, last)
        problem = pl.lit(f" lies outside the years {first} to {last}")
        yield pl.when(outside).then(pl.concat_str(pl.lit(f"{column} "), shown, problem))


def _kind(name: str) -> str:
    return {"date": "date", "trade_count": "whole number"}.get(name, "number")
