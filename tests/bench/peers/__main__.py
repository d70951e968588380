# SPDX-License-Identifier: Apache-2.0
"""This project beside its peers, on the same documents in the same run: `make bench-peers`.

Each turns 10,000 documents into proofs, one each, as its own code does it before anything goes to a chain. Seconds are
processor time, so that whatever else the machine does counts less. Writes docs/performance.md's part about peers.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from os import urandom
from pathlib import Path
from time import process_time

from chain import toolchain
from notary.exports.tlog_proof import write_tlog_proofs
from notary.hashing import leaf_hashes
from notary.log.entries import SECRET_SIZE, commit
from notary.log.right_edge import RightEdge
from notary.log.tiles import split_hashes
from notary.registration import Registrar
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, processor, save, show
from tests.bench.notary import agreements, repayments
from tests.bench.paper import DOCS, write_part
from tests.bench.plot import bars
from tests.support.builders import NOW, VAULT, head_of, kit_over, log_signer, placed

TITLE = "10,000 documents with a proof each, processor time"
DOCUMENTS = 10_000
ROOT = Path(__file__).parents[3]
_HERE = Path(__file__).parent
_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
_COMMIT = 512
NOTARY, TREE = "Loan Notary: checked, in the log on disk, proved", "Loan Notary: commitments, tree and written proofs"
AIMS = {"OpenTimestamps' client": 10, "OpenAttestation": 20, "Blockcerts, per document": 100}
"""How many times faster the notary should be."""


def measure(folder: Path, documents: int) -> dict[str, float]:
    """Return the processor seconds of all, by name."""
    bodies = repayments(0, documents)
    file = folder / "documents.ndjson"
    file.write_bytes(b"\n".join(bodies) + b"\n")
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    registrar = Registrar(kit.store, SCHEMES, lambda: NOW)

    def notarise(values: Sequence[bytes]) -> None:
        for start in range(0, len(values), _COMMIT):
            batch = [registrar.submission(kit.lender, body, prove=True) for body in values[start : start + _COMMIT]]
            placed(kit.sequencer.append(batch))

    notarise(agreements())
    ours = {NOTARY: _seconds(lambda: notarise(bodies)), TREE: _seconds(lambda: _tree(bodies))}
    kit.store.close()
    return ours | _peer(_PYTHON, _HERE / "in_python.py", file) | _peer(toolchain.node(), _HERE / "in_node.mjs", file)


def _tree(bodies: Sequence[bytes]) -> None:
    """Do what `ots stamp` does: commit to each document with a nonce, build the tree, and write each proof down."""
    edge, signer = RightEdge(0, []), log_signer()
    nonces = split_hashes(urandom(SECRET_SIZE * len(bodies)))
    edge.extend(leaf_hashes(map(commit, nonces, bodies)))
    proofs = edge.proofs(0, edge.take_changed_tiles(0))
    note = head_of(edge.size, edge.root(), signer).checkpoint
    assert all(write_tlog_proofs(enumerate(proofs), note))


def _seconds(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _peer(program: Path, script: Path, file: Path) -> dict[str, float]:
    ran = subprocess.run((program, script, file), check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def figures(seconds: Mapping[str, float], documents: int) -> list[Figure]:
    """Return times a document, and of each peer how many times what the notary takes."""
    times = [Figure(name, value / documents * 1e6, "µs") for name, value in seconds.items()]
    ratios = [
        Figure(f"ratio of {name} to {what}", value / seconds[ours], "", _aim(name))
        for ours, what in ((NOTARY, "the notary"), (TREE, "the same work of ours"))
        for name, value in seconds.items()
        if name not in (NOTARY, TREE)
    ]
    return times + ratios


def _aim(name: str) -> str:
    return f">= {AIMS[name]}" if name in AIMS else ""


def write_page(seconds: Mapping[str, float], documents: int) -> None:
    """Put the table and the plot into docs/performance.md, in place of those that are there."""
    each = {name: value / documents * 1e6 for name, value in sorted(seconds.items(), key=lambda item: item[1])}
    (DOCS / "peers.svg").write_text(bars(each, "µs of processor time a document, logarithmic"), "utf-8")
    rows = [
        f"| {name} | {value:,.1f} | {value / each[NOTARY]:,.2f} | {value / each[TREE]:,.2f} | {_aim(name)} |"
        for name, value in each.items()
    ]
    lines = [
        f"{datetime.now(UTC).date()}, {processor()}, {documents:,} documents of some 430 bytes:", "",
        "| | µs a document | times the notary | times the same work of ours | aim |",
        "|---|---|---|---|---|", *rows, "",
        "![processor time a document](peers.svg)",
    ]  # fmt: skip
    write_part("peers", "make bench-peers", "\n".join(lines) + "\n")


def main() -> None:
    """Measure, show, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__.split("\n\n")[0])
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    documents = parser.parse_args().documents
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peers-", dir=build) as folder:
        seconds = measure(Path(folder), documents)
    found = figures(seconds, documents)
    show(TITLE, found)
    save(build / "peers.json", {"peers": found})
    write_page(seconds, documents)


if __name__ == "__main__":
    main()
