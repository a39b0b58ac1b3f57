# SPDX-License-Identifier: Apache-2.0
"""
Broken answers end in documented errors, whatever is broken about them.

Bodies are taken from the recordings beside the project where they are there, and from a few that are made up. How
many are mutated is set by ``TTAPI_MUTATIONS``; a whole campaign is 50,000.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ttapi_core import TTError
from ttapi_platform.replaying import Exchange, claimants, conform, read_exchanges
from ttapi_providers import Asked, Endpoint, Provider, decode, load_providers, parsed, recognise

RECORDED = Path(__file__).parents[4] / "shared" / "recorded"
MUTATIONS = int(os.environ.get("TTAPI_MUTATIONS", "2500"))
SLOW_S = 1.0
CONTENT_MAX = 60_000
MADE_UP: list[tuple[str, object]] = [
    (
        "https://api.tiingo.com/tiingo/daily/AAPL/prices",
        [
            {
                "date": "2026-01-02T00:00:00.000Z",
                "open": 1,
                "high": 2,
                "low": 1,
                "close": 2,
                "volume": 7,
                "adjClose": 2,
            }
        ],
    ),
    (
        "https://api.frankfurter.dev/v1/2026-01-02..2026-01-05?base=EUR",
        {"amount": 1.0, "base": "EUR", "rates": {"2026-01-02": {"USD": 1.1, "JPY": 160.0}}},
    ),
    (
        "https://api.binance.com/api/v3/depth?symbol=BTCUSDT",
        {"lastUpdateId": 1, "bids": [["9", "1"]], "asks": [["10", "2"]]},
    ),
]
Case = tuple[Provider, Endpoint, Asked, bytes]
STRANGE: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: "",
    lambda: "NaN",
    lambda: -1,
    lambda: 10**30,
    lambda: 1e308,
    lambda: True,
    list,
    dict,
    lambda: {"raw": {"fmt": [1]}},
    lambda: "9" * 5000,
    lambda: "2026-13-45T99:99:99Z",
    lambda: "\u0000\u202e<script>",
    lambda: [[[[[]]]]],
)


def _made_up() -> list[Exchange]:
    return [
        Exchange(
            file="made-up",
            number=number,
            provider="made-up",
            dataset="",
            fidelity="sample",
            trimmed=False,
            asked=Asked.of("GET", url),
            status=200,
            content=json.dumps(body).encode(),
        )
        for number, (url, body) in enumerate(MADE_UP)
    ]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    providers = load_providers()
    recorded = list(read_exchanges(RECORDED)) if RECORDED.is_dir() else []
    found: list[Case] = []
    for exchange in (*_made_up(), *recorded):
        if exchange.status == 200 and len(exchange.content) <= CONTENT_MAX:
            for provider, endpoint in claimants(exchange, providers):
                asked = recognise(endpoint, exchange.asked)
                assert asked is not None
                found.append((provider, endpoint, asked, exchange.content))
    return found


def test_there_are_bodies_to_break(cases: list[Case]) -> None:
    assert len(cases) >= len(MADE_UP)


def test_broken_bodies_end_in_documented_errors_and_in_time(cases: list[Case]) -> None:
    chance = random.Random(20261127)
    undocumented: list[str] = []
    slow: list[str] = []
    for number in range(MUTATIONS):
        provider, endpoint, asked, content = chance.choice(cases)
        broken = _mutated(content, chance)
        started_s = time.process_time()
        try:
            conform(endpoint.dataset, decode(provider, endpoint, asked, parsed(broken, endpoint.format)))
        except TTError:
            pass
        except BaseException as exc:
            if isinstance(exc, KeyboardInterrupt):
                raise
            undocumented.append(
                f"{number}: {provider.name} {endpoint.dataset}: {type(exc).__name__}: {exc}"[:300]
            )
        if time.process_time() - started_s > SLOW_S:
            slow.append(f"{number}: {provider.name} {endpoint.dataset}")
    assert undocumented[:10] == []
    assert slow == []


def _mutated(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.7:
        try:
            value = json.loads(content)
        except ValueError:
            return _garbled(content, chance)
        for _ in range(chance.randint(1, 4)):
            value = _changed(value, chance)
        return json.dumps(value).encode()
    return _garbled(content, chance)


def _garbled(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    at = chance.randrange(len(data) or 1)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(data[:at])
    if kind == 1:
        del data[at : at + chance.randint(1, 200)]
    elif kind == 2:
        data[at:at] = data[at : at + chance.randint(1, 200)]
    else:
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _changed(value: Any, chance: random.Random) -> Any:
    """Change something at a random depth: put, drop, double or swap."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.15:
        return chance.choice(STRANGE)()
    names = list(value) if isinstance(value, dict) else list(range(len(value)))
    name = chance.choice(names)
    action = chance.random()
    if action < 0.75:
        value[name] = _changed(value[name], chance)
    elif action < 0.9:
        del value[name]
    elif isinstance(value, list):
        value.append(value[name])
    else:
        value[f"{name}x"] = value.pop(name)
    return value
