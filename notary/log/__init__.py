# SPDX-License-Identifier: Apache-2.0
"""The log: Merkle tree, tiles, checkpoints, entries, the writer, and what ties it to a chain."""
