# SPDX-License-Identifier: Apache-2.0
"""
What an adapter has to keep: some forty checks of one replayed exchange, each a name, a rule and a verdict.

Read `CHECKS` at the end of this module: it is one table. A check looks at rows as the provider read them,
before the schema leaves any out; a few bad ticks are the vendor's, so rules about single values are broken
only where more than one value in twenty breaks them.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl

from ttapi_core import (
    KEY_COLUMNS,
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
    TTError,
)
from ttapi_platform.catalogue import CATALOGUE
from ttapi_platform.replaying import MOCK_CREDENTIAL, Replayed, conform
from ttapi_platform.schemas import Schema
from ttapi_providers import Asked, Decoded, Endpoint, Wanted, decode, recognise

NO_SYMBOL: Final = "MARKET"
"""The symbol of a piece of news that names none."""
SLOW_S: Final = 1.0
"""Seconds of computing that decoding one answer may take."""
BAD_SHARE: Final = 0.05
"""Share of values that may break a rule: bad ticks happen, a wrong reader breaks them all."""
_SCALES: Final = (1.0, 100.0, 0.01, 1e3, 1e-3, 1e6, 1e-6, 1e9, 1e-9)
_CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_INTERVAL: Final = re.compile(r"[1-9]\d*(s|m|h|d|w|mo|y)")
_TENOR: Final = re.compile(r"(\d+(?:\.\d+)?)(D|W|M|Y)")
_MONTHS: Final = {"D": 12 / 365.25, "W": 7 * 12 / 365.25, "M": 1.0, "Y": 12.0}
_NUMERAL: Final = re.compile(r"[+-]?(\d+(,\d{3})*\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DESCRIPTIONS: Final = frozenset({"structure", "structures", "meta", "metadata"})
"""Members that describe an answer: their lists are no records."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LIVE: Final = frozenset({"quotes", "trades", "intraday_bars", "crypto_bars", "order_books", "funding_rates"})
_COUNTED: Final = frozenset({"level", "months", "interval_hours", "fiscal_year", "fiscal_quarter"})
_KINDS: Final[Mapping[int, type[TTError]]] = {
    400: RequestRefusedError,
    401: AuthenticationError,
    403: NotEntitledError,
    404: NotFoundError,
    429: RateLimitError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One replayed exchange, as checks look at it.

    Parameters
    ----------
    replayed
        What came of it.
    body
        The answer, parsed; None where it cannot be.
    elapsed_s
        Seconds of computing that the replay took.
    claimants
        How many providers know the request, and how many endpoints of this one do.
    today
        The day of checking, in UTC.
    """

    replayed: Replayed
    body: Any = field(repr=False)
    elapsed_s: float = 0.0
    claimants: tuple[int, int] = (1, 1)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def endpoint(self) -> Endpoint:
        """Who took it."""
        return self.replayed.endpoint

    @property
    def schema(self) -> Schema:
        """Of its dataset."""
        return CATALOGUE[self.endpoint.dataset].schema

    @property
    def decoded(self) -> Decoded | None:
        """Rows as the provider read them."""
        return self.replayed.decoded

    @property
    def asked(self) -> Asked:
        """The request, with what it tells."""
        return recognise(self.endpoint, self.replayed.exchange.asked) or self.replayed.exchange.asked

    def values(self, column: str) -> list[Any]:
        """Return the values of a column that are not null."""
        rows = self.decoded.rows if self.decoded is not None else []
        return [value for row in rows if (value := row.get(column)) is not None]

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the rows that keep the schema, key by key."""
        for part in self.replayed.conformed.values():
            yield part.frame


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """
    A rule of the contract.

    Parameters
    ----------
    name
        Short and stable; what a report names.
    rule
        What has to hold.
    problem
        Says what breaks it; empty where it holds or does not apply.
    """

    name: str
    rule: str
    problem: Callable[[Case], str]


def failures(case: Case) -> dict[str, str]:
    """Return the checks that a case breaks, by name, with what breaks them."""
    return {check.name: problem for check in CHECKS if (problem := check.problem(case))}


# --- the claim -------------------------------------------------------------------------------------------


def _claimed_twice(case: Case) -> str:
    return "" if case.claimants[0] == 1 else f"{case.claimants[0]} providers know this request"


def _not_asked_again(case: Case) -> str:
    endpoint, asked = case.endpoint, case.asked
    if endpoint.retired or endpoint.request.body is not None:
        return ""
    if endpoint.batch and not asked.names:
        return ""
    wanted = Wanted(
        keys=asked.names, names=asked.names, since=case.today - timedelta(days=30), until=case.today
    )
    made = endpoint.request.ask(wanted, case.replayed.provider.bases[0])
    again = recognise(endpoint, replace(made, names=(), keys=()))
    if again is None:
        return f"its own request is not recognised: {made.path} {dict(made.query)}"
    if endpoint.batch and set(again.names) != set(asked.names):
        return f"asked for {asked.names}, its request tells {again.names}"
    return ""


def _unknown_dataset(case: Case) -> str:
    return "" if case.endpoint.dataset in CATALOGUE else f"there is no dataset {case.endpoint.dataset}"


def _unknown_server(case: Case) -> str:
    base = case.endpoint.request.base
    return "" if not base or base in case.replayed.provider.bases else f"{base} is not among the servers"


# --- errors ----------------------------------------------------------------------------------------------


def _crashed(case: Case) -> str:
    error = case.replayed.error
    return (
        f"{type(error).__name__}: {error}"[:200]
        if error is not None and not isinstance(error, TTError)
        else ""
    )


def _undecoded(case: Case) -> str:
    error = case.replayed.error
    unreadable = isinstance(error, TTError) and not isinstance(error, ResponseError)
    return str(error)[:200] if unreadable and case.replayed.exchange.status < 300 else ""


def _slow(case: Case) -> str:
    return f"{case.elapsed_s:.2f} s" if case.elapsed_s > SLOW_S else ""


def _wrong_refusal(case: Case) -> str:
    status, error = case.replayed.exchange.status, case.replayed.error
    if status < 300:
        return ""
    if not isinstance(error, ResponseError):
        return f"{status} became {type(error).__name__}"
    expected = _KINDS.get(status, ServerFaultError if status >= 500 else ResponseError)
    if isinstance(error, expected) or type(error) in case.replayed.provider.codes.values():
        return ""
    return f"{status} became {type(error).__name__}, not {expected.__name__}"


def _rows_of_refusal(case: Case) -> str:
    return (
        f"{case.replayed.rows} rows of a refusal"
        if case.replayed.error is not None and case.replayed.rows
        else ""
    )


def _wordless(case: Case) -> str:
    error = case.replayed.error
    return "the error has no words" if isinstance(error, TTError) and not str(error).strip() else ""


def _secret_told(case: Case) -> str:
    error = case.replayed.error
    told = error is not None and MOCK_CREDENTIAL in f"{error!r} {error}"
    return "the error repeats the credential" if told else ""


def _unnumbered(case: Case) -> str:
    error = case.replayed.error
    lacks = isinstance(error, ResponseError) and not error.request_id
    return "the error does not tell the id of its request" if lacks else ""


# --- accounts --------------------------------------------------------------------------------------------


def _records_lost(case: Case) -> str:
    decoded = case.decoded
    if decoded is None or decoded.used + decoded.skipped_count == decoded.records:
        return ""
    return f"{decoded.records} records, {decoded.used} used and {decoded.skipped_count} skipped"


def _rows_lost(case: Case) -> str:
    decoded = case.decoded
    if decoded is None or case.replayed.error is not None:
        return ""
    kept = case.replayed.rows
    skipped = sum(part.skipped_rows for part in case.replayed.conformed.values())
    return (
        ""
        if kept + skipped == len(decoded.rows)
        else f"{len(decoded.rows)} rows, {kept} kept, {skipped} skipped"
    )


def _reasonless(case: Case) -> str:
    decoded = case.decoded
    if decoded is None:
        return ""
    told = decoded.skipped_count == 0 or all(
        reason.partition(":")[2].strip() for reason in decoded.skipped or ("",)
    )
    return "" if told else "records are skipped without a reason"


def _records_unseen(case: Case) -> str:
    if case.decoded is None or case.claimants[1] > 1 or not isinstance(case.body, dict | list):
        return ""
    found = max(case.decoded.records, len(case.decoded.rows))
    longest = max(_lengths(case.body, 0), default=0)
    return f"a list of {longest} records, {found} were found" if longest > max(found, 1) else ""


def _lengths(value: Any, depth: int) -> Iterator[int]:  # noqa: ANN401 - JSON
    if depth > 3:
        return
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            yield len(value)
        children: Iterable[Any] = value[:3]
    else:
        members = value.items() if isinstance(value, dict) else ()
        children = [child for name, child in members if name not in _DESCRIPTIONS]
    for child in children:
        if isinstance(child, dict | list):
            yield from _lengths(child, depth + 1)


def _mostly_skipped(case: Case) -> str:
    decoded = case.decoded
    if decoded is None or not decoded.records:
        return ""
    unreadable = decoded.skipped_count - decoded.passed_over
    if unreadable * 2 <= decoded.records:
        return ""
    return f"{unreadable} of {decoded.records} records are skipped: {decoded.skipped[0]}"


# --- the schema ------------------------------------------------------------------------------------------


def _strange_column(case: Case) -> str:
    strange = sorted({name for row in _rows(case) for name in row} - set(case.schema.columns))
    return f"{', '.join(strange)}" if strange else ""


def _wrong_type(case: Case) -> str:
    for name, rule in case.schema.columns.items():
        allowed = _PYTHON_TYPES.get(rule.dtype.base_type())
        for value in case.values(name):
            is_wrong = allowed is not None and (
                not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)
            )
            if is_wrong:
                return f"{name} has {str(value)[:40]!r}, a {type(value).__name__}"
    return ""


