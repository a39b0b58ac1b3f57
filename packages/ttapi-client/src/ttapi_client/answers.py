# SPDX-License-Identifier: Apache-2.0
"""What an answer says beside its body: refusals in all dresses, how long to wait, what is left of a quota."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import httpx

from ttapi_client.redaction import Redactor
from ttapi_core import (
    AuthenticationError,
    DecodeError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
    VersionRefusedError,
)

WORDS_MAX: Final = 200
"""Characters of the peer's words that an error repeats."""
WAIT_MAX_S: Final = 1e9
"""Longer waits are told as this: numbers beyond are an attack or a mistake."""
_READ_MAX: Final = 64 * 1024
_BY_STATUS: Final[dict[int, type[ResponseError]]] = {
    401: AuthenticationError,
    403: NotEntitledError,
    404: NotFoundError,
    406: VersionRefusedError,
}
_MARKUP: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SAID: Final = re.compile(r"<[^>]*?\b(?:message|description)=\"([^\"<>]*)\"", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d*)?")
_FIELD: Final = re.compile(r"(?:^|[;,\s])(?P<name>[a-z]+)\s*=\s*(?P<value>\d{1,12}(?:\.\d+)?)", re.IGNORECASE)


def refusal(
    response: httpx.Response, *, what: str, request_id: str, redact: Redactor, now: datetime
) -> ResponseError:
    """
    Return the error that an answer with a status of 300 or more stands for.

    Parameters
    ----------
    response
        With its body read.
    what
        Method and path, for the message.
    request_id
        For the error.
    redact
        Takes secrets out of the peer's words.
    now
        UTC, for dates in ``Retry-After`` where the peer does not tell its own time.
    """
    status = response.status_code
    code, words = _words(response)
    text = redact(f"{what} answered {status}" + (f": {words}" if words else ""))
    facts: dict[str, Any] = {"status": status, "peer_code": redact(code)[:80], "request_id": request_id}
    if status == 429:
        return RateLimitError(text, retry_after_s=_rate_wait_s(response, now), **facts)
    if status >= 500:
        return ServerFaultError(text, retry_after_s=retry_after_s(response, now), **facts)
    if status < 400:
        return ResponseError(text, hint="redirects are not followed: check the base URL", **facts)
    return _BY_STATUS.get(status, RequestRefusedError)(text, **facts)


def _words(response: httpx.Response) -> tuple[str, str]:
    text = response.content[:_READ_MAX].decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "", _plain(" ".join(_SAID.findall(text)) + " " + text)
    if not value:
        return "", ""
    return _told_by(value) if isinstance(value, dict) else ("", _plain(text))


def _told_by(body: dict[str, Any]) -> tuple[str, str]:
    # Known dresses: {"error": {code, message, errors: [...]}}, {"error": "code"}, {error_code,
    # error_description}, problem+json {type, title, detail}. Anything else is shown as it is, shortened.
    error = body.get("error")
    inner = error if isinstance(error, dict) else body
    code = _first(inner, "code", "error_code") or (error if isinstance(error, str) else "")
    words = [_first(inner, "message", "error_description", "detail", "title")]
    items = inner.get("errors")
    words += [
        _item(item) for item in (items[:5] if isinstance(items, list) else ()) if isinstance(item, dict)
    ]
    told = "; ".join(filter(None, words))
    return code, _plain(told or json.dumps(body))


def _item(item: dict[str, Any]) -> str:
    return ": ".join(filter(None, (_first(item, "code", "domain"), _first(item, "message", "reason"))))


def _first(fields: dict[str, Any], *names: str) -> str:
    values = (fields.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, str | int) and value != ""), "")


def _plain(text: str) -> str:
    plain = _UNSEEN.sub(" ", _MARKUP.sub(" ", text)).strip()
    return plain if len(plain) <= WORDS_MAX else f"{plain[:WORDS_MAX]}…"


def retry_after_s(response: httpx.Response, now: datetime) -> float | None:
    """
    Return how long the peer asks to wait, in seconds, never negative; None if it does not say.

    Understands seconds, decimal seconds and HTTP dates (against the peer's own ``Date``, where it tells).
    """
    text = response.headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return min(max(0.0, float(text)), WAIT_MAX_S)
    told = _date(text)
    if told is None:
        return None
    wait = told - (_date(response.headers.get("date", "")) or now)
    return min(max(0.0, wait.total_seconds()), WAIT_MAX_S)


def _rate_wait_s(response: httpx.Response, now: datetime) -> float | None:
    # Where both are there, Retry-After wins; a quota that is used up says the same in other words.
    told = retry_after_s(response, now)
    left = quota(response, now) if told is None else None
    return left[1] if left is not None and left[0] == 0 else told


def _date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def quota(response: httpx.Response, now: datetime) -> tuple[int, float] | None:
    """
    Return the requests left and the seconds until the quota is full again, or None.

    None is also for an answer that says only one of the two.

    Understands ``RateLimit: "default";r=50;t=30``, the older ``RateLimit: limit=100, remaining=50,
    reset=30``, ``RateLimit-Remaining`` with ``RateLimit-Reset``, and their ``X-RateLimit-`` spellings,
    whose reset may be a time (seconds since 1970) or a duration.
    """
    headers = response.headers
    if not any(b"rate" in name.lower() for name, _ in headers.raw):
        return None
    if "ratelimit" in headers:
        fields = {
            match["name"].lower(): float(match["value"]) for match in _FIELD.finditer(headers["ratelimit"])
        }
        remaining, reset = fields.get("r", fields.get("remaining")), fields.get("t", fields.get("reset"))
        return None if remaining is None or reset is None else (int(remaining), reset)
    for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit"):
        left, resets = headers.get(f"{prefix}-remaining", ""), headers.get(f"{prefix}-reset", "")
        if _NUMBER.fullmatch(left) and _NUMBER.fullmatch(resets):
            return max(0, int(float(left[:15]))), _until(float(resets), now)
    return None


def _until(reset: float, now: datetime) -> float:
    seconds = reset - now.timestamp() if reset > WAIT_MAX_S else reset
    return max(0.0, seconds) if math.isfinite(seconds) else WAIT_MAX_S


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_decoder: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def decoded_json(content: bytes, *, what: str, request_id: str) -> Any:  # noqa: ANN401 - JSON
    """
    Return the value of a JSON text.

    Raises
    ------
    DecodeError
        If it is none: cut off, empty, another format, not UTF-8, nested too deep, or with NaN or Infinity.
    """
    try:
        return _decoder.decode(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise DecodeError(
            f"{what}: the answer is no JSON ({len(content)} bytes, {_why(exc)})", request_id=request_id
        ) from None


def _why(error: Exception) -> str:
    # Only the kind: the messages of some of these repeat the content.
    return f"{error.msg} at {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
