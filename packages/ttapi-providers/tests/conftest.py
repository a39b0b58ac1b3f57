# SPDX-License-Identifier: Apache-2.0
"""What the tests of vendors share: an answer goes through a provider as if over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from ttapi_platform.replaying import Exchange, Replayed, claimants, replay
from ttapi_providers import Asked, Provider

Answered = Callable[..., "Answers"]


class Answers(dict[str, Replayed]):
    """What came of an exchange, by dataset."""

    def frame(self, dataset: str) -> pl.DataFrame:
        """Return the rows of a dataset; raise what the provider raised."""
        replayed = self[dataset]
        if replayed.error is not None:
            raise replayed.error
        return pl.concat([part.frame for part in replayed.conformed.values()])

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """Return the rows of a dataset as dictionaries."""
        return self.frame(dataset).to_dicts() if self[dataset].conformed or self[dataset].error else []


@pytest.fixture
def answered() -> Answered:
    """Give a function that sends a request through a provider and answers it with a body."""

    def run(
        provider: Provider,
        url: str,
        body: object,
        *,
        method: str = "GET",
        posted: object = None,
        status: int = 200,
        content_type: str = "application/json",
    ) -> Answers:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        exchange = Exchange(
            file="made-up.json",
            number=0,
            provider=provider.name,
            dataset="made-up",
            fidelity="sample",
            trimmed=False,
            asked=Asked.of(method, url, body=posted),
            status=status,
            content=content,
            content_type=content_type,
        )
        found = claimants(exchange, {provider.name: provider})
        assert found, f"{provider.name} does not claim {method} {url}"

        async def all_of() -> list[Replayed]:
            return [await replay(exchange, one, endpoint) for one, endpoint in found]

        return Answers({part.endpoint.dataset: part for part in asyncio.run(all_of())})

    return run