_PYTHON_TYPES: Final[Mapping[Any, tuple[type, ...]]] = {
    pl.String: (str,),
    pl.Float64: (float, int),
    pl.Int64: (int,),
    pl.Boolean: (bool,),
    pl.Date: (date,),
    pl.Datetime: (datetime,),
}


def _missing_value(case: Case) -> str:
    rows = _rows(case)
    for name, rule in case.schema.columns.items():
        if not rule.null and not rule.derived:
            missing = sum(row.get(name) is None for row in rows)
            if _too_many(missing, len(rows)):
                return f"{name} is missing in {missing} of {len(rows)} rows"
    return ""


def _not_finite(case: Case) -> str:
    for name in case.schema.columns:
        if any(isinstance(value, float) and not math.isfinite(value) for value in case.values(name)):
            return f"{name} is not finite"
    return ""


def _out_of_bounds(case: Case) -> str:
    for name, rule in case.schema.columns.items():
        values = [value for value in case.values(name) if isinstance(value, int | float)]
        low = sum(rule.low is not None and value < rule.low for value in values)
        high = sum(rule.high is not None and value > rule.high for value in values)
        if _too_many(low + high, len(values)):
            return f"{name} is out of bounds in {low + high} of {len(values)} rows"
    return ""


def _wrong_word(case: Case) -> str:
    for name, rule in case.schema.columns.items():
        strange = [
            value for value in case.values(name) if rule.one_of is not None and value not in rule.one_of
        ]
        if strange:
            return f"{name} has {str(strange[0])[:40]!r}"
    return ""


