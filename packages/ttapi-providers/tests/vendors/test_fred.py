# SPDX-License-Identifier: Apache-2.0
"""FRED's observations and vintages become rows, its rates pairs the right way round, its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError
from ttapi_providers.asking import Asked, Wanted
from ttapi_providers.vendors.fred import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.stlouisfed.org/fred"
OBSERVATIONS = f"{ROOT}/series/observations?file_type=json&series_id="


def _answer(*observations: Any, **told: Any) -> Any:
    today = {"realtime_start": "2026-03-20", "realtime_end": "2026-03-20"}
    held = [{**today, **one} for one in observations]
    return {
        **today,
        "units": "lin",
        "count": len(held),
        "offset": 0,
        "limit": 100000,
        "observations": held,
        **told,
    }


def test_a_period_without_a_value_stays_a_row(answered: Answered) -> None:
    body = _answer({"date": "2026-01-01", "value": "."}, {"date": "2026-02-01", "value": "4.21"})
    first, second = answered(PROVIDER, f"{OBSERVATIONS}GS10", body).rows("economic_series")
    assert (first["series"], first["date"], first["value"]) == ("GS10", date(2026, 1, 1), None)
    assert (second["value"], second["vintage_date"]) == (4.21, None)


def test_xml_is_read_as_json_is(answered: Answered) -> None:
    body = '<observations count="1" offset="0" limit="100000"><observation date="2026-01-01" value="1.5"/></observations>'
    url = f"{ROOT}/series/observations?series_id=GS10"
    (row,) = answered(PROVIDER, url, body, content_type="text/xml").rows("economic_series")
    assert (row["series"], row["value"]) == ("GS10", 1.5)


def test_an_answer_over_real_time_tells_since_when_a_value_is_known(answered: Answered) -> None:
    body = _answer(
        {
            "date": "2025-01-01",
            "value": "100.0",
            "realtime_start": "2025-04-30",
            "realtime_end": "2025-05-29",
        },
        {
            "date": "2025-01-01",
            "value": "101.5",
            "realtime_start": "2025-05-30",
            "realtime_end": "9999-12-31",
        },
    )
    url = f"{OBSERVATIONS}GDP&realtime_start=2025-01-01&realtime_end=9999-12-31"
    rows = answered(PROVIDER, url, body).rows("economic_series")
    assert [(row["vintage_date"], row["value"]) for row in rows] == [
        (date(2025, 4, 30), 100.0), (date(2025, 5, 30), 101.5)
    ]  # fmt: skip


def test_a_column_a_vintage_becomes_a_row_a_vintage(answered: Answered) -> None:
    body = _answer({"date": "2025-01-01", "GDP_20250430": "100.0", "GDP_20250530": "."})
    rows = answered(PROVIDER, f"{OBSERVATIONS}GDP&output_type=2", body).rows("economic_series")
    assert [(row["vintage_date"], row["value"]) for row in rows] == [
        (date(2025, 4, 30), 100.0), (date(2025, 5, 30), None)
    ]  # fmt: skip


def test_a_transformed_series_says_so(answered: Answered) -> None:
    (row,) = answered(
        PROVIDER, f"{OBSERVATIONS}GDP&units=pch", _answer({"date": "2025-01-01", "value": "1.1"})
    ).rows("economic_series")
    assert row["unit"] == "pch"


@pytest.mark.parametrize(("name", "symbol"), [("DEXJPUS", "USD/JPY"), ("DEXUSEU", "EUR/USD")])
def test_exchange_rates_are_pairs_the_right_way_round(answered: Answered, name: str, symbol: str) -> None:
    body = _answer({"date": "2026-03-02", "value": "1.25"}, {"date": "2026-03-03", "value": "."})
    replayed = answered(PROVIDER, f"{OBSERVATIONS}{name}", body)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["rate"]) == (symbol, name, 1.25)
    assert replayed["fx_rates"].decoded.skipped_count == 1
    assert PROVIDER.naming.to_vendor(symbol) == name


def test_what_is_known_of_series_becomes_symbols(answered: Answered) -> None:
    body = {"seriess": [{"id": "GS10", "title": "A yield", "units": "Percent", "frequency": "Monthly"}]}
    (row,) = answered(PROVIDER, f"{ROOT}/series/search?search_text=yield&file_type=json", body).rows(
        "symbols"
    )
    assert (row["symbol"], row["description"]) == ("GS10", "A yield")


def test_the_graph_table_holds_several_series(answered: Answered) -> None:
    body = "observation_date,GDP,GDPC1\n2025-01-01,100.5,\n"
    rows = answered(PROVIDER, "https://fred.stlouisfed.org/graph/fredgraph.csv?id=GDP,GDPC1", body).rows(
        "economic_series"
    )
    assert {(row["series"], row["value"]) for row in rows} == {("GDP", 100.5), ("GDPC1", None)}


def test_exchange_rates_of_the_graph_table_are_pairs(answered: Answered) -> None:
    body = (
        "observation_date,DEXJPUS,DEXUSEU,GDP\n2026-03-02,157.5,1.15,1\n2026-03-03,.,1.16,\n2026-03-04,,,2\n"
    )
    url = "https://fred.stlouisfed.org/graph/fredgraph.csv?id=DEXJPUS,DEXUSEU,GDP"
    replayed = answered(PROVIDER, url, body)
    assert {(row["symbol"], row["date"].day, row["rate"]) for row in replayed.rows("fx_rates")} == {
        ("USD/JPY", 2, 157.5), ("EUR/USD", 2, 1.15), ("EUR/USD", 3, 1.16)
    }  # fmt: skip
    assert replayed["fx_rates"].decoded.skipped_count == 1


@pytest.mark.parametrize("changed", ["fq=Monthly", "transformation=pch"])
def test_rates_that_the_graph_table_has_changed_are_series_alone(answered: Answered, changed: str) -> None:
    url = f"https://fred.stlouisfed.org/graph/fredgraph.csv?id=DEXJPUS&{changed}"
    assert set(answered(PROVIDER, url, "observation_date,DEXJPUS\n2026-03-01,157.5\n")) == {"economic_series"}


def test_all_series_of_a_release_are_read(answered: Answered) -> None:
    one = {"series_id": "GDP", "title": "Output", "units": "Billions", "frequency": "Q", "observations": [
        {"date": "2025-01-01", "value": "100.5"}]}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/v2/release/observations?release_id=53", {"series": [one]}).rows(
        "economic_series"
    )
    assert (row["series"], row["unit"], row["value"]) == ("GDP", "Billions", 100.5)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Feb 2026", date(2026, 2, 1)),
        ("Q4 2025", date(2025, 10, 1)),
        ("2025", date(2025, 1, 1)),
        ("2026-02-12", date(2026, 2, 12)),
        ("Feb 12, 2026", date(2026, 2, 12)),
    ],
)
def test_the_table_of_a_release_is_read_with_its_values(answered: Answered, text: str, day: date) -> None:
    line = {"element_id": 2, "type": "series", "series_id": "ABC", "name": "Line", "children": [],
            "observation_value": "1,234.5", "observation_date": text}  # fmt: skip
    body = {"element_id": "1", "elements": {"1": {"type": "section", "series_id": None, "children": [line]}}}
    url = f"{ROOT}/release/tables?release_id=10&include_observation_values=true&file_type=json"
    (row,) = answered(PROVIDER, url, body).rows("economic_series")
    assert (row["series"], row["title"], row["date"], row["value"]) == ("ABC", "Line", day, 1234.5)


def test_the_table_of_a_release_without_values_is_no_series(answered: Answered) -> None:
    body = {"elements": {"1": {"type": "series", "series_id": "ABC", "name": "Line", "children": []}}}
    with pytest.raises(AssertionError, match="does not claim"):
        answered(PROVIDER, f"{ROOT}/release/tables?release_id=10&file_type=json", body)


@pytest.mark.parametrize("by_day", [True, False])
@pytest.mark.parametrize("path", ["geofred", "geofred/"])
def test_maps_are_read_by_region(answered: Answered, path: str, by_day: bool) -> None:
    regions = [{"region": "Texas", "code": "48", "value": "65000", "series_id": "TXPCPI"}]
    held = {"2025-01-01": regions} if by_day else regions
    meta = {"title": "Income", "units": "Dollars", "frequency": "Annual", "date": "2025-01-01", "data": held}
    url = f"https://api.stlouisfed.org/{path}/series/data?series_id=TXPCPI&file_type=json"
    (row,) = answered(PROVIDER, url, {"meta": meta}).rows("economic_series")
    assert (row["series"], row["title"], row["unit"]) == ("TXPCPI", "Texas: Income", "Dollars")
    assert (row["date"], row["value"]) == (date(2025, 1, 1), 65000.0)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Bad Request.  The series does not exist.", NotFoundError),
        ("Bad Request.  The value for variable api_key is not registered.", AuthenticationError),
    ],
)
def test_refusals_are_typed(answered: Answered, words: str, error: type[Exception]) -> None:
    body = {"error_code": 400, "error_message": words}
    with pytest.raises(error):
        answered(PROVIDER, f"{OBSERVATIONS}NOPE", body, status=400).frame("economic_series")


def test_the_next_page_begins_where_the_last_one_ended() -> None:
    endpoint: Any = PROVIDER.endpoints[0]
    asked = endpoint.request.ask(Wanted(keys=("GDP",), names=("GDP",)), PROVIDER.bases[0])
    assert isinstance(asked, Asked)
    assert endpoint.next_page({"observations": [], "offset": 0, "limit": 2, "count": 3}, asked) == {
        "offset": "2"
    }
    assert endpoint.next_page({"observations": [], "offset": 2, "limit": 2, "count": 3}, asked) is None
