# SPDX-License-Identifier: Apache-2.0
"""The catalogue: a table whose rows agree with each other."""

from __future__ import annotations

import pytest

from ttapi_core import DEFAULT_TTLS, KEY_COLUMNS, UnknownNameError
from ttapi_platform.catalogue import CATALOGUE, Keys, dataset_named, main_datasets, with_dependencies


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


def test_what_a_market_lists_as_a_whole_is_asked_for_without_keys() -> None:
    assert [name for name, dataset in CATALOGUE.items() if dataset.keys is Keys.PROVIDER] == [
        "accounts",
        "earnings_calendar",
        "ipo_calendar",
        "commitments_of_traders",
        "yield_curves",
        "reference_rates",
    ]


def test_every_key_column_is_the_one_that_providers_are_told_of() -> None:
    assert {name: dataset.key_column for name, dataset in CATALOGUE.items()} == {
        name: KEY_COLUMNS.get(name, "symbol") for name in CATALOGUE
    }


@pytest.mark.parametrize(
    ("offered", "main"),
    [
        (("news", "eod_data", "quotes"), ("quotes", "eod_data")),
        (("symbols", "fx_rates"), ("fx_rates",)),
        (("quotes", "symbols", "order_books", "crypto_bars"), ("crypto_bars",)),
        (("reference_rates", "yield_curves"), ("yield_curves", "reference_rates")),
        (("news",), ("news",)),
    ],
)
def test_a_run_that_names_no_datasets_brings_the_main_ones(
    offered: tuple[str, ...], main: tuple[str, ...]
) -> None:
    assert main_datasets(offered) == main
