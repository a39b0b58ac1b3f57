# SPDX-License-Identifier: Apache-2.0
"""
Loggers of this package: structlog over the standard library's logging.

A library must not print, and structlog prints to standard output until a program configures it. Standing on
``logging``, its lines go where the program sends those of every other library: nowhere, below a warning,
until it says so. Context bound with ``structlog.contextvars``, such as a run id, is part of each line.
"""

from __future__ import annotations

import logging
from typing import Final

import structlog

_RESERVED: Final = frozenset(vars(logging.makeLogRecord({}))) - {"exc_info", "stack_info"} | {
    "message",
    "asctime",
}
"""Attributes that a log record has of its own: a field of that name would be refused."""


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; fields of an event become attributes of the log record."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _spare_reserved,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return logger


def _spare_reserved(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {f"{key}_" if key in _RESERVED else key: value for key, value in event.items()}
