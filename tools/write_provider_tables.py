# SPDX-License-Identifier: Apache-2.0
"""Write the tables of the documentation that tell what code declares: providers, and columns of datasets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import polars as pl

from ttapi_app.declared import DeclaredSpecs
from ttapi_platform import CATALOGUE
from ttapi_platform.schemas import Column

ROOT: Final = Path(__file__).resolve().parent.parent
PROVIDERS: Final = ROOT / "docs" / "providers.md"
COLUMNS: Final = ROOT / "docs" / "columns.md"
_TYPES: Final = {pl.String: "text", pl.Float64: "number", pl.Int64: "whole number", pl.Boolean: "yes or no",
                 pl.Date: "day", pl.Datetime: "time, UTC", pl.Decimal: "money, exact"}  # fmt: skip
_MARKED: Final = re.compile(r"(<!-- providers:[^\n]*-->\n).*?(<!-- end of providers -->)", re.DOTALL)


def provider_table() -> str:
    """Return the table of the providers."""
    specs = DeclaredSpecs()
    lines = ["| provider | datasets | keys | published limits |", "| --- | --- | --- | --- |"]
    for name in specs.names():
        spec = specs.load(name)
        keys = ", ".join(
            f"`{key}`" if needed else f"`{key}` (optional)" for key, needed in spec.variables.items()
        )
        datasets = ", ".join(f"`{dataset}`" for dataset in spec.datasets)
        title = f"[{spec.description}]({spec.site})" if spec.site else spec.description
        lines.append(f"| `{name}`: {title} | {datasets} | {keys} | {spec.limits} |")
    return "\n".join(lines)


def column_pages() -> str:
    """Return the page of the columns of every dataset."""
    parts = ["# Columns", "", "What each dataset holds. The key is the first column of the order."]
    for dataset in CATALOGUE.values():
        order = ", ".join(f"`{name}`" for name in dataset.schema.order)
        parts += ["", f"## {dataset.name}", ""]
        parts += [f"A row is {dataset.holds}. Unique and sorted by {order}.", ""]
        parts += ["| column | type | may be null | allowed |", "| --- | --- | --- | --- |"]
        parts += [_line(name, column) for name, column in dataset.schema.columns.items()]
        parts += [f"\nLeft out and counted: {check.problem}." for check in dataset.schema.checks]
    return "\n".join(parts) + "\n"


def _line(name: str, column: Column) -> str:
    bounds = []
    if column.one_of is not None:
        bounds.append(", ".join(f"`{word}`" for word in column.one_of))
    if column.low is not None:
        bounds.append(f"at least {column.low:g}")
    if column.high is not None:
        bounds.append(f"at most {column.high:g}")
    kind = _TYPES[column.dtype.base_type()]
    return f"| `{name}` | {kind} | {'yes' if column.null else ''} | {'; '.join(bounds)} |"


def pages() -> dict[Path, str]:
    """Return what each page has to hold."""
    text = PROVIDERS.read_text("utf-8")
    return {
        PROVIDERS: _MARKED.sub(lambda match: match[1] + provider_table() + "\n" + match[2], text),
        COLUMNS: column_pages(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
