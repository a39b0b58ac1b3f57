# SPDX-License-Identifier: Apache-2.0
"""Symbols: every form, there and back, and nothing but SymbolError for the rest."""

from __future__ import annotations

import copy
import pickle
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core import InstrumentKind, OptionType, ParameterError, Symbol, SymbolError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MONTHS = "FGHJKMNQUVXZ"
PRODUCTS = ("ES", "MNQ", "6E", "M2K", "10Y", "SR3", "CL", "GC", "VX", "ZB")


def roots() -> st.SearchStrategy[str]:
    """Option roots: letters, some with the digit of an adjusted deliverable."""
    return st.builds(
        lambda first, rest: first + rest,
        st.sampled_from(LETTERS),
        st.text(LETTERS + "0123456789", max_size=5),
    )


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2000, 1, 1), date(2099, 12, 31))


def equities() -> st.SearchStrategy[str]:
    plain = st.builds(
        lambda first, rest: first + rest,
        st.sampled_from(LETTERS),
        st.text(LETTERS + "0123456789", max_size=9),
    )
    suffix = st.one_of(st.just(""), st.sampled_from(["/A", "/B", "/WS", "/PRK"]))
    return st.builds(lambda name, share_class: name + share_class, plain, suffix)


def options() -> st.SearchStrategy[str]:
    return st.builds(
        lambda root, day, right, strike: f"{root:<6}{day:%y%m%d}{right}{strike:08}",
        roots(),
        days(),
        st.sampled_from("CP"),
        st.integers(1, 99_999_999),
    )


def futures() -> st.SearchStrategy[str]:
    return st.builds(
        lambda product, month, year: f"/{product}{month}{year}",
        st.sampled_from(PRODUCTS),
        st.sampled_from(MONTHS),
        st.integers(0, 9),
    )


def future_options() -> st.SearchStrategy[str]:
    return st.builds(
        lambda future, contract, day, right, strike: (
            f"./{future[1:]:<5}{contract[1:]:<6}{day:%y%m%d}{right}{strike}"
        ),
        futures(),
        futures(),
        days(),
        st.sampled_from("CP"),
        st.one_of(st.integers(1, 99_999).map(str), st.sampled_from(["1.085", "0.5", "112.75"])),
    )


def pairs() -> st.SearchStrategy[str]:
    return st.builds(
        "{}/{}".format, st.text(LETTERS, min_size=2, max_size=5), st.sampled_from(["USD", "EUR", "USDT"])
    )


def names() -> st.SearchStrategy[str]:
    return st.one_of(equities(), options(), futures(), future_options(), pairs())


@pytest.mark.parametrize(
    ("text", "kind", "streamer"),
    [
        ("AAPL", InstrumentKind.EQUITY, "AAPL"),
        ("BRK/B", InstrumentKind.EQUITY, "BRK/B"),
        ("AAPL1", InstrumentKind.EQUITY, "AAPL1"),
        ("SPY   261218C00600000", InstrumentKind.EQUITY_OPTION, ".SPY261218C600"),
        ("F     270115C00002020", InstrumentKind.EQUITY_OPTION, ".F270115C2.02"),
        ("AAPL1 261218P00602500", InstrumentKind.EQUITY_OPTION, ".AAPL1261218P602.5"),
        ("2SPY  261218P00000125", InstrumentKind.EQUITY_OPTION, ".2SPY261218P0.125"),
        ("/ESZ6", InstrumentKind.FUTURE, "/ESZ26:XCME"),
        ("/10YZ6", InstrumentKind.FUTURE, "/10YZ26:XCBT"),
        ("/CLF7", InstrumentKind.FUTURE, "/CLF27:XNYM"),
        ("/GCZ6", InstrumentKind.FUTURE, "/GCZ26:XCEC"),
        ("/VXX6", InstrumentKind.FUTURE, "/VXX26:XCBF"),
        ("./ESZ6 ESZ6  261218C6000", InstrumentKind.FUTURE_OPTION, "./ESZ26C6000:XCME"),
        ("./ESZ6 EW4X6 261127P5900", InstrumentKind.FUTURE_OPTION, "./EW4X26P5900:XCME"),
        ("./MNQZ5MNQZ5 251219P11000", InstrumentKind.FUTURE_OPTION, "./MNQZ25P11000:XCME"),
        ("BTC/USD", InstrumentKind.CRYPTO, "BTC/USD:CXTALP"),
        ("EUR/USD", InstrumentKind.FX, "EUR/USD"),
    ],
)
def test_parse_of_each_form_knows_kind_and_streamer(text: str, kind: InstrumentKind, streamer: str) -> None:
    symbol = Symbol.parse(text)
    assert (str(symbol), symbol.canonical, symbol.kind) == (text, text, kind)
    assert symbol.streamer_on(date(2026, 11, 20)) == streamer


