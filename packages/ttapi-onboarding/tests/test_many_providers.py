# SPDX-License-Identifier: Apache-2.0
"""Commands over several providers: collect in turn, compare, list, verify, and try entitlements."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ttapi_core import DataAnswer, DataProvider, DataRequest, NotEntitledError, NotFoundError, Outcome
from ttapi_onboarding import Connection, ProviderSpec, build_app
from ttapi_platform.testing import ScriptedProvider

Run = Callable[..., Result]
UNKNOWN = NotFoundError("no such symbol", status=404)


class Besides:
    """Providers that are installed besides, as the program finds them."""

    def __init__(self, *providers: ScriptedProvider) -> None:
        self.providers = {provider.name: provider for provider in providers}
        self.loaded: list[str] = []

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.providers))

    def load(self, name: str) -> ProviderSpec:
        self.loaded.append(name)
        provider = self.providers[name]

        @asynccontextmanager
        async def opened(_connection: Connection) -> AsyncIterator[DataProvider]:
            yield provider

        return ProviderSpec(
            name=name,
            description=f"{name} data",
            simulated=False,
            needs_credentials=name == "second",
            datasets=tuple(sorted(provider.datasets)),
            open=opened,
            variables={"TTAPI_SECOND_KEY": True} if name == "second" else {},
            limits="5 a minute",
            site="https://example.com/docs",
            samples=dict.fromkeys(provider.datasets, "AAPL"),
            canonical=str.upper,
        )


@pytest.fixture
def besides() -> Besides:
    datasets = ("quotes", "eod_data")
    return Besides(*(ScriptedProvider(name=name, datasets=datasets) for name in ("first", "second")))


@pytest.fixture
def run(specs: list[ProviderSpec], home: dict[str, str], besides: Besides) -> Run:
    def invoke(*arguments: str, **variables: str) -> Result:
        app = build_app(specs, distribution="ttapi-onboarding", more=besides)
        return CliRunner().invoke(app, arguments, env={**home, "TTAPI_SECOND_KEY": "k3y", **variables})

    return invoke


def test_collect_asks_the_second_for_what_the_first_lacks(run: Run, besides: Besides) -> None:
    besides.providers["first"].fail("quotes", "MSFT", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    result = run("collect", "AAPL", "MSFT", "-d", "quotes", "--provider", "first,second", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["answered_by"] == {"first": 1, "second": 1}
    assert report["fallbacks"][0]["tried"] == [{"provider": "first", "cause": "unknown: no such symbol"}]


def test_other_commands_take_the_first_of_several(run: Run) -> None:
    run("collect", "AAPL", "-d", "quotes", "--provider", "first")
    result = run("show", "quotes", "AAPL", "--provider", "first,second")
    assert result.exit_code == 0
    assert "AAPL" in result.stdout


def test_an_unknown_provider_among_several_is_named(run: Run) -> None:
    result = run("collect", "--provider", "first,nobody")
    assert result.exit_code == 2
    assert "nobody" in result.stderr
    assert "second" in result.stderr


def test_only_named_providers_are_loaded(run: Run, besides: Besides) -> None:
    run("collect", "AAPL", "-d", "quotes", "--provider", "first")
    assert set(besides.loaded) == {"first"}


def test_the_list_tells_datasets_keys_limits_and_status(run: Run) -> None:
    listed = {
        entry["name"]: entry for entry in json.loads(run("providers", "--json", TTAPI_SECOND_KEY="").stdout)
    }
    assert list(listed) == ["sandbox", "tastytrade", "first", "second"]
    assert (listed["first"]["status"], listed["second"]["status"]) == ("ready", "set TTAPI_SECOND_KEY")
    assert listed["second"]["credentials"] == [{"variable": "TTAPI_SECOND_KEY", "required": True}]
    assert (listed["first"]["limits"], listed["first"]["datasets"]) == ("5 a minute", ["eod_data", "quotes"])


def test_the_list_can_be_of_those_that_have_a_dataset(run: Run) -> None:
    listed = json.loads(run("providers", "--dataset", "accounts", "--json").stdout)
    assert [entry["name"] for entry in listed] == ["sandbox", "tastytrade"]
    assert run("providers", "--dataset", "gossip").exit_code == 2


def test_compare_shows_every_candidate_and_the_kind_of_each_difference(run: Run, besides: Besides) -> None:
    second = besides.providers["second"]

    def in_cents(request: DataRequest, key: str) -> DataAnswer:
        answer = second._answer(request, key)
        columns = {
            **answer.columns,
            **{n: [v * 100 for v in answer.columns[n]] for n in ("open", "high", "low", "close")},
        }
        return DataAnswer(dataset=request.dataset, key=key, outcome=Outcome.FRESH, columns=columns)

    second.overrides["eod_data", "AAPL"] = in_cents
    result = run("compare", "eod_data", "aapl", "--providers", "first,second", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["counts"]["close"] == {"unit": document["rows"]["first"]}
    difference = document["differences"][0]
    assert set(difference["values"]) == {"first", "second"}
    assert (difference["kind"], difference["chosen"]) == ("unit", "first")


def test_compare_needs_two_and_says_who_had_nothing(run: Run, besides: Besides) -> None:
    assert run("compare", "quotes", "AAPL", "--providers", "first").exit_code == 2
    besides.providers["second"].fail("quotes", "AAPL", cause=UNKNOWN, outcome=Outcome.UNKNOWN_SYMBOL)
    result = run("compare", "quotes", "AAPL", "--providers", "first,second")
    assert result.exit_code == 1
    assert "second: no such symbol" in result.stderr


def test_compare_stored_asks_no_one(run: Run, besides: Besides) -> None:
    for name in ("first", "second"):
        run("collect", "AAPL", "-d", "quotes", "--provider", name)
        besides.providers[name].requests.clear()
    result = run("compare", "quotes", "AAPL", "--providers", "first,second", "--stored", "--json")
    assert json.loads(result.stdout)["differences"] == []
    assert [provider.requests for provider in besides.providers.values()] == [[], []]


def test_doctor_tries_what_the_credentials_may_have(run: Run, besides: Besides) -> None:
    refusal = NotEntitledError("not in your plan", status=403)
    besides.providers["second"].fail("eod_data", "AAPL", cause=refusal, outcome=Outcome.NOT_ENTITLED)
    checks = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert "entitlement first" not in checks  # needs no credentials and is not chosen
    assert checks["entitlement second"]["status"] == "warn"
    assert "may have: quotes" in checks["entitlement second"]["detail"]
    assert "not entitled: eod_data" in checks["entitlement second"]["detail"]


def test_doctor_names_the_variable_that_a_chosen_provider_lacks(run: Run) -> None:
    result = run("doctor", "--json", TTAPI_PROVIDER="second", TTAPI_SECOND_KEY="")
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert checks["credentials"]["detail"] == "TTAPI_SECOND_KEY not set"


def recording(directory: Path, *answers: tuple[str, int, object]) -> None:
    interactions = [
        {"request": {"method": "GET", "url": url}, "response": {"status": status, "body": body}}
        for url, status, body in answers
    ]
    directory.mkdir(exist_ok=True)
    document = {"provider": "tiingo", "dataset": "made up", "interactions": interactions}
    (directory / "made-up.json").write_text(json.dumps(document))


PRICES = "https://api.tiingo.com/tiingo/daily/AAPL/prices"
BAR = {"date": "2026-01-02T00:00:00.000Z", "open": 1, "high": 2, "low": 1, "close": 2, "volume": 7}


def test_verify_counts_what_each_interaction_came_to(run: Run, tmp_path: Path) -> None:
    recording(
        tmp_path / "recordings",
        (PRICES, 200, [BAR]),
        (PRICES, 429, {"detail": "slow down"}),
        ("https://api.tiingo.com/nothing/of/ours", 200, {}),
    )
    result = run("providers", "verify", str(tmp_path / "recordings"), "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {
        name: document[name] for name in ("decoded", "refused", "failed", "unclaimed", "silent_losses")
    } == {
        "decoded": 1,
        "refused": 1,
        "failed": 0,
        "unclaimed": 1,
        "silent_losses": 0,
    }
    assert document["verdicts"][1]["claims"][0]["error"]["type"] == "RateLimitError"


def test_verify_names_a_broken_check_and_fails(run: Run, tmp_path: Path) -> None:
    recording(tmp_path / "recordings", (PRICES, 200, {"prices": "soon"}))
    result = run("providers", "verify", str(tmp_path / "recordings"), "--json")
    assert result.exit_code == 1
    assert "decoded" in json.loads(result.stdout)["verdicts"][0]["claims"][0]["broken"]


def test_verify_of_an_empty_directory_is_a_mistake_that_is_named(run: Run, tmp_path: Path) -> None:
    result = run("providers", "verify", str(tmp_path))
    assert result.exit_code == 2
    assert "recordings" in result.stderr
