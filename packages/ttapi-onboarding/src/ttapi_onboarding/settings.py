# SPDX-License-Identifier: Apache-2.0
"""
The settings of the program: what there is, what it means, what it accepts.

A table of plain values and nothing more; `layers` finds the values and says where each came from.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from ttapi_core import LimitPolicy, RetryPolicy, TTLPolicy

DURATION: Final = "a whole number with a unit, such as 90s, 5m, 24h or 7d"

Count = Annotated[int, Meta(ge=1, description="a whole number, at least 1")]
Seconds = Annotated[float, Meta(gt=0, le=86_400, description="seconds, above zero")]
PerSecond = Annotated[float, Meta(gt=0, le=1e6, description="a number above zero")]
Duration = Annotated[timedelta, Meta(description=DURATION)]
Name = Annotated[str, Meta(min_length=1, max_length=200, description="a name")]
URL = Annotated[str, Meta(pattern="^https?://", description="a URL beginning with https://")]
PathText = Annotated[str, Meta(pattern=r"\S", description="a path; ~ is your home directory")]


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How hard a provider is asked, and how long an answer is waited for."""

    concurrency_max: Count = 100
    rate_per_s: PerSecond | None = None
    deadline_s: Seconds = 60.0
    read_timeout_s: Seconds = 15.0
    connect_timeout_s: Seconds = 5.0
    attempts_max: Count = 6


class TTLSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long what was fetched is fresh, by dataset."""

    accounts: Duration = timedelta(hours=1)
    symbols: Duration = timedelta(hours=24)
    trading_days: Duration = timedelta(days=7)
    quotes: Duration = timedelta(minutes=5)
    eod_data: Duration = timedelta(days=1)
    expiration_series: Duration = timedelta(days=7)
    intraday_bars: Duration = timedelta(hours=1)
    option_chains: Duration = timedelta(minutes=15)
    crypto_bars: Duration = timedelta(hours=1)
    fx_rates: Duration = timedelta(hours=12)
    order_books: Duration = timedelta(minutes=1)
    trades: Duration = timedelta(minutes=5)
    funding_rates: Duration = timedelta(hours=1)
    futures_curves: Duration = timedelta(minutes=15)
    corporate_actions: Duration = timedelta(days=1)
    earnings_calendar: Duration = timedelta(hours=12)
    ipo_calendar: Duration = timedelta(hours=12)
    fundamentals: Duration = timedelta(days=1)
    company_profiles: Duration = timedelta(days=7)
    news: Duration = timedelta(minutes=15)
    filings: Duration = timedelta(hours=6)
    short_interest: Duration = timedelta(days=1)
    off_exchange_volume: Duration = timedelta(days=1)
    commitments_of_traders: Duration = timedelta(days=1)
    economic_series: Duration = timedelta(days=1)
    yield_curves: Duration = timedelta(hours=12)
    reference_rates: Duration = timedelta(hours=12)


class TastytradeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tastytrade is asked."""

    environment: Annotated[
        Literal["production", "cert"],
        Meta(description="production, or cert for tastytrade's own test system"),
    ] = "production"
    base_url: URL | None = None


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The market that the sandbox simulates."""

    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, description="a whole number, at least 0")] | None = None
    as_of: (
        Annotated[
            str,
            Meta(
                pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$",
                description="a day such as 2026-01-02, or with a time, 2026-01-02T15:30 (UTC)",
            ),
        ]
        | None
    ) = None
    symbols: Count | None = None
    rate_limit: Count | None = None
    faults: Annotated[tuple[str, ...], Meta(description="a list of faults, see ttapi sandbox --help")] = ()


class FilesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the files provider finds your own data."""

    path: PathText | None = None
    mapping: PathText | None = None


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="debug, info, warning or error")
    ] = "warning"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Everything that can be set, with its default.

    Credentials are no settings: they come from the environment or the keyring and are never in a file.
    """

    provider: Annotated[
        Name,
        Meta(
            pattern=r"[^,\s]",
            description="the name of a provider, or of several to ask in turn: yahoo,tiingo",
        ),
    ] = "sandbox"
    universe: (
        Annotated[Name, Meta(description="a name of [universes], a file, or a name that the provider knows")]
        | None
    ) = None
    data_dir: PathText = ""
    since_days: Annotated[int, Meta(ge=1, le=40_000, description="days, at least 1")] | None = None
    max_missing: Annotated[float, Meta(ge=0, le=1, description="a fraction from 0 to 1")] = 0.2
    client: ClientSettings = msgspec.field(default_factory=ClientSettings)
    ttl: TTLSettings = msgspec.field(default_factory=TTLSettings)
    tastytrade: TastytradeSettings = msgspec.field(default_factory=TastytradeSettings)
    sandbox: SandboxSettings = msgspec.field(default_factory=SandboxSettings)
    files: FilesSettings = msgspec.field(default_factory=FilesSettings)
    log: LogSettings = msgspec.field(default_factory=LogSettings)
    universes: Annotated[
        dict[str, tuple[str, ...]], Meta(description='a table of lists, such as metals = ["GLD", "SLV"]')
    ] = msgspec.field(default_factory=dict)

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the names of the providers that are asked in turn, in the order of preference."""
        return tuple(dict.fromkeys(name.strip() for name in self.provider.split(",") if name.strip()))

    def since(self, today: date) -> date | None:
        """Return the first day wanted, or None for the provider's default."""
        return today - timedelta(days=self.since_days) if self.since_days is not None else None

    def ttls(self) -> TTLPolicy:
        """Return how long each dataset is fresh."""
        from ttapi_core import TTLPolicy

        return TTLPolicy(ttls=msgspec.structs.asdict(self.ttl))

    def limits(self) -> LimitPolicy:
        """Return how hard a provider is asked."""
        from ttapi_core import LimitPolicy

        return LimitPolicy(
            concurrency_max=self.client.concurrency_max,
            rate_initial_per_s=self.client.rate_per_s,
            deadline_s=self.client.deadline_s,
            read_timeout_s=self.client.read_timeout_s,
            connect_timeout_s=self.client.connect_timeout_s,
        )

    def retry(self) -> RetryPolicy:
        """Return how often a request is sent again."""
        from ttapi_core import RetryPolicy

        return RetryPolicy(attempts_max=self.client.attempts_max)
