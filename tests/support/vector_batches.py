# SPDX-License-Identifier: Apache-2.0
"""Records of signed batches for the published vectors: good ones, forged ones, and such as are no batch's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from notary.batch_place import MAX_RECORDS, BatchPlace, BatchStatement
from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from notary.envelope import BATCH_TYPE, TYPE, Envelope, Signature, sign_envelope, sign_payload
from notary.hashing import leaf_hash
from notary.jws_header import Header, write_header
from notary.log.merkle import prove_inclusion
from notary.parties.keys import WALLET_ALG
from tests.support import vector_receipts as make
from tests.support.builders import record, record_id
from tests.support.trees import MemoryTree, flipped
from tests.support.vector_receipts import Change, Members, put

BATCH_ID = "01998d2e-5c00-7a31-8f42-0000000000aa"
_BATCH = "/envelope/signatures/0/batch"


def in_batch(size: int, index: int) -> Members:
    """Return the receipt of one of a batch's repayments, which the lender has signed at once."""
    payloads = [canonical_json(record("repayment", id=record_id(number))) for number in range(size)]
    return make.receipt_of(Envelope(payloads[index], (_signature(payloads, index),)), {"lender": make.LENDER.public})


def co_signed_in_batch() -> Members:
    """Return the receipt of an agreement that the borrower has signed, and the lender with the first repayment."""
    payloads = [canonical_json(record(kind)) for kind in ("agreement", "repayment")]
    envelope = sign_envelope(payloads[0], make.signer_of(make.BORROWER)).joined_by(_signature(payloads, 0))
    return make.receipt_of(envelope, {"borrower": make.BORROWER.public, "lender": make.LENDER.public})


def batch_changes() -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    """Yield changes of a record's place, or of what was signed; the log commits to the place, so it breaks as well."""
    both = ("signatures", "inclusion")
    yield "another index in the batch", put(f"{_BATCH}/index", 2), both
    yield "a hash of the batch's path", put(f"{_BATCH}/path/1", _edited_b64), both
    yield "a hash too few in the batch's path", put(f"{_BATCH}/path", lambda path: path[:-1]), both
    yield "a hash too many in the batch's path", put(f"{_BATCH}/path", lambda path: [*path, path[0]]), both
    yield "no path in the batch", put(f"{_BATCH}/path", []), both
    yield "the batch's path backwards", put(f"{_BATCH}/path", lambda path: path[::-1]), both
    yield "another id of the batch", put(f"{_BATCH}/payload", _stated(id=BATCH_ID[:-1] + "b")), both
    yield "another number of records in the batch", put(f"{_BATCH}/payload", _stated(records=6)), both
    yield "another root of the batch", put(f"{_BATCH}/payload", _stated(root=b64(bytes(32)))), both
    other = make.with_payload(canonical_json(record("repayment", id=record_id(2))))
    yield "another record of the same batch", other, both
    revoked = put("/keys/0/revoked_from", "2026-03-02T00:00:00.000Z")
    yield "a path that is wrong, and a key that was revoked", _both(revoked, put(f"{_BATCH}/index", 0)), both


def odd_batches() -> Iterator[tuple[str, Members]]:
    """Receipts that commit to places in batches where the record is not."""
    payloads = [canonical_json(record("repayment", id=record_id(number))) for number in range(4)]
    good = _signature(payloads, 1)
    assert good.batch is not None
    for name, batch in {
        "the place of another record": _signature(payloads, 0).batch,
        "a node taken for a record: the path begins above it": replace(good.batch, index=0, path=good.batch.path[1:]),
        "the index of the other side": replace(good.batch, index=3),
    }.items():
        envelope = Envelope(payloads[1], (good._replace(batch=batch),))
        yield f"in a batch, {name}", make.receipt_of(envelope, {"lender": make.LENDER.public})
    of_borrower = Envelope(payloads[1], (_signature(payloads, 1, make.BORROWER),))
    yield "a batch that the borrower alone signed", make.receipt_of(of_borrower, {"borrower": make.BORROWER.public})


def wrong_batches() -> Iterator[tuple[str, str, Any]]:
    """Yield name, pointer and value for each way in which a record's place in a batch is none."""
    hash_of_31, good = b64(bytes(31)), b64(bytes(32))
    for name, pointer, value in (
        ("that is a list", "", []),
        ("with a member more", "/more", 1),
        ("with an index below zero", "/index", -1),
        ("with an index behind its last record", "/index", 5),
        ("with an index that is true", "/index", True),
        ("with a path that is a string", "/path", good),
        ("with a path of 33 hashes", "/path", [good] * 33),
        ("with a hash of 31 bytes", "/path/0", hash_of_31),
        ("with a payload that is no JSON", "/payload", b64url(b"{")),
        ("with a payload that is a list", "/payload", b64url(b"[]")),
        ("with a payload of 257 bytes", "/payload", b64url(b" " * 257)),
        ("with spaces in its payload", "/payload", _spaced),
        ("of another type", "/payload", _stated(type="record")),
        ("with an id that is no UUID", "/payload", _stated(id="batch-1")),
        ("with an id in capitals", "/payload", _stated(id=BATCH_ID.upper())),
        ("of no records", "/payload", _stated(records=0)),
        ("of more records than any", "/payload", _stated(records=MAX_RECORDS + 1)),
        ("with a root of 31 bytes", "/payload", _stated(root=hash_of_31)),
        ("with a member more in its payload", "/payload", _stated(more=1)),
    ):
        yield f"a batch {name}", f"{_BATCH}{pointer}", value
    protected = "/envelope/signatures/0/protected"
    yield (
        "a batch under a record's header",
        protected,
        b64url(write_header(TYPE, Header("EdDSA", "x"))),
    )
    wallet = write_header(BATCH_TYPE, Header(WALLET_ALG, "x", domain=make.DOMAIN))
    yield "a batch signed by a wallet", protected, b64url(wallet)


def _signature(payloads: list[bytes], index: int, key: Any = make.LENDER) -> Signature:
    tree = MemoryTree([leaf_hash(payload) for payload in payloads])
    statement = BatchStatement(BATCH_ID, len(payloads), tree.root(len(payloads)))
    path = prove_inclusion(index, len(payloads), tree.read).hashes
    made = sign_payload(statement.encode(), make.signer_of(key), BATCH_TYPE)
    return made._replace(batch=BatchPlace(statement, index, path))


def _stated(**changes: Any) -> Callable[[str], str]:
    return lambda text: b64url(canonical_json(parse_canonical(parse_b64url(text), limit=1024) | changes))


def _spaced(text: str) -> str:
    return b64url(parse_b64url(text).replace(b":", b": ", 1))


def _edited_b64(text: str) -> str:
    return b64(flipped(parse_b64(text), 77))


def _both(*changes: Change) -> Change:
    def change(members: Members) -> None:
        for one in changes:
            one(members)

    return change
