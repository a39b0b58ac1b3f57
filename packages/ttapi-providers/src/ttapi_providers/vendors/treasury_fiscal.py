# SPDX-License-Identifier: Apache-2.0
"""
US Treasury Fiscal Data: debt, interest rates, cash balances, exchange rates and more, as economic series.

A series is a number of a table, for one set of its labels:
``v2/accounting/od/debt_to_penny:tot_pub_debt_out_amt``,
``v2/accounting/od/avg_interest_rates:avg_interest_rate_amt:security_desc=Treasury Bills``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Condition, Endpoint, Provider, Skip
from ttapi_providers.naming import Naming
from ttapi_providers.reading import Row, Values

_ROOT: Final = "/services/api/fiscal_service"
_PAGE_SIZE: Final = 10_000
_NUMBER_ENDS: Final = ("_amt", "_rate", "_bal", "_pct", "_qty")
_NO_SERIES: Final = ("auctions_query", "upcoming_auctions", "record_setting_auction", "securities_sales_term")


def _is_table_of_series(asked: Asked) -> bool:
    return not asked.path.endswith(_NO_SERIES)


def _kinds(body: Mapping[str, Any]) -> Mapping[str, str]:
    meta = body.get("meta")
    kinds = meta.get("dataTypes") if isinstance(meta, dict) else None
    return kinds if isinstance(kinds, dict) else {}


def _records(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    kinds, titles = _kinds(body), (body.get("meta") or {}).get("labels") or {}
    return [Row({"fields": record, "kinds": kinds, "titles": titles}) for record in body["data"]]


def _lines(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - a table
    return [Row({"fields": record, "kinds": {}, "titles": {}}) for record in body]


def _is_number(name: str, kind: str) -> bool:
    if not kind:  # a table tells no types
        return name.endswith(_NUMBER_ENDS)
    counts = kind == "NUMBER" and not name.endswith(("_nbr", "_year", "_id", "_code", "_cd"))
    return kind.startswith("CURRENCY") or kind in {"PERCENTAGE", "RATE"} or counts


def _is_label(name: str, kind: str) -> bool:
    dated = name.startswith("record_") or name.endswith(("_date", "_nbr"))
    return not dated and (kind == "STRING" or (not kind and not name.endswith(_NUMBER_ENDS)))


def _values(row: Row, asked: Asked) -> Iterator[Values]:
    fields, kinds, titles = row.row("fields"), row.value["kinds"], row.value["titles"]
    day = fields.day("record_date")
    if day is None:
        raise Skip("a record without a date")
    names = list(fields.value)
    labels = [
        f"{name}={text}"
        for name in names
        if _is_label(name, kinds.get(name, "")) and (text := fields.text(name)) is not None
    ]
    for name in names:
        if _is_number(name, kinds.get(name, "")):
            yield {
                "series": ":".join([asked.name or asked.told("table"), name, *labels]),
                "date": day,
                "value": fields.number(name),
                "unit": kinds.get(name),
                "title": titles.get(name),
                "vendor_symbol": name,
            }


def _parts(wanted: Wanted) -> tuple[str, dict[str, str]]:
    """Return the number and the labels that the name of a series tells besides its table."""
    _, field, *labels = [*wanted.keys[0].split(":"), ""][: 1 + max(1, wanted.keys[0].count(":"))]
    return field, dict(label.split("=", 1) for label in labels if "=" in label)


def _fields(wanted: Wanted) -> str | None:
    field, labels = _parts(wanted)
    return ",".join(["record_date", field, *labels]) if field else None


def _filter(wanted: Wanted) -> str | None:
    labels = [f"{name}:eq:{text}" for name, text in _parts(wanted)[1].items()]
    days = [
        f"record_date:{word}:{day}"
        for word, day in (("gte", wanted.since), ("lte", wanted.until))
        if day is not None
    ]
    return ",".join([*labels, *days]) or None


def _page(body: Any, asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - JSON
    page = int(asked.query.get("page[number]") or 1)
    return {"page[number]": str(page + 1)} if page < int(body["meta"]["total-pages"]) else None


def _written(form: str) -> Condition:
    return lambda asked: asked.query.get("format", "json") == form and _is_table_of_series(asked)


PROVIDER: Final = Provider(
    name="treasury_fiscal",
    title="US Treasury Fiscal Data",
    site="https://fiscaldata.treasury.gov/api-documentation/",
    bases=("https://api.fiscaldata.treasury.gov",),
    aliases=("www.transparency.treasury.gov",),
    naming=Naming(to_vendor=lambda series: series.partition(":")[0], to_canonical=lambda name: name),
    samples={"economic_series": "v2/accounting/od/debt_to_penny:tot_pub_debt_out_amt"},
    endpoints=(
        Endpoint(
            dataset="economic_series",
            request=get(
                f"{_ROOT}/{{symbol*}}",
                {"fields": _fields, "filter": _filter, "sort": "record_date", "page[size]": _PAGE_SIZE},
            ),
            # A path names a table, not a series: only who asks knows which of its series is meant.
            when=lambda asked: bool(asked.keys) and _written("json")(asked),
            items=_records,
            row=_values,
            next_page=_page,
        ),
        Endpoint(
            dataset="economic_series",
            request=get(f"{_ROOT}/{{table*}}"),
            when=lambda asked: not asked.keys and _written("json")(asked),
            items=_records,
            row=_values,
            retired=True,
        ),
        Endpoint(
            dataset="economic_series",
            request=get(f"{_ROOT}/{{table*}}"),
            when=_written("csv"),
            items=_lines,
            format=Format.CSV,
            row=_values,
            retired=True,
        ),
    ),
)
