# SPDX-License-Identifier: Apache-2.0
"""What is kept across restarts, and what a damaged file gets."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ConfigurationError, CorruptEntryError, StoreUnavailableError
from ttapi_sandbox import SandboxSettings
from ttapi_sandbox.application import Application
from ttapi_sandbox.state_file import State, StateFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OPEN = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
ACCOUNT = "/accounts/5WT00001"
LEG = {"instrument-type": "Equity", "symbol": "AAPL", "quantity": "7", "action": "Buy to Open"}
MARKET = {"order-type": "Market", "time-in-force": "Day", "legs": [LEG]}
LIMIT = {
    "order-type": "Limit",
    "time-in-force": "GTC",
    "price": "10.00",
    "price-effect": "Debit",
    "legs": [LEG],
}
SHOWN = ("positions?include-marks=true", "balances", "orders/live", "transactions", "complex-orders")


async def test_everything_is_as_before_after_a_restart(run: Callable[..., Any], tmp_path: Path) -> None:
    settings = {"start": OPEN, "speed": 0, "as_of": None, "state_file": tmp_path / "state"}
    stop = LIMIT | {"order-type": "Stop", "price": None, "price-effect": None, "stop-trigger": "1.00"}
    limit = LIMIT | {"price": "999.00", "price-effect": "Credit"}
    sale = [{**LEG, "action": "Sell to Close"}]
    async with run(**settings) as (_, client):
        for body in (MARKET, LIMIT):
            assert (await client.post(f"{ACCOUNT}/orders", json=body)).status_code == 201
        both = {"type": "OCO", "orders": [limit | {"legs": sale}, stop | {"legs": sale}]}
        assert (await client.post(f"{ACCOUNT}/complex-orders", json=both)).status_code == 201
        await client.post("/watchlists", json={"name": "mine", "watchlist-entries": [{"symbol": "SPY"}]})
        await client.post("/_sandbox/clock", json={"advance": 3600})
        before = [(await client.get(f"{ACCOUNT}/{path}")).content for path in SHOWN]
    async with run(**settings) as (sandbox, client):
        assert sandbox.application.market.now() == datetime(2026, 11, 19, 16, 30, tzinfo=UTC)
        assert [(await client.get(f"{ACCOUNT}/{path}")).content for path in SHOWN] == before
        assert [one["name"] for one in (await client.get("/watchlists")).json()["data"]["items"]] == ["mine"]
        await client.post("/_sandbox/clock", json={"to": "2026-11-20T21:00:00Z"})
        live = (await client.get(f"{ACCOUNT}/orders/live")).json()["data"]["items"]
        assert {one["status"] for one in live} == {"Live"}
    assert os.listdir(tmp_path) == ["state"]  # noqa: PTH208 - a path is not to be asked in a coroutine


def kept(path: Path) -> bytes:
    settings = SandboxSettings(symbols=2, start=OPEN, speed=0, state_file=path)
    Application(settings).keep()
    return path.read_bytes()


def test_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state"
    content = kept(path)
    middle = len(content) // 2
    for damaged in (
        content[:middle],
        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        content + b" ",
        b"",
        b"x" + content,
    ):
        path.write_bytes(damaged)
        with pytest.raises(CorruptEntryError, match=r"move it away"):
            Application(SandboxSettings(symbols=2, state_file=path))
        assert path.read_bytes() == damaged


def test_file_of_another_market_or_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    content = kept(path)
    for settings in (
        SandboxSettings(symbols=2, seed=2, state_file=path),
        SandboxSettings(symbols=3, state_file=path),
    ):
        with pytest.raises(ConfigurationError) as caught:
            Application(settings)
        assert caught.value.setting == "state_file"
    path.write_bytes(content.replace(b"state 2 ", b"state 9 ", 1))
    with pytest.raises(ConfigurationError, match="version 9"):
        StateFile(path).read(seed=1, symbols=2)


def test_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "no" / "state")
    assert file.read(seed=1, symbols=1) is None
    with pytest.raises(StoreUnavailableError, match="state"):
        file.write(State(1, 1, OPEN))
    with pytest.raises(StoreUnavailableError):
        StateFile(tmp_path).read(seed=1, symbols=1)
