# SPDX-License-Identifier: Apache-2.0
"""US Bureau of Labor Statistics: prices, employment and wages as economic series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    TTError,
)
from ttapi_providers.asking import Asked, RequestForm, Wanted, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip
from ttapi_providers.items import listed
from ttapi_providers.reading import Row, Values

_PERIOD: Final = re.compile(r"([MQSAW])(\d\d)")
_MONTHS_OF: Final = {"M": 1, "Q": 3, "S": 6, "A": 12}
_PERIODS: Final = {"M": 12, "Q": 4, "S": 2, "A": 1}
_FREQUENCIES: Final = {"M": "monthly", "Q": "quarterly", "S": "semi-annual", "A": "annual"}


def _observations(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    results = body.get("Results") or {}
    held = results[0] if isinstance(results, list) else results  # version 1 once wrote a list
    return [
        Row({**one, "series": series["seriesID"], "catalog": series.get("catalog") or {}})
        for series in held.get("series") or ()
        for one in series.get("data") or ()
    ]


def _value(row: Row, _asked: Asked) -> Values:
    period = row.text("period") or ""
    match = _PERIOD.fullmatch(period)
    if match is None or match[1] not in _MONTHS_OF:
        raise Skip(f"{period!r} is no period of a year")
    number, each = int(match[2]), _MONTHS_OF[match[1]]
    if number > _PERIODS[match[1]]:  # M13, Q05 and S03 are averages of a year, beside its months
        raise Skip(f"{period} is the average of a year")
    notes = [note for note in row.rows("footnotes") if note.text("code")]
    return {
        "series": row.text("series"),
        "vendor_symbol": row.text("series"),
        "date": date(row.integer("year") or 0, (number - 1) * each + 1, 1),
        "value": row.number("value"),
        "frequency": _FREQUENCIES[match[1]],
        "title": row.text("catalog.series_title"),
        "seasonal_adjustment": row.text("catalog.seasonality"),
        "status": ",".join(str(note.text("code")) for note in notes) or None,
    }


def _popular(row: Row, _asked: Asked) -> Values:
    name = row.text("seriesID")
    return {"symbol": name, "vendor_symbol": name, "instrument_type": "Economic series"}


def _words(body: Any) -> str:  # noqa: ANN401 - JSON
    told = body.get("message") or ()
    return told if isinstance(told, str) else "; ".join(str(text) for text in told)


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    words = _words(body)
    told = words.lower()
    if body.get("status") == "REQUEST_SUCCEEDED":
        missing = ("does not exist" in told or "invalid series" in told) and not _observations(body, _asked)
        return NotFoundError(words, status=200) if missing else None
    if "threshold" in told or "limit" in told:
        return RateLimitError(words, status=200)
    if "key" in told and ("invalid" in told or "registration" in told):
        return AuthenticationError(words, status=200)
    if "does not exist" in told or "invalid series" in told:
        return NotFoundError(words, status=200)
    return RequestRefusedError(words or str(body.get("status")), status=200)


def _other_years(body: Any, asked: Asked) -> Mapping[str, str] | Asked | None:  # noqa: ANN401 - JSON
    """Ask for the years that an answer says it has left out, as it has those of a decade or two at most."""
    if "reduced" not in _words(body).lower():
        return None
    posted = asked.body if isinstance(asked.body, dict) else {}
    first, last = (int(posted.get(name) or asked.told(name) or 0) for name in ("startyear", "endyear"))
    told = [int(row.text("year") or 0) for row in _observations(body, asked)]
    if not told or not first <= min(told) <= max(told) <= last:
        return None
    if max(told) < last:
        years = {"startyear": str(max(told) + 1)}
    elif min(told) > first:
        years = {"endyear": str(min(told) - 1)}
    else:
        return None
    return replace(asked, body={**posted, **years}) if posted else years


def _posted(wanted: Wanted) -> object:
    years = {} if wanted.since is None else {
        "startyear": str(wanted.since.year), "endyear": str((wanted.until or wanted.today).year)
    }  # fmt: skip
    return {"seriesid": list(wanted.names), **years, "catalog": True}


def _names(asked: Asked) -> Sequence[str]:
    posted = asked.posted("seriesid")
    return [str(name) for name in posted] if isinstance(posted, list) else ()


def _last_year(wanted: Wanted) -> str | None:
    return str((wanted.until or wanted.today).year) if wanted.since is not None else None


def _endpoint(version: str, *, method: str, retired: bool = False) -> Endpoint:
    path = f"/publicAPI/{version}/timeseries/data/"
    request = (
        RequestForm(method="POST", path=path, body=_posted)
        if method == "POST"
        else get(f"{path}{{symbol}}", {"startyear": "{since_year}", "endyear": _last_year, "catalog": "true"})
    )
    return Endpoint(
        dataset="economic_series",
        request=request,
        items=_observations,
        row=_value,
        batch=25 if method == "POST" else 1,
        found_by=_names,
        next_page=_other_years,
        retired=retired,
    )


PROVIDER: Final = Provider(
    name="bls",
    title="US Bureau of Labor Statistics",
    site="https://www.bls.gov/developers/",
    bases=("https://api.bls.gov",),
    aliases=("www.bls.gov",),
    credentials=(
        Credential(
            variable="TTAPI_BLS_KEY",
            member="registrationkey",
            optional=True,
            obtained="https://data.bls.gov/registrationEngine/",
        ),
    ),
    limits=(RateWindow(requests=50, seconds=10), RateWindow(requests=500, seconds=86_400)),
    told=_told,
    samples={"economic_series": "CUUR0000SA0"},
    endpoints=(
        _endpoint("v2", method="POST"),
        _endpoint("v2", method="GET"),
        _endpoint("v1", method="GET", retired=True),
        _endpoint("v1", method="POST", retired=True),
        Endpoint(
            dataset="symbols",
            request=get("/publicAPI/v2/timeseries/popular"),
            items=listed("Results.series"),
            row=_popular,
            batch=0,
            retired=True,
        ),
    ),
)