def _schema_broken(case: Case) -> str:
    if case.decoded is None or case.replayed.error is not None:
        return ""
    left_out = [reason for part in case.replayed.conformed.values() for reason in part.skipped]
    count = sum(part.skipped_rows for part in case.replayed.conformed.values())
    return f"{count} rows left out: {left_out[0]}" if _too_many(count, len(case.decoded.rows)) else ""


def _rows(case: Case) -> list[dict[str, object]]:
    return case.decoded.rows if case.decoded is not None else []


def _too_many(bad: int, of: int) -> bool:
    return bad > BAD_SHARE * of


# --- values ----------------------------------------------------------------------------------------------


def _not_utc(case: Case) -> str:
    for name in case.schema.columns:
        for value in case.values(name):
            if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
                return f"{name} has {value.isoformat()}"
    return ""


def _implausible_time(case: Case) -> str:
    first = 1990 if case.endpoint.dataset in _LIVE else 1900
    last = case.today + timedelta(days=366 * (2 if case.endpoint.dataset in _LIVE else 30))
    for name in case.schema.columns:
        for value in case.values(name):
            if isinstance(value, datetime) and not (value.year >= first and value.date() <= last):
                return f"{name} has {value.isoformat()}"
    return ""


def _implausible_day(case: Case) -> str:
    for name in case.schema.columns:
        for value in case.values(name):
            if isinstance(value, date) and not isinstance(value, datetime) and not 1690 <= value.year <= 2150:
                return f"{name} has {value.isoformat()}"
    return ""


