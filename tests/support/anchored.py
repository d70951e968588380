# SPDX-License-Identifier: Apache-2.0
"""A notary with an anchored log and the node that holds the anchors; and copies of it that may be altered."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from api.anchoring import make_anchorer, open_chain
from api.settings import DataFolder
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from notary.log.anchors import AnchorState
from tests.support.api import Api, agreement, answers, repayment, running_api
from tests.support.service import until


class Anchored(NamedTuple):
    """A data folder with 300 entries, anchored twice, and the node that holds the anchors."""

    folder: DataFolder
    rpc: str
    api: Api

    @property
    def place(self) -> str:
        """Where the log is anchored, as `--anchored-in` takes it."""
        found = Deployment.load(self.folder.deployment)
        return f"{found.chain_id}/{found.registry}/{found.log_id}"

    def copy(self, path: Path) -> DataFolder:
        """Copy the folder; the copy's node is the original's."""
        folder = DataFolder(path)
        folder.path.mkdir()
        with (
            closing(sqlite3.connect(self.folder.database)) as source,
            closing(sqlite3.connect(folder.database)) as target,
        ):
            source.backup(target)
        shutil.copytree(self.folder.path / "keys", folder.path / "keys")
        for name in ("settings.json", "deployment.json"):
            shutil.copy(self.folder.path / name, folder.path)
        return folder


def grow(api: Api, loan: str, count: int) -> None:
    """Add a loan of so many records."""
    values = [agreement(loan, api.bank), *(repayment(loan) for _ in range(count - 1))]
    assert {item["status"] for item in answers(api.batch(b"\n".join(map(orjson.dumps, values))))} == {201}


@contextmanager
def anchored_log(path: Path) -> Iterator[Anchored]:
    """Make such a notary in a folder: anchors at 101 and 300."""
    with running_api(path) as api, EmbeddedNode.start(api.folder.chain) as node:
        settings, store = api.folder.settings(), api.services.store
        anchorer = make_anchorer(api.folder, settings, open_chain(api.folder, settings, node, False), store)
        for loan, count, anchors in (("A-1", 100, 1), ("A-2", 199, 2)):
            grow(api, loan, count)

            def is_final(wanted: int = anchors) -> bool:
                assert anchorer.step().error is None
                return len(store.anchors(AnchorState.FINAL)) == wanted

            until(is_final, "the log is anchored")
        yield Anchored(api.folder, node.url, api)
