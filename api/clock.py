# SPDX-License-Identifier: Apache-2.0
"""The one clock of the service."""

import time


def now() -> int:
    """Return the time in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
