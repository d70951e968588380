# SPDX-License-Identifier: Apache-2.0
"""Cases of the published vectors with one change each, sealed again, so that only the links meant break."""

from collections.abc import Iterator
from typing import Any

from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64url
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.synthetic_chain import block_with_anchor, odd_headers
from tests.support.vector_batches import batch_changes, in_batch, odd_batches
from tests.support.vector_cases import Case, at, case, flip_b64, flip_b64url
from tests.support.vector_receipts import Change, Members, anchored, changed, dated, drop, put, with_payload
from tests.support.vector_signatures import odd_ps256, odd_signatures, wallet_changes

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def broken_cases() -> Iterator[Case]:  # noqa: C901 - one loop for each group of cases
    """Yield receipts with one change each, sealed again by the log's key, so that only the links meant break."""
    final = anchored(make.agreement())
    for name, change, links in _changes():
        yield case(name, changed(final, change), *links)
    for place in range(len(final["inclusion"])):
        yield case(f"hash {place} of the inclusion", changed(final, put(f"/inclusion/{place}", flip_b64)), "inclusion")
    for proof in ("account_proof", "storage_proof"):
        for place in range(len(final["anchors"][0]["evidence"][proof])):
            change = put(f"/anchors/0/evidence/{proof}/{place}", flip_b64)
            yield case(f"node {place} of the {proof}", changed(final, change), "anchor")
    yield case("a block beyond the calendar", dated(make.agreement(), 253_402_300_800), "time")
    for fields in (11, 15):
        block = block_with_anchor(*make.checkpoint_of(final), fields)
        yield case(
            f"a block header of {fields} fields, older than any registry", anchored(make.agreement(), block), "anchor"
        )
    for name, block in odd_headers(*make.checkpoint_of(final)):
        yield case(name, anchored(make.agreement(), block), "anchor")
    named = make.receipt_of(make.envelope_of(record("assignment"), make.LENDER), {"lender": make.LENDER.public})
    yield case("a key that is not the one that the record names", named, "signatures")
    for pointer, value in (("n", b64url(b"\x80" + bytes(127) + b"\x01")), ("e", "Aw"), ("e", "AAEAAQ")):
        name = f"an RSA key whose {pointer} begins {value[:6]}"
        signed = make.receipt_of(make.envelope_of(record("repayment"), make.PS256), {"lender": make.PS256.public})
        yield case(name, changed(signed, put(f"/keys/0/jwk/{pointer}", value)), "signatures")
    wallet = make.wallet_receipt(record("repayment"))
    for name, change in wallet_changes():
        yield case(name, changed(wallet, change), "signatures", "inclusion")
    for name, change, links in batch_changes():
        yield case(name, changed(in_batch(5, 3), change), *links)
    for name, members in (*odd_signatures(), *odd_ps256(), *odd_batches()):
        yield case(name, members, "signatures")
    unknown_code = block_with_anchor(*make.checkpoint_of(final), code_hash=b"\x5a" * 32)
    yield case("a registry whose code nobody knows", anchored(make.agreement(), unknown_code), "anchor")