def _unsorted(case: Case) -> str:
    order = list(case.schema.order)
    return next(
        ("rows are not in order" for frame in case.frames() if not frame.equals(frame.sort(order))), ""
    )


def _not_unique(case: Case) -> str:
    order = list(case.schema.order)
    return next(
        ("rows have one key" for frame in case.frames() if frame.select(order).is_duplicated().any()), ""
    )


def _duplicated(case: Case) -> str:
    rows = _rows(case)
    keys = {tuple(row.get(name) for name in case.schema.order) for row in rows}
    lost = len(rows) - len(keys)
    return f"{lost} of {len(rows)} rows have the key of another" if _too_many(lost, len(rows)) else ""


def _unasked_key(case: Case) -> str:
    asked = case.asked
    if not asked.names or case.endpoint.batch == 0:
        return ""
    naming = case.replayed.provider.naming
    keys = {naming.canonical(name) for name in asked.names} | set(asked.names)
    upper = {key.upper() for key in keys}
    strange = [key for key in case.replayed.conformed if key.upper() not in upper]
    return f"asked for {', '.join(sorted(keys))[:80]}, got {strange[0]!r}" if strange else ""


def _odd_key(case: Case) -> str:
    for key in case.values(case.schema.order[0]):
        if (
            not isinstance(key, str)
            or not key
            or key != key.strip()
            or len(key) > 200
            or _CONTROL.search(key)
        ):
            return f"{key!r}"
    return ""


def _nameless(case: Case) -> str:
    columns = case.schema.columns
    if "vendor_symbol" not in columns or KEY_COLUMNS.get(case.endpoint.dataset):
        return ""
    rows = _rows(case)
    without = sum(not row.get("vendor_symbol") and row.get("symbol") != NO_SYMBOL for row in rows)
    return f"vendor_symbol is missing in {without} of {len(rows)} rows" if without else ""


def _renamed(case: Case) -> str:
    naming = case.replayed.provider.naming
    for name in case.asked.names[:50]:
        back = naming.to_vendor(naming.canonical(name))
        if naming.canonical(back) != naming.canonical(name):
            return f"{name} is {naming.canonical(name)}, which is asked for as {back}"
    return ""


def _range_broken(case: Case) -> str:
    rows = [row for row in _rows(case) if "high" in row or "low" in row]
    bad = sum(_is_above(row.get("low"), row.get("high")) for row in rows)
    return f"the high is below the low in {bad} of {len(rows)} rows" if _too_many(bad, len(rows)) else ""


def _close_outside(case: Case) -> str:
    rows = [row for row in _rows(case) if "close" in row and "high" in row]
    bad = sum(
        _is_above(row.get(name), row.get("high")) or _is_above(row.get("low"), row.get(name))
        for row in rows
        for name in (("open", "close") if case.endpoint.dataset != "quotes" else ())
    )
    return f"open or close lie outside in {bad} of {len(rows)} rows" if _too_many(bad, len(rows)) else ""


def _crossed(case: Case) -> str:
    rows = [row for row in _rows(case) if "bid" in row and "ask" in row]
    bad = sum(_is_above(row.get("bid"), row.get("ask")) for row in rows)
    return f"the bid is above the ask in {bad} of {len(rows)} rows" if _too_many(bad, len(rows)) else ""


def _is_above(low: object, high: object) -> bool:
    known = isinstance(low, int | float) and isinstance(high, int | float)
    return known and low > high * (1 + 1e-9 * (1 if high > 0 else -1))  # type: ignore[operator] # both are numbers


def _book_disordered(case: Case) -> str:
    if case.endpoint.dataset != "order_books":
        return ""
    for frame in case.frames():
        best = {}
        for side, descending in (("bid", True), ("ask", False)):
            prices = frame.filter(pl.col("side") == side).sort("level")["price"]
            if prices.len() and not prices.is_sorted(descending=descending):
                return f"prices of the {side} side are not in order of level"
            best[side] = prices[0] if prices.len() else None
        if _is_above(best["bid"], best["ask"]):
            return "the best bid is above the best ask"
    return ""


def _scale_slip(case: Case) -> str:
    for name in ("close", "rate"):
        for frame in case.frames():
            if name in frame.columns and frame.height >= 5 and frame[name].dtype == pl.Float64:
                middle = frame[name].median()
                if isinstance(middle, float) and middle > 0 and (frame[name] > middle * 10_000).any():
                    return f"{name} jumps ten-thousandfold"
    return ""


