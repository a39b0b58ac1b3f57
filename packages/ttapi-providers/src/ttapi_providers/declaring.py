# SPDX-License-Identifier: Apache-2.0
"""
What a provider is, as a value: where it is, how it knows its users, what it gives, what its errors look like.

A module of `ttapi_providers.vendors` declares one `Provider` and nothing else runs: requests, retries, limits
and schema checks are the same for all. ``docs/providers.md`` shows how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    DataError,
    InstrumentKind,
    NotEntitledError,
    NotFoundError,
    ParameterError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
    TTError,
)
from ttapi_providers.asking import Asked, RequestForm, Wanted
from ttapi_providers.bodies import Format
from ttapi_providers.handshake import Handshake
from ttapi_providers.items import Finder, listed
from ttapi_providers.naming import AS_IS, Naming
from ttapi_providers.reading import Row, Values

RowReader = Callable[[Row, Asked], Values | Iterable[Values]]
"""Makes rows of a dataset from one record; raises `DataError` or `Skip` for one that cannot be used."""

Condition = Callable[[Asked], bool]
NextPage = Callable[[Any, Asked], Mapping[str, str] | str | Asked | None]
"""
Says how the next page is asked for: parameters that change, a whole URL, or the request itself; None for no
more.
"""


_SHARE: Final = "AAPL"
SAMPLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("symbols", "quotes", "eod_data", "intraday_bars", "option_chains", "corporate_actions"),
            *("fundamentals", "company_profiles", "news", "filings", "short_interest", "off_exchange_volume"),
            *("trades", "expiration_series"),
        ),
        _SHARE,
    ),
    **dict.fromkeys(("crypto_bars", "order_books"), "BTC/USD"),
    "fx_rates": "EUR/USD",
    "trading_days": "XNYS",
}
"""A key of each dataset that any source of it has; none for datasets that are asked for as a whole."""


class Skip(DataError):  # noqa: N818 - it says what to do with a record, as StopIteration does
    """A record that is left out on purpose; counted, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """
    One secret that a provider wants, and where it goes.

    Parameters
    ----------
    variable
        Name of the environment variable, such as ``TTAPI_TIINGO_KEY``.
    header, param, member
        Where it goes, one of the three: a header, a parameter, a member of the posted JSON.
    form
        What stands there; ``{}`` is the secret.
    base
        The one server that it is for; empty for all of the provider's. Where it is given, requests that name
        no server go there.
    optional
        Whether the provider answers without it as well.
    obtained
        Where a person gets one.
    """

    variable: str
    header: str = ""
    param: str = ""
    member: str = ""
    form: str = "{}"
    base: str = ""
    optional: bool = False
    obtained: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.header, self.param, self.member))) != 1:
            raise ParameterError("header", self.header, "a header, a parameter or a member: one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """
    One kind of request and what its answers hold.

    Parameters
    ----------
    dataset
        Name of the canonical dataset.
    request
        How it is asked, and recognised.
    row
        Makes rows from a record.
    items
        Finds the records of a body.
    format
        How the body is written.
    shape
        Tells answers of this endpoint from those of others, where the request does not (a posted query that
        was not kept with its answer); None for all.
    when
        Tells requests of this endpoint from others of the same path; None for all.
    batch
        Keys of one request; 1 for one at a time, 0 for an endpoint that takes no keys and gives all.
    kinds
        Kinds of instrument that it answers for; None for whatever it is asked. A key that is no canonical
        name counts as one of them: the vendor knows its own spelling.
    takes
        Whether it answers for a key, where the kind does not tell; None for all.
    asked_when
        Whether it is the one to ask for what is wanted, such as a range of days; None for always.
    next_page
        How the next page is asked for.
    retired
        Whether the vendor serves it no more: old answers are read, nothing is asked.
    besides
        Whether it is asked in addition to the first endpoint of its dataset, not instead of it.
    constant
        Columns that are the same in every row.
    derived
        Columns whose numbers do not stand in the answer, because they are worked out from it.
    found_by
        Finds the asked names in a request whose path and parameters do not tell them, such as a posted one;
        what it finds counts before what those tell.
    weight
        What a request costs of the provider's limits.
    """

    dataset: str
    request: RequestForm
    row: RowReader
    items: Finder = field(default_factory=listed)
    format: Format = Format.JSON
    shape: Callable[[Any], bool] | None = None
    when: Condition | None = None
    batch: int = 1
    kinds: frozenset[InstrumentKind] | None = None
    takes: Callable[[str], bool] | None = None
    asked_when: Callable[[Wanted], bool] | None = None
    next_page: NextPage | None = None
    retired: bool = False
    besides: bool = False
    constant: Mapping[str, object] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    found_by: Callable[[Asked], Sequence[str]] | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """
    A source of market data.

    Parameters
    ----------
    name
        Short name, safe as a folder name.
    title
        As it calls itself.
    site
        Where its API is documented.
    bases
        Scheme and host of each of its servers; the first is the default of its endpoints. Where only an old
        name of a server is known from old answers, it stands in ``aliases``.
    endpoints
        What can be asked.
    aliases
        Other host names that answers may come from.
    credentials
        Secrets it wants.
    limits
        Rates that it publishes for its smallest plan; all hold at once.
    naming
        How it writes the names of instruments.
    told
        Finds the error in an answer below 300 that is none, as several vendors send; None where it is one.
    codes
        Error classes by the vendor's own code, or by a part of its words in lower case.
    headers
        Sent with every request.
    universes
        Fixed lists of keys by name, such as the currencies of a central bank.
    samples
        A key that is surely there, by dataset, where `SAMPLES` does not hold: with it a person's entitlement
        is tried.
    handshake
        What a server wants before it takes requests, as of a browser; None for nothing.
    """

    name: str
    title: str
    site: str
    bases: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    aliases: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()
    limits: tuple[RateWindow, ...] = ()
    naming: Naming = AS_IS
    told: Callable[[Any, Asked], TTError | None] | None = None
    codes: Mapping[str, type[ResponseError]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    universes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    handshake: Handshake | None = None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets that can be asked for, in the order of the endpoints."""
        return tuple(dict.fromkeys(e.dataset for e in self.endpoints if not e.retired))

    @property
    def hosts(self) -> frozenset[str]:
        """Host names whose answers are this provider's."""
        return frozenset(
            base.partition("://")[2].partition("/")[0].partition(":")[0] for base in self.bases
        ) | set(self.aliases)

    def sample(self, dataset: str) -> str | None:
        """Return a key that is surely there; None where all there is is asked for, or none is known."""
        return self.samples.get(dataset, SAMPLES.get(dataset))

    def claims(self, asked: Asked) -> list[Endpoint]:
        """Return the endpoints that a request is one of; of a body that holds several datasets, several."""
        if asked.host not in self.hosts:
            return []
        return [endpoint for endpoint in self.endpoints if recognise(endpoint, asked) is not None]

    def refusal(self, error: ResponseError) -> ResponseError:
        """Return an error of the server as the class that the vendor's code or words stand for."""
        known = self.codes.get(error.peer_code) if error.peer_code else None
        if known is None:
            said = error.message.lower()
            words = {code: kind for code, kind in self.codes.items() if _is_words(code)}
            known = next((kind for part, kind in words.items() if part in said), None)
        if known is None or isinstance(error, known):
            return error
        made = known(
            error.message, status=error.status, peer_code=error.peer_code, request_id=error.request_id
        )
        made.attempts = error.attempts
        return made


def _is_words(code: str) -> bool:
    """Whether a code is a part of what is said: digits stand in any number, capitals are names of codes."""
    return code == code.lower() and any(letter.isalpha() for letter in code)


def recognise(endpoint: Endpoint, asked: Asked) -> Asked | None:
    """Return a request with what it tells if it is one of the endpoint's; None if not."""
    recognised = endpoint.request.recognise(asked)
    if recognised is None or (endpoint.when is not None and not endpoint.when(recognised)):
        return None
    told = tuple(endpoint.found_by(recognised)) if endpoint.found_by is not None else ()
    return replace(recognised, names=told) if told else recognised


def query_is(**expected: str | tuple[str, ...]) -> Condition:
    """Hold for requests whose parameters have these values; of a tuple any one will do, ``""`` for absent."""

    def holds(asked: Asked) -> bool:
        return all(
            asked.query.get(name, "") in (value if isinstance(value, tuple) else (value,))
            for name, value in expected.items()
        )

    return holds


_BY_STATUS: Final[Mapping[int, type[ResponseError]]] = {
    401: AuthenticationError,
    403: NotEntitledError,
    404: NotFoundError,
    429: RateLimitError,
}


def refused(words: str, *, status: int = 400, code: str = "") -> ResponseError:
    """Return the error for a status that a vendor writes inside an answer of status 200."""
    if status >= 500:
        return ServerFaultError(words, status=status, peer_code=code)
    return _BY_STATUS.get(status, RequestRefusedError)(words, status=status, peer_code=code)
