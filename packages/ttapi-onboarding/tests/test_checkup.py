# SPDX-License-Identifier: Apache-2.0
"""``ttapi doctor``: each check, and what it says to mend."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ttapi_core import AuthenticationError, ConnectError, DataProvider, Health
from ttapi_onboarding import Connection, ProviderSpec, build_app
from ttapi_onboarding.checkup import Status, check_clock, check_directory
from ttapi_platform.testing import ScriptedProvider

Run = Callable[..., Result]


class Ailing(ScriptedProvider):
    """Answers a health check as it is told."""

    health: Health

    async def health_check(self) -> Health:
        return self.health


def statuses(result: Result) -> dict[str, str]:
    return {check["name"]: check["status"] for check in json.loads(result.stdout)["checks"]}


def found(result: Result, name: str) -> dict[str, str]:
    return next(check for check in json.loads(result.stdout)["checks"] if check["name"] == name)


def examined(specs: list[ProviderSpec], home: dict[str, str], health: Health) -> Result:
    provider = Ailing()
    provider.health = health

    @asynccontextmanager
    async def opened(_connection: Connection) -> AsyncIterator[DataProvider]:
        yield provider

    app = build_app([replace(specs[0], open=opened)], distribution="ttapi-onboarding")
    return CliRunner().invoke(app, ["doctor", "--json"], env=home)


def test_doctor_of_a_healthy_machine_is_content(run: Run) -> None:
    run("collect", "-d", "quotes")
    result = run("doctor", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["healthy"] is True
    assert set(statuses(result)) == {
        "configuration",
        "data directory",
        "disk space",
        "store",
        "credentials",
        "provider sandbox",
        "clock",
    }


def test_doctor_given_a_broken_setting_says_which_and_stops_there(run: Run) -> None:
    result = run("doctor", "--json", TTAPI_MAX_MISSING="many")
    assert result.exit_code == 1
    assert statuses(result) == {"configuration": "fail"}
    assert "TTAPI_MAX_MISSING" in found(result, "configuration")["detail"]


def test_doctor_given_an_unknown_provider_says_so(run: Run) -> None:
    result = run("doctor", "--json", TTAPI_PROVIDER="nasdaq")
    assert statuses(result) == {"configuration": "fail"}


def test_doctor_without_credentials_says_what_to_set_and_does_not_connect(run: Run) -> None:
    result = run("doctor", "--json", TTAPI_PROVIDER="tastytrade")
    assert result.exit_code == 1
    assert found(result, "credentials")["status"] == "fail"
    assert "TTAPI_CLIENT_SECRET" in found(result, "credentials")["mend"]
    assert "provider tastytrade" not in statuses(result)


def test_doctor_with_credentials_says_from_where_and_never_which(run: Run) -> None:
    result = run(
        "doctor",
        "--json",
        TTAPI_PROVIDER="tastytrade",
        TTAPI_CLIENT_SECRET="s3cret",
        TTAPI_REFRESH_TOKEN="t0ken",
    )
    assert result.exit_code == 0
    assert "environment TTAPI_CLIENT_SECRET" in found(result, "credentials")["detail"]
    assert "s3cret" not in result.output
    assert "t0ken" not in result.output


def test_doctor_given_a_directory_that_cannot_be_written_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("doctor", "--json", TTAPI_DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.exit_code == 1
    assert found(result, "data directory")["status"] == "fail"
    assert "TTAPI_DATA_DIR" in found(result, "data directory")["mend"]


def test_doctor_given_a_damaged_store_warns(run: Run, tmp_path: Path) -> None:
    run("collect", "-d", "quotes")
    path = next((tmp_path / "data" / "scripted" / "quotes").glob("*/data.csv"))
    path.chmod(0o600)
    path.write_bytes(b"")
    result = run("doctor", "--json")
    assert found(result, "store")["status"] == "warn"
    assert "1 damaged" in found(result, "store")["detail"]
    assert "1 in quarantine" in found(run("doctor", "--json"), "store")["detail"]


def test_doctor_given_a_provider_that_does_not_answer_says_why(
    specs: list[ProviderSpec], home: dict[str, str]
) -> None:
    cause = ConnectError("nobody listens", hint="plug it in")
    result = examined(specs, home, Health(reachable=False, cause=cause))
    check = found(result, "provider sandbox")
    assert (result.exit_code, check["status"], check["detail"], check["mend"]) == (
        1,
        "fail",
        "nobody listens",
        "plug it in",
    )
    assert "clock" not in statuses(result)


def test_doctor_given_a_provider_without_a_cause_still_says_what_to_do(
    specs: list[ProviderSpec], home: dict[str, str]
) -> None:
    check = found(examined(specs, home, Health(reachable=False)), "provider sandbox")
    assert (check["detail"], check["mend"]) == (
        "does not answer",
        "check the network and the provider's status",
    )


def test_doctor_given_a_provider_that_cannot_be_opened_says_why(
    specs: list[ProviderSpec], home: dict[str, str]
) -> None:
    @asynccontextmanager
    async def opened(_connection: Connection) -> AsyncIterator[DataProvider]:
        raise AuthenticationError("who are you")
        yield

    app = build_app([replace(specs[0], open=opened)], distribution="ttapi-onboarding")
    result = CliRunner().invoke(app, ["doctor", "--json"], env=home)
    assert found(result, "provider sandbox")["detail"] == "who are you"


@pytest.mark.parametrize(
    ("skew_s", "status"), [(None, Status.OK), (-4.9, Status.OK), (5.1, Status.WARN), (-61.0, Status.FAIL)]
)
def test_check_clock_compares_with_the_provider(skew_s: float | None, status: Status) -> None:
    assert check_clock(Health(reachable=True, clock_skew_s=skew_s)).status is status


def test_check_directory_looks_at_the_nearest_that_exists(tmp_path: Path) -> None:
    check = check_directory(tmp_path / "a" / "b")
    assert check.status is Status.OK
    assert "made by the first collect" in check.detail
    assert list(tmp_path.iterdir()) == []
