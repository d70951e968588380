# SPDX-License-Identifier: Apache-2.0
"""The cases of the published vectors: what is done to a receipt, and which links break by it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from notary.canonical import canonical_json
from notary.checkpoint import Checkpoint, sign_checkpoint
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from notary.envelope import EnvelopeSigner, WalletDomain, sign_envelope
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.rsa_vectors import sign_ps256
from tests.support.synthetic_chain import FORKS, block_with_anchor
from tests.support.trees import flipped
from tests.support.vector_receipts import (
    Change,
    Members,
    anchored,
    changed,
    dated,
    drop,
    put,
    sealed,
    with_payload,
    with_tokens,
)

LOG_KEY = make.LOG.verifier.format()
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Case:
    """A document, the log key to trust (None: the receipt's own), and the links that break."""

    name: str
    data: bytes
    broken: frozenset[str] = frozenset()
    log_key: str | None = LOG_KEY


def _case(name: str, members: Any, *broken: str, log_key: str | None = LOG_KEY) -> Case:
    return Case(name, canonical_json(members), frozenset(broken), log_key)


def good_cases() -> Iterator[Case]:
    """Yield receipts in which nothing is broken: valid ones, and one of which nobody can tell."""
    agreement = make.agreement()
    final = anchored(agreement)
    yield _case("pending: an agreement, co-signed, not anchored yet", agreement)
    yield _case("final: the same, anchored", final)
    yield _case("the log's key is the receipt's own", final, log_key=None)
    yield _case("mined: in a block that could still be dropped", anchored(agreement, state="mined"))
    yield _case("two anchors, the second only mined", _with_state(anchored(final, state="mined", chain_id=10), "final"))
    yield _case("unanchored: nothing proves the anchor", changed(final, put("/anchors/0/evidence", "none")))
    yield _case("timestamps, which count only for who knows their authorities", with_tokens(agreement))
    yield _case("timestamps and an anchor: the block dates it", with_tokens(final))
    yield _case("a block older than the notary's own time", dated(agreement, 1_772_415_000))
    yield _case("the last second of the calendar", dated(agreement, 253_402_300_799))
    yield _case("a test notary's word", changed(final, put("/environment", "test")))
    yield _case("on a local test chain", changed(final, put("/anchors/0/chain_id", 31337)))
    for fork, fields in FORKS.items():
        block = block_with_anchor(*make.checkpoint_of(agreement), fields)
        yield _case(f"a block header of the fork {fork}", anchored(agreement, block))
    for fields in (18, 22):
        block = block_with_anchor(*make.checkpoint_of(agreement), fields)
        yield _case(f"a block header of {fields} fields, of no known fork: nobody can tell", anchored(agreement, block))
    unsigned = make.envelope_of(record("repayment"))
    for size, index in [(2, 1), (3, 1), (3, 2), (7, 6), (8, 3), (8, 7), (1000, 500)]:
        yield _case(f"unsigned, entry {index} of {size}", make.receipt_of(unsigned, {}, size, index))
    for kind in ("dispute", "disbursement", "schedule", "settlement"):
        party = "borrower" if kind == "dispute" else "lender"
        envelope = make.envelope_of(record(kind), make.LENDER)
        yield _case(f"{kind}, signed by the {party}", make.receipt_of(envelope, {party: make.LENDER.public}))
    for key in (make.LENDER, make.BORROWER, make.ES256K, make.PS256):
        envelope = make.envelope_of(record("repayment"), key)
        yield _case(f"signed with {key.public.alg}", make.receipt_of(envelope, {"lender": key.public}))
    yield _case("signed by a wallet", make.wallet_receipt(record("repayment")))
    yield _case("a key that ended a millisecond later", changed(final, put("/keys/0/valid_until", _at(126))))
    yield _case("a key that was revoked later", changed(final, put("/keys/1/revoked_from", _at(126))))
    yield _case("a key that counts from that moment on", changed(final, put("/keys/0/valid_from", _at(125))))
    yield _case("a key that was revoked: nobody can tell", changed(final, put("/keys/1/revoked_from", _at(125))))
    yield _case("the lender's name is another: the notary's word", changed(final, put("/lender", "Another Bank")))
    yield _case(
        "the time of receipt is another: the notary's word",
        changed(final, put("/received_at", "2026-03-02T01:30:00.126Z")),
    )
    yield _case(
        "the transaction is another: the notary's word",
        changed(final, put("/anchors/0/transaction_hash", "0x" + "ff" * 32)),
    )


def broken_cases() -> Iterator[Case]:
    """Yield receipts with one change each, sealed again by the log's key, so that only the links meant break."""
    final = anchored(make.agreement())
    for name, change, links in _changes():
        yield _case(name, changed(final, change), *links)
    for place in range(len(final["inclusion"])):
        yield _case(
            f"hash {place} of the inclusion", changed(final, put(f"/inclusion/{place}", _flip_b64)), "inclusion"
        )
    for proof in ("account_proof", "storage_proof"):
        for place in range(len(final["anchors"][0]["evidence"][proof])):
            change = put(f"/anchors/0/evidence/{proof}/{place}", _flip_b64)
            yield _case(f"node {place} of the {proof}", changed(final, change), "anchor")
    yield _case("a block beyond the calendar", dated(make.agreement(), 253_402_300_800), "time")
    for fields in (11, 15):
        block = block_with_anchor(*make.checkpoint_of(final), fields)
        yield _case(
            f"a block header of {fields} fields, older than any registry", anchored(make.agreement(), block), "anchor"
        )
    named = make.receipt_of(make.envelope_of(record("assignment"), make.LENDER), {"lender": make.LENDER.public})
    yield _case("a key that is not the one that the record names", named, "signatures")
    for salt, trailer in ((bytes(31), 0xBC), (bytes(33), 0xBC), (bytes(32), 0xBB)):
        yield _case(
            f"PS256 with a salt of {len(salt)} bytes and trailer {trailer:x}", _ps256(salt, trailer), "signatures"
        )
    for pointer, value in (("n", b64url(b"\x80" + bytes(127) + b"\x01")), ("e", "Aw"), ("e", "AAEAAQ")):
        name = f"an RSA key whose {pointer} begins {value[:6]}"
        yield _case(name, changed(_ps256(bytes(32)), put(f"/keys/0/jwk/{pointer}", value)), "signatures")
    wallet = make.wallet_receipt(record("repayment"))
    for name, change in _wallet_changes():
        yield _case(name, changed(wallet, change), "signatures", "inclusion")
    unknown_code = block_with_anchor(*make.checkpoint_of(final), code_hash=b"\x5a" * 32)
    yield _case("a registry whose code nobody knows", anchored(make.agreement(), unknown_code), "anchor")


def _changes() -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    evidence = "/anchors/0/evidence"
    yield "another payload", with_payload(canonical_json(record("agreement", loan="x"))), ("signatures", "inclusion")
    yield "a payload of another type", with_payload(canonical_json(record("repayment"))), ("signatures", "inclusion")
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
    yield "the first signature", put("/envelope/signatures/0/signature", _flip_b64url), ("signatures", "inclusion")
    yield "the second signature", put("/envelope/signatures/1/signature", _flip_b64url), ("signatures", "inclusion")
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
    yield "a key that counts only later", put("/keys/0/valid_from", _at(126)), ("signatures",)
    yield "a key that had ended", put("/keys/0/valid_until", _at(125)), ("signatures",)
    yield "a revoked key, and a wrong signature", _revoked_and_wrong, ("signatures", "inclusion")
    yield "a root for a signature without certificates", put("/keys/0/root", "AA=="), ("signatures",)
    yield "nonce", put("/nonce", _flip_b64url), ("inclusion",)
    yield "tag", put("/tag", _flip_b64url), ("inclusion",)
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
    yield "the header", put(f"{evidence}/header", _flip_b64), ("anchor",)
    yield "a header that is no RLP", put(f"{evidence}/header", b64(b"\xff" * 32)), ("anchor",)
    yield "a node too few", lambda m: m["anchors"][0]["evidence"]["account_proof"].pop(), ("anchor",)
    yield "a node too many", lambda m: m["anchors"][0]["evidence"]["storage_proof"].append(b64(b"\xc0")), ("anchor",)


def sealed_wrongly() -> Iterator[Case]:
    """Yield receipts whose seal is not that of the log's key over these very members."""
    final = anchored(make.agreement())
    yield _case("sealed by another log", sealed(final, make.OTHER_LOG), "seal")
    yield _case("sealed by another key of the same name", sealed(final, make.SAME_NAME), "seal")
    yield _case("one bit of the seal", final | {"seal": _flip_b64url(final["seal"])}, "seal")
    yield _case("the lender's name changed under the old seal", final | {"lender": "Another Bank"}, "seal")
    yield _case("a test notary's word, called production under the old seal", final | {"environment": "test"}, "seal")
    forged = sealed(final | {"log_key": make.SAME_NAME.verifier.format()}, make.SAME_NAME)
    yield _case("a forger's own seal and key, the log's key known", forged, "seal")
    yield _case("a forger's own seal and key, the log's key not known", forged, "checkpoint", log_key=None)
    other = make.OTHER_LOG.verifier.format()
    yield _case("the receipt of another notary", final, "seal", "checkpoint", log_key=other)
    yield _case(
        "a log key that is none, taken from the receipt",
        sealed(final | {"log_key": "nonsense"}),
        "format",
        log_key=None,
    )


def malformed_cases() -> Iterator[Case]:
    """Yield what is no receipt: each breaks the format, whatever its seal says."""
    pending = make.agreement()
    final = anchored(pending)
    for name in pending:
        rest = {key: value for key, value in pending.items() if key != name}
        yield _case(f"without {name}", rest if name == "seal" else sealed(rest), "format")
    for pointer in ("/anchors/0/chain_id", "/anchors/0/evidence/header", "/keys/0/party", "/envelope/payload"):
        yield _case(f"without {pointer}", changed(final, drop(pointer)), "format")
    for name, pointer, value in _WRONG_VALUES:
        yield _case(name, changed(final if "anchor" in pointer else pending, put(pointer, value)), "format")
    for name, text in _raw(canonical_json(pending)):
        yield Case(name, text, frozenset({"format"}))


def _at(milliseconds: int) -> str:
    """Return a time in the second in which the receipts' record was received: at 125."""
    return f"2026-03-02T01:30:00.{milliseconds:03d}Z"


def _revoked_and_wrong(members: Members) -> None:
    members["keys"][0]["revoked_from"] = _at(0)
    put("/envelope/signatures/1/signature", _flip_b64url)(members)


def _header(**changes: Any) -> str:
    return b64url(canonical_json({"alg": "EdDSA", "kid": "x", "typ": "loan-notary/record@1"} | changes))


_WRONG_VALUES: list[tuple[str, str, Any]] = [
    ("a member too many", "/more", 1),
    ("a member too many in an anchor", "/anchors/0/more", 1),
    ("an unprotected header in a signature", "/envelope/signatures/0/header", {}),
    ("another version", "/format", "loan-notary/receipt@2"),
    ("a version that does not fit the seal's label", "/format", "loan-notary/receipt@0"),
    ("an environment that is none", "/environment", "staging"),
    ("a state that the anchors do not bear out", "/state", "mined"),
    ("a state that is none", "/state", "sent"),
    ("an anchor that is only sent", "/anchors/0/state", "sent"),
    ("a lender without a name", "/lender", ""),
    ("a lender's name of 257 characters", "/lender", "示" * 257),
    ("a time without milliseconds", "/received_at", "2026-03-02T01:30:00Z"),
    ("a time that there is not", "/received_at", "2026-02-29T01:30:00.000Z"),
    ("a second 60", "/received_at", "2026-03-02T01:30:60.000Z"),
    ("the year 0", "/received_at", "0000-03-02T01:30:00.000Z"),
    ("an index below zero", "/index", -1),
    ("an index that is true", "/index", True),
    ("an index in a string", "/index", "6"),
    ("a null", "/keys", None),
    ("a nonce of 31 bytes", "/nonce", b64url(bytes(31))),
    ("a nonce in padded base64", "/nonce", b64(bytes(32))),
    ("a nonce with spare bits", "/nonce", "A" * 42 + "B"),
    ("a hash of 31 bytes", "/inclusion/0", b64(bytes(31))),
    ("a hash in base64url", "/inclusion/0", "-" * 43 + "="),
    ("65 hashes", "/inclusion", [b64(bytes(32))] * 65),
    ("17 keys", "/keys", [{"jwk": {}, "party": "lender"}] * 17),
    ("a key without its times", "/keys/0", {"jwk": {}, "party": "lender"}),
    ("a key that counts from no time", "/keys/0/valid_from", None),
    ("a root that is empty", "/keys/0/root", ""),
    ("a party that is none", "/keys/0/party", "witness"),
    ("a key's member that is no string", "/keys/0/jwk/x", 1),
    ("an address in capitals", "/anchors/0/registry", "0x" + "AB" * 20),
    ("a hash without 0x", "/anchors/0/block_hash", "12" * 33),
    ("evidence in words", "/anchors/0/evidence", "some"),
    ("evidence without nodes", "/anchors/0/evidence/account_proof", []),
    ("an empty node", "/anchors/0/evidence/account_proof/0", ""),
    ("65 nodes", "/anchors/0/evidence/storage_proof", ["AA=="] * 65),
    ("an envelope that is a list", "/envelope", []),
    ("a payload in padded base64", "/envelope/payload", "AA=="),
    ("a signature twice", "/envelope/signatures/1", lambda _: make.agreement()["envelope"]["signatures"][0]),
    ("a protected header that is no JSON", "/envelope/signatures/0/protected", "AA"),
    ("another typ", "/envelope/signatures/0/protected", _header(typ="JWT")),
    ("a protected header without typ", "/envelope/signatures/0/protected", b64url(b'{"alg":"EdDSA","kid":"x"}')),
    ("a protected header with crit", "/envelope/signatures/0/protected", _header(crit=["b64"])),
]  # fmt: skip


def _raw(data: bytes) -> Iterator[tuple[str, bytes]]:
    text = data.decode()
    yield "nothing", b""
    yield "an empty object", b"{}"
    yield "a list", b"[" + data + b"]"
    yield "not UTF-8", data.replace("示".encode(), b"\xff\xfe\xfd", 1)
    yield "a byte order mark", b"\xef\xbb\xbf" + data
    yield "a line end after it", data + b"\n"
    yield "white space within", data.replace(b'"format":', b'"format": ', 1)
    yield (
        "members in another order",
        b"{" + data[data.index(b'"state"') : -1] + b"," + data[1 : data.index(b',"state"')] + b"}",
    )
    yield "a key twice", b'{"anchors":[],' + data[1:]
    yield "a key twice, once escaped", b'{"\\u0061nchors":[],' + data[1:]
    yield "an escape that need not be", text.replace("loan-notary/receipt@1", "loan-notary\\/receipt@1", 1).encode()
    yield "an escaped character", text.replace("示", "\\u793a", 1).encode()
    yield "text that is not in form C", text.replace("示", "e\u0301", 1).encode()
    yield "an unpaired surrogate", text.replace("示", "\\ud800", 1).encode()
    yield "a number with a fraction", text.replace('"index":6', '"index":6.0').encode()
    yield "a number with an exponent", text.replace('"index":6', '"index":6e0').encode()
    yield "minus zero", text.replace('"index":6', '"index":-0').encode()
    yield "a leading zero", text.replace('"index":6', '"index":06').encode()
    yield "a number beyond 2^53", text.replace('"index":6', '"index":9007199254740992').encode()
    yield "a number of 400 digits", text.replace('"index":6', '"index":' + "9" * 400).encode()
    yield "a key beyond ASCII", text.replace('"index"', '"índex"').encode()
    yield "cut in the middle", data[: len(data) // 2]
    yield "nested too deeply", b"[" * 5000


def _with_state(members: Members, state: str) -> Members:
    return sealed(members | {"state": state})


def _flip_b64(text: str) -> str:
    return b64(flipped(parse_b64(text), 77))


def _flip_b64url(text: str) -> str:
    return b64url(flipped(parse_b64url(text), 77))


def _other_s(text: str) -> str:
    signature = parse_b64url(text)
    return b64url(signature[:32] + (P256_ORDER - int.from_bytes(signature[32:])).to_bytes(32))


def _reverse_signers(members: Members) -> None:
    members["keys"].reverse()
    members["envelope"]["signatures"].reverse()


def _wallet_changes() -> Iterator[tuple[str, Change]]:
    signature = "/envelope/signatures/0/signature"
    other_chain = make.wallet_receipt(record("repayment"), WalletDomain(2, make.DOMAIN.registry))
    yield "a wallet's signature for another chain", put(signature, _signature_of(other_chain))
    yield (
        "a wallet's signature over another record",
        put(signature, _signature_of(make.wallet_receipt(record("schedule")))),
    )
    yield "a wallet's v of the other parity", put(signature, _edit(lambda data: data[:64] + bytes([55 - data[64]])))
    yield "a wallet's v of 0", put(signature, _edit(lambda data: data[:64] + bytes([data[64] - 27])))
    yield "a wallet's high s", put(signature, _edit(_high_s))
    yield "a wallet's signature without v", put(signature, _edit(lambda data: data[:64]))
    yield "a wallet's r of 0", put(signature, _edit(lambda data: bytes(32) + data[32:]))


def _signature_of(members: Members) -> str:
    return str(members["envelope"]["signatures"][0]["signature"])


def _edit(edit: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: b64url(edit(parse_b64url(text)))


def _high_s(signature: bytes) -> bytes:
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + s.to_bytes(32) + bytes([55 - signature[64]])


def _ps256(salt: bytes, trailer: int = 0xBC) -> Members:
    key = make.PS256
    signer = EnvelopeSigner("PS256", key.public.kid, lambda message: sign_ps256(key.private, message, salt, trailer))
    return make.receipt_of(sign_envelope(canonical_json(record("repayment")), signer), {"lender": key.public})


def _resigned(signer: Any = make.LOG, **changes: Any) -> Change:
    def change(members: Members) -> None:
        size, root = make.checkpoint_of(members)
        values = {"origin": make.ORIGIN, "size": size, "root": root} | changes
        members["checkpoint"] = sign_checkpoint(Checkpoint(**values), signer)

    return change


def _signed_note(text: str) -> Change:
    return put("/checkpoint", make.LOG.sign_note(text))
