# SPDX-License-Identifier: Apache-2.0
"""The contract of the `DocumentStore` port, held against every store."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest

from notary.documents.document import Attachment, AttachmentKind, CheckStatus, Document, DocumentCheck
from notary.errors import CorruptLogError, NotFoundError
from notary.ports.parties import Lender
from notary.ports.store import Store
from tests.support.builders import NOW, add_lender
from tests.support.stores import Opener

DIGEST, OTHER = "ab" * 32, "cd" * 32
GOOD = DocumentCheck("pdf", CheckStatus.OK, "a PDF")
OPEN = DocumentCheck("pdf-signature", CheckStatus.UNKNOWN, "untrusted", "Common Name: 示范银行", "2026-03-02T01:10:00Z")
STAMP = Attachment("ef" * 32, AttachmentKind.TIMESTAMP, NOW + 2, (OPEN,))
SEAL = Attachment("01" * 32, AttachmentKind.SIGNATURE, NOW + 1, (GOOD,))


@pytest.fixture
def store(database: Opener) -> Iterator[Store]:
    store = database.store()
    yield store
    store.close()


@pytest.fixture
def lender(store: Store) -> Lender:
    return add_lender(store, "示范银行", sha256(b"api key").digest(), NOW)


def document(lender: Lender, digest: str = DIGEST) -> Document:
    return Document(lender.number, digest, "12" * 32, 2**40, "application/pdf", NOW, (GOOD, OPEN))


def test_a_document_comes_back_as_it_was_saved(store: Store, lender: Lender) -> None:
    saved = document(lender)
    assert store.save_document(saved)
    assert store.documents(lender.number, [DIGEST, OTHER]) == {DIGEST: saved}
    assert store.documents(lender.number, []) == {}


def test_saving_again_replaces_the_checks_and_nothing_else(store: Store, lender: Lender) -> None:
    saved = document(lender)
    store.save_document(saved)
    again = replace(saved, checks=(GOOD,), received_at=NOW + 9, media_type="text/plain", size=1, sm3="00" * 32)
    assert not store.save_document(again)
    assert store.documents(lender.number, [DIGEST]) == {DIGEST: replace(saved, checks=(GOOD,))}


def test_documents_are_one_lender_s(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Second Bank", sha256(b"another key").digest(), NOW)
    store.save_document(document(lender))
    assert store.documents(other.number, [DIGEST]) == {}
    assert store.save_document(replace(document(other), checks=()))
    assert store.documents(lender.number, [DIGEST])[DIGEST].checks == (GOOD, OPEN)


def test_attachments_belong_to_their_document_in_the_order_of_their_coming(store: Store, lender: Lender) -> None:
    for digest in (DIGEST, OTHER):
        store.save_document(document(lender, digest))
    assert store.save_attachment(lender.number, DIGEST, STAMP, b"stamp")
    assert store.save_attachment(lender.number, DIGEST, SEAL, b"\0seal")
    found = store.documents(lender.number, [DIGEST, OTHER])
    assert found[DIGEST].attachments == (SEAL, STAMP)
    assert found[OTHER].attachments == ()
    assert store.attachment_data(lender.number, DIGEST, SEAL.sha256) == b"\0seal"
    for other in ((lender.number + 1, DIGEST, SEAL.sha256), (lender.number, OTHER, SEAL.sha256)):
        with pytest.raises(NotFoundError):
            store.attachment_data(*other)


def test_attaching_again_replaces_the_checks_and_nothing_else(store: Store, lender: Lender) -> None:
    store.save_document(document(lender))
    store.save_attachment(lender.number, DIGEST, STAMP, b"stamp")
    again = replace(STAMP, checks=(GOOD,), received_at=NOW + 9)
    assert not store.save_attachment(lender.number, DIGEST, again, b"other")
    assert store.documents(lender.number, [DIGEST])[DIGEST].attachments == (replace(STAMP, checks=(GOOD,)),)
    assert store.attachment_data(lender.number, DIGEST, STAMP.sha256) == b"stamp"


def test_nothing_is_kept_of_what_belongs_to_nobody(store: Store, lender: Lender) -> None:
    with pytest.raises(CorruptLogError):
        store.save_document(replace(document(lender), lender=99))
    with pytest.raises(CorruptLogError):
        store.save_attachment(lender.number, DIGEST, STAMP, b"stamp")
    assert store.documents(99, [DIGEST]) == {}
