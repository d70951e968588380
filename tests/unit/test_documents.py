# SPDX-License-Identifier: Apache-2.0
"""Words on documents: what is cut off, what is left out, and what contradicts itself."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from unicodedata import is_normalized

import pytest

from notary.canonical import canonical_json, parse_canonical
from notary.documents.digests import digests_of
from notary.documents.document import CheckStatus, Document, DocumentCheck
from notary.errors import ReceiptError
from notary.receipts.document_words import DocumentShape, DocumentWord, word_json
from notary.receipts.fields import read_shape
from notary.receipts.provenance import MAX_SHOWN_CHECKS, words_on_documents
from notary.receipts.receipt import MAX_RECEIPT
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, add_lender

OK, FAILED, UNKNOWN = CheckStatus.OK, CheckStatus.FAILED, CheckStatus.UNKNOWN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore.create(tmp_path / "notary.db", VAULT)
    add_lender(store, "示范银行", sha256(b"api key").digest(), NOW)
    yield store
    store.close()


def digest(number: int) -> str:
    return f"{number:064x}"


def naming(*numbers: int) -> bytes:
    named = [{"name": "x", "media_type": "a/b", "size": 7, "sha256": digest(number)} for number in numbers]
    return canonical_json({"documents": named, "loan": "L"})


def deposit(store: SqliteStore, number: int, *checks: DocumentCheck) -> None:
    store.save_document(Document(1, digest(number), "0" * 64, 7, "a/b", NOW, checks))


HOSTILE = [
    "line\nfeed", "tab\t", "nul\0", "e\u0301 decomposed", "\u202ereversed", "x" * 5000, "示" * 5000, "\ud800 surrogate",
    "e\u0301" * 3000, " spaces   within ", "\ufeff",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_document_says_becomes_a_line_that_a_receipt_can_hold(text: str) -> None:
    check = DocumentCheck.of("pdf", FAILED, "x" + text, text)
    for told in (check.detail, check.signer or "x"):
        assert len(told) <= 120
        assert is_normalized("NFC", told)
        assert told.isprintable()
    assert parse_canonical(canonical_json(check.to_json()), limit=10_000) == check.to_json()
    assert DocumentCheck.from_json(check.to_json()) == check


def test_what_is_not_said_is_null() -> None:
    assert DocumentCheck.of("pdf", OK, "fine", "", "").to_json() == {
        "kind": "pdf", "status": "ok", "detail": "fine", "signer": None, "time": None,
    }  # fmt: skip


def test_words_come_in_the_order_of_the_record(store: SqliteStore) -> None:
    deposit(store, 2, DocumentCheck("pdf", OK, "fine"))
    words = words_on_documents(store, 1, naming(1, 2, 1))
    assert [word.sha256 for word in words] == [digest(1), digest(2), digest(1)]
    assert [word.received_at for word in words] == [None, NOW, None]


@pytest.mark.parametrize(
    "payload",
    [
        canonical_json({"loan": "L"}),
        canonical_json({"loan": '"documents":'}),
        canonical_json({"loan": "L", "inner": {"documents": []}}),
    ],
)
def test_a_record_without_documents_has_no_words(store: SqliteStore, payload: bytes) -> None:
    assert words_on_documents(store, 1, payload) == ()


def test_of_too_many_checks_each_document_s_worst_is_shown(store: SqliteStore) -> None:
    checks = [DocumentCheck("pdf", status, "x") for status in (OK, UNKNOWN, FAILED, OK)]
    many = MAX_SHOWN_CHECKS // len(checks)
    for number in range(many):
        deposit(store, number, *checks)
    whole = words_on_documents(store, 1, naming(*range(many)))
    assert [len(word.checks) for word in whole] == [len(checks)] * many
    deposit(store, many, DocumentCheck("pdf", OK, "x"))
    cut = words_on_documents(store, 1, naming(*range(many + 1)))
    assert [[check.status for check in word.checks] for word in cut] == [[FAILED]] * many + [[OK]]


def test_the_largest_words_leave_room_in_a_receipt(store: SqliteStore) -> None:
    check = DocumentCheck.of("pdf-signature", UNKNOWN, "示" * 500, "示" * 500, "2026-03-02T01:10:00Z")
    for number in range(256):
        deposit(store, number, check)
    words = words_on_documents(store, 1, naming(*range(256)))
    assert len(canonical_json([word_json(word) for word in words])) < MAX_RECEIPT - 192 * 1024


GOOD = DocumentWord(digest(1), NOW, True, "0" * 64, "a/b", (DocumentCheck("pdf", OK, "x"),))


def test_a_word_comes_back_from_its_json() -> None:
    for word in (GOOD, DocumentWord(digest(1)), replace(GOOD, size_ok=False, checks=())):
        assert read_shape(DocumentShape, word_json(word)).word() == word


@pytest.mark.parametrize(
    "change",
    [
        {"present": False},
        {"received_at": None},
        {"sm3": None},
        {"media_type": None},
        {"present": False, "received_at": None, "sm3": None, "media_type": None, "size_ok": False},
        {"present": False, "received_at": None, "sm3": None, "media_type": None, "checks": []},
        {"present": 1},
        {"checks": [{"kind": "pdf", "status": "good", "detail": "x", "signer": None, "time": None}]},
        {"checks": [{"kind": "pdf", "status": "ok", "detail": "", "signer": None, "time": None}]},
        {"checks": [{"kind": "pdf", "status": "ok", "detail": "x"}]},
        {"more": 1},
    ],
)
def test_a_word_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ReceiptError):
        read_shape(DocumentShape, word_json(GOOD) | change)


def test_digests_of_a_file_do_not_depend_on_its_parts() -> None:
    whole = digests_of([b"abc"])
    assert digests_of([b"a", b"", b"bc"]) == whole
    assert (whole.size, whole.sha256) == (3, sha256(b"abc").hexdigest())
    # GB/T 32905-2016, example 1.
    assert whole.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