def test_option_facts_are_read_from_the_name() -> None:
    option = Symbol.parse("SPXW  261218P06002500")
    assert (option.root, option.underlying, option.option_type) == ("SPXW", "SPX", OptionType.PUT)
    assert (option.expiration, option.strike) == (date(2026, 12, 18), Decimal("6002.5"))


@pytest.mark.parametrize(
    ("text", "root", "underlying"),
    [
        ("BRKB  261218C00500000", "BRKB", "BRK/B"),
        ("AAPL1 261218C00500000", "AAPL1", "AAPL"),
        ("./ESZ6 EW4X6 261127P5900", "EW4", "/ESZ6"),
        ("/ESZ6", "ES", "/ESZ6"),
        ("BTC/USD", "BTC", "BTC/USD"),
        ("BRK/B", "BRK/B", "BRK/B"),
    ],
)
def test_root_and_underlying(text: str, root: str, underlying: str) -> None:
    symbol = Symbol.parse(text)
    assert (symbol.root, symbol.underlying) == (root, underlying)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [(" aapl ", "AAPL"), ("brk/b", "BRK/B"), ("btc/usd", "BTC/USD"), (" /ESZ26", "/ESZ6")],
)
def test_parse_forgives_blanks_case_and_two_digit_years(text: str, canonical: str) -> None:
    assert Symbol.parse(text).canonical == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "/",
        "//",
        "./",
        ".",
        "..",
        "../../etc",
        "../../etc/passwd",
        "A" * 10_240,
        "AA\x00PL",
        "AAPL\n",
        "\tAAPL",
        "AAPL\x7f",
        "ÄPFEL",
        "ＡＡＰＬ",
        "AAPL\u200b",
        "BRK.B",
        "BF-B",
        "1234",
        "A/",
        "/B",
        "/ES",
        "/ESA6",
        "/esz6",
        "/ESZ126",
        "SPY 261218C00600000",
        "SPY   261318C00600000",
        "SPY   260231C00600000",
        "SPY   261218X00600000",
        "SPY   261218C00000000",
        "SPY   261218C0060000",
        "123456261218C00600000",
        "./ESZ6 ESZ6  261318C6000",
        "./ESZ6 ESZ6  261218C0",
        "./ESZ6 ESZ6  261218C06000",
        "./ESA6 ESZ6  261218C6000",
        "./ESZ6 ESA6  261218C6000",
        "./ES Z6ESZ6  261218C6000",
        "./EW4  EW4   261218C1",
        ".SPY261218C600",
        "AAPL{=d}",
        "SPY&Q",
    ],
)
def test_parse_of_what_is_no_name_raises_symbol_error(text: str) -> None:
    with pytest.raises(SymbolError) as caught:
        Symbol.parse(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("thing", [None, 5, b"AAPL", ["AAPL"], Symbol.parse("AAPL")])
def test_parse_of_another_type_raises_symbol_error(thing: object) -> None:
    for reader in (Symbol.parse, Symbol.from_streamer, Symbol.from_file_name):
        with pytest.raises(SymbolError):
            reader(thing)  # type: ignore[arg-type]  # the point of the test


def test_kind_is_what_the_caller_knows_and_no_part_of_identity() -> None:
    index, equity = Symbol.parse("SPX", kind=InstrumentKind.INDEX), Symbol.parse("SPX")
    assert (index.kind, equity.kind) == (InstrumentKind.INDEX, InstrumentKind.EQUITY)
    assert index == equity
    assert hash(index) == hash(equity)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AAPL", InstrumentKind.FUTURE),
        ("AAPL", InstrumentKind.CRYPTO),
        ("/ESZ6", InstrumentKind.EQUITY),
        ("SPY   261218C00600000", InstrumentKind.EQUITY),
        ("./ESZ6 ESZ6  261218C6000", InstrumentKind.EQUITY_OPTION),
    ],
)
def test_parse_given_another_kind_than_the_form_has_raises(text: str, kind: InstrumentKind) -> None:
    with pytest.raises(SymbolError):
        Symbol.parse(text, kind=kind)


def test_parse_given_no_kind_at_all_raises_parameter_error() -> None:
    with pytest.raises(ParameterError):
        Symbol.parse("AAPL", kind="equity")  # type: ignore[arg-type]  # the point of the test


