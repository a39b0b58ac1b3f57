# SPDX-License-Identifier: Apache-2.0
"""The catalogue: a table whose rows agree with each other."""

from __future__ import annotations

import pytest

from ttapi_core import DEFAULT_TTLS, UnknownNameError
from ttapi_platform.catalogue import CATALOGUE, Keys, dataset_named, with_dependencies


def test_every_dataset_has_a_time_to_live_and_stands_after_what_it_needs() -> None:
    assert set(CATALOGUE) == set(DEFAULT_TTLS)
    names = list(CATALOGUE)
    for dataset in CATALOGUE.values():
        assert all(names.index(need) < names.index(dataset.name) for need in dataset.depends_on)


def test_order_columns_are_columns_without_null() -> None:
    for dataset in CATALOGUE.values():
        schema = dataset.schema
        assert set(schema.order) <= set(schema.columns)
        assert not schema.columns[dataset.key_column].null
        assert schema.empty().columns == list(schema.columns)


def test_dependencies_are_added_once_and_in_order() -> None:
    names = [dataset.name for dataset in with_dependencies(["expiration_series", "quotes"])]
    assert names == ["trading_days", "quotes", "expiration_series"]


def test_unknown_dataset_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="accounts, symbols") as caught:
        dataset_named("bars")
    assert caught.value.known == tuple(CATALOGUE)


def test_only_accounts_are_listed_by_the_provider() -> None:
    assert [name for name, dataset in CATALOGUE.items() if dataset.keys is Keys.PROVIDER] == ["accounts"]
