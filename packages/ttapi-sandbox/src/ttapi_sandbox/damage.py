# SPDX-License-Identifier: Apache-2.0
"""Damage to an answer that stays well-formed HTTP: other symbols, members too many or too few, cut JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from ttapi_sandbox.answers import Answer, encode, html, problem
from ttapi_sandbox.randomness import generator

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.faults import Fault
    from ttapi_sandbox.requests import Request

SYMBOL_PARAMETERS = ("symbol", "symbols", "equity", "index")


def refusal(fault: Fault) -> Answer:
    """Return what a fault answers in place of the handler."""
    if fault.kind == "429":
        headers = ((b"retry-after", str(fault.seconds(1)).removesuffix(".0").encode()),)
        return replace(html(429, "Too Many Requests"), headers=headers if fault.spec.headers else ())
    if fault.kind == "html":
        return html(502, "Bad Gateway")
    if fault.kind == "expired":
        return problem(401, "token_invalid", "This token is invalid or has expired")
    return problem(int(fault.kind), "internal_error", "Something went wrong (a simulated fault)")


def with_other_symbol(request: Request, neighbour: Callable[[str], str | None]) -> Request | None:
    """Return the request with its first symbol exchanged for another, or None if it names none."""
    symbol = request.parameters.get("symbol")
    if symbol is not None:
        other = neighbour(symbol)
        return None if other is None else replace(request, parameters={**request.parameters, "symbol": other})
    for name in SYMBOL_PARAMETERS:
        symbols = request.items(name)
        other = neighbour(symbols[0]) if symbols else None
        if other is not None:
            exchanged = replace(request)
            exchanged.query.update({name: [other, *symbols[1:]]})
            return exchanged
    return None


def damaged(answer: Answer, fault: Fault) -> Answer:
    """Return the answer as a fault leaves it; unchanged for faults of the transport."""
    if fault.kind == "empty":
        return replace(answer, body=b"")
    if fault.kind == "cut":
        return replace(answer, body=answer.body[: max(1, len(answer.body) // 2)])
    if fault.kind in {"extra", "missing"}:
        return _with_other_members(answer, fault)
    return answer


def _with_other_members(answer: Answer, fault: Fault) -> Answer:
    try:
        decoded = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer
    chance = generator(fault.spec.seed, "members", fault.number)
    for item in _objects(decoded):
        if fault.kind == "extra":
            item["x-unknown-member"] = {"added-by": "SIMULATED fault", "number": fault.number}
        elif item:
            del item[chance.choice(sorted(item))]
    return replace(answer, body=encode(decoded))


def _objects(decoded: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON document
    data = decoded.get("data", decoded) if isinstance(decoded, dict) else {}
    items = data.get("items", [data]) if isinstance(data, dict) else []
    return [item for item in items if isinstance(item, dict)]
