# SPDX-License-Identifier: Apache-2.0
"""Cases of the published vectors that are no receipts: the format breaks."""

from collections.abc import Iterator
from typing import Any

from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64url
from tests.support import vector_receipts as make
from tests.support.vector_batches import in_batch, wrong_batches
from tests.support.vector_cases import Case, case
from tests.support.vector_receipts import anchored, changed, drop, put, sealed


def malformed_cases() -> Iterator[Case]:
    """Yield what is no receipt: each breaks the format, whatever its seal says."""
    pending = make.agreement()
    final = anchored(pending)
    for name in pending:
        rest = {key: value for key, value in pending.items() if key != name}
        yield case(f"without {name}", rest if name == "seal" else sealed(rest), "format")
    for pointer in ("/anchors/0/chain_id", "/anchors/0/evidence/header", "/keys/0/party", "/envelope/payload"):
        yield case(f"without {pointer}", changed(final, drop(pointer)), "format")
    for name, pointer, value in _WRONG_VALUES:
        yield case(name, changed(final if "anchor" in pointer else pending, put(pointer, value)), "format")
    for name, pointer, value in wrong_batches():
        yield case(name, changed(in_batch(5, 3), put(pointer, value)), "format")
    for name, text in _raw(canonical_json(pending)):
        yield Case(name, text, frozenset({"format"}))


def _header(**changes: Any) -> str:
    return b64url(canonical_json({"alg": "EdDSA", "kid": "x", "typ": "loan-notary/record@1"} | changes))


def _spaced(protected: str) -> str:
    return b64url(parse_b64url(protected).replace(b":", b": ", 1))


_CHECK = {"kind": "pdf", "status": "ok", "detail": "a PDF", "signer": None, "time": None}
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
    ("a document that is there and was never deposited", "/documents/0/present", True),
    ("a size of a document that is not there", "/documents/0/size_ok", True),
    ("a document's digest in capitals", "/documents/0/sha256", "AB" * 32),
    ("a check of no known status", "/documents/0/checks", [{**_CHECK, "status": "good"}]),
    ("a check of a document that is not there", "/documents/0/checks", [_CHECK]),
    ("a check without a signer", "/documents/0/checks", [{"kind": "pdf", "status": "ok", "detail": "x", "time": None}]),
    ("257 documents", "/documents", lambda words: words * 257),
    ("a payload in padded base64", "/envelope/payload", "AA=="),
    ("a signature twice", "/envelope/signatures/1", lambda _: make.agreement()["envelope"]["signatures"][0]),
    ("a protected header that is no JSON", "/envelope/signatures/0/protected", "AA"),
    ("a protected header that is not canonical", "/envelope/signatures/0/protected", _spaced),
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
