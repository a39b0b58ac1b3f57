# SPDX-License-Identifier: Apache-2.0
"""Frozen configuration values, validated when they are built; no input or output."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from ttapi_core.errors import ConfigurationError

DEFAULT_TTLS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "accounts": timedelta(hours=1),
        "symbols": timedelta(hours=24),
        "trading_days": timedelta(days=7),
        "quotes": timedelta(minutes=5),
        "eod_data": timedelta(days=1),
        "expiration_series": timedelta(days=7),
        "intraday_bars": timedelta(hours=1),
        "option_chains": timedelta(minutes=15),
        "crypto_bars": timedelta(hours=1),
        "fx_rates": timedelta(hours=12),
        "order_books": timedelta(minutes=1),
        "trades": timedelta(minutes=5),
        "funding_rates": timedelta(hours=1),
        "futures_curves": timedelta(minutes=15),
        "corporate_actions": timedelta(days=1),
        "earnings_calendar": timedelta(hours=12),
        "ipo_calendar": timedelta(hours=12),
        "fundamentals": timedelta(days=1),
        "company_profiles": timedelta(days=7),
        "news": timedelta(minutes=15),
        "filings": timedelta(hours=6),
        "short_interest": timedelta(days=1),
        "off_exchange_volume": timedelta(days=1),
        "commitments_of_traders": timedelta(days=1),
        "economic_series": timedelta(days=1),
        "yield_curves": timedelta(hours=12),
        "reference_rates": timedelta(hours=12),
    }
)
"""How long an entry of each dataset is fresh."""


def _require(condition: bool, setting: str, value: object, accepted: str) -> None:  # noqa: FBT001 - a check reads best as check(condition, ...)
    if not condition:
        raise ConfigurationError(setting, f"{value!r} cannot be used", accepted=accepted)


def _require_positive(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        valid = isinstance(value, int | float) and not isinstance(value, bool)
        _require(
            valid and math.isfinite(value) and value > 0,
            f"{type(owner).__name__}.{name}",
            value,
            "a finite number above zero",
        )


def _require_counts(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        _require(
            isinstance(value, int) and not isinstance(value, bool) and value >= 1,
            f"{type(owner).__name__}.{name}",
            value,
            "a whole number, at least 1",
        )


def _is_tuple_of(kind: type, value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, kind) for each in value)


def _require_duration(setting: str, value: object) -> None:
    valid = isinstance(value, timedelta) and value > timedelta(0)
    _require(valid, setting, value, "a duration above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """
    When and how often a request is sent again.

    Waits are drawn uniformly from zero to ``min(wait_max_s, wait_initial_s * 2**attempt)`` (full jitter),
    and are never shorter than what the server asked for.

    Parameters
    ----------
    attempts_max
        Attempts in all, the first included.
    wait_initial_s
        Upper end of the first wait, in seconds.
    wait_max_s
        Upper end of any drawn wait, in seconds.
    retry_after_max_s
        The longest wait that is obeyed when the server names one; a longer one fails at once.
    """

    attempts_max: int = 6
    wait_initial_s: float = 0.2
    wait_max_s: float = 10.0
    retry_after_max_s: float = 60.0

    def __post_init__(self) -> None:
        _require_counts(self, "attempts_max")
        _require_positive(self, "wait_initial_s", "wait_max_s", "retry_after_max_s")
        _require(
            self.wait_initial_s <= self.wait_max_s,
            "RetryPolicy.wait_initial_s",
            self.wait_initial_s,
            f"at most wait_max_s ({self.wait_max_s})",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """
    When calls to an endpoint are refused here instead of being sent.

    Parameters
    ----------
    failures_max
        Consecutive failures that open the breaker.
    reset_timeout_s
        Seconds from opening to the first trial.
    trials
        Trials let through at a time while half-open.
    successes_to_close
        Successful trials that close the breaker.
    endpoints_max
        Endpoints remembered; the least recently used closed one is forgotten first.
    """

    failures_max: int = 10
    reset_timeout_s: float = 5.0
    trials: int = 1
    successes_to_close: int = 1
    endpoints_max: int = 10_000

    def __post_init__(self) -> None:
        _require_counts(self, "failures_max", "trials", "successes_to_close", "endpoints_max")
        _require_positive(self, "reset_timeout_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWindow:
    """
    So many requests in so many seconds: a limit that the peer declares.

    Parameters
    ----------
    requests
        Requests (or their weights together) in one window.
    seconds
        Length of the window.
    aligned
        False: a rolling window, never more than ``requests`` in any stretch of ``seconds``. It keeps every
        limit of that length, however the peer counts. True: the peer counts anew at each multiple of
        ``seconds`` since 1970 UTC, so 86,400 is from midnight to midnight UTC; right only where the peer says
        so, and as punctual as the clock of this machine.
    """

    requests: int
    seconds: float
    aligned: bool = False

    def __post_init__(self) -> None:
        _require_counts(self, "requests")
        _require_positive(self, "seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPolicy:
    """
    How much is asked of a server at once, and how much is taken from it.

    Parameters
    ----------
    concurrency_max
        Requests in flight at a time.
    rate_initial_per_s
        Requests a second to begin with; None means unlimited until the server says 429.
    rate_min_per_s
        The learnt rate never falls below this.
    deadline_s
        Seconds for one call, all attempts and waits included.
    read_timeout_s
        Seconds without a byte after which an attempt is given up.
    connect_timeout_s
        Seconds for making a connection.
    body_size_max
        Bytes of a body, after decompression.
    windows
        What the server declares, such as 5 requests a minute and 500 a day; all of them are kept at once.
    """

    concurrency_max: int = 100
    rate_initial_per_s: float | None = None
    rate_min_per_s: float = 0.5
    deadline_s: float = 60.0
    read_timeout_s: float = 15.0
    connect_timeout_s: float = 5.0
    body_size_max: int = 64 * 1024 * 1024
    windows: tuple[RateWindow, ...] = ()

    def __post_init__(self) -> None:
        _require_counts(self, "concurrency_max", "body_size_max")
        _require_positive(self, "rate_min_per_s", "deadline_s", "read_timeout_s", "connect_timeout_s")
        if self.rate_initial_per_s is not None:
            _require_positive(self, "rate_initial_per_s")
        _require(
            _is_tuple_of(RateWindow, self.windows),
            "LimitPolicy.windows",
            self.windows,
            "a tuple of RateWindow",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAnswerPolicy:
    """
    What is done about an order whose answer was lost.

    It is looked for by its external identifier; the waits before the looks are zero, ``wait_initial_s``, and
    then twice the one before, ``wait_max_s`` at most. Without a find its fate is unknown, and an error says
    so.

    Parameters
    ----------
    looks
        How often it is looked for after each sending.
    wait_initial_s, wait_max_s
        Seconds between the looks.
    sends_max
        How often it is sent in all, each time after all looks were answered and found nothing. 1 never sends
        again: the caller decides. With more, a broker that books the first one later than the last look
        books two.
    """

    looks: int = 5
    wait_initial_s: float = 0.5
    wait_max_s: float = 4.0
    sends_max: int = 1

    def __post_init__(self) -> None:
        _require_counts(self, "looks", "sends_max")
        _require_positive(self, "wait_initial_s", "wait_max_s")

    @property
    def waits_s(self) -> tuple[float, ...]:
        """Seconds to wait before each look."""
        waits = (min(self.wait_max_s, self.wait_initial_s * 2.0**n) for n in range(self.looks - 1))
        return (0.0, *waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class TTLPolicy:
    """
    How long an entry of each dataset is fresh.

    Parameters
    ----------
    ttls
        Time to live by dataset name; those not named keep `DEFAULT_TTLS`.
    """

    ttls: Mapping[str, timedelta] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, ttl in self.ttls.items():
            _require_duration(f"ttl.{name}", ttl)
        object.__setattr__(self, "ttls", MappingProxyType({**DEFAULT_TTLS, **self.ttls}))

    def __reduce__(self) -> tuple[Callable[[dict[str, timedelta]], TTLPolicy], tuple[dict[str, timedelta]]]:
        # A mapping proxy cannot be pickled, and a policy goes to worker processes.
        return _ttl_policy, (dict(self.ttls),)

    def for_dataset(self, name: str) -> timedelta:
        """Return the time to live of dataset ``name``; one day where none is set."""
        return self.ttls.get(name, timedelta(days=1))


def _ttl_policy(ttls: dict[str, timedelta]) -> TTLPolicy:
    return TTLPolicy(ttls=ttls)
