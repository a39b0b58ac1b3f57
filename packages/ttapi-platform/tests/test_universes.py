# SPDX-License-Identifier: Apache-2.0
"""Universes: from the command line, files, settings and the provider; each bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttapi_core import ParameterError, SymbolError, UnknownNameError
from ttapi_platform.testing import ScriptedProvider
from ttapi_platform.universes import read_universe_file, resolve_universe

MALFORMED = ["../../etc", "A" * 10_000, "AA\x00PL", "AAPL\x1b[31m", "", "/", "ÄPFEL"]


async def test_symbols_given_one_by_one_are_made_canonical_and_distinct() -> None:
    universe = await resolve_universe(ScriptedProvider(), ["aapl", "MSFT", "AAPL"])
    assert (universe.keys, universe.duplicates, universe.name) == (("AAPL", "MSFT"), 1, "symbols")


async def test_without_a_word_it_is_all_that_the_provider_offers() -> None:
    assert (await resolve_universe(ScriptedProvider())).keys == ("AAPL", "MSFT", "SPY")


async def test_a_name_of_the_settings_wins_over_the_provider() -> None:
    universe = await resolve_universe(ScriptedProvider(), universe="tech", named={"tech": ["msft"]})
    assert universe.keys == ("MSFT",)


async def test_unknown_name_lists_those_of_settings_and_provider() -> None:
    with pytest.raises(UnknownNameError, match="tech, all"):
        await resolve_universe(ScriptedProvider(), universe="nope", named={"tech": ["MSFT"]})


async def test_symbols_and_a_universe_together_are_refused() -> None:
    with pytest.raises(ParameterError, match="not both"):
        await resolve_universe(ScriptedProvider(), ["AAPL"], universe="all")


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
async def test_malformed_symbol_is_refused_in_one_short_line(text: str) -> None:
    with pytest.raises(SymbolError) as caught:
        await resolve_universe(ScriptedProvider(), [text])
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


async def test_file_with_duplicates_blanks_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\ufeffSymbol\n# tech\nAAPL  # the fruit\n\n  msft\nAAPL\nBRK/B,Berkshire\n")
    universe = await resolve_universe(ScriptedProvider(), universe=str(path))
    assert (universe.keys, universe.duplicates, universe.name) == (("AAPL", "MSFT", "BRK/B"), 1, "mine.txt")


def test_file_with_a_malformed_line_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("AAPL\n../../etc\n")
    with pytest.raises(SymbolError, match=r"mine\.txt, line 2"):
        read_universe_file(path)


@pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"\xff\xfe\x00A"])
def test_file_without_symbols_or_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(ParameterError):
        read_universe_file(path)


async def test_missing_file_is_called_unreadable_not_unknown(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file"):
        await resolve_universe(ScriptedProvider(), universe=str(tmp_path / "none.txt"))


async def test_overlong_universe_name_is_unknown_not_a_crash() -> None:
    with pytest.raises(UnknownNameError):
        await resolve_universe(ScriptedProvider(), universe="x" * 10_000)
