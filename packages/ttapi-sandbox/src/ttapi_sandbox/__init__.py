# SPDX-License-Identifier: Apache-2.0
"""A local server that speaks the tastytrade API over a simulated market, with faults on demand."""
