# SPDX-License-Identifier: Apache-2.0
"""The broker's commands as a person with a real account runs them: asked, once, and never in silence."""

import asyncio
import json
import logging
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from ttapi_app.providers import SPECS, is_real_money
from ttapi_onboarding import Connection, build_app, load_settings
from ttapi_sandbox import Sandbox, SandboxSettings, parse_as_of

# The terminal is made that of the session, so that Ctrl-C typed there is a signal.
PROGRAM = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("ttapi_app", run_name="__main__")
"""
MANY = """
import sys
from ttapi_app.providers import SPECS
from ttapi_onboarding import build_app
for line in sys.argv[1:]:
    try:
        build_app(SPECS, distribution="ttapi-app")(line.split(), prog_name="ttapi")
    except SystemExit as ended:
        print("exit", ended.code)
"""
Told = Callable[..., Awaitable[Result]]
Start = Callable[..., "subprocess.Popen[str]"]
BUY = ("order", "submit", "SPY", "10", "--buy", "--limit", "400.00")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Stands for the broker: the program is told that this is tastytrade, so it takes it for real money."""
    settings = SandboxSettings(symbols=6, start=parse_as_of("2026-11-20T15:30"), ticks_per_s=20)
    async with Sandbox(settings) as sandbox:
        yield sandbox


def account_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "TTAPI_PROVIDER": "tastytrade",
        "TTAPI_TASTYTRADE__BASE_URL": sandbox.url,
        "TTAPI_CLIENT_SECRET": sandbox.client_secret,
        "TTAPI_REFRESH_TOKEN": sandbox.refresh_token,
    }


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what a command did to the logging of the process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def told(home: dict[str, str], sandbox: Sandbox) -> Told:
    """Return what runs the whole program in a thread of this process, which spares its start-up."""
    unset = {name: None for name in os.environ if name.startswith(("TTAPI_", "TT_"))}
    variables = {**unset, **home, **account_of(sandbox)}

    async def invoke(*arguments: str) -> Result:
        app = build_app(SPECS, distribution="ttapi-app")
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=variables)

    return invoke


def orders_in(sandbox: Sandbox) -> int:
    """Return how many orders were executed by the broker, whatever became of the answers."""
    counts = sandbox.statistics.executed.items()
    return sum(n for endpoint, n in counts if endpoint.startswith("POST") and endpoint.endswith("/orders"))


