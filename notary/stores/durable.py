# SPDX-License-Identifier: Apache-2.0
"""What is needed beside `fsync` of a file for its name to outlast a crash."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk: a new name is there after a crash once its folder is. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
