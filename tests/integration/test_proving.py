# SPDX-License-Identifier: Apache-2.0
"""Proofs out of a log's files alone; and what is said where the files do not fit."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from api.databases import open_store
from api.settings import DataFolder
from notary.audit.proving import FreshProof, prove_anew
from notary.audit.sources import StoreSource, TiledSource, folder_fetch
from notary.errors import ConsistencyProofError, InclusionProofError, SignedNoteError, UnavailableError
from notary.exports.tlog_proof import parse_tlog_proof, verify_tlog_proof
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.entries import RECORD
from notary.log.merkle import verify_consistency
from notary.log.reader import Log
from notary.publishing import Publisher
from notary.stores.published_folder import PublishedFolder
from tests.support.audited import AuditedLog, make_bare_log
from tests.support.builders import log_signer

SIZE, INDEX, OLDER = 66_000, 300, 700


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    log = make_bare_log(tmp_path_factory.mktemp("proving") / "data", SIZE)
    source = StoreSource(open_store(DataFolder(log.folder)))
    Publisher(source, lambda: (log.verifier,), PublishedFolder(log.folder / "published"), lambda: None).publish()
    return log


@pytest.fixture
def folder(log: AuditedLog, tmp_path: Path) -> Path:
    """The published log, which may be altered."""
    return Path(shutil.copytree(log.folder / "published", tmp_path / "published"))


def entry(index: int) -> bytes:
    return RECORD + sha256(b"%d" % index).digest() * 2


def older(log: AuditedLog, size: int) -> Checkpoint:
    return Checkpoint(log.verifier.name, size, Log(open_store(DataFolder(log.folder))).root(size))


def prove(log: AuditedLog, folder: Path, index: int = INDEX, size: int = OLDER) -> FreshProof:
    return prove_anew(TiledSource(folder_fetch(folder)), log.verifier, index, entry(index), older(log, size))


@pytest.mark.parametrize("index", [1, 255, 256, INDEX, 65_535, 65_536, SIZE - 1])
@pytest.mark.parametrize("size", [OLDER, 65_536, SIZE])
def test_files_alone_prove_an_entry_and_the_log_s_growth(log: AuditedLog, folder: Path, index: int, size: int) -> None:
    proof = prove(log, folder, index, size)
    assert proof.size == SIZE
    again = parse_tlog_proof(proof.inclusion.encode())
    newest = verify_tlog_proof(again, entry(index), log.verifier)
    assert newest.size == SIZE
    verify_consistency(proof.consistency, older(log, size).root, newest.root)


def test_another_entry_is_not_in_the_log(log: AuditedLog, folder: Path) -> None:
    with pytest.raises(InclusionProofError):
        prove_anew(TiledSource(folder_fetch(folder)), log.verifier, INDEX, entry(INDEX + 1), older(log, OLDER))


def test_another_history_is_not_the_log_s(log: AuditedLog, folder: Path) -> None:
    fork = Checkpoint(log.verifier.name, OLDER, bytes(32))
    with pytest.raises(ConsistencyProofError):
        prove_anew(TiledSource(folder_fetch(folder)), log.verifier, INDEX, entry(INDEX), fork)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/0/002", "tile/1/000", "tile/1/001.p/1"])
@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
def test_files_that_do_not_fit_prove_nothing_either_way(log: AuditedLog, folder: Path, path: str, change: str) -> None:
    file = folder / path
    if change == "flip":
        file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    elif change == "cut":
        file.write_bytes(b"")
    else:
        file.unlink()
    with pytest.raises(UnavailableError):
        prove(log, folder)


def test_an_older_copy_and_another_key_are_told_apart(log: AuditedLog, folder: Path) -> None:
    with pytest.raises(UnavailableError, match=f"shows {SIZE} entries, and {SIZE + 1} were signed"):
        prove_anew(
            TiledSource(folder_fetch(folder)),
            log.verifier,
            INDEX,
            entry(INDEX),
            Checkpoint(log.verifier.name, SIZE + 1, bytes(32)),
        )
    other = log_signer(seed="other").verifier
    with pytest.raises(SignedNoteError):
        prove_anew(TiledSource(folder_fetch(folder)), other, INDEX, entry(INDEX), older(log, OLDER))
    assert open_checkpoint((folder / "checkpoint").read_text(), log.verifier).size == SIZE