def test_symbols_sort_by_text_and_differ_from_text() -> None:
    assert sorted(map(Symbol.parse, ["MSFT", "/ESZ6", "AAPL"])) == list(
        map(Symbol.parse, ["/ESZ6", "AAPL", "MSFT"])
    )
    text: object = "AAPL"
    assert Symbol.parse("AAPL") != text


def test_symbol_cannot_be_changed_and_survives_copy_and_pickle() -> None:
    symbol = Symbol.from_streamer("/ESZ26:XCME")
    with pytest.raises(AttributeError):
        symbol.canonical = "X"  # type: ignore[misc]  # the point of the test
    for twin in (copy.deepcopy(symbol), pickle.loads(pickle.dumps(symbol))):
        assert (twin, twin.contract_year, twin.exchange) == (symbol, 2026, "XCME")
    assert repr(symbol) == "Symbol('/ESZ6', InstrumentKind.FUTURE)"


def test_constructor_takes_the_canonical_form_only() -> None:
    assert Symbol("AAPL", InstrumentKind.EQUITY) == Symbol.parse("AAPL")
    for text in ("aapl", " AAPL", "../../etc", "/ESZ26"):
        with pytest.raises(SymbolError):
            Symbol(text, InstrumentKind.EQUITY)


def test_contract_year_and_exchange_belong_to_futures_and_agree_with_the_name() -> None:
    with pytest.raises(ParameterError):
        Symbol("AAPL", InstrumentKind.EQUITY, exchange="XCME")
    for year in (2027, 1996, 2106):
        with pytest.raises(ParameterError):
            Symbol("/ESZ6", InstrumentKind.FUTURE, contract_year=year)


@pytest.mark.parametrize(
    ("text", "on", "streamer"),
    [
        ("/ESZ6", date(2026, 11, 20), "/ESZ26:XCME"),
        ("/ESH6", date(2026, 11, 20), "/ESH26:XCME"),
        ("/ESZ5", date(2026, 11, 20), "/ESZ25:XCME"),
        ("/ESX5", date(2026, 11, 20), "/ESX25:XCME"),
        ("/ESV5", date(2026, 11, 20), "/ESV35:XCME"),
        ("/ESH5", date(2026, 11, 20), "/ESH35:XCME"),
        ("/ESH0", date(2029, 12, 31), "/ESH30:XCME"),
        ("/ESH9", date(2030, 1, 2), "/ESH29:XCME"),
    ],
)
def test_decade_of_a_future_is_the_first_from_twelve_months_back(text: str, on: date, streamer: str) -> None:
    assert Symbol.parse(text).streamer_on(on) == streamer


def test_known_year_and_exchange_go_before_the_rule_and_the_table() -> None:
    assert Symbol.from_streamer("/ZZZH36:XABC").streamer_on(date(2026, 11, 20)) == "/ZZZH36:XABC"
    assert Symbol.parse("/ESZ16").streamer_on(date(2026, 11, 20)) == "/ESZ16:XCME"


def test_streamer_uses_today() -> None:
    symbol = Symbol.parse("/ESZ6")
    assert symbol.streamer == symbol.streamer_on(datetime.now(UTC).date())


def test_option_on_a_future_of_the_next_year_finds_its_year() -> None:
    assert Symbol.parse("./CLF7 LOF7  261216C70.5").streamer == "./LOF27C70.5:XNYM"


@pytest.mark.parametrize("text", ["/QQQQZ6", "./ZZZZ6ZZZZ6 261218C60"])
def test_unknown_product_sends_to_the_api(text: str) -> None:
    with pytest.raises(SymbolError, match="API"):
        _ = Symbol.parse(text).streamer


@pytest.mark.parametrize(
    "text",
    [
        "AAPL:XNAS",
        "BTC/USD:XCME",
        "/ESZ26:",
        "/ESZ26:XC",
        "/ES:XCME",
        ".SPY261218C",
        ".SPY261218C0",
        ".SPY261218C600.1234",
        ".SPY261318C600",
        ".SPY261218C0600",
        "SPY{=d}",
        "\x00",
    ],
)
def test_from_streamer_of_what_is_none_raises(text: str) -> None:
    with pytest.raises(SymbolError):
        Symbol.from_streamer(text)


def test_from_streamer_of_a_future_option_sends_to_the_chain() -> None:
    """Its streamer form has neither the underlying future nor the day."""
    with pytest.raises(SymbolError, match="option chain"):
        Symbol.from_streamer("./ESZ26C6000:XCME")


