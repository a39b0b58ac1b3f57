# SPDX-License-Identifier: Apache-2.0
"""One module a vendor: each declares a `Provider` and nothing else."""
