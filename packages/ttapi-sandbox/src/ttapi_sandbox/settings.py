# SPDX-License-Identifier: Apache-2.0
"""What a sandbox is told before it starts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final

from ttapi_core import ConfigurationError
from ttapi_sandbox.account_cards import ACCOUNTS_MAX, KINDS
from ttapi_sandbox.faults import FaultSpec, parse_fault
from ttapi_sandbox.scenario import Scenario
from ttapi_sandbox.timeline import SPEED_MAX
from ttapi_sandbox.universe import LISTINGS_MAX, TABLE_SIZE

EVENING: Final = time(22, tzinfo=UTC)
"""The instant that a date alone stands for: every session of New York has closed by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """
    Settings of a sandbox, validated when built.

    Parameters
    ----------
    host
        Address to listen on; a loopback address unless ``allow_remote``.
    port
        Port to listen on; 0 takes a free one.
    seed
        What the whole simulated market depends on.
    as_of
        The instant at which the market stands still, aware; None runs with the clock.
    symbols
        How many equities and ETFs are listed; the two indexes come on top.
    faults
        Rules of what goes wrong, as `FaultSpec` or as text for `parse_fault`.
    rate_limit
        Requests a second that are let through; None lets all through.
    rate_limit_headers
        Whether a refusal for being too fast says when to come again.
    token_lifetime_s
        Seconds that an access token lives.
    ticks_per_s
        Live updates a second of each quote and trade, while the market is open and time runs; 0 for none.
    candle_ticks
        Whether the running candle is updated live, too.
    snapshots_max
        Candle snapshots in flight on one connection; more are refused.
    allow_remote
        Whether an address beyond loopback may be listened on.
    start
        The instant at which the market begins to run, aware; None begins at the clock's time.
    speed
        Seconds of the market in one second of the clock; 0 stands still until it is turned by hand.
    cash
        Dollars in each account at first.
    accounts
        The kinds of the accounts, ``margin`` or ``cash``, in order; their numbers are 5WT00001, 5WT00002 and
        so on. The first holds shares and options at first, too.
    state_file
        Where orders, positions and watchlists are kept across restarts; None keeps nothing.
    scenario
        What happens when.

    Raises
    ------
    ConfigurationError
        If a value is outside its domain; names the setting.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    as_of: datetime | None = None
    symbols: int = TABLE_SIZE
    faults: tuple[FaultSpec | str, ...] = ()
    rate_limit: float | None = None
    rate_limit_headers: bool = False
    token_lifetime_s: float = 900.0
    ticks_per_s: float = 1.0
    candle_ticks: bool = False
    snapshots_max: int = 18
    allow_remote: bool = False
    start: datetime | None = None
    speed: float = 1.0
    cash: Decimal = Decimal(25_000)
    accounts: tuple[str, ...] = ("margin",)
    state_file: Path | None = None
    scenario: Scenario | None = None

    def __post_init__(self) -> None:
        if not (self.allow_remote or is_loopback(self.host)):
            raise ConfigurationError(
                "host", f"{self.host!r} is not a loopback address", accepted="127.0.0.1 or ::1"
            )
        _require("port", self.port, 0, 65535)
        _require("symbols", self.symbols, 1, LISTINGS_MAX)
        _require("snapshots_max", self.snapshots_max, 1, 10_000)
        _require("token_lifetime_s", self.token_lifetime_s, 1, 10**9)
        _require("ticks_per_s", self.ticks_per_s, 0, 1000)
        if self.rate_limit is not None:
            _require("rate_limit", self.rate_limit, 0.01, 10**6)
        _require("speed", self.speed, 0, SPEED_MAX)
        _require("cash", self.cash, 0, 10**12)
        if not 0 < len(self.accounts) <= ACCOUNTS_MAX or not {*self.accounts} <= {*KINDS}:
            raise ConfigurationError(
                "accounts",
                f"{self.accounts!r} cannot be used",
                accepted=f"1 to {ACCOUNTS_MAX} of {' and '.join(KINDS)}",
            )
        for name, instant in (("as_of", self.as_of), ("start", self.start)):
            if instant is not None and instant.tzinfo is None:
                raise ConfigurationError(name, "has no time zone", accepted="an aware datetime")
        if self.as_of is not None and (self.start is not None or self.speed != 1):
            raise ConfigurationError(
                "as_of", "holds the market still", accepted="either as_of or start and speed"
            )
        self.fault_specs()

    def fault_specs(self) -> tuple[FaultSpec, ...]:
        """Return the rules of what goes wrong, read."""
        return tuple(parse_fault(fault) if isinstance(fault, str) else fault for fault in self.faults)


def _require(setting: str, value: float | Decimal, least: float, most: float) -> None:
    if isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(
            setting, f"{value!r} cannot be used", accepted=f"a number from {least} to {most}"
        )


def is_loopback(host: str) -> bool:
    """Return whether an address reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_as_of(text: str) -> datetime:
    """
    Read an instant: ``YYYY-MM-DD`` (22:00 UTC of that day) or with a time, in UTC unless it says otherwise.

    Raises
    ------
    ConfigurationError
        If it is neither.
    """
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), EVENING)
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigurationError("as_of", f"{text!r} is no date", accepted="YYYY-MM-DD[THH:MM]") from exc
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
