# SPDX-License-Identifier: Apache-2.0
"""Where a client's credentials come from: the seam between requests and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Authenticator(Protocol):
    """What knows the credentials of one origin."""

    async def headers(self) -> Mapping[str, str]:
        """
        Return the headers that carry the credentials, renewed first where they are about to expire.

        Called once an attempt; the values are treated as secrets and go to the client's own origin only.
        """
        ...

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """
        Take note that the peer answered 401 to ``headers``.

        Returns
        -------
        bool
            True if the credentials were renewed and one more try is worth it.
        """
        ...
