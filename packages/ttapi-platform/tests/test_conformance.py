# SPDX-License-Identifier: Apache-2.0
"""Every check of the contract can be broken: an adapter that is wrong in one way breaks that check."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from ttapi_core import DataError, NotFoundError, RateLimitError
from ttapi_platform.conformance import CHECKS, Case
from ttapi_platform.replaying import MOCK_CREDENTIAL, Exchange, replay
from ttapi_platform.verification import Verdict, verdict_on
from ttapi_providers import (
    Asked,
    Credential,
    Endpoint,
    Naming,
    Provider,
    Row,
    Skip,
    Values,
    get,
    share_classes,
)

BASE = "https://api.acme.example"
BARS = [
    {"d": f"2026-01-{day:02}", "o": 10.0, "h": 12.0 + day, "l": 9.5, "c": 11.0, "v": 70, "k": "AAPL"}
    for day in range(5, 12)
]


def bar(row: Row, _asked: Asked) -> Values:
    return {
        "date": row.day("d"),
        "open": row.number("o"),
        "high": row.number("h"),
        "low": row.number("l"),
        "close": row.number("c"),
        "volume": row.number("v"),
    }


EOD = Endpoint(dataset="eod_data", request=get("/bars/{symbol}"), row=bar)
ACME = Provider(
    name="acme",
    title="Acme",
    site="",
    bases=(BASE,),
    naming=share_classes("-"),
    endpoints=(EOD,),
    credentials=(Credential(variable="TTAPI_ACME_KEY", param="apikey"),),
)


def judged(
    provider: Provider,
    body: object = BARS,
    *,
    path: str = "/bars/AAPL",
    status: int = 200,
    others: tuple[Provider, ...] = (),
) -> Verdict:
    exchange = Exchange(
        file="made-up",
        number=0,
        provider="acme",
        dataset="",
        fidelity="sample",
        trimmed=False,
        asked=Asked.of("GET", BASE + path),
        status=status,
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    return asyncio.run(verdict_on(exchange, {one.name: one for one in (provider, *others)}))


def broken(verdict: Verdict) -> set[str]:
    return {name for claim in verdict.claims for name in claim.broken}


def acme(**changes: Any) -> Provider:
    """Return the provider with something about its one endpoint changed."""
    return replace(ACME, endpoints=(replace(EOD, **changes),))


def with_values(dataset: str = "eod_data", **values: object) -> Provider:
    """Return the provider with values of its rows changed; what is callable is given the row."""

    def row(record: Row, asked: Asked) -> Values:
        made = {name: v(record) if callable(v) else v for name, v in values.items()}
        return {**(bar(record, asked) if dataset == "eod_data" else {}), **made}

    return acme(dataset=dataset, row=row)


def test_a_good_adapter_breaks_no_check() -> None:
    verdict = judged(ACME)
    assert broken(verdict) == set()
    assert (verdict.result, verdict.claims[0].records, verdict.claims[0].rows) == ("decoded", 7, 7)


def test_names_of_checks_are_distinct_and_there_are_about_forty() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS) >= 40


def _slow(row: Row, asked: Asked) -> Values:
    until_s = time.process_time() + 0.16  # seven records make more than a second of computing
    while time.process_time() < until_s:
        pass
    return bar(row, asked)


calls: list[int] = []


def _counting(row: Row, asked: Asked) -> Values:
    calls.append(1)
    return {**bar(row, asked), "volume": float(len(calls))}


def _skipping(row: Row, asked: Asked) -> Values:
    if row.value["d"] == "2026-01-05":
        raise Skip("")
    return bar(row, asked)


def _picky(row: Row, asked: Asked) -> Values:
    if row.value["d"] != "2026-01-05":
        raise DataError("not the first")
    return bar(row, asked)


BAD_NAMES = Naming(to_vendor=lambda symbol: f"{symbol}.US", to_canonical=lambda _name: None)
BOOK = [{"s": s, "n": n, "p": p} for s, n, p in (("bid", 1, 10), ("bid", 2, 11), ("ask", 1, 12))]
BREAKERS: dict[str, Callable[[], Verdict]] = {
    "claimed-once": lambda: judged(ACME, others=(replace(ACME, name="twin"),)),
    "asked-again": lambda: judged(
        acme(when=lambda asked: asked.told("token") == "x"), path="/bars/AAPL?token=x"
    ),
    "server-known": lambda: judged(acme(request=get("/bars/{symbol}", base="https://else.example"))),
    "decoded": lambda: judged(ACME, {"bars": []}),
    "in-time": lambda: judged(acme(row=_slow)),
    "secret-kept": lambda: judged(
        replace(ACME, told=lambda body, _asked: DataError(f"key {MOCK_CREDENTIAL}: {len(body)}"))
    ),
    "reasons-told": lambda: judged(acme(row=_skipping)),
    "records-seen": lambda: judged(acme(items=lambda body, _asked: [Row(body[0])])),
    "mostly-used": lambda: judged(acme(row=_picky)),
    "columns-known": lambda: judged(with_values(price=1.0)),
    "types": lambda: judged(with_values(volume=lambda row: str(row.number("v")))),
    "required": lambda: judged(with_values(open=None)),
    "finite": lambda: judged(with_values(volume=float("inf"))),
    "bounds": lambda: judged(with_values(volume=lambda row: -row.value["v"])),
    "words": lambda: judged(with_values(adjustment="all")),
    "schema-kept": lambda: judged(ACME, [*BARS[:6], {**BARS[6], "c": 0, "l": 0}]),
    "utc": lambda: judged(
        with_values("quotes", last=11.0, quoted_at=datetime(2026, 1, 5, 9)),  # noqa: DTZ001 - the mistake
    ),
    "times-plausible": lambda: judged(
        with_values("quotes", last=11.0, quoted_at=datetime(1970, 1, 21, tzinfo=UTC)), BARS[:1]
    ),
    "days-plausible": lambda: judged(with_values(date=datetime(1601, 1, 5, tzinfo=UTC).date())),
    "distinct": lambda: judged(with_values(date=datetime(2026, 1, 5, tzinfo=UTC).date())),
    "key-asked": lambda: judged(with_values(symbol="MSFT")),
    "key-form": lambda: judged(with_values(symbol="AAPL "), path="/bars/AAPL%20"),
    "vendor-symbol": lambda: judged(with_values(vendor_symbol="")),
    "names-both-ways": lambda: judged(replace(ACME, naming=BAD_NAMES)),
    "high-low": lambda: judged(
        with_values(high=lambda row: row.number("l"), low=lambda row: row.number("h"))
    ),
    "open-close": lambda: judged(with_values(open=lambda row: row.number("v"))),
    "bid-ask": lambda: judged(with_values("quotes", bid=12.0, ask=11.0, last=11.0), BARS[:1]),
    "book-order": lambda: judged(
        with_values(
            "order_books",
            side=lambda row: row.text("s"),
            level=lambda row: row.integer("n"),
            price=lambda row: row.number("p"),
            size=1.0,
        ),
        BOOK,
    ),
    "scale": lambda: judged(ACME, [*BARS[:6], {**BARS[6], "o": 1e6, "h": 1e6, "l": 1e6, "c": 1e6}]),
    "numbers-told": lambda: judged(with_values(close=lambda row: row.value["c"] * 0.987)),
    "currency-form": lambda: judged(with_values(currency="dollars")),
    "interval-form": lambda: judged(
        with_values(
            "intraday_bars",
            interval="5min",
            opened_at=lambda row: row.time("d", zone="UTC"),
            **{
                n: (lambda row, f=f: row.number(f))
                for n, f in (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"))
            },
        ),
    ),
    "tenor-form": lambda: judged(
        with_values(
            "yield_curves",
            curve="x",
            date=lambda row: row.day("d"),
            tenor="10Y",
            months=10.0,
            rate_percent=9.5,
        ),
    ),
    "text-clean": lambda: judged(with_values(currency="USD", vendor_symbol="AA\x00PL")),
    "repeatable": lambda: judged(acme(row=_counting, derived=frozenset({"volume"}))),
    "order-free": lambda: judged(acme(row=_counting, derived=frozenset({"volume"}))),
    "paging": lambda: judged(
        acme(next_page=lambda _body, _asked: "https://elsewhere.example/bars/AAPL?page=2")
    ),
}


@pytest.mark.parametrize("name", BREAKERS)
def test_an_adapter_that_is_wrong_breaks_the_check_for_it(name: str) -> None:
    assert name in broken(BREAKERS[name]())


def replayed(**changes: Any) -> Case:
    """Return a good case with something of what came of it changed."""
    exchange = Exchange(
        file="made-up",
        number=0,
        provider="acme",
        dataset="",
        fidelity="sample",
        trimmed=False,
        asked=Asked.of("GET", f"{BASE}/bars/AAPL"),
        status=int(changes.pop("status", 200)),
        content=json.dumps(BARS).encode(),
    )
    good = asyncio.run(replay(exchange, ACME, EOD))
    return Case(replayed=replace(good, **changes), body=BARS)


def reordered(case: Case, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Case:
    parts = {key: replace(part, frame=change(part.frame)) for key, part in case.replayed.conformed.items()}
    return replace(case, replayed=replace(case.replayed, conformed=parts))


# What no adapter can do wrong by itself: the framework would have to.
FRAMEWORK: dict[str, Callable[[], Case]] = {
    "dataset-known": lambda: replayed(endpoint=replace(EOD, dataset="gossip")),
    "no-crash": lambda: replayed(error=KeyError("close")),
    "refusal-class": lambda: replayed(status=404, error=RateLimitError("gone")),
    "refusal-empty": lambda: replayed(error=NotFoundError("gone")),
    "refusal-words": lambda: replayed(error=NotFoundError("")),
    "request-id": lambda: replayed(error=NotFoundError("gone")),
    "records-accounted": lambda: replayed(decoded=replace(replayed().decoded, records=9)),
    "rows-accounted": lambda: reordered(replayed(), lambda frame: frame.head(3)),
    "sorted": lambda: reordered(replayed(), lambda frame: frame.reverse()),
    "unique": lambda: reordered(replayed(), lambda frame: pl.concat([frame, frame]).sort("date")),
    "storable": lambda: reordered(
        replayed(),
        lambda frame: frame.with_columns(currency=pl.Series([object()] * frame.height, dtype=pl.Object)),
    ),
}


@pytest.mark.parametrize("name", FRAMEWORK)
def test_a_framework_that_is_wrong_breaks_the_check_for_it(name: str) -> None:
    check = next(check for check in CHECKS if check.name == name)
    assert check.problem(FRAMEWORK[name]())
    assert not check.problem(replayed())


def test_every_check_is_broken_by_something_here() -> None:
    assert {check.name for check in CHECKS} - set(BREAKERS) - set(FRAMEWORK) == set()


def test_a_refusal_that_is_typed_right_is_a_good_end() -> None:
    verdict = judged(ACME, {"error": "no such symbol"}, status=404)
    assert (verdict.result, verdict.claims[0].error[0]) == ("refused", "NotFoundError")


def test_a_refusal_of_a_request_that_no_endpoint_makes_is_typed_all_the_same() -> None:
    verdict = judged(ACME, {"error": "slow down"}, path="/else", status=429)
    assert (verdict.result, verdict.claims[0].dataset) == ("refused", "")
    assert verdict.claims[0].error[0] == "RateLimitError"


def test_what_no_one_knows_is_unclaimed() -> None:
    assert judged(ACME, path="/else").result == "unclaimed"
