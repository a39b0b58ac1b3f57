# SPDX-License-Identifier: Apache-2.0
"""Run a sandbox."""

import sys

from ttapi_sandbox.cli import main

sys.exit(main())
