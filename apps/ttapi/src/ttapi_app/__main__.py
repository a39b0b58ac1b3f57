# SPDX-License-Identifier: Apache-2.0
"""``python -m ttapi_app``: the same as the command ``ttapi``."""

from ttapi_app.main import main

main()
