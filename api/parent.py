# SPDX-License-Identifier: Apache-2.0
"""Ends a process when the one that started it is gone, whatever killed it."""

import os
import threading
import time

_LOOK_EVERY = 0.25


def exit_with_parent(parent: int) -> None:
    """End this process at once when its parent, the process with this id, ends.

    At once, because whatever is on its way to the disk is either committed or not; there is nothing to tidy up. The
    parent says its id itself: it may be gone before this process comes to ask.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
        os._exit(3)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
