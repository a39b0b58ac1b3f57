# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while a query runs: the program ends at once, with one line."""

import json
import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "ttapi_app"]
TERMS = ", ".join(f"sum(sin(a.close * {number} + b.close)) AS s{number}" for number in range(2000))
LONG_QUERY = (
    f"SELECT {TERMS} FROM (SELECT close FROM eod_data LIMIT 1000) AS a "
    "CROSS JOIN (SELECT close FROM eod_data LIMIT 1000) AS b"
)
"""Two thousand million sines: it takes long on any machine, and little memory."""


@pytest.mark.timeout(60)
def test_interrupted_query_ends_with_one_line(collected_home: dict[str, str]) -> None:
    """It is interrupted once the program has said, in its log, that the query runs."""
    with subprocess.Popen(
        [*COMMAND, "--log-level", "debug", "sql", LONG_QUERY],
        env=collected_home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("{") and json.loads(line)["event"] == "query_runs":
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")
