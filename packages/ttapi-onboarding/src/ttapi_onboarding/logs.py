# SPDX-License-Identifier: Apache-2.0
"""Logging, set up once at the edge: to standard error, for people on a terminal, as JSON otherwise."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SECRET_KEY: Final = re.compile(r"authorization|secret|token|password|cookie", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_MASK: Final = "***"


def configure(level: str) -> None:
    """
    Send the logs of this program and of its libraries to standard error.

    Parameters
    ----------
    level
        ``debug``, ``info``, ``warning`` or ``error``: the least that is shown.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _StandardErrorHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)


class _StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment: progress bars stand in its way and make room."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _rendering() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [
            structlog.dev.ConsoleRenderer(
                colors=not _no_color(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _no_color() -> bool:
    from rich.console import Console

    return Console(stderr=True).no_color


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put a mask over what looks like a secret: a net below the rule that no secret is logged."""
    for key, value in event.items():
        if _SECRET_KEY.search(key):
            event[key] = _MASK
        elif isinstance(value, str):
            event[key] = _SECRET_TEXT.sub(rf"\1 {_MASK}", value)
    return event
