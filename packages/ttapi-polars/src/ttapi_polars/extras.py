# SPDX-License-Identifier: Apache-2.0
"""The optional parts of this distribution: whether they are here, and who says so if not."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from ttapi_core.errors import MissingExtraError


@cache
def has_kernels() -> bool:
    """Tell whether the extra ``kernels`` is installed, without importing it."""
    return find_spec("numba") is not None


def require_kernels(purpose: str) -> None:
    """Raise `MissingExtraError`, which names ``purpose``, unless the extra ``kernels`` is installed."""
    if not has_kernels():
        raise MissingExtraError("ttapi-polars", "kernels", purpose)


def require_surface(purpose: str) -> None:
    """Raise `MissingExtraError`, which names ``purpose``, unless the extra ``surface`` is installed."""
    if find_spec("scipy") is None:
        raise MissingExtraError("ttapi-polars", "surface", purpose)