def on_a_terminal(
    arguments: tuple[str, ...], variables: dict[str, str], answers: dict[str, str], *, program: str = PROGRAM
) -> tuple[int, str]:
    """Run the program on a terminal and type each answer once, when its question stands there."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **variables, "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        shown, limit, open_questions = b"", time.monotonic() + 60, dict(answers)
        while time.monotonic() < limit:
            ready, _, _ = select.select([controller], [], [], 1)
            try:
                part = os.read(controller, 65536) if ready else b""
            except OSError:  # the other end is closed
                break
            shown += part
            for question in [one for one in open_questions if one.encode() in shown]:
                os.write(controller, open_questions.pop(question).encode())
            if not part and process.poll() is not None:
                break
        os.close(controller)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")
    return process.returncode, "\n".join(line.rpartition("\r")[2].rstrip() for line in plain.split("\n"))


async def test_a_person_is_asked_and_only_yes_sends_the_order(home: dict[str, str], sandbox: Sandbox) -> None:
    variables = {**home, **account_of(sandbox)}
    code, shown = await asyncio.to_thread(on_a_terminal, BUY, variables, {"[y/N]": "n\n"})
    assert code == 1
    assert "buy to open 10 SPY · limit 400.00 debit · day" in shown
    assert "REAL MONEY at tastytrade" in shown
    assert re.search(r"buying power -2,000\.\d\d, leaves", shown), "what it would do is said before"
    assert "nothing was sent" in shown
    assert orders_in(sandbox) == 0

    code, shown = await asyncio.to_thread(on_a_terminal, BUY, variables, {"[y/N]": "y\n"})
    assert code == 0
    assert orders_in(sandbox) == 1
    assert "***0001" in shown
    assert "5WT00001" not in shown


@pytest.mark.slow
async def test_on_a_terminal_every_answer_is_a_table_that_fits(
    home: dict[str, str], sandbox: Sandbox
) -> None:
    commands = (
        "accounts",
        "positions",
        "order submit SPY 10 --buy --limit 400.00 --yes",
        "orders",
        "order dry-run SPY 1 --buy --market",
        "order replace 430001 --limit 401 --yes",
        "order cancel 430002 --yes --wait 5",
        "chain SPY",
        "chain SPY --expiration 2026-12-18 --strikes 4",
        "quote SPY SPX",
        "orders --live",
    )
    variables = {**home, **account_of(sandbox), "TTAPI_LOG__LEVEL": "error"}
    code, shown = await asyncio.to_thread(on_a_terminal, commands, variables, {}, program=MANY)
    assert code == 0, shown
    assert shown.count("exit 0") == len(commands), shown
    for expected in (
        r"^\*\*\*0001 +SIMULATED +Individual margin +[\d,]+\.\d\d",
        r"^AAPL +40 +\d+\.\d\d",
        r"^total +[\d,]+\.\d\d +[+-]",
        r"^430001 +Live +BTO 10 SPY +400\.00 db +0/10",
        r"^dry run · nothing was placed",
        r"^order 430001 is replaced by 430002",
        r"^order 430002: Cancelled",
        r"^2026-12-18 +28 +SPY +Regular +PM +\d+",
        r"^ *[\d,]+ +\d+\.\d\d +\d+\.\d\d +[\d.]+ 66\d\.00 ",
        r"^SPX +- +- +[\d,]+\.\d\d [+-]",
        r"account \*\*\*0001 has no live orders today",
    ):
        assert re.search(expected, shown, re.MULTILINE), (expected, shown)
    assert "5WT00001" not in shown
    tables = [line for line in shown.splitlines() if not line.startswith(("account", "external", "becomes"))]
    assert max(map(len, tables)) <= 80


async def test_ctrl_c_at_the_question_sends_nothing(home: dict[str, str], sandbox: Sandbox) -> None:
    variables = {**home, **account_of(sandbox)}
    code, shown = await asyncio.to_thread(on_a_terminal, BUY, variables, {"[y/N]": "\x03"})
    assert code == 1
    assert "nothing was sent" in shown
    assert orders_in(sandbox) == 0


async def test_where_nobody_can_answer_nothing_is_sent_without_yes(told: Told, sandbox: Sandbox) -> None:
    refused = await told(*BUY)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: --yes is None, expected to be given: this is real money")
    assert len(refused.stderr.splitlines()) == 1
    assert orders_in(sandbox) == 0

    placed = await told(*BUY, "--yes")
    assert placed.exit_code == 0, placed.stderr
    document = json.loads(placed.stdout)
    assert (document["account_number"], document["order"]["price"]) == ("5WT00001", "400.0")
    assert orders_in(sandbox) == 1


async def test_a_lost_answer_or_a_second_try_is_found_and_the_order_is_there_once(
    told: Told, sandbox: Sandbox
) -> None:
    fault = "kind=drop,path=*/orders,method=POST,times=1"
    sandbox.faults.replace(SandboxSettings(faults=(fault,)).fault_specs())
    placed = await told(*BUY, "--yes")
    assert placed.exit_code == 0, placed.stderr
    assert json.loads(placed.stdout)["is_recovered"] is True
    assert "was sent once" in placed.stderr
    assert orders_in(sandbox) == 1

    again = await told(*BUY, "--yes", "--external-id", json.loads(placed.stdout)["external_id"])
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout)["order"]["id"] == json.loads(placed.stdout)["order"]["id"]
    assert orders_in(sandbox) == 1


async def test_an_order_is_replaced_cancelled_and_listed(told: Told) -> None:
    async def document(*arguments: str) -> Any:
        done = await told(*arguments)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    placed = await document(*BUY, "--yes")
    old_id = placed["order"]["id"]
    replaced = await document("order", "replace", old_id, "--limit", "401.00", "--tif", "gtc", "--yes")
    new_id = replaced["order"]["id"]
    assert new_id != old_id
    cancelled = await document("order", "cancel", new_id, "--wait", "5", "--yes")
    assert cancelled["order"]["status"] == "Cancelled"
    orders = {order["id"]: order for order in await document("orders")}
    assert [order["status"] for order in orders.values()] == ["Cancelled", "Cancelled"]
    assert orders[old_id]["external_identifier"] == placed["external_id"]
    assert (orders[new_id]["price"], orders[new_id]["time_in_force"]) == ("401.0", "GTC")

    again = await told("order", "cancel", new_id, "--yes")
    assert again.exit_code == 1
    assert "5WT00001" not in again.stderr


async def test_what_was_bought_is_held_and_sold_without_a_word_of_opening(told: Told) -> None:
    bought = await told("order", "submit", "SPY", "2", "--buy", "--limit", "900", "--wait", "5", "--yes")
    assert json.loads(bought.stdout)["order"]["status"] == "Filled", bought.stderr
    held = {row["symbol"]: row for row in json.loads((await told("positions")).stdout)}
    assert held["SPY"]["quantity"] == "12"
    sold = await told("order", "submit", "SPY", "12", "--sell", "--market", "--wait", "5", "--yes")
    assert json.loads(sold.stdout)["request"]["legs"][0]["action"] == "Sell to Close"
    assert "SPY" not in {row["symbol"] for row in json.loads((await told("positions")).stdout)}


async def test_two_options_of_a_chain_are_tried_out_as_one_order(told: Told, sandbox: Sandbox) -> None:
    chain = await told("chain", "SPY", "--expiration", "2026-12-18", "--strikes", "2")
    low, high = json.loads(chain.stdout)["chains"][0]["strikes"]
    assert low["call"]["ask"] is not None
    legs = ("--leg", f"bto 1 {low['call']['symbol']}", "--leg", f"sto 1 {high['call']['symbol']}")
    done = await told("order", "dry-run", *legs, "--limit", "0.50", "--debit")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert [leg["action"] for leg in document["request"]["legs"]] == ["Buy to Open", "Sell to Open"]
    assert (document["order"]["id"], orders_in(sandbox)) == (None, 0)


async def test_quotes_of_every_kind_come_at_once(told: Told) -> None:
    symbols = ["SPY", "SPX", "/ESZ6", ".SPY261218C670", "BTC/USD"]
    done = await told("quote", *symbols)
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["symbol"] for row in rows] == ["SPY", "SPX", "/ESZ6", "SPY   261218C00670000", "BTC/USD"]
    assert all(row["last"] is not None for row in rows)


async def test_a_chain_on_a_future_is_that_of_its_month(told: Told) -> None:
    done = await told("chain", "/ESZ6")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["underlying"]["symbol"] == "/ESZ6"
    assert {row["shares_per_contract"] for row in document["expirations"]} == {1}


async def test_an_order_with_a_wrong_price_step_is_one_line_and_never_sent(
    told: Told, sandbox: Sandbox
) -> None:
    done = await told("order", "submit", "SPY", "1", "--buy", "--limit", "400.001", "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    last = done.stderr.splitlines()[-1]
    assert last == "error: price is 400.001, expected a multiple of the price step 0.01"
    assert orders_in(sandbox) == 0


@pytest.mark.parametrize(
    ("base_url", "environment", "is_real"),
    [("", "production", True), ("", "cert", False), ("https://api.example.com", "cert", True)],
)
def test_only_the_brokers_own_test_system_is_no_real_money(
    base_url: str, environment: str, is_real: bool
) -> None:
    variables = {
        "TTAPI_CONFIG": "",
        "TTAPI_TASTYTRADE__BASE_URL": base_url,
        "TTAPI_TASTYTRADE__ENVIRONMENT": environment,
    }
    assert is_real_money(load_settings(environment=variables).settings) is is_real


async def test_follow_in_a_pipe_ends_with_ctrl_c_and_whole_lines(
    start: Start, home: dict[str, str], sandbox: Sandbox
) -> None:
    def followed() -> tuple[int, list[str], str]:
        with start("quote", "SPY", "AAPL", "--follow", **account_of(sandbox)) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(8)]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        return process.returncode, [*lines, *out.splitlines(keepends=True)], err

    code, lines, err = await asyncio.to_thread(followed)
    assert code == 130
    assert {json.loads(line)["symbol"] for line in lines} == {"SPY", "AAPL"}
    assert re.fullmatch(r"interrupted: \d+ updates of 2 symbols in \ds, 0 gaps\n", err)


async def test_a_reader_of_follow_that_has_seen_enough_is_no_error(
    home: dict[str, str], sandbox: Sandbox
) -> None:
    script = f"{sys.executable} -m ttapi_app quote SPY --follow | head -n 2; exit ${{PIPESTATUS[0]}}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        env={**home, **account_of(sandbox)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert "rror" not in done.stderr


async def test_follow_on_a_terminal_is_live_and_ctrl_c_leaves_the_table(
    home: dict[str, str], sandbox: Sandbox
) -> None:
    variables = {**home, **account_of(sandbox)}
    code, shown = await asyncio.to_thread(
        on_a_terminal, ("quote", "SPY", "AAPL", "--follow"), variables, {"LIVE": "\x03"}
    )
    assert code == 130
    assert re.search(r"LIVE · \d+ updates? · 0 gaps · Ctrl-C ends", shown)
    assert re.search(r"SPY +\d+\.\d\d +\d+\.\d\d", shown)
    assert re.search(r"interrupted: \d+ updates? of 2 symbols in \ds, 0 gaps", shown)


def test_the_specs_that_have_accounts_open_as_brokers() -> None:
    assert [spec.name for spec in SPECS if spec.open_broker is not None] == ["sandbox", "tastytrade"]
    settings = load_settings(environment={"TTAPI_CONFIG": ""}).settings
    assert Connection(settings=settings, environment={}).trades is False
