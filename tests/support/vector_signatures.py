# SPDX-License-Identifier: Apache-2.0
"""Signatures for the published vectors: of every scheme, and such as only some libraries take."""

from collections.abc import Callable, Iterator

from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.jws_header import WalletDomain
from notary.parties.keys import make_jwk
from notary.schemes import PrivateKey
from tests.support import ed25519_reference as ed25519
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.rsa_vectors import Pss, rsa_jwk, sign_ps256
from tests.support.vector_receipts import Change, Members, put, sealed

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

PAIR = ("lender", "borrower")


def joint_agreement(*signers: PrivateKey) -> Members:
    """Return the receipt of an agreement with two borrowers whose keys it names, signed by the lender and these."""
    value = record("agreement")
    lender, borrower = (next(party for party in value["parties"] if party["role"] == role) for role in PAIR)
    joint = [borrower | {"key": key.public.kid} for key in (make.BORROWER, make.ES256K)]
    envelope = make.envelope_of(value | {"parties": [lender, *joint]}, make.LENDER, *signers)
    receipt = make.receipt_of(envelope, {})
    keys = [make.key_members("lender", make.LENDER), *(make.key_members("borrower", key) for key in signers)]
    return sealed(receipt | {"keys": keys})


def odd_signatures() -> Iterator[tuple[str, Members]]:
    """Receipts that commit to signatures which only some libraries take, or that a wrong key can make."""
    lender, payload = make.LENDER, canonical_json(record("repayment"))
    high = EnvelopeSigner("EdDSA", lender.public.kid, lambda message: _high_scalar(lender.sign(message)))
    yield "an Ed25519 S above the order", make.receipt_of(sign_envelope(payload, high), {"lender": lender.public})
    other = EnvelopeSigner("ES256", lender.public.kid, lender.sign)
    yield "an alg that is not its key's", make.receipt_of(sign_envelope(payload, other), {"lender": lender.public})
    unnamed = EnvelopeSigner("EdDSA", "somebody", lender.sign)
    yield "a kid that is not its key's", make.receipt_of(sign_envelope(payload, unnamed), {"lender": lender.public})
    for name, y in (("a key of order 1, under which R = S*B fits all", 1), ("the same, not canonical", ed25519.P + 1)):
        key = make_jwk("EdDSA", y.to_bytes(32, "little"))
        fits_all = ed25519.encode(ed25519.multiply(5, ed25519.BASE)) + (5).to_bytes(32, "little")
        signer = EnvelopeSigner("EdDSA", key.kid, lambda _, fits_all=fits_all: fits_all)
        yield name, make.receipt_of(sign_envelope(payload, signer), {"lender": key})


def _high_scalar(signature: bytes) -> bytes:
    return signature[:32] + (int.from_bytes(signature[32:], "little") + ed25519.L).to_bytes(32, "little")


def wallet_changes() -> Iterator[tuple[str, Change]]:
    """Yield changes of a wallet's signature after which it is none."""
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


def odd_ps256() -> Iterator[tuple[str, Members]]:
    """Receipts that commit to PS256 signatures which are not as RFC 7518 has them."""
    ways = {
        "a salt of 31 bytes": Pss(salt=bytes(31)),
        "a salt of 33 bytes": Pss(salt=bytes(33)),
        "another trailer": Pss(trailer=0xBB),
        "no mark before the salt": Pss(marker=0x02),
        "an exponent of 257": Pss(exponent=257),
    }
    for name, how in ways.items():
        key = rsa_jwk(how.exponent)
        signer = EnvelopeSigner("PS256", key.kid, lambda message, how=how: sign_ps256(message, how))
        envelope = sign_envelope(canonical_json(record("repayment")), signer)
        yield f"PS256 with {name}", make.receipt_of(envelope, {"lender": key})
