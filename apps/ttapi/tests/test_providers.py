# SPDX-License-Identifier: Apache-2.0
"""The name under which each source of data is stored: one server's data is no answer of another."""

import re
from itertools import combinations

import pytest

from ttapi_app.providers import SPECS
from ttapi_core import ConfigurationError
from ttapi_onboarding import load_settings

TASTYTRADE = next(spec for spec in SPECS if spec.name == "tastytrade")
STORE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def source(base_url: str = "", environment: str = "production") -> str:
    variables = {
        "TTAPI_CONFIG": "",
        "TTAPI_TASTYTRADE__BASE_URL": base_url,
        "TTAPI_TASTYTRADE__ENVIRONMENT": environment,
    }
    return TASTYTRADE.source_name(load_settings(environment=variables).settings)


@pytest.mark.parametrize(
    ("base_url", "environment", "expected"),
    [
        ("", "production", "tastytrade"),
        ("", "cert", "tastytrade-cert"),
        ("https://api.tastyworks.com/", "cert", "tastytrade"),
        ("https://API.cert.tastyworks.com:443", "production", "tastytrade-cert"),
        ("http://127.0.0.1:8080", "production", "tastytrade-127_0_0_1-8080"),
        ("https://me:hunter2@api.example.com", "cert", "tastytrade-api_example_com-443"),
    ],
)
def test_tastytrade_is_stored_by_the_server_that_is_asked(
    base_url: str, environment: str, expected: str
) -> None:
    assert source(base_url, environment) == expected


def test_servers_that_look_alike_are_stored_apart() -> None:
    urls = [
        "https://a.b",
        "https://a-b",
        "https://a_b",
        "https://a.b/x",
        "https://a.b/X",
        "https://a.b/x/y",
        "http://a.b",
        "https://a.b:8443",
        "http://[::1]",
        "http://[::2]",
        "https://" + "a" * 60 + ".com",
        "https://" + "a" * 60 + ".org",
        "https://api.tastyworks.com/other",
    ]
    names = {url: source(url) for url in urls}
    for one, other in combinations(urls, 2):
        assert names[one] != names[other]
    assert all(STORE_NAME.fullmatch(name) for name in names.values())


@pytest.mark.parametrize(
    "base_url",
    ["https://me:hunter2@", "https://me:hunter2", "https://me:hunter2@host:99999", "http://[hunter2"],
)
def test_url_without_a_server_is_a_configuration_error_that_does_not_show_it(base_url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        source(base_url)
    assert caught.value.setting == "tastytrade.base_url"
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None
