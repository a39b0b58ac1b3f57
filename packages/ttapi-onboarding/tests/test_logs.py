# SPDX-License-Identifier: Apache-2.0
"""Logs go to standard error, as JSON where no person reads, and without secrets."""

import contextlib
import io
import json
import logging
import os
import pty
import sys

import pytest
import structlog

from ttapi_onboarding import logs


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_configure_writes_json_with_level_time_and_bound_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    with structlog.contextvars.bound_contextvars(run_id="r1"):
        structlog.get_logger("ttapi_x").info("fetched", rows=3)
    (line,) = logged(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "fetched", "rows": 3, "run_id": "r1", "level": "info", "logger": "ttapi_x"}


def test_configure_leaves_out_what_is_below_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger("a").info("too quiet")
    logging.getLogger("b").info("too quiet")
    assert logged(capsys) == []


def test_configure_routes_the_logs_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("httpx").warning("slow %s", "answer", extra={"host": "x"})
    (line,) = logged(capsys)
    assert (line["event"], line["logger"], line["host"]) == ("slow answer", "httpx", "x")


def test_configure_masks_what_looks_like_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.get_logger("a").warning("refused", refresh_token="t0ken", header="Bearer abc.def", count=1)
    logging.getLogger("b").warning("Authorization: Basic YWJj")
    ours, theirs = logged(capsys)
    assert (ours["refresh_token"], ours["header"], ours["count"]) == ("***", "Bearer ***", 1)
    assert theirs["event"] == "Authorization: Basic ***"


def test_configure_writes_the_traceback_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    try:
        int("x")
    except ValueError:
        structlog.get_logger("a").exception("failed")
    (line,) = logged(capsys)
    assert "ValueError" in str(line["exception"])


def test_configure_given_a_terminal_writes_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(controller, "rb", buffering=0) as reader, os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("NO_COLOR", "1")
        logs.configure("info")
        structlog.get_logger("a").warning("careful", rows=3)
        stderr.flush()
        text = io.TextIOWrapper(io.BytesIO(reader.read(4096)), encoding="utf-8").read()
    assert "careful" in text
    assert "rows=3" in text
    assert "\x1b" not in text


def test_configure_follows_standard_error_wherever_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    elsewhere = io.StringIO()
    with contextlib.redirect_stderr(elsewhere):
        structlog.get_logger("a").warning("careful")
    assert json.loads(elsewhere.getvalue())["event"] == "careful"
    assert logged(capsys) == []
