# SPDX-License-Identifier: Apache-2.0
"""Documents that records name: what they are, their digests, and how they are deposited."""