def _changes() -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    evidence = "/anchors/0/evidence"
    yield "another payload", with_payload(canonical_json(record("agreement", loan="x"))), ("signatures", "inclusion")
    yield (
        "a payload of another type",
        with_payload(canonical_json(record("repayment"))),
        ("signatures", "inclusion", "documents"),
    )
    yield "no word on the document", put("/documents", []), ("documents",)
    yield "the word on another document", put("/documents/0/sha256", "ab" * 32), ("documents",)
    yield "a word too many", put("/documents", lambda words: words * 2), ("documents",)
    yield "a payload that is no record", with_payload(b"{}"), ("record", "inclusion")
    yield (
        "a payload that is not canonical",
        with_payload(canonical_json(record("agreement")) + b" "),
        ("record", "inclusion"),
    )
    yield "a payload that is no JSON", with_payload(b"\xff\x00"), ("record", "inclusion")
    yield "an empty payload", with_payload(b""), ("record", "inclusion")
    sums = record("repayment") | {"amount": {"amount": "1.00", "currency": "CNY"}}
    yield "a payload whose sums do not add up", with_payload(canonical_json(sums)), ("record", "inclusion")
    yield "the first signature", put("/envelope/signatures/0/signature", flip_b64url), ("signatures", "inclusion")
    yield "the second signature", put("/envelope/signatures/1/signature", flip_b64url), ("signatures", "inclusion")
    yield (
        "the first signature cut",
        put("/envelope/signatures/0/signature", lambda text: text[:80]),
        ("signatures", "inclusion"),
    )
    yield "the malleable signature's other form", put("/envelope/signatures/1/signature", _other_s), ("inclusion",)
    yield "no signatures", lambda m: m.update(keys=[], envelope=m["envelope"] | {"signatures": []}), ("inclusion",)
    yield "signatures and keys in another order", _reverse_signers, ("inclusion",)
    yield "keys in another order", lambda m: m["keys"].reverse(), ("signatures",)
    yield "a key too few", drop("/keys/1"), ("signatures",)
    yield "a key too many", lambda m: m["keys"].append(m["keys"][0]), ("signatures",)
    yield "another key", put("/keys/0/jwk", make.ed25519_key("stranger").public.jwk), ("signatures",)
    yield "a key that is none", put("/keys/0/jwk", {}), ("signatures",)
    yield "a key of small order", put("/keys/0/jwk/x", "A" * 43), ("signatures",)
    yield "a private key", put("/keys/0/jwk/d", "A" * 43), ("signatures",)
    yield "no key is the lender's", put("/keys/0/party", "borrower"), ("signatures",)
    yield "a key that counts only later", put("/keys/0/valid_from", at(126)), ("signatures",)
    yield "a key that had ended", put("/keys/0/valid_until", at(125)), ("signatures",)
    yield "a revoked key, and a wrong signature", _revoked_and_wrong, ("signatures", "inclusion")
    yield "a root for a signature without certificates", put("/keys/0/root", "AA=="), ("signatures",)
    yield "nonce", put("/nonce", flip_b64url), ("inclusion",)
    yield "tag", put("/tag", flip_b64url), ("inclusion",)
    yield "index", put("/index", 7), ("inclusion",)
    yield "an index beyond the tree", put("/index", 307), ("inclusion",)
    yield "the largest index", put("/index", 2**53 - 1), ("inclusion",)
    yield "no inclusion", put("/inclusion", []), ("inclusion",)
    yield "an inclusion too short", drop("/inclusion/0"), ("inclusion",)
    yield "an inclusion too long", lambda m: m["inclusion"].append(m["inclusion"][0]), ("inclusion",)
    yield "a checkpoint of another root", _resigned(root=bytes(32)), ("inclusion", "anchor")
    yield "a checkpoint of another size", _resigned(size=64), ("inclusion", "anchor")
    yield "a checkpoint of another origin", _resigned(origin="other.example/log"), ("checkpoint",)
    yield "a checkpoint by another key", _resigned(signer=make.SAME_NAME), ("checkpoint",)
    yield (
        "a checkpoint with an extension",
        _signed_note("notary.example/log\n3\n" + "A" * 43 + "=\nmore\n"),
        ("checkpoint",),
    )
    yield "a checkpoint of size 03", _signed_note("notary.example/log\n03\n" + "A" * 43 + "=\n"), ("checkpoint",)
    yield "a note that is no checkpoint", _signed_note("hello\n"), ("checkpoint",)
    yield "no checkpoint", put("/checkpoint", ""), ("checkpoint",)
    yield "a control character in the checkpoint", put("/checkpoint", lambda text: "\t" + text), ("checkpoint",)
    yield "another log's key", put("/log_key", make.OTHER_LOG.verifier.format()), ("seal",)
    yield "another key of the same name", put("/log_key", make.SAME_NAME.verifier.format()), ("seal",)
    yield "the anchor's size", put("/anchors/0/size", 306), ("anchor",)
    yield "the anchor's root", put("/anchors/0/root", b64(bytes(32))), ("anchor",)
    yield "the anchor's registry", put("/anchors/0/registry", "0x" + "12" * 20), ("anchor",)
    yield "the anchor's log", put("/anchors/0/log_id", "0x" + "12" * 32), ("anchor",)
    yield "the anchor's block", put("/anchors/0/block_hash", "0x" + "12" * 32), ("anchor",)
    yield "the anchor's block number", put("/anchors/0/block_number", 1), ("anchor",)
    yield "the anchor's time", put("/anchors/0/block_time", 1), ("anchor",)
    yield "the header", put(f"{evidence}/header", flip_b64), ("anchor",)
    yield "a header that is no RLP", put(f"{evidence}/header", b64(b"\xff" * 32)), ("anchor",)
    yield "a node too few", lambda m: m["anchors"][0]["evidence"]["account_proof"].pop(), ("anchor",)
    yield "a node too many", lambda m: m["anchors"][0]["evidence"]["storage_proof"].append(b64(b"\xc0")), ("anchor",)


def _revoked_and_wrong(members: Members) -> None:
    members["keys"][0]["revoked_from"] = at(0)
    put("/envelope/signatures/1/signature", flip_b64url)(members)


def _other_s(text: str) -> str:
    signature = parse_b64url(text)
    return b64url(signature[:32] + (P256_ORDER - int.from_bytes(signature[32:])).to_bytes(32))


def _reverse_signers(members: Members) -> None:
    members["keys"].reverse()
    members["envelope"]["signatures"].reverse()


def _resigned(signer: Any = make.LOG, **changes: Any) -> Change:
    def change(members: Members) -> None:
        size, root = make.checkpoint_of(members)
        values = {"origin": make.ORIGIN, "size": size, "root": root} | changes
        members["checkpoint"] = sign_checkpoint(Checkpoint(**values), signer)

    return change


def _signed_note(text: str) -> Change:
    return put("/checkpoint", make.LOG.sign_note(text))
