# SPDX-License-Identifier: Apache-2.0
"""Datasets, the TTL store and the collector of the TTAPI market-data platform."""
