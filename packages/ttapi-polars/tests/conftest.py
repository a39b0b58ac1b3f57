# SPDX-License-Identifier: Apache-2.0
"""Properties are tried without a time limit a case: the first case of a kernel compiles it."""

from hypothesis import settings

settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")
