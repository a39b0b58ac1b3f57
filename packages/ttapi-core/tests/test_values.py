# SPDX-License-Identifier: Apache-2.0
"""What value objects share: checked fields, and JSON forms that lose nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import DataError, DecodeError, InstrumentKind, ParameterError, Symbol
from ttapi_core.values import check_fields, decode, encode


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: Decimal

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    symbol: Symbol
    number: Decimal
    count: int
    flag: bool
    text: str
    time: datetime
    day: date
    id: UUID
    colour: Colour
    inner: Inner
    many: tuple[Inner, ...] = ()
    maybe: Decimal | None = None
    note: str | None

    def __post_init__(self) -> None:
        check_fields(self)


def outers() -> st.SearchStrategy[Outer]:
    numbers = st.builds(
        lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
        st.integers(0, 1),
        st.lists(st.integers(0, 9), min_size=1, max_size=30),
        st.integers(-40, 0),
    )
    inners = st.builds(Inner, number=numbers)
    return st.builds(
        Outer,
        symbol=st.sampled_from(
            [Symbol.parse("SPY"), Symbol.parse("/ESZ6"), Symbol.parse("SPY   261218C00602500")]
        ),
        number=numbers,
        count=st.integers(-(2**63), 2**63 - 1),
        flag=st.booleans(),
        text=st.text(st.characters(exclude_categories=["Cs"])),
        time=st.datetimes(timezones=st.just(UTC)),
        day=st.dates(),
        id=st.uuids(),
        colour=st.just(Colour.RED),
        inner=inners,
        many=st.lists(inners, max_size=3).map(tuple),
        maybe=st.none() | numbers,
        note=st.none() | st.just("x"),
    )


EXAMPLE = Outer(
    symbol=Symbol.parse("SPY"),
    number=Decimal("612.350"),
    count=3,
    flag=True,
    text="é",
    time=datetime(2026, 11, 20, 15, 30, 0, 250_000, tzinfo=UTC),
    day=date(2026, 12, 18),
    id=UUID(int=5),
    colour=Colour.RED,
    inner=Inner(number=Decimal("1E+2")),
    note=None,
)


def test_json_forms_are_as_documented() -> None:
    assert encode(EXAMPLE) == {
        "symbol": "SPY",
        "number": "612.350",
        "count": 3,
        "flag": True,
        "text": "é",
        "time": "2026-11-20T15:30:00.250000Z",
        "day": "2026-12-18",
        "id": "00000000-0000-0000-0000-000000000005",
        "colour": "red",
        "inner": {"number": "1E+2"},
        "many": [],
    }


@given(outers())
def test_decode_gives_back_what_was_encoded(value: Outer) -> None:
    again = decode(Outer, json.loads(json.dumps(encode(value))))
    assert again == value
    assert str(again.number) == str(value.number)


@pytest.mark.parametrize(
    ("symbol", "form"),
    [
        (Symbol.parse("SPY"), "SPY"),
        (Symbol.parse("SPX", kind=InstrumentKind.INDEX), {"canonical": "SPX", "kind": "index"}),
        (Symbol.parse("/ESZ6"), "/ESZ6"),
        (
            Symbol.from_streamer("/ESZ26:XCME"),
            {"canonical": "/ESZ6", "kind": "future", "contract_year": 2026, "exchange": "XCME"},
        ),
    ],
)
def test_symbol_keeps_all_that_is_known(symbol: Symbol, form: object) -> None:
    document = encode(EXAMPLE) | {"symbol": form}
    again = decode(Outer, document)
    assert encode(again)["symbol"] == form
    assert (again.symbol, again.symbol.kind) == (symbol, symbol.kind)
    assert (again.symbol.contract_year, again.symbol.exchange) == (symbol.contract_year, symbol.exchange)


def test_unknown_fields_are_ignored_and_null_is_absent() -> None:
    document = encode(EXAMPLE) | {"later": [1], "maybe": None, "inner": {"number": "1E+2", "later": {}}}
    assert decode(Outer, document) == EXAMPLE


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("number", 612.35),
        ("number", "NaN"),
        ("number", "1_000"),
        ("number", " 1"),
        ("number", "٣"),
        ("number", "1e9999"),
        ("number", "1e31"),
        ("number", "9" * 61),
        ("number", ""),
        ("count", 3.0),
        ("count", True),
        ("count", "3"),
        ("count", 2**63),
        ("flag", 1),
        ("text", 5),
        ("text", "\ud800"),
        ("time", "2026-11-20T15:30:00"),
        ("time", "2026-13-20T15:30:00Z"),
        ("time", "0001-01-01T00:00:00+23:00"),
        ("time", 1_795_188_601_250),
        ("day", "2026-02-30"),
        ("day", "2026-12-18T00:00:00Z"),
        ("id", "5"),
        ("id", 5),
        ("colour", "blue"),
        ("colour", None),
        ("inner", None),
        ("inner", "x"),
        ("inner", {}),
        ("many", {}),
        ("many", [{"number": 1}]),
        ("symbol", "../../etc"),
        ("symbol", {"canonical": "SPX"}),
        ("symbol", {"canonical": 5, "kind": "index"}),
        ("symbol", {"canonical": "SPX", "kind": []}),
        ("symbol", {"canonical": "/ESZ6", "kind": "future", "contract_year": True}),
        ("symbol", {"canonical": "/ESZ6", "kind": "future", "exchange": 5}),
        ("symbol", ["SPX"]),
    ],
)
def test_wrong_field_raises_decode_error_and_is_named(name: str, wrong: object) -> None:
    with pytest.raises(DecodeError, match=name):
        decode(Outer, encode(EXAMPLE) | {name: wrong})


def test_error_names_the_path() -> None:
    with pytest.raises(DecodeError, match=r"many\[1\]\.number"):
        decode(Outer, encode(EXAMPLE) | {"many": [{"number": "1"}, {"number": "x"}]})


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_document_that_is_no_object_raises(document: object) -> None:
    with pytest.raises(DecodeError, match="object"):
        decode(Outer, document)


def test_day_with_a_time_raises() -> None:
    with pytest.raises(ParameterError):
        decode_free(day=datetime(2026, 1, 1, tzinfo=UTC))


def test_number_out_of_bounds_raises() -> None:
    with pytest.raises(DataError):
        decode_free(number=Decimal("1E+31"))
    assert decode_free(number=Decimal(1) / 3).number < 1


def test_text_that_cannot_be_stored_raises() -> None:
    with pytest.raises(ParameterError, match="surrogates"):
        decode_free(text="a\udc80")
    assert decode_free(text="é😀").text == "é😀"


def test_subclass_of_datetime_is_taken_in_another_zone() -> None:
    class Stamp(datetime):
        pass

    east = Stamp(2026, 1, 1, tzinfo=UTC) + timedelta(0)
    assert decode_free(time=east).time == datetime(2026, 1, 1, tzinfo=UTC)


def decode_free(**changes: object) -> Outer:
    """Build a value like `EXAMPLE` with some fields changed, without JSON."""
    fields = {name: getattr(EXAMPLE, name) for name in Outer.__dataclass_fields__}
    return Outer(**(fields | changes))
