# SPDX-License-Identifier: Apache-2.0
"""The composition root: the providers there are, given to the command line."""

from __future__ import annotations

import sys
from typing import Final

INTERRUPTED: Final = 130


def main() -> None:
    """Run the program and end the process with its exit code."""
    try:
        # Imported here, so that Ctrl-C while Python is still loading ends as quietly as later.
        from ttapi_app.declared import DeclaredSpecs
        from ttapi_app.providers import SANDBOX_COMMAND, SPECS
        from ttapi_onboarding import build_app

        app = build_app(
            SPECS, distribution="ttapi-app", sandbox_command=SANDBOX_COMMAND, more=DeclaredSpecs()
        )
        app(prog_name="ttapi")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
