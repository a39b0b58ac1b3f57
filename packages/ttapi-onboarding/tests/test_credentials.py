# SPDX-License-Identifier: Apache-2.0
"""Credentials: where they are looked for, and that they are never shown."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ttapi_core import CredentialsError, MissingExtraError
from ttapi_onboarding import read_credentials
from ttapi_onboarding.credentials import store_credentials

BOTH = {"TTAPI_CLIENT_SECRET": "s3cret", "TTAPI_REFRESH_TOKEN": "t0ken"}

KEYRING = """
    import json, pathlib
    FILE = pathlib.Path({file!r})
    class NoKeyringError(RuntimeError): ...
    def _all():
        return json.loads(FILE.read_text()) if FILE.exists() else {{}}
    def get_password(service, name):
        {get}
        return _all().get(name)
    def set_password(service, name, value):
        {set}
        FILE.write_text(json.dumps({{**_all(), name: value}}))
"""


def with_keyring(tmp_path: Path, program: str, *, get: str = "pass", set: str = "pass") -> str:  # noqa: A002 - the verb of the keyring
    """Run a program in a process where a keyring is installed, and return what it prints."""
    library = KEYRING.format(file=str(tmp_path / "keys"), get=get, set=set)
    (tmp_path / "keyring.py").write_text(textwrap.dedent(library))
    head = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    body = "from ttapi_onboarding.credentials import read_credentials, store_credentials\n"
    command = [sys.executable, "-c", head + body + textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_read_credentials_takes_them_from_the_environment() -> None:
    credentials = read_credentials(BOTH)
    assert (credentials.client_secret, credentials.refresh_token) == ("s3cret", "t0ken")
    assert credentials.origin == "environment TTAPI_CLIENT_SECRET and environment TTAPI_REFRESH_TOKEN"


def test_read_credentials_knows_the_names_of_other_clients_and_prefers_ours() -> None:
    credentials = read_credentials({"TT_SECRET": "a", "TT_REFRESH": "b", "TTAPI_REFRESH_TOKEN": "c"})
    assert (credentials.client_secret, credentials.refresh_token) == ("a", "c")


def test_read_credentials_are_not_in_repr() -> None:
    assert "s3cret" not in repr(read_credentials(BOTH))
    assert "t0ken" not in repr(read_credentials(BOTH))


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, ["TTAPI_CLIENT_SECRET", "TTAPI_REFRESH_TOKEN"]),
        ({"TT_SECRET": "a"}, ["TTAPI_REFRESH_TOKEN"]),
        ({**BOTH, "TTAPI_CLIENT_SECRET": "  "}, ["TTAPI_CLIENT_SECRET"]),
    ],
)
def test_read_credentials_given_too_few_says_what_to_set(
    environment: dict[str, str], named: list[str]
) -> None:
    with pytest.raises(CredentialsError) as caught:
        read_credentials(environment)
    assert [name for name in BOTH if name in caught.value.hint] == named


@pytest.mark.parametrize("value", ["a b", "a\nb", "pässwort", "a\x00b"])
def test_read_credentials_given_what_no_credential_is_refuses_it_unseen(value: str) -> None:
    with pytest.raises(CredentialsError, match="characters") as caught:
        read_credentials({**BOTH, "TTAPI_CLIENT_SECRET": value})
    assert value not in str(caught.value)


def test_store_credentials_without_a_keyring_says_what_to_install() -> None:
    with pytest.raises(MissingExtraError, match=r"ttapi-onboarding\[keyring\]"):
        store_credentials(client_secret="a", refresh_token="b")


def test_credentials_kept_in_the_keyring_are_found_again(tmp_path: Path) -> None:
    program = """
        store_credentials(client_secret="s3cret", refresh_token="t0ken")
        found = read_credentials({})
        print(found.client_secret, found.refresh_token, found.origin)
    """
    assert with_keyring(tmp_path, program) == "s3cret t0ken keyring"


READ = """
    from ttapi_core import CredentialsError
    try:
        read_credentials({})
    except CredentialsError as error:
        print(error)
"""


def test_read_credentials_given_a_keyring_without_backend_counts_as_none(tmp_path: Path) -> None:
    assert "not found" in with_keyring(tmp_path, READ, get="raise NoKeyringError")


def test_read_credentials_given_a_locked_keyring_says_so_without_its_words(tmp_path: Path) -> None:
    said = with_keyring(tmp_path, READ, get="raise RuntimeError('s3cret')")
    assert "the keyring cannot be read (RuntimeError)" in said
    assert "s3cret" not in said


def test_store_credentials_given_a_keyring_that_refuses_says_so(tmp_path: Path) -> None:
    program = READ.replace(
        "read_credentials({})", "store_credentials(client_secret='s3cret', refresh_token='b')"
    )
    said = with_keyring(tmp_path, program, set="raise RuntimeError(value)")
    assert "the keyring cannot be written (RuntimeError)" in said
    assert "s3cret" not in said
