# SPDX-License-Identifier: Apache-2.0
"""A case of the published vectors, and those in which nothing is broken or only the seal is."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.synthetic_chain import FORKS, block_with_anchor
from tests.support.trees import flipped
from tests.support.vector_batches import co_signed_in_batch, in_batch
from tests.support.vector_receipts import Members, anchored, changed, dated, put, sealed, with_tokens
from tests.support.vector_signatures import joint_agreement

LOG_KEY = make.LOG.verifier.format()


@dataclass(frozen=True)
class Case:
    """A document, the links that break, and what it is held against.

    `log_key` is the one to trust (None: the document's own), `authorities` certificates (DER) by which timestamps
    count, `receipt` the bytes that stand beside a QR code, `key_history` those of one that ties other keys to
    `log_key`; `is_refused` if it must not be used.
    """

    name: str
    data: bytes
    broken: frozenset[str] = frozenset()
    log_key: str | None = LOG_KEY
    authorities: tuple[bytes, ...] = ()
    receipt: bytes | None = None
    key_history: bytes | None = None
    is_refused: bool = False


def case(name: str, members: Any, *broken: str, log_key: str | None = LOG_KEY) -> Case:
    """Return a case of a document, given by its members."""
    return Case(name, canonical_json(members), frozenset(broken), log_key)


def good_cases() -> Iterator[Case]:
    """Yield receipts in which nothing is broken: valid ones, and one of which nobody can tell."""
    agreement = make.agreement()
    final = anchored(agreement)
    yield case("pending: an agreement, co-signed, not anchored yet", agreement)
    yield case("final: the same, anchored", final)
    yield case("the log's key is the receipt's own", final, log_key=None)
    yield case("mined: in a block that could still be dropped", anchored(agreement, state="mined"))
    yield case("two anchors, the second only mined", _with_state(anchored(final, state="mined", chain_id=10), "final"))
    yield case("unanchored: nothing proves the anchor", changed(final, put("/anchors/0/evidence", "none")))
    yield case("timestamps, which count only for who knows their authorities", with_tokens(agreement))
    yield case("timestamps and an anchor: the block dates it", with_tokens(final))
    yield case("a block older than the notary's own time", dated(agreement, 1_772_415_000))
    yield case("the last second of the calendar", dated(agreement, 253_402_300_799))
    yield case("a document that was deposited", changed(agreement, put("/documents/0", _deposited)))
    yield case("a test notary's word", changed(final, put("/environment", "test")))
    yield case("on a local test chain", changed(final, put("/anchors/0/chain_id", 31337)))
    for fork, fields in FORKS.items():
        block = block_with_anchor(*make.checkpoint_of(agreement), fields)
        yield case(f"a block header of the fork {fork}", anchored(agreement, block))
    for fields in (18, 22):
        block = block_with_anchor(*make.checkpoint_of(agreement), fields)
        yield case(f"a block header of {fields} fields, of no known fork: nobody can tell", anchored(agreement, block))
    unsigned = make.envelope_of(record("repayment"))
    for size, index in [(2, 1), (3, 1), (3, 2), (7, 6), (8, 3), (8, 7), (1000, 500)]:
        yield case(f"unsigned, entry {index} of {size}", make.receipt_of(unsigned, {}, size, index))
    for kind in ("dispute", "disbursement", "schedule", "settlement"):
        party = "borrower" if kind == "dispute" else "lender"
        envelope = make.envelope_of(record(kind), make.LENDER)
        yield case(f"{kind}, signed by the {party}", make.receipt_of(envelope, {party: make.LENDER.public}))
    for key in (make.LENDER, make.BORROWER, make.ES256K, make.PS256):
        envelope = make.envelope_of(record("repayment"), key)
        yield case(f"signed with {key.public.alg}", make.receipt_of(envelope, {"lender": key.public}))
    yield case("two borrowers are named with their keys, one has signed", joint_agreement(make.BORROWER))
    yield case("two borrowers are named with their keys, both have signed", joint_agreement(make.BORROWER, make.ES256K))
    yield case("signed by a wallet", make.wallet_receipt(record("repayment")))
    for size, index in [(1, 0), (2, 1), (5, 3), (5, 4), (300, 256)]:
        name = f"record {index} of a batch of {size} under one signature"
        yield case(
            name,
            in_batch(size, index),
        )
    yield case("the lender's signature is over a batch, the borrower's over the record", co_signed_in_batch())
    yield case("a key that ended a millisecond later", changed(final, put("/keys/0/valid_until", at(126))))
    yield case("a key that was revoked later", changed(final, put("/keys/1/revoked_from", at(126))))
    yield case("a key that counts from that moment on", changed(final, put("/keys/0/valid_from", at(125))))
    yield case("a key that was revoked: nobody can tell", changed(final, put("/keys/1/revoked_from", at(125))))
    yield case("the lender's name is another: the notary's word", changed(final, put("/lender", "Another Bank")))
    yield case(
        "the time of receipt is another: the notary's word",
        changed(final, put("/received_at", "2026-03-02T01:30:00.126Z")),
    )
    yield case(
        "the transaction is another: the notary's word",
        changed(final, put("/anchors/0/transaction_hash", "0x" + "ff" * 32)),
    )


def sealed_wrongly() -> Iterator[Case]:
    """Yield receipts whose seal is not that of the log's key over these very members."""
    final = anchored(make.agreement())
    yield case("sealed by another log", sealed(final, make.OTHER_LOG), "seal")
    yield case("sealed by another key of the same name", sealed(final, make.SAME_NAME), "seal")
    yield case("one bit of the seal", final | {"seal": flip_b64url(final["seal"])}, "seal")
    yield case("the lender's name changed under the old seal", final | {"lender": "Another Bank"}, "seal")
    yield case("a test notary's word, called production under the old seal", final | {"environment": "test"}, "seal")
    rest = canonical_json({name: value for name, value in final.items() if name != "seal"})
    for over, message in (
        ("the members themselves, not their digest", b"loan-notary/receipt@1 seal\n" + rest),
        ("the digest alone", sha256(rest).digest()),
        ("the members under another format's name", b"loan-notary/history@1 seal\n" + sha256(rest).digest()),
    ):
        yield case(f"a seal over {over}", final | {"seal": b64url(make.LOG.sign(message))}, "seal")
    forged = sealed(final | {"log_key": make.SAME_NAME.verifier.format()}, make.SAME_NAME)
    yield case("a forger's own seal and key, the log's key known", forged, "seal")
    yield case("a forger's own seal and key, the log's key not known", forged, "checkpoint", log_key=None)
    other = make.OTHER_LOG.verifier.format()
    yield case("the receipt of another notary", final, "seal", "checkpoint", log_key=other)
    yield case(
        "a log key that is none, taken from the receipt",
        sealed(final | {"log_key": "nonsense"}),
        "format",
        log_key=None,
    )


def _deposited(word: Members) -> Members:
    """Return the word on a document that came before the record, and whose signer is not known."""
    check = {"kind": "pdf-signature", "status": "unknown", "detail": "untrusted", "time": "2026-03-01T01:00:00Z"}
    return word | {
        "present": True,
        "received_at": "2026-03-02T01:00:00.000Z",
        "size_ok": True,
        "sm3": "cd" * 32,
        "media_type": "application/pdf",
        "checks": [check | {"signer": "Common Name: 示范银行"}],
    }


def _with_state(members: Members, state: str) -> Members:
    return sealed(members | {"state": state})


def at(milliseconds: int) -> str:
    """Return a time in the second in which the receipts' record was received: at 125."""
    return f"2026-03-02T01:30:00.{milliseconds:03d}Z"


def flip_b64(text: str) -> str:
    """Change one bit of bytes in base64."""
    return b64(flipped(parse_b64(text), 77))


def flip_b64url(text: str) -> str:
    """Change one bit of bytes in base64url."""
    return b64url(flipped(parse_b64url(text), 77))
