# SPDX-License-Identifier: Apache-2.0
"""Types, errors, events and protocols of the TTAPI market-data platform; standard library only."""
