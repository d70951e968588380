# SPDX-License-Identifier: Apache-2.0
"""`loan-notary audit` and `status` over an anchored log: clean, deliberately altered, and with the node away."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from api.anchoring import connect
from api.databases import open_store
from api.keys.anchor_keys import load_anchor_wallet
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from chain.errors import InconsistentRootsError, PreviousRootMismatchError
from notary.log.entries import parse_genesis_entry
from notary.log.reader import Log
from notary.log.sequencer import Sequencer
from notary.log.submission import Placed
from notary.registration import Registrar
from notary.schemes import SCHEMES
from tests.support.anchored import Anchored, anchored_log
from tests.support.builders import CREATED, NOW, submission
from tests.support.cli import document, is_one_line, run
from tests.support.node import running_chain, tampered
from tests.support.serving import serving_app

AWAY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("anchored") / "data") as made:
        yield made


@pytest.fixture
def copy(anchored: Anchored, tmp_path: Path) -> DataFolder:
    """A copy of the folder that may be altered; its node is the original's."""
    return anchored.copy(tmp_path / "data")


def test_a_log_that_nobody_touched_is_clean(anchored: Anchored, copy: DataFolder) -> None:
    for folder in (anchored.folder, copy):
        result = run("audit", "--data", folder.path, "--rpc", anchored.rpc, "--json")
        report = document(result)
        assert result.exit_code == 0, report
        assert {name: report[name] for name in ("verdict", "entries", "anchors", "findings", "unknown")} == {
            "verdict": "valid", "entries": 300, "anchors": {"on_chain": 2, "stored": 2}, "findings": [], "unknown": [],
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
    "a record gone": Alteration(("DELETE FROM records WHERE entry_index = 13",), "entry 13"),
    "an anchor's root": flip("anchors", "root", "size = 101", "anchor 101"),
    "an anchor's size": Alteration(("UPDATE anchors SET size = 102 WHERE size = 101",), "anchor 102"),
    "an anchor's block": Alteration(
        ("UPDATE anchors SET block_hash = '0x' || printf('%064d', 0) WHERE size = 101",), "anchor 101"
    ),
    "an anchor that never was": Alteration(
        ("INSERT INTO anchors SELECT chain_id, registry, log_id, 50, root, checkpoint, state, nonce, transaction_hash, "
         "block_number, block_hash, block_time, evidence, gas_used FROM anchors WHERE size = 101",),
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
    assert {item["place"] for item in report["unknown"]} == {"registry", "anchor 101", "anchor 300"}
    shown = run("audit", "--data", copy.path, "--rpc", AWAY)
    assert (shown.exit_code, "CANNOT TELL" in shown.stdout) == (2, True)


def test_a_contradiction_outweighs_a_node_that_is_away(copy: DataFolder) -> None:
    with closing(sqlite3.connect(copy.database)) as connection, connection:
        connection.execute("DELETE FROM records WHERE entry_index = 13")
    assert run("audit", "--data", copy.path, "--rpc", AWAY).exit_code == 1


def test_a_node_of_another_chain_contradicts_nothing(copy: DataFolder, tmp_path: Path) -> None:
    # The same chain id and another history: nothing that it says is about this log.
    with running_chain(tmp_path) as chain:
        chain.mine(20)
        report = document(run("audit", "--data", copy.path, "--rpc", chain.node.url, "--json"))
    assert (report["verdict"], report["findings"]) == ("cannot tell", [])
    assert {item["place"] for item in report["unknown"]} == {"registry", "anchor 101", "anchor 300"}


def test_a_log_that_lost_entries_is_behind_the_chain(anchored: Anchored, copy: DataFolder) -> None:
    # The whole database is put back to an older state, anchors and all: only the chain remembers.
    rebuild(copy, lambda index, payload: payload, 200)
    with closing(sqlite3.connect(copy.database)) as connection, connection:
        connection.execute("DELETE FROM anchors")
    report = document(run("audit", "--data", copy.path, "--rpc", anchored.rpc, "--json"))
    assert report["verdict"] == "invalid"
    assert {(item["place"], "more entries" in item["finding"]) for item in report["findings"]} >= {("anchor 300", True)}


def test_a_fork_is_found_by_the_audit_and_refused_by_the_contract(anchored: Anchored, copy: DataFolder) -> None:
    honest = Log(open_store(copy)).root(300)
    # Whoever holds the database and the log's key makes a log that fits in itself, with one reference changed.
    rebuild(copy, lambda index, payload: payload.replace(b"778120", b"778121") if index == 50 else payload, 300)
    report = document(run("audit", "--data", copy.path, "--rpc", anchored.rpc, "--json"))
    assert report["verdict"] == "invalid"
    assert {item["place"] for item in report["findings"]} == {"anchor 101", "anchor 300"}
    sequencer = Sequencer(open_store(copy), load_signer(copy), CREATED)
    sequencer.append([submission(9_999, "F-1", "agreement")])
    log, registry = Log(open_store(copy)), connect(copy, anchored.rpc)
    proof = log.prove_consistency(300, 301)
    operator = load_anchor_wallet(copy.keys).address
    with pytest.raises(InconsistentRootsError):
        registry.simulate(registry.anchor_call(301, log.root(301), honest, proof.hashes), operator)
    with pytest.raises(PreviousRootMismatchError):
        registry.simulate(registry.anchor_call(301, log.root(301), log.root(300), proof.hashes), operator)


def rebuild(folder: DataFolder, change: Callable[[int, bytes], bytes], size: int) -> None:
    """Write the log anew from its records, each payload as `change` gives it, as far as `size`; anchors stay."""
    store, signer = open_store(folder), load_signer(folder)
    kept = [record for record, _ in store.records() if record.index < size]
    [genesis] = store.entries(0, 1)
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        for table in ("head", "tiles", "records", "loan_keys", "loans", "entries"):
            connection.execute(f"DELETE FROM {table}")
    sequencer = Sequencer(store, signer, parse_genesis_entry(genesis).created)
    registrar = Registrar(store, SCHEMES, iter(range(NOW, NOW + size)).__next__)
    bodies = [change(record.index, record.payload) for record in kept]
    answers = sequencer.append([registrar.submission(store.lender(1), body, prove=False) for body in bodies])
    assert all(isinstance(answer, Placed) for answer in answers)
    store.close()


def test_findings_of_the_records_are_those_that_the_api_shows(anchored: Anchored) -> None:
    report = document(run("audit", "--data", anchored.folder.path, "--rpc", anchored.rpc, "--json"))
    history = report["records"]["history_findings"]
    shown = Counter(
        line["code"]
        for line in map(orjson.loads, anchored.api.get(f"/v1/findings?as_of={history['as_of']}").data.splitlines())
    )
    assert sum(shown.values()) > 0
    assert history["by_code"] == shown


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
    (copy.keys.path / "log.pem").write_text("no key")
    is_one_line(run("audit", "--data", copy.path, "--rpc", AWAY), 1, "not an unencrypted private key")


def test_a_file_that_is_no_database(copy: DataFolder) -> None:
    copy.database.write_bytes(b"no database" * 1000)
    is_one_line(run("status", "--data", copy.path), 1, "damaged")


def test_an_outsider_audits_log_and_chain_and_nothing_else(anchored: Anchored) -> None:
    vkey = load_signer(anchored.folder).verifier.format()
    with serving_app(anchored.api.app) as url:
        seen = ("audit", "--log", f"{url}/log", "--log-key", vkey, "--anchored-in", anchored.place, "--json")
        report = document(run(*seen, "--rpc", anchored.rpc))
        away = document(run(*seen, "--rpc", AWAY))
    assert (report["verdict"], report["entries"], report["records"]) == ("valid", 300, None)
    assert report["anchors"] == {"on_chain": 2, "stored": 0}
    assert (away["verdict"], away["findings"], away["unknown"][0]["place"]) == ("cannot tell", [], "registry")


def test_a_node_that_hides_the_newest_event_or_lies_of_one(anchored: Anchored) -> None:
    def hide(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        status, body = forward()
        if method == "eth_getLogs":
            answer = orjson.loads(body)
            answer["result"] = answer["result"][:1]
            body = orjson.dumps(answer)
        return status, body

    def lie(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        status, body = forward()
        if method == "eth_getLogs":
            answer = orjson.loads(body)
            data = answer["result"][0]["data"]
            answer["result"][0]["data"] = data[:70] + ("0" if data[70] != "0" else "1") + data[71:]
            body = orjson.dumps(answer)
        return status, body

    with tampered(anchored.rpc, hide) as url:
        report = document(run("audit", "--data", anchored.folder.path, "--rpc", url, "--json"))
        assert (report["verdict"], report["unknown"][0]["place"]) == ("cannot tell", "registry")
    with tampered(anchored.rpc, lie) as url:
        report = document(run("audit", "--data", anchored.folder.path, "--rpc", url, "--json"))
        assert {item["place"] for item in report["findings"]} == {"anchor 101"}
        assert len(report["findings"]) == 2


def test_a_node_that_limits_the_search_for_events_is_asked_in_steps(anchored: Anchored) -> None:
    asked = []

    def limit(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        if method == "eth_getLogs":
            asked.append(method)
            if len(asked) <= 2:
                fault = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "range too large"}}
                return 200, orjson.dumps(fault)
        return forward()

    with tampered(anchored.rpc, limit) as url:
        report = document(run("audit", "--data", anchored.folder.path, "--rpc", url, "--json"))
    assert (report["verdict"], report["anchors"]["on_chain"]) == ("valid", 2)
    assert len(asked) > 3
