# SPDX-License-Identifier: Apache-2.0
"""Paths find their handlers, with slashes in symbols encoded or not."""

from __future__ import annotations

import pytest

from ttapi_sandbox.answers import Answer
from ttapi_sandbox.requests import Request
from ttapi_sandbox.routing import Route, Router

TEMPLATES = [
    "/instruments/equities/{symbol}",
    "/instruments/equities/active",
    "/option-chains/{symbol}/nested",
    "/option-chains/{symbol}",
    "/market-data/{type}/{symbol}",
    "/market-data/by-type",
]


def said(_: Request) -> Answer:
    return Answer(200, b"")


@pytest.fixture
def router() -> Router:
    return Router([Route("GET", template, said) for template in TEMPLATES])


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/instruments/equities/active", "/instruments/equities/active", {}),
        ("/instruments/equities/BRK%2FB", "/instruments/equities/{symbol}", {"symbol": "BRK/B"}),
        ("/instruments/equities/BRK/B", "/instruments/equities/{symbol}", {"symbol": "BRK/B"}),
        ("/option-chains/BRK%2FB/nested", "/option-chains/{symbol}/nested", {"symbol": "BRK/B"}),
        ("/option-chains/AAPL/", "/option-chains/{symbol}", {"symbol": "AAPL"}),
        ("/market-data/by-type", "/market-data/by-type", {}),
        (
            "/market-data/Future%20Option/./ESZ6%20EW",
            "/market-data/{type}/{symbol}",
            {"type": "Future Option", "symbol": "./ESZ6 EW"},
        ),
        ("/market-data/Future//ESZ6", "/market-data/{type}/{symbol}", {"type": "Future", "symbol": "/ESZ6"}),
    ],
)
def test_path_finds_its_route(router: Router, path: str, template: str, parameters: dict[str, str]) -> None:
    for _ in range(2):
        match = router.match("GET", path)
        assert match is not None
        assert (match[0].template, match[1]) == (template, parameters)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/market-data/by-type"), ("GET", "/nope"), ("GET", "/")]
)
def test_path_without_a_route_finds_none(router: Router, method: str, path: str) -> None:
    assert router.match(method, path) is None


def test_router_stays_bounded_whatever_is_asked(router: Router) -> None:
    for number in range(20_000):
        match = router.match("GET", f"/instruments/equities/S{number}")
        assert match is not None
        assert match[1] == {"symbol": f"S{number}"}
    assert router.remembered <= 8192
