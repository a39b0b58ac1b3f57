# SPDX-License-Identifier: Apache-2.0
"""The command line, the set-up wizard and the doctor of the TTAPI market-data platform."""
