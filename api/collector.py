# SPDX-License-Identifier: Apache-2.0
"""Python's collector of cycles, set for processes that live long and make many small things for a short time."""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 50
"""Containers beyond those given back, before the young are looked at (Python: 700); how seldom the others are."""


def settle_collector() -> None:
    """Keep what is there now out of the collector's way for good, and let it look seldom.

    Records are made of hundreds of containers that reference counts alone give back. To be called once all is set up.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
