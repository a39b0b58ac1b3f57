# SPDX-License-Identifier: Apache-2.0
"""Answers of the Bureau of Labor Statistics become series; its words for no become typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, RequestRefusedError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.bls import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.bls.gov/publicAPI"


def _answer(
    *points: Any, name: str = "CUUR0000SA0", message: Any = (), status: Any = "REQUEST_SUCCEEDED", **told: Any
) -> Any:
    return {
        "status": status, "responseTime": 1, "message": list(message),
        "Results": {"series": [{"seriesID": name, "data": list(points), **told}]},
    }  # fmt: skip


def _point(period: str, value: Any, **more: Any) -> Any:
    return {"year": "2025", "period": period, "periodName": "x", "value": value, "footnotes": [{}], **more}


def _posted(answered: Answered, body: Any, names: Any = ("CUUR0000SA0",), **told: Any) -> Any:
    return answered(
        PROVIDER, f"{ROOT}/v2/timeseries/data/", body, method="POST", posted={"seriesid": list(names)}, **told
    )


def test_months_quarters_and_halves_begin_with_their_first_day(answered: Answered) -> None:
    body = _answer(_point("M11", "310.5"), _point("Q02", "2"), _point("S02", "3"), _point("A01", "4"))
    rows = _posted(answered, body).rows("economic_series")
    assert {row["date"]: row["value"] for row in rows} == {
        date(2025, 11, 1): 310.5, date(2025, 4, 1): 2.0, date(2025, 7, 1): 3.0, date(2025, 1, 1): 4.0
    }  # fmt: skip


def test_the_average_of_a_year_is_not_its_thirteenth_month(answered: Answered) -> None:
    replayed = _posted(answered, _answer(_point("M01", "1"), _point("M13", "2")))["economic_series"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)
    assert "average" in replayed.decoded.skipped[0]


def test_a_missing_value_is_null_and_its_footnote_the_status(answered: Answered) -> None:
    point = _point("M10", "-", footnotes=[{"code": "X", "text": "Data unavailable"}])
    (row,) = _posted(answered, _answer(point)).rows("economic_series")
    assert (row["value"], row["status"]) == (None, "X")


def test_the_catalog_names_the_series(answered: Answered) -> None:
    body = _answer(
        _point("M01", "1"), catalog={"series_title": "All items", "seasonality": "Not Seasonally Adjusted"}
    )
    (row,) = _posted(answered, body).rows("economic_series")
    assert (row["title"], row["seasonal_adjustment"]) == ("All items", "Not Seasonally Adjusted")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_single_series_may_be_asked_for_by_its_path(answered: Answered, version: str) -> None:
    (row,) = answered(
        PROVIDER, f"{ROOT}/{version}/timeseries/data/CUUR0000SA0", _answer(_point("M01", "1"))
    ).rows("economic_series")
    assert row["series"] == "CUUR0000SA0"


def test_the_most_popular_series_are_symbols(answered: Answered) -> None:
    body = {
        "status": "REQUEST_SUCCEEDED",
        "message": [],
        "Results": {"series": [{"seriesID": "CUUR0000SA0"}]},
    }
    (row,) = answered(PROVIDER, f"{ROOT}/v2/timeseries/popular", body).rows("symbols")
    assert row["symbol"] == "CUUR0000SA0"


def test_an_unknown_series_is_not_found(answered: Answered) -> None:
    body = _answer(name="NOPE", message=["Series does not exist for Series NOPE"])
    with pytest.raises(NotFoundError):
        _posted(answered, body, names=("NOPE",)).frame("economic_series")


def test_an_unknown_series_among_others_does_not_cost_them(answered: Answered) -> None:
    body = _answer(_point("M01", "1"), message=["Series does not exist for Series NOPE"])
    assert _posted(answered, body, names=("CUUR0000SA0", "NOPE"))["economic_series"].rows == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Request could not be serviced, as the daily threshold for total number of requests has been reached.", RateLimitError),
        ("The key:X provided by the User is invalid.", AuthenticationError),
        ("Your request has failed, please check your input parameters.", RequestRefusedError),
    ],
)  # fmt: skip
def test_refusals_inside_an_answer_are_typed(answered: Answered, words: str, error: type[Exception]) -> None:
    body = {"status": "REQUEST_NOT_PROCESSED", "responseTime": 0, "message": [words], "Results": {}}
    with pytest.raises(error):
        _posted(answered, body).frame("economic_series")


def test_words_of_a_refusal_may_stand_alone(answered: Answered) -> None:
    with pytest.raises(RequestRefusedError, match="busy"):
        _posted(answered, {"message": "busy"}).frame("economic_series")


def test_years_are_asked_for_together() -> None:
    wanted = Wanted(keys=("A",), names=("A",), since=date(2024, 5, 1), today=date(2026, 3, 20))
    posted, by_path = (endpoint.request.ask(wanted, PROVIDER.bases[0]) for endpoint in PROVIDER.endpoints[:2])
    assert posted.body == {"seriesid": ["A"], "startyear": "2024", "endyear": "2026", "catalog": True}
    assert (by_path.query["startyear"], by_path.query["endyear"]) == ("2024", "2026")


REDUCED = "Year range has been reduced to the system-allowed limit of 20 years."


@pytest.mark.parametrize(
    ("told", "first", "last", "left"),
    [
        ([2000, 2019], 2000, 2025, ("2020", 2025)),
        ([2006, 2025], 2000, 2025, (2000, "2005")),
        ([2000, 2025], 2000, 2025, None),
        ([1990], 2000, 2025, None),
        ([], 2000, 2025, None),
    ],
)
def test_years_that_an_answer_leaves_out_are_asked_for(
    told: list[int], first: int, last: int, left: tuple[Any, Any] | None
) -> None:
    posted: Any = PROVIDER.endpoints[0]
    by_path: Any = PROVIDER.endpoints[1]
    wanted = Wanted(keys=("A",), names=("A",), since=date(first, 1, 1), until=date(last, 12, 31))
    body = _answer(*({**_point("M01", "1"), "year": str(year)} for year in told), message=[REDUCED])
    following = posted.next_page(body, posted.request.ask(wanted, PROVIDER.bases[0]))
    merged = None if following is None else (following.body["startyear"], following.body["endyear"])
    assert merged == (None if left is None else tuple(str(year) for year in left))
    query = by_path.next_page(body, by_path.request.ask(wanted, PROVIDER.bases[0]))
    changed = None if left is None else {
        name: year for name, year in zip(("startyear", "endyear"), left, strict=True) if isinstance(year, str)
    }  # fmt: skip
    assert query == changed


def test_an_answer_of_all_years_has_no_next_page() -> None:
    posted: Any = PROVIDER.endpoints[0]
    asked = posted.request.ask(Wanted(keys=("A",), names=("A",), since=date(2020, 1, 1)), PROVIDER.bases[0])
    assert posted.next_page(_answer(_point("M01", "1")), asked) is None