def _foreign_numbers(case: Case) -> str:
    if case.decoded is None or case.body is None or isinstance(case.body, str):
        return ""
    known = _significant(_numbers(case.body))
    for name, rule in case.schema.columns.items():
        if rule.dtype != pl.Float64() or name in _COUNTED | case.endpoint.derived:
            continue
        values = [value for value in case.values(name) if isinstance(value, int | float)][:500]
        strange = [v for v in values if v and not known.intersection(_significant(v * k for k in _SCALES))]
        if len(strange) > 0.02 * len(values):
            return f"{name} has {strange[0]!r}, which does not stand in the answer"
    return ""


def _numbers(value: Any) -> Iterator[float]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(name)
            yield from _numbers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield abs(float(value)) if abs(value) < 1e300 else 0.0
    elif isinstance(value, str) and len(value) <= 4000:
        for match in _NUMERAL.finditer(value):
            yield abs(float(match[0].replace(",", "")))


def _significant(values: Iterable[float]) -> set[str]:
    return {f"{abs(value):.9e}" for value in values}


def _odd_currency(case: Case) -> str:
    if "currency" not in case.schema.columns:
        return ""
    return next((repr(v) for v in case.values("currency") if not _CURRENCY.fullmatch(str(v))), "")


def _odd_interval(case: Case) -> str:
    if "interval" not in case.schema.columns:
        return ""
    return next((repr(v) for v in case.values("interval") if not _INTERVAL.fullmatch(str(v))), "")


def _odd_tenor(case: Case) -> str:
    if case.endpoint.dataset != "yield_curves":
        return ""
    for row in _rows(case):
        match = _TENOR.fullmatch(str(row.get("tenor")))
        months = row.get("months")
        if match is None or not isinstance(months, int | float):
            return f"{row.get('tenor')!r}"
        if abs(float(match[1]) * _MONTHS[match[2]] - months) > 0.6:
            return f"{row.get('tenor')} is not {months} months"
    return ""


def _dirty_text(case: Case) -> str:
    for name, rule in case.schema.columns.items():
        if rule.dtype == pl.String():
            dirty = next((v for v in case.values(name) if _CONTROL.search(str(v))), None)
            if dirty is not None:
                return f"{name} has control characters: {dirty[:40]!r}"
    return ""


# --- behaviour -------------------------------------------------------------------------------------------


def _unrepeatable(case: Case) -> str:
    again = _decoded_again(case, case.endpoint)
    return "" if again is None or again.rows == _rows(case) else "decoding twice gives different rows"


def _order_matters(case: Case) -> str:
    if case.decoded is None or case.replayed.error is not None or _has_duplicates(case):
        return ""
    items = case.endpoint.items
    reversed_ = replace(case.endpoint, items=lambda body, asked: list(items(body, asked))[::-1])
    again = _decoded_again(case, reversed_)
    if again is None:
        return ""
    frames = conform(case.endpoint.dataset, again)
    same = all(frames[key].frame.equals(part.frame) for key, part in case.replayed.conformed.items())
    return "" if same else "the order of the records changes the rows"


def _has_duplicates(case: Case) -> bool:
    return any("same key" in reason for part in case.replayed.conformed.values() for reason in part.skipped)


def _decoded_again(case: Case, endpoint: Endpoint) -> Decoded | None:
    if case.decoded is None or case.body is None:
        return None
    return decode(case.replayed.provider, endpoint, case.asked, case.body)


def _not_storable(case: Case) -> str:
    for frame in list(case.frames())[:3]:
        buffer = io.BytesIO()
        try:
            frame.write_parquet(buffer)
        except pl.exceptions.PolarsError as exc:
            return f"the rows cannot be stored: {exc}"
        if not pl.read_parquet(buffer.getvalue()).equals(frame):
            return "the rows change when they are stored"
    return ""


def _circular(case: Case) -> str:
    following = case.endpoint.next_page
    if following is None or case.decoded is None or case.body is None:
        return ""
    try:
        told = following(case.body, case.asked)
    except Exception as exc:  # noqa: BLE001 - a verdict on the provider, whatever it raised
        return f"asking for the next page raised {type(exc).__name__}"
    if not told:
        return ""
    if isinstance(told, str | Asked):
        page = told if isinstance(told, Asked) else Asked.of(case.asked.method, told)
        known = page.host in case.replayed.provider.hosts
        return "" if known else f"the next page is on another server: {page.host}"
    same = all(case.asked.query.get(name) == value for name, value in told.items())
    return "the next page is this one" if same else ""


