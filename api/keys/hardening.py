# SPDX-License-Identifier: Apache-2.0
"""Keeps the secrets of a process in it."""

import ctypes
import resource

from api.keys.places import take_secrets

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """Let this process leave no core dump and give no secret to what it starts; once a process, before it starts any.

    Where the kernel can, no other process of the same user may read its memory either (prctl(2)).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    take_secrets()
