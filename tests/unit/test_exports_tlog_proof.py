# SPDX-License-Identifier: Apache-2.0
"""`.tlog-proof` files: written as c2sp.org/tlog-proof says, read strictly, and bound to one entry of one log."""

import random

import pytest

from notary.errors import CheckpointError, ExportError, InclusionProofError, NotaryError, SignedNoteError
from notary.exports.tlog_proof import MAX_PROOF, TlogProof, parse_tlog_proof, verify_tlog_proof, write_tlog_proofs
from notary.hashing import leaf_hash
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.merkle import prove_inclusion
from tests.support.builders import ORIGIN, log_signer
from tests.support.trees import MemoryTree, corruptions

SIGNER = log_signer()
KEY = SIGNER.verifier
ENTRIES = [b"entry %d" % number for number in range(40)]
TREE = MemoryTree([leaf_hash(entry) for entry in ENTRIES])


def proof_of(index: int, size: int, extra: bytes | None = None) -> TlogProof:
    note = sign_checkpoint(Checkpoint(ORIGIN, size, TREE.root(size)), SIGNER)
    return TlogProof(index, prove_inclusion(index, size, TREE.read).hashes, note, extra)


SAMPLE = proof_of(5, 21)
DATA = SAMPLE.encode()


def test_the_file_is_laid_out_as_the_specification_says() -> None:
    header, index, *rest = DATA.decode().split("\n")
    assert (header, index) == ("c2sp.org/tlog-proof@v1", "index 5")
    blank = rest.index("")
    assert len(rest[:blank]) == 5
    assert all(len(line) == 44 for line in rest[:blank])
    assert "\n".join(rest[blank + 1 :]) == SAMPLE.checkpoint
    assert DATA.endswith(b"=\n") == SAMPLE.checkpoint.endswith("=\n")


@pytest.mark.parametrize("extra", [None, b"", b"anything", bytes(range(256))])
def test_every_proof_of_small_trees_comes_back_and_holds(extra: bytes | None) -> None:
    for size in (1, 2, 3, 8, 21, 40):
        for index in range(size):
            proof = proof_of(index, size, extra)
            assert parse_tlog_proof(proof.encode()) == proof
            assert verify_tlog_proof(proof, ENTRIES[index], KEY) == Checkpoint(ORIGIN, size, TREE.root(size))


def test_many_under_one_checkpoint_are_written_as_each_alone() -> None:
    proofs = [proof_of(index, 21) for index in range(21)]
    shown = write_tlog_proofs(((proof.index, proof.hashes) for proof in proofs), proofs[0].checkpoint)
    assert list(shown) == [proof.encode() for proof in proofs]


def lines(change: str, to: str) -> bytes:
    assert DATA.count(change.encode()) >= 1
    return DATA.replace(change.encode(), to.encode(), 1)


SPOILED = {
    "nothing": b"",
    "another version": lines("@v1", "@v2"),
    "a line before": b"\n" + DATA,
    "no index": lines("index 5\n", ""),
    "a padded index": lines("index 5", "index 05"),
    "a signed index": lines("index 5", "index +5"),
    "two spaces": lines("index 5", "index  5"),
    "another digit": lines("index 5", "index ٥"),
    "an endless index": lines("index 5", "index " + "5" * 17),
    "extra behind the index": lines("index 5\n", "index 5\nextra AA==\n"),
    "extra without base64": lines("index", "extra not base64\nindex"),
    "spare bits in extra": lines("index", "extra AB==\nindex"),
    "extra twice": lines("index", "extra AA==\nextra AA==\nindex"),
    "a hash of 31 bytes": lines("index 5\n", "index 5\n" + "A" * 42 + "==\n"),
    "spare bits in a hash": lines("index 5\n", "index 5\n" + "A" * 42 + "B=\n"),
    "a space behind a hash": lines("=\n", "= \n"),
    "Windows line ends": DATA.replace(b"\n", b"\r\n"),
    "65 hashes": lines("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 65),
    "no UTF-8": DATA + b"\xff",
    "too long": DATA + b" " * MAX_PROOF,
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_written_otherwise_is_no_proof(name: str) -> None:
    with pytest.raises(ExportError):
        parse_tlog_proof(SPOILED[name])


def test_the_checkpoint_must_be_there_and_the_log_s() -> None:
    for data in (DATA.partition(b"\n\n")[0], DATA.partition(b"\n\n")[0] + b"\n\n", DATA[:-1], DATA + b"\n"):
        with pytest.raises(SignedNoteError):
            verify_tlog_proof(parse_tlog_proof(data), ENTRIES[5], KEY)
    for other in (log_signer(seed="other"), log_signer("other.example/log")):
        with pytest.raises(SignedNoteError):
            verify_tlog_proof(SAMPLE, ENTRIES[5], other.verifier)
    note = SIGNER.sign_note("not a checkpoint\n")
    with pytest.raises(CheckpointError):
        verify_tlog_proof(TlogProof(5, SAMPLE.hashes, note), ENTRIES[5], KEY)


def test_a_proof_is_of_its_entry_and_index_only() -> None:
    for proof, entry in (
        (SAMPLE, ENTRIES[4]),
        (TlogProof(4, SAMPLE.hashes, SAMPLE.checkpoint), ENTRIES[5]),
        (TlogProof(21, SAMPLE.hashes, SAMPLE.checkpoint), ENTRIES[5]),
        *((TlogProof(5, hashes, SAMPLE.checkpoint), ENTRIES[5]) for hashes in corruptions(SAMPLE.hashes)),
    ):
        with pytest.raises(InclusionProofError):
            verify_tlog_proof(proof, entry, KEY)


def test_no_proof_with_one_byte_changed_proves_anything() -> None:
    numbers = random.Random(11)
    for place, byte in enumerate(DATA):
        for other in {byte ^ 1, byte ^ 32, numbers.randrange(256)} - {byte}:
            data = DATA[:place] + bytes([other]) + DATA[place + 1 :]
            with pytest.raises(NotaryError):
                verify_tlog_proof(parse_tlog_proof(data), ENTRIES[5], KEY)
