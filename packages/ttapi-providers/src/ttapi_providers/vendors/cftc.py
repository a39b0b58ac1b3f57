# SPDX-License-Identifier: Apache-2.0
"""CFTC: commitments of traders, the seven reports, by way of Socrata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import AuthenticationError, DataError, RateWindow, TTError
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader, query_is, refused
from ttapi_providers.naming import AS_IS, Naming
from ttapi_providers.reading import Row, Values

_TOTALS: Final = {"reportable": "tot_rept", "nonreportable": "nonrept"}
_LEGACY: Final = {"noncommercial": "noncomm", "commercial": "comm", **_TOTALS}
_DISAGGREGATED: Final = {
    "producer_merchant": "prod_merc", "swap_dealer": "swap", "managed_money": "m_money",
    "other_reportable": "other_rept", **_TOTALS,
}  # fmt: skip
_FINANCIAL: Final = {
    "dealer": "dealer", "asset_manager": "asset_mgr", "leveraged_funds": "lev_money",
    "other_reportable": "other_rept", **_TOTALS,
}  # fmt: skip
_SUPPLEMENTAL: Final = {
    "noncommercial_without_index": "noncomm_nocit", "commercial_without_index": "comm_nocit",
    "index_trader": "cit", **_TOTALS,
}  # fmt: skip
_REPORTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "jun7-fc8e": ("legacy_combined", _LEGACY),
    "6dca-aqww": ("legacy_futures", _LEGACY),
    "kh3c-gbw2": ("disaggregated_combined", _DISAGGREGATED),
    "72hh-3qpy": ("disaggregated_futures", _DISAGGREGATED),
    "yw9f-hn96": ("financial_combined", _FINANCIAL),
    "gpe5-46if": ("financial_futures", _FINANCIAL),
    "4zgm-a668": ("supplemental_combined", _SUPPLEMENTAL),
}
_PAGE: Final = 5000


def _plain(record: Mapping[str, Any]) -> Row:
    """
    Return a record under regular names.

    Theirs were made by machine: ``swap__positions_short_all``, ``noncomm_postions_spread_all``. Those in
    ``_all`` are of all crop years; so are those without an end where none has it.
    """
    regular: dict[str, Any] = {}
    for ends_in_all in (True, False):
        for name, value in record.items():
            if ("_all" in name) is ends_in_all:
                regular.setdefault(_regular(name), value)
    return Row(regular)


_SPELLING: Final = (
    ("__", "_"), ("postions", "positions"), ("spead", "spread"), ("_all", ""), ("pct_of_oi", "pct_oi"),
    ("change_in_", "change_"),
)  # fmt: skip


def _regular(name: str) -> str:
    for wrong, right in _SPELLING:
        name = name.replace(wrong, right)
    return f"non{name[1:]}" if name.startswith("ncomm_") else name


def _read(report: str, categories: Mapping[str, str]) -> RowReader:
    def read(row: Row, _asked: Asked) -> Iterator[Values]:
        told = _plain(row.value)
        market = told.text("cftc_contract_market_code")
        if market is None:
            raise DataError("the record names no market", column="market")
        about: Values = {
            "market": market,
            "report_date": told.day("report_date_as_yyyy_mm_dd"),
            "report": report,
            "market_name": told.text("market_and_exchange_names", "contract_market_name"),
            "commodity": told.text("commodity_name", "commodity"),
            "open_interest": told.number("open_interest"),
        }
        for category, code in categories.items():
            positions = _positions(told, code)
            if positions["long"] is not None or positions["short"] is not None:
                yield {**about, "category": category, **positions}

    return read


def _positions(told: Row, code: str) -> Values:
    name, mark, end = code.partition("_nocit")
    end = f"{mark}{end}"
    return {
        "long": told.number(f"{name}_positions_long{end}"),
        "short": told.number(f"{name}_positions_short{end}"),
        "spreading": told.number(f"{name}_positions_spread{end}"),
        "long_change": told.number(f"change_{name}_long{end}"),
        "short_change": told.number(f"change_{name}_short{end}"),
        "long_percent": told.number(f"pct_oi_{name}_long{end}"),
        "short_percent": told.number(f"pct_oi_{name}_short{end}"),
        "traders_long": told.number(f"traders_{name}_long{end}"),
        "traders_short": told.number(f"traders_{name}_short{end}"),
    }


def _where(wanted: Wanted) -> str | None:
    conditions = []
    if wanted.since:
        conditions.append(f"report_date_as_yyyy_mm_dd >= '{wanted.since.isoformat()}'")
    if wanted.until:
        conditions.append(f"report_date_as_yyyy_mm_dd <= '{wanted.until.isoformat()}'")
    if wanted.names:
        codes = ",".join("'{}'".format(name.replace("'", "''")) for name in wanted.names)
        conditions.append(f"cftc_contract_market_code in ({codes})")
    return " AND ".join(conditions) or None


def _following(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    limit = int(asked.query.get("$limit", "1000"))
    if len(body) < limit:
        return None
    return {"$offset": str(int(asked.query.get("$offset", "0")) + limit)}


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    is_error = isinstance(body, dict) and body.get("error") is True
    return refused(str(body.get("message")), code=str(body.get("code") or "")) if is_error else None


PROVIDER: Final = Provider(
    name="cftc",
    title="Commodity Futures Trading Commission",
    site="https://publicreporting.cftc.gov",
    bases=("https://publicreporting.cftc.gov",),
    credentials=(Credential(variable="TTAPI_CFTC_KEY", header="X-App-Token", optional=True),),
    limits=(RateWindow(requests=60, seconds=60),),
    naming=Naming(to_vendor=AS_IS.to_vendor, to_canonical=lambda name: name),
    told=_told,
    codes={"permission_denied": AuthenticationError, "invalid app_token": AuthenticationError},
    endpoints=tuple(
        Endpoint(
            dataset="commitments_of_traders",
            request=get(
                f"/resource/{resource}.{form.value}",
                {
                    "$where": _where,
                    "$order": "report_date_as_yyyy_mm_dd,cftc_contract_market_code",
                    "$limit": str(_PAGE),
                },
            ),
            row=_read(report, categories),
            format=form,
            when=query_is(**{"$select": "", "$group": "", "$q": ""}),
            batch=100,
            next_page=_following,
            retired=form is Format.CSV,  # the same columns
        )
        for form in (Format.JSON, Format.CSV)
        for resource, (report, categories) in _REPORTS.items()
    ),
)
