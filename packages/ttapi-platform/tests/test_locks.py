# SPDX-License-Identifier: Apache-2.0
"""Key locks within one process; between processes they are tested in `test_concurrency.py`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttapi_core import StoreUnavailableError
from ttapi_platform.locks import KeyLocks

QUOTES = ("sandbox", "quotes")


def test_free_keys_are_taken_and_busy_ones_named(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    with locks.try_acquire(*QUOTES, ["SPY", "QQQ"]) as first:
        with locks.try_acquire(*QUOTES, ["IWM", "SPY"]) as second:
            assert (first.keys, first.busy) == (("SPY", "QQQ"), ())
            assert (second.keys, second.busy) == (("IWM",), ("SPY",))
        assert locks.try_acquire(*QUOTES, ["SPY"]).busy == ("SPY",)
    assert locks.try_acquire(*QUOTES, ["SPY", "IWM"]).busy == ()


def test_datasets_and_providers_do_not_meet(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    with (
        locks.try_acquire("sandbox", "quotes", ["SPY"]),
        locks.try_acquire("sandbox", "symbols", ["SPY"]) as other,
    ):
        assert other.keys == ("SPY",)
        assert locks.try_acquire("files", "quotes", ["SPY"]).keys == ("SPY",)


def test_two_objects_of_one_directory_are_one(tmp_path: Path) -> None:
    """Locks of POSIX belong to the process: without one book for all, the second would be granted as well."""
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    first, second = KeyLocks(tmp_path), KeyLocks(tmp_path / "link")
    lease = first.try_acquire(*QUOTES, ["SPY"])
    assert second.try_acquire(*QUOTES, ["SPY"]).busy == ("SPY",)
    lease.release()
    assert second.try_acquire(*QUOTES, ["SPY"]).keys == ("SPY",)


def test_release_twice_does_not_release_for_the_next_holder(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    lease = locks.try_acquire(*QUOTES, ["SPY"])
    lease.release()
    with locks.try_acquire(*QUOTES, ["SPY"]):
        lease.release()
        assert locks.try_acquire(*QUOTES, ["SPY"]).busy == ("SPY",)


def test_error_inside_the_block_releases(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    with pytest.raises(KeyboardInterrupt), locks.try_acquire(*QUOTES, ["SPY"]):
        raise KeyboardInterrupt
    assert locks.try_acquire(*QUOTES, ["SPY"]).keys == ("SPY",)


def test_repeated_key_is_held_once(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    with locks.try_acquire(*QUOTES, ["SPY", "SPY"]) as lease:
        assert lease.busy == ()
    assert locks.try_acquire(*QUOTES, ["SPY"]).busy == ()


def test_thousands_of_keys_take_one_descriptor(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path)
    locks.try_acquire(*QUOTES, ["SPY"]).release()
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    with locks.try_acquire(*QUOTES, [f"S{number}" for number in range(5000)]) as lease:
        assert len(lease.keys) == 5000
        assert not before or len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_key_is_ever_held_by_two_threads(tmp_path: Path) -> None:
    locks, keys, inside, most = KeyLocks(tmp_path), [f"S{number}" for number in range(8)], [0] * 8, []
    book = threading.Lock()

    def work(turn: int) -> None:
        for _ in range(100):
            with locks.try_acquire(*QUOTES, keys[turn % 3 :]) as lease:
                with book:
                    for key in lease.keys:
                        inside[keys.index(key)] += 1
                    most.append(max(inside))
                with book:
                    for key in lease.keys:
                        inside[keys.index(key)] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert max(most) == 1
    assert locks.try_acquire(*QUOTES, keys).busy == ()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.text(st.characters(codec=None)), max_size=20))
def test_any_text_is_a_key(keys: list[str], tmp_path: Path) -> None:
    with KeyLocks(tmp_path).try_acquire(*QUOTES, keys) as lease:
        assert lease.keys == tuple(keys)


def test_directory_that_cannot_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / ".locks").write_text("in the way")
    with pytest.raises(StoreUnavailableError, match="locks"):
        KeyLocks(tmp_path).try_acquire(*QUOTES, ["SPY"])
