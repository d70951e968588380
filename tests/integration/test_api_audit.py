# SPDX-License-Identifier: Apache-2.0
"""`loan-notary audit` and `status` over an anchored log: clean, deliberately altered, and with the node away."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from api.anchoring import make_anchorer, open_chain
from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from notary.anchors import AnchorState
from tests.support.api import Api, agreement, answers, repayment, running_api
from tests.support.cli import document, is_one_line, run
from tests.support.node import running_chain
from tests.support.service import until

AWAY = "http://127.0.0.1:9"


class Anchored(NamedTuple):
    """A data folder with 300 entries, anchored twice, and the node that holds the anchors."""

    folder: DataFolder
    rpc: str


def grow(api: Api, loan: str, count: int) -> None:
    values = [agreement(loan, api.bank), *(repayment(loan) for _ in range(count - 1))]
    assert {item["status"] for item in answers(api.batch(b"\n".join(map(orjson.dumps, values))))} == {201}


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    path = tmp_path_factory.mktemp("anchored") / "data"
    with running_api(path) as api, EmbeddedNode.start(api.folder.chain) as node:
        settings, store = api.folder.settings(), api.services.store
        anchorer = make_anchorer(api.folder, settings, open_chain(api.folder, settings, node, False), store)
        for loan, count, anchors in (("A-1", 100, 1), ("A-2", 199, 2)):
            grow(api, loan, count)

            def is_final(wanted: int = anchors) -> bool:
                assert anchorer.step().error is None
                return len(store.anchors(AnchorState.FINAL)) == wanted

            until(is_final, "the log is anchored")
        yield Anchored(api.folder, node.url)


@pytest.fixture
def copy(anchored: Anchored, tmp_path: Path) -> DataFolder:
    """A copy of the folder that may be altered; its node is the original's."""
    folder = DataFolder(tmp_path / "data")
    folder.path.mkdir()
    with (
        closing(sqlite3.connect(anchored.folder.database)) as source,
        closing(sqlite3.connect(folder.database)) as target,
    ):
        source.backup(target)
    shutil.copytree(anchored.folder.path / "keys", folder.path / "keys")
    shutil.copy(anchored.folder.path / "settings.json", folder.path)
    return folder


def test_a_log_that_nobody_touched_is_clean(anchored: Anchored, copy: DataFolder) -> None:
    for folder in (anchored.folder, copy):
        result = run("audit", "--data", folder.path, "--rpc", anchored.rpc, "--json")
        report = document(result)
        assert result.exit_code == 0, report
        assert report == {
            "verdict": "valid", "entries": 300, "records": 299, "loans": 2, "anchors": 2, "findings": [], "unknown": [],
        }  # fmt: skip
    shown = run("audit", "--data", anchored.folder.path)
    assert (shown.exit_code, shown.stdout.split()[0]) == (0, "CLEAN")


class Alteration(NamedTuple):
    """What somebody does to the database, and where the audit must point."""

    statements: tuple[str, ...]
    place: str


def flip(table: str, column: str, where: str, place: str) -> Alteration:
    """Change the last byte of a value."""
    byte = f"CASE WHEN hex(substr({column}, -1)) = '00' THEN x'01' ELSE x'00' END"
    value = f"CAST(substr({column}, 1, length({column}) - 1) || {byte} AS BLOB)"
    return Alteration((f"UPDATE {table} SET {column} = {value} WHERE {where}",), place)


