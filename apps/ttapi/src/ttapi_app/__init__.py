# SPDX-License-Identifier: Apache-2.0
"""The ttapi program: collect, show and analyse market data you own."""
