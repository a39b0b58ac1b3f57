# SPDX-License-Identifier: Apache-2.0
"""
The one place where errors become a line on standard error and an exit code.

::

    0     complete, or missing no more than ``--max-missing`` (then with a warning)
    1     anything that has no code of its own
    2     usage: an unknown command, flag, symbol, dataset, provider or universe
    3     more missing than ``--max-missing``
    4     configuration or credentials
    5     an order whose answer was lost: it may have been placed
    130   interrupted: what was fetched is kept
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from contextlib import suppress
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup


class ExitCode(IntEnum):
    """What the program tells its caller."""

    COMPLETE = 0
    FAILURE = 1
    USAGE = 2
    MISSING = 3
    CONFIGURATION = 4
    ORDER_UNKNOWN = 5
    INTERRUPTED = 130


class CommandGroup(TyperGroup):
    """A group of commands whose errors end here."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer keeps these types to itself
        """Run the command; end the program with one line and an exit code where it fails."""
        try:
            answer = self._invoke_once_interrupted(ctx)
            sys.stdout.flush()
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except SystemExit:
            raise
        except BaseException as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise typer.Exit(int(report(error))) from error
        return answer

    def _invoke_once_interrupted(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Run the command; of one Ctrl-C Polars tells first and Python again, in the handler of the first."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):
                time.sleep(0)
            raise


def report(error: BaseException) -> ExitCode:
    """Tell what happened in one line on standard error, and return the exit code for it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, BrokenPipeError) and _stdout_is_closed():
        return ExitCode.COMPLETE  # the reader has seen enough: ttapi show quotes | head
    line, code = _verdict(error)
    print(printable(line), file=sys.stderr)  # noqa: T201 - the one place that prints errors
    return code


def _stdout_is_closed() -> bool:
    """Tell whether nobody reads standard output any more; if so, take it out of the interpreter's way."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        return True
    return False


def drop_stdout() -> None:
    """Let whatever is still written to standard output go nowhere: its reader has left."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())


def _verdict(error: BaseException) -> tuple[str, ExitCode]:
    from ttapi_core.errors import (
        AuthenticationError,
        ConfigurationError,
        OrderUnknownError,
        ParameterError,
        TTError,
    )

    if isinstance(error, KeyboardInterrupt):
        return f"interrupted: {error}" if error.args else "interrupted", ExitCode.INTERRUPTED
    codes: tuple[tuple[Any, ExitCode], ...] = (  # the first that fits
        (ConfigurationError | AuthenticationError, ExitCode.CONFIGURATION),
        (ParameterError, ExitCode.USAGE),
        (OrderUnknownError, ExitCode.ORDER_UNKNOWN),
        (TTError, ExitCode.FAILURE),
    )
    for kinds, code in codes:
        if isinstance(error, kinds):
            return f"error: {error}", code
    if isinstance(error, OSError) and error.filename is None and error.strerror:
        return f"error: cannot write to standard output: {error.strerror}", ExitCode.FAILURE
    where = _where(error)
    text = f"error: internal error, {type(error).__name__}{where} (ttapi --debug COMMAND shows the traceback)"
    return text, ExitCode.FAILURE


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119 - one name


def printable(text: str) -> str:
    """Return ``text`` as one line that cannot steer a terminal: control characters are escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
