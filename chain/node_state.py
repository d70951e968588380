# SPDX-License-Identifier: Apache-2.0
"""The embedded chain's state file, and a copy to fall back to.

anvil rewrites the file in place once a second, so a power cut or a kill -9 of the node itself can leave half a file,
which anvil then refuses to read. The copy is as old as the last start; what came after it is lost, and anchored again.

anvil also makes a new block 0 at every start and writes all of them down; which one it then takes for the chain's is
chance. So the first one, which the other blocks stand on, is the only one that it gets to read.
"""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

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
    document = _read(state)
    if document is not None:
        if _drop_later_geneses(document):
            _write_atomically(state, document)
        _copy_atomically(state, copy)
    elif copy.exists():
        _log.warning("%s is damaged: going back to the copy of the last start", state)
        state.replace(state.with_suffix(".damaged"))
        _copy_atomically(copy, state)
    return state


def keep_state(folder: Path, block: int) -> bool:
    """Copy the state file aside if it is whole and has this block; tell whether it was."""
    document = _read(folder / STATE) if (folder / STATE).exists() else None
    blocks = document.get("blocks", []) if document else []
    if all(int(item["header"]["number"], 16) < block for item in blocks):
        return False
    _copy_atomically(folder / STATE, folder / _COPY)
    return True


def _read(state: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(state.read_bytes())
    except ValueError:
        return None
    return document


def _drop_later_geneses(document: dict[str, Any]) -> bool:
    """Keep the oldest block 0 only; say whether there were others."""
    blocks = document.get("blocks", [])
    geneses = [block for block in blocks if int(block["header"]["number"], 16) == 0]
    if len(geneses) < 2:
        return False
    first = min(geneses, key=lambda block: int(block["header"]["timestamp"], 16))
    document["blocks"] = [block for block in blocks if block is first or block not in geneses]
    return True


def _write_atomically(state: Path, document: dict[str, Any]) -> None:
    temporary = state.with_suffix(".tmp")
    temporary.write_text(json.dumps(document))
    temporary.replace(state)


def _copy_atomically(source: Path, target: Path) -> None:
    temporary = target.with_suffix(".tmp")
    shutil.copyfile(source, temporary)
    temporary.replace(target)
