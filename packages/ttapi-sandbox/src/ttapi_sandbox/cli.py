# SPDX-License-Identifier: Apache-2.0
"""The sandbox as a program: ``python -m ttapi_sandbox``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ttapi_core import TTError
from ttapi_sandbox.sandbox import Sandbox
from ttapi_sandbox.scenario import read_scenario
from ttapi_sandbox.settings import SandboxSettings, parse_as_of
from ttapi_sandbox.universe import TABLE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sandbox until it is told to end (SIGINT, SIGTERM, or standard input closed); return the exit code.

    Parameters
    ----------
    arguments
        The command line without the program's name; that of the process when left out.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
        asyncio.run(_serve(settings, options))
    except TTError as exc:
        sys.stderr.write(f"ttapi_sandbox: {exc}\n")
        return EXIT_USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ttapi_sandbox",
        description="A local server that speaks the tastytrade API over a SIMULATED market.",
    )
    defaults = SandboxSettings()
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on (loopback only unless --allow-remote)")
    add("--port", type=int, default=defaults.port, help="port to listen on; 0 takes a free one")
    add("--seed", type=int, default=defaults.seed, help="what the simulated market depends on")
    add("--as-of", metavar="DATE[THH:MM]", help="hold the market at this instant (UTC; a date alone: 22:00)")
    add("--start", metavar="DATE[THH:MM]", help="begin at this instant (UTC) and let time run from there")
    add(
        "--speed",
        type=float,
        default=defaults.speed,
        metavar="X",
        help="times as fast as the wall; 0: by hand",
    )
    add("--cash", type=Decimal, default=defaults.cash, metavar="DOLLARS", help="in each account at first")
    add("--accounts", default=",".join(defaults.accounts), metavar="KINDS", help="e.g. margin,cash")
    add("--state-file", type=Path, metavar="FILE", help="keep orders and positions across restarts")
    add("--scenario", type=Path, metavar="FILE", help="a TOML file that says what happens when")
    add("--symbols", type=int, default=TABLE_SIZE, help="how many equities and ETFs are listed")
    add("--fault", action="append", default=[], metavar="SPEC", help="e.g. kind=html,rate=0.07 or mix=0.07")
    add("--rate-limit", type=float, metavar="N", help="let N requests a second through, answer 429 to others")
    add("--rate-limit-headers", action="store_true", help="say in a 429 when to come again")
    add(
        "--token-lifetime",
        type=float,
        default=defaults.token_lifetime_s,
        metavar="S",
        help="of access tokens",
    )
    add("--ticks", type=float, default=defaults.ticks_per_s, metavar="N", help="live updates a second")
    add("--candle-ticks", action="store_true", help="update the running candle live, too")
    add("--ready", choices=("text", "json"), default="text", help="how to say that it listens")
    add("--exit-on-stdin-close", action="store_true", help="end when standard input closes")
    add("--allow-remote", action="store_true", help="listen on addresses beyond loopback")
    return parser


def _settings(options: argparse.Namespace) -> SandboxSettings:
    return SandboxSettings(
        host=options.host,
        port=options.port,
        seed=options.seed,
        as_of=None if options.as_of is None else parse_as_of(options.as_of),
        symbols=options.symbols,
        faults=tuple(options.fault),
        rate_limit=options.rate_limit,
        rate_limit_headers=options.rate_limit_headers,
        token_lifetime_s=options.token_lifetime,
        ticks_per_s=options.ticks,
        candle_ticks=options.candle_ticks,
        allow_remote=options.allow_remote,
        start=None if options.start is None else parse_as_of(options.start),
        speed=options.speed,
        cash=options.cash,
        accounts=tuple(options.accounts.split(",")),
        state_file=options.state_file,
        scenario=None if options.scenario is None else read_scenario(options.scenario),
    )


async def _serve(settings: SandboxSettings, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Sandbox(settings) as sandbox:
        if options.exit_on_stdin_close:
            _watch_standard_input(loop, stop)
        sys.stdout.write(_ready_line(sandbox, options.ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _watch_standard_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # A thread, for standard input can be a file, a pipe or a terminal, and not all of them can be polled.
    # Read without Python's buffer: the end of the interpreter aborts if a thread holds its lock.
    descriptor = sys.stdin.fileno()

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="standard input", daemon=True).start()


def _ready_line(sandbox: Sandbox, form: str) -> str:
    as_of = sandbox.settings.as_of
    if form == "text":
        moment = "now" if as_of is None else as_of.isoformat()
        return (
            f"SIMULATED market on {sandbox.url} (seed {sandbox.settings.seed}, as of {moment})\n"
            f"client secret  {sandbox.client_secret}\n"
            f"refresh token  {sandbox.refresh_token}"
        )
    return json.dumps(
        {
            "url": sandbox.url,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.refresh_token,
            "seed": sandbox.settings.seed,
            "as_of": (as_of or sandbox.application.market.now()).isoformat(),
            "simulated": True,
        }
    )