# fmt: off
CHECKS: Final[tuple[ContractCheck, ...]] = (
    ContractCheck("claimed-once", "one provider knows the request", _claimed_twice),
    ContractCheck("asked-again", "the endpoint recognises the request that it would send", _not_asked_again),
    ContractCheck("dataset-known", "the dataset is in the catalogue", _unknown_dataset),
    ContractCheck("server-known", "the server is among those of the provider", _unknown_server),
    ContractCheck("no-crash", "only documented errors are raised", _crashed),
    ContractCheck("decoded", "an answer that is no refusal can be read", _undecoded),
    ContractCheck("in-time", f"an answer takes at most {SLOW_S:g} s of computing", _slow),
    ContractCheck("refusal-class", "a refusal is the error that its status or code names", _wrong_refusal),
    ContractCheck("refusal-empty", "a refusal has no rows", _rows_of_refusal),
    ContractCheck("refusal-words", "an error says what is wrong", _wordless),
    ContractCheck("secret-kept", "an error does not repeat the credential", _secret_told),
    ContractCheck("request-id", "a refusal tells the id of its request", _unnumbered),
    ContractCheck("records-accounted", "records = records used + records skipped", _records_lost),
    ContractCheck("rows-accounted", "rows = rows kept + rows left out by the schema", _rows_lost),
    ContractCheck("reasons-told", "what is skipped has a reason", _reasonless),
    ContractCheck("records-seen", "no longer list of records stands in the answer", _records_unseen),
    ContractCheck("mostly-used", "at most half of the records cannot be read", _mostly_skipped),
    ContractCheck("columns-known", "all columns are of the schema", _strange_column),
    ContractCheck("types", "values are of the type of their column", _wrong_type),
    ContractCheck("required", "required columns have values", _missing_value),
    ContractCheck("finite", "numbers are finite", _not_finite),
    ContractCheck("bounds", "numbers lie within the bounds of their unit", _out_of_bounds),
    ContractCheck("words", "words are those of the schema", _wrong_word),
    ContractCheck("schema-kept", "rows keep the rules of the schema", _schema_broken),
    ContractCheck("utc", "times are UTC", _not_utc),
    ContractCheck("times-plausible", "times lie where the dataset can have them", _implausible_time),
    ContractCheck("days-plausible", "days lie between 1690 and 2150", _implausible_day),
    ContractCheck("sorted", "rows are in the order of the schema", _unsorted),
    ContractCheck("unique", "no two rows have one key", _not_unique),
    ContractCheck("distinct", "the vendor's rows are told apart by their key", _duplicated),
    ContractCheck("key-asked", "rows are of the keys that were asked for", _unasked_key),
    ContractCheck("key-form", "keys are printable, short, without blanks around", _odd_key),
    ContractCheck("vendor-symbol", "every row tells what the vendor calls it", _nameless),
    ContractCheck("names-both-ways", "a name that was read is asked for by a name of the same", _renamed),
    ContractCheck("high-low", "the high is not below the low", _range_broken),
    ContractCheck("open-close", "open and close lie within high and low", _close_outside),
    ContractCheck("bid-ask", "the bid is not above the ask", _crossed),
    ContractCheck("book-order", "levels of a book are in order and do not cross", _book_disordered),
    ContractCheck("scale", "prices do not change their unit from row to row", _scale_slip),
    ContractCheck("numbers-told", "numbers stand in the answer, or a power of ten times", _foreign_numbers),
    ContractCheck("currency-form", "currencies are codes", _odd_currency),
    ContractCheck("interval-form", "intervals are a number and a unit", _odd_interval),
    ContractCheck("tenor-form", "tenors agree with their months", _odd_tenor),
    ContractCheck("text-clean", "texts have no control characters", _dirty_text),
    ContractCheck("repeatable", "decoding twice gives the same rows", _unrepeatable),
    ContractCheck("order-free", "the order of the records does not matter", _order_matters),
    ContractCheck("storable", "rows survive the store", _not_storable),
    ContractCheck("paging", "the next page is another one, of the same provider", _circular),
)
# fmt: on
"""Every check, in the order in which they are reported."""
