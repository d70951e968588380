# SPDX-License-Identifier: Apache-2.0
"""The embedded chain's state file, and a copy to fall back to.

anvil rewrites the file in place once a second, so a power cut or a kill -9 of the node itself can leave half a file,
which anvil then refuses to read. The copy is as old as the last start; what came after it is lost, and anchored again.
"""

import json
import logging
import shutil
from pathlib import Path

STATE = "state.json"
_COPY = "state.previous.json"
_log = logging.getLogger(__name__)


def secure_state(folder: Path) -> Path:
    """Copy the state file aside when it is whole, put the copy in its place when it is not; return its path.

    Does nothing more when there is no state yet, or no copy: anvil then says itself what it cannot read.
    """
    state, copy = folder / STATE, folder / _COPY
    if not state.exists():
        return state
    if _is_whole(state):
        _copy_atomically(state, copy)
    elif copy.exists():
        _log.warning("%s is damaged: going back to the copy of the last start", state)
        state.replace(state.with_suffix(".damaged"))
        _copy_atomically(copy, state)
    return state


def _is_whole(state: Path) -> bool:
    try:
        json.loads(state.read_bytes())
    except ValueError:
        return False
    return True


def _copy_atomically(source: Path, target: Path) -> None:
    temporary = target.with_suffix(".tmp")
    shutil.copyfile(source, temporary)
    temporary.replace(target)
