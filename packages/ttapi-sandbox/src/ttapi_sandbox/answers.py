# SPDX-License-Identifier: Apache-2.0
"""What the server says: envelopes, errors, and how values are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

JSON: Final = b"application/json; charset=utf-8"
HTML: Final = b"text/html"

encode: Final = msgspec.json.Encoder().encode
"""Encode a value as JSON bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request: status, body, and the headers that are not the same for all."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class RefusalError(Exception):
    """Raised by a handler that cannot answer as asked; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def object_answer(context: str, data: object, *, status: int = 200) -> Answer:
    """Return an answer holding one object."""
    return Answer(status, b'{"data":%b,"context":%b}' % (encode(data), encode(context)))


def items_answer(context: str, items: Iterable[bytes]) -> Answer:
    """Return an answer holding an unpaged list of encoded items."""
    return Answer(200, b'{"data":{"items":[%b]},"context":%b}' % (b",".join(items), encode(context)))


def page_answer(context: str, items: Sequence[bytes], *, per_page: int, page_offset: int) -> Answer:
    """Return one page of a list of encoded items."""
    start = page_offset * per_page
    page = items[start : start + per_page]
    pagination = {
        "per-page": per_page,
        "page-offset": page_offset,
        "item-offset": start,
        "total-items": len(items),
        "total-pages": max(1, -(-len(items) // per_page)),
        "current-item-count": len(page),
        "previous-link": None,
        "next-link": None,
        "paging-link-template": None,
    }
    body = b'{"data":{"items":[%b]},"context":%b,"pagination":%b}'
    return Answer(200, body % (b",".join(page), encode(context), encode(pagination)))


def problem(
    status: int, code: str | int, message: str, errors: Sequence[Mapping[str, str]] | None = None
) -> Answer:
    """Return an error in the usual envelope."""
    error: dict[str, Any] = {"code": code, "message": message}
    if errors:
        error["errors"] = list(errors)
    return Answer(status, encode({"error": error}))


def invalid(domain: str, reason: str) -> RefusalError:
    """Return the refusal of a parameter."""
    details = [{"domain": domain, "reason": reason}]
    return RefusalError(problem(400, "validation_error", "Request validation failed", details))


def not_found(what: str) -> RefusalError:
    """Return the refusal of an object that does not exist."""
    return RefusalError(problem(404, "record_not_found", f"Couldn't find {what}"))


def html(status: int, title: str) -> Answer:
    """Return an error as an edge server writes it."""
    body = (
        "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
        "<hr><center>simulated edge</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, body.format(f"{status} {title}").encode(), HTML)


def decimal(value: float) -> str:
    """Write an amount: a decimal string with at least one decimal and at most four."""
    return str(round(float(value), 4))


def timestamp(moment: datetime) -> str:
    """Write an instant: ISO 8601 with milliseconds and the offset of UTC."""
    return moment.isoformat(timespec="milliseconds")