def test_from_streamer_given_a_kind_checks_it() -> None:
    assert Symbol.from_streamer("SPX", kind=InstrumentKind.INDEX).kind is InstrumentKind.INDEX
    assert Symbol.from_streamer("BTC/USD:CXTALP").kind is InstrumentKind.CRYPTO
    with pytest.raises(SymbolError):
        Symbol.from_streamer(".SPY261218C600", kind=InstrumentKind.EQUITY)


@given(options())
def test_option_goes_to_streamer_and_back(text: str) -> None:
    symbol = Symbol.parse(text)
    assert symbol.expiration is not None
    assert Symbol.from_streamer(symbol.streamer) == symbol
    assert not symbol.streamer.endswith(".")


@given(st.integers(1, 99_999_999))
def test_strike_is_thousandths_without_trailing_zeros(thousandths: int) -> None:
    strike = Symbol.parse(f"SPY   261218C{thousandths:08}").strike
    assert strike is not None
    assert strike * 1000 == thousandths
    assert not (str(strike).endswith("0") and "." in str(strike))
    assert "E" not in str(strike)


@given(futures(), st.dates(date(2001, 1, 1), date(2089, 12, 31)))
def test_future_goes_to_streamer_and_back(text: str, on: date) -> None:
    symbol = Symbol.parse(text)
    again = Symbol.from_streamer(symbol.streamer_on(on))
    assert again == symbol
    assert again.contract_year is not None
    assert -1 <= again.contract_year - on.year <= 9


@given(names())
def test_file_name_goes_back_and_is_safe(text: str) -> None:
    symbol = Symbol.parse(text)
    name = symbol.file_name
    assert Symbol.from_file_name(name, kind=symbol.kind) == symbol
    assert name.isascii()
    assert len(name) <= 200
    assert not set(name) & set('/\\:*?"<>| ')
    assert name[0] not in ".-~"
    assert name[-1] not in ". "


@given(st.lists(names(), max_size=30))
@settings(max_examples=50)
def test_file_names_of_distinct_symbols_differ_without_case(texts: list[str]) -> None:
    symbols = {Symbol.parse(text) for text in texts}
    assert len({symbol.file_name.casefold() for symbol in symbols}) == len(symbols)


@pytest.mark.parametrize(
    "text", ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))]
)
def test_names_reserved_by_windows_are_marked(text: str) -> None:
    symbol = Symbol.parse(text.lower())
    assert symbol.file_name == f"{text}~"
    assert Symbol.from_file_name(symbol.file_name) == symbol


@pytest.mark.parametrize("name", ["aapl", "CON", "AAPL~", "", "..", "a/b", "BRK/B", "AAPL.csv", "_", "~"])
def test_from_file_name_of_what_no_symbol_writes_raises(name: str) -> None:
    with pytest.raises(SymbolError):
        Symbol.from_file_name(name)


READERS = (Symbol.parse, Symbol.from_streamer, Symbol.from_file_name)


def survives(text: str) -> None:
    """Read a text in every way: a symbol comes out whole, or a SymbolError."""
    for reader in READERS:
        try:
            symbol = reader(text)
        except SymbolError:
            continue
        assert Symbol.parse(symbol.canonical, kind=symbol.kind) == symbol
        assert Symbol.from_file_name(symbol.file_name, kind=symbol.kind) == symbol


@given(
    st.one_of(
        st.text(max_size=40),
        st.text("ACP/. :0123456789", max_size=24),
        st.from_regex(r"\A[./]{0,2}[A-Z0-9 ]{1,12}[CP0-9.]{0,12}\Z"),
    )
)
@settings(max_examples=300)
def test_any_text_gives_a_symbol_or_symbol_error(text: str) -> None:
    survives(text)


def test_three_thousand_mutated_names_give_a_symbol_or_symbol_error() -> None:
    randomness = random.Random(20261120)
    seeds = [
        "AAPL",
        "BRK/B",
        "/ESZ6",
        "/ESZ26:XCME",
        "./ESZ6 ESZ6  261218C6000",
        "SPY   261218C00600000",
        ".F270115C2.02",
        "BTC/USD:CXTALP",
        "EUR/USD",
    ]
    spice = "ACPZ/.: \x00\n\t~_-+0159é\u202e\ud800{=}&%"
    for _ in range(3_000):
        letters = list(randomness.choice(seeds))
        for _ in range(randomness.randint(1, 4)):
            place = randomness.randrange(len(letters) + 1)
            letters[place : place + randomness.randint(0, 2)] = randomness.choices(
                spice, k=randomness.randint(0, 2)
            )
        survives("".join(letters))
