# SPDX-License-Identifier: Apache-2.0
"""The face of the package: complete, sorted, and light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ttapi_client


def test_exports_are_sorted_and_all_there() -> None:
    assert ttapi_client.__all__ == sorted(ttapi_client.__all__)
    for name in ttapi_client.__all__:
        assert getattr(ttapi_client, name) is not None


def test_exports_given_unknown_name_say_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ttapi_client.Nothing


def test_import_leaves_the_tastytrade_half_and_the_extras_alone() -> None:
    code = "import sys, ttapi_client; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    unwanted = {"pyreqwest", "websockets", "msgspec", "ttapi_client.tastytrade", "ttapi_client.provider"}
    assert "ttapi_client.client" in loaded
    assert unwanted.isdisjoint(loaded)