ALTERATIONS = {
    "a byte of an entry": flip("entries", "entry", "entry_index = 7", "entry 7"),
    "a byte of the genesis entry": flip("entries", "entry", "entry_index = 0", "entry 0"),
    "a byte of a full tile": flip("tiles", "hashes", "level = 0 AND tile_number = 0", "tile 0/0"),
    "a byte of a partial tile": flip("tiles", "hashes", "level = 0 AND tile_number = 1", "tile 0/1"),
    "a byte of a nonce": flip("records", "nonce", "entry_index = 9", "entry 9"),
    "a loan's key": flip("loans", "key", "number = 'A-1'", "entry 1"),
    "an amount": Alteration(
        ("UPDATE records SET payload = CAST(replace(payload, '890.99', '990.99') AS BLOB) WHERE entry_index = 11",),
        "entry 11",
    ),
    "signatures": Alteration(("UPDATE records SET signatures = '[{}]' WHERE entry_index = 12",), "entry 12"),
    "a record gone": Alteration(("DELETE FROM records WHERE entry_index = 13",), "entry 13"),
    "the last record gone": Alteration(("DELETE FROM records WHERE entry_index = 299",), "entry 299"),
    "an entry and its record gone": Alteration(
        ("DELETE FROM records WHERE entry_index = 299", "DELETE FROM entries WHERE entry_index = 299"), "checkpoint"
    ),
    "all records of a loan gone": Alteration(
        ("DELETE FROM records WHERE loan_id = (SELECT loan_id FROM loans WHERE number = 'A-1')",), "entry 1"
    ),
    "a tile gone": Alteration(("DELETE FROM tiles WHERE level = 1",), "tile 1/0"),
    "two records exchanged": Alteration(
        (
            "UPDATE records SET entry_index = -1 WHERE entry_index = 20",
            "UPDATE records SET entry_index = 20 WHERE entry_index = 21",
            "UPDATE records SET entry_index = 21 WHERE entry_index = -1",
        ),
        "entry 20",
    ),
    "a record moved to another loan": Alteration(
        ("UPDATE records SET sequence = 1000, loan_id = (SELECT loan_id FROM loans WHERE number = 'A-2') "
         "WHERE entry_index = 22",),
        "entry 22",
    ),
    "a loan that counts more": Alteration(("UPDATE loans SET records = records + 1 WHERE number = 'A-2'",), "loan A-2"),
    "the head's size": Alteration(("UPDATE head SET size = 299",), "checkpoint"),
    "the checkpoint": Alteration(("UPDATE head SET checkpoint = replace(checkpoint, '300', '301')",), "checkpoint"),
    "an anchor's root": flip("anchors", "root", "size = 101", "anchor 101"),
    "an anchor's size": Alteration(("UPDATE anchors SET size = 102 WHERE size = 101",), "anchor 102"),
    "an anchor's block": Alteration(
        ("UPDATE anchors SET block_hash = '0x' || printf('%064d', 0) WHERE size = 101",), "anchor 101"
    ),
    "an anchor that never was": Alteration(
        ("INSERT INTO anchors SELECT chain_id, registry, log_id, 50, root, checkpoint, state, nonce, transaction_hash, "
         "block_number, block_hash, block_time, evidence FROM anchors WHERE size = 101",),
        "anchor 50",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_database_is_found_out(anchored: Anchored, copy: DataFolder, name: str) -> None:
    statements, place = ALTERATIONS[name]
    with closing(sqlite3.connect(copy.database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    result = run("audit", "--data", copy.path, "--rpc", anchored.rpc, "--json")
    report = document(result)
    assert result.exit_code == 1, report
    assert report["verdict"] == "invalid"
    assert place in {finding["place"] for finding in report["findings"]}, report["findings"]
    shown = run("audit", "--data", copy.path, "--rpc", anchored.rpc)
    assert (shown.exit_code, shown.stdout.split()[0]) == (1, "CONTRADICTIONS")
    assert place in shown.stdout


def test_with_the_node_away_it_cannot_tell(copy: DataFolder) -> None:
    result = run("audit", "--data", copy.path, "--rpc", AWAY, "--json")
    report = document(result)
    assert (result.exit_code, report["verdict"], report["findings"]) == (2, "cannot tell", [])
    assert {item["place"] for item in report["unknown"]} == {"anchor 101", "anchor 300"}
    shown = run("audit", "--data", copy.path, "--rpc", AWAY)
    assert (shown.exit_code, "CANNOT TELL" in shown.stdout) == (2, True)


def test_a_contradiction_outweighs_a_node_that_is_away(copy: DataFolder) -> None:
    with closing(sqlite3.connect(copy.database)) as connection, connection:
        connection.execute("DELETE FROM records WHERE entry_index = 13")
    assert run("audit", "--data", copy.path, "--rpc", AWAY).exit_code == 1


def test_a_node_of_a_chain_without_the_anchors_contradicts_them(copy: DataFolder, tmp_path: Path) -> None:
    # The same chain id and another history: the anchors' blocks are gone, and not just out of reach.
    with running_chain(tmp_path) as chain:
        chain.mine(20)
        assert run("audit", "--data", copy.path, "--rpc", chain.node.url).exit_code == 1


def test_status(anchored: Anchored) -> None:
    status = document(run("status", "--data", anchored.folder.path, "--json"))
    assert (status["size"], status["anchored_size"], status["not_anchored"], status["on_the_way"]) == (300, 300, 0, 0)
    assert (status["anchor_state"], status["chain"]) == ("final", anchored.rpc)
    shown = run("status", "--data", anchored.folder.path)
    assert shown.exit_code == 0
    assert status["root"] in "".join(shown.stdout.split())  # a narrow terminal folds it


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    for name in ("audit", "status", "run"):
        is_one_line(run(name, "--data", tmp_path / "none"), 1, "there is no")


def test_a_key_file_that_is_none(copy: DataFolder) -> None:
    copy.log_key.write_text("no key")
    is_one_line(run("audit", "--data", copy.path, "--rpc", AWAY), 1, "not an unencrypted private key")


def test_a_file_that_is_no_database(copy: DataFolder) -> None:
    copy.database.write_bytes(b"no database" * 1000)
    is_one_line(run("status", "--data", copy.path), 1, "damaged")
