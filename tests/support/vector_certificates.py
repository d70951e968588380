# SPDX-License-Identifier: Apache-2.0
"""Receipts for the published vectors whose signers have certificates: chains that hold, and chains that do not.

Keys, numbers and signatures are the same each time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA3_256, SHA256, SHA384, SHA512
from cryptography.x509.oid import ExtendedKeyUsageOID

from notary.canonical import canonical_json
from notary.encoding import b64
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import PrivateKey, private_key
from tests.support import issued
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.issued import Issued
from tests.support.rsa_vectors import rsa_key, short_rsa_key
from tests.support.vector_cases import Case, case
from tests.support.vector_receipts import Members, changed, put, sealed

RECEIVED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
_BEFORE, _AFTER = datetime(2026, 3, 2, 1, 29, 59, tzinfo=UTC), datetime(2026, 3, 2, 1, 30, 1, tzinfo=UTC)


def p256(seed: str) -> ec.EllipticCurvePrivateKey:
    """Return the same P-256 key for the same seed."""
    return _curve_key(seed, ec.SECP256R1())


def _curve_key(seed: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(sha256(seed.encode()).digest()) >> 33, curve)


def issue(name: str, below: Issued | None = None, *, key: Any = None, **how: Any) -> Issued:
    """Issue a certificate as `tests.support.issued` does, but always the same one."""
    key = key or p256(name)
    seed = f"{name} {below.certificate.serial_number if below else ''} {sorted(how)}"
    serial = int.from_bytes(sha256(seed.encode()).digest()[:16]) >> 1
    if isinstance(below.key if below else key, ec.EllipticCurvePrivateKey):
        how["ecdsa_deterministic"] = True
    return issued.issue(name, below, key=key, serial=serial, **how)


ROOT = issue("Root", ca=True)
ISSUER = issue("Issuer", ROOT, ca=True, path_length=0)
SIGNER = issue("Wang Fang", ISSUER)


def certified(signer: Issued, *x5c: bytes, root: Issued = ROOT, jwk: PrivateKey | None = None) -> Members:
    """Return the receipt of a repayment signed with a certificate's key, the lender's, under a root."""
    key = private_key(signer.key)
    made = EnvelopeSigner(key.public.alg, key.public.kid, make.signer_of(key).sign, x5c=x5c or signer.x5c)
    envelope = sign_envelope(canonical_json(record("repayment")), made)
    receipt = make.receipt_of(envelope, {})
    return sealed(receipt | {"keys": [make.key_members("lender", jwk or key) | {"root": b64(root.der)}]})


def certificate_cases() -> Iterator[Case]:
    """Yield receipts with chains of certificates."""
    good = certified(SIGNER)
    yield case("a chain of two under a root", good)
    yield case("the root comes along", certified(SIGNER, *SIGNER.x5c, ROOT.der))
    for name, members in _good():
        yield case(name, members)
    yield case("revoked since: nobody can tell", changed(good, put("/keys/0/revoked_from", "2026-03-02T00:00:00.000Z")))
    yield case("no root where there is an x5c", changed(good, put("/keys/0/root", None)), "signatures")
    yield case("a root where there is no x5c", _rooted(), "signatures")
    for name, members in _broken():
        yield case(name, members, "signatures")


def _rooted() -> Members:
    plain = make.receipt_of(make.envelope_of(record("repayment"), make.LENDER), {"lender": make.LENDER.public})
    return changed(plain, put("/keys/0/root", b64(ROOT.der)))


def _good() -> Iterator[tuple[str, Members]]:
    keys: dict[str, Any] = {
        "Ed25519": Ed25519PrivateKey.from_private_bytes(sha256(b"signer").digest()),
        "secp256k1": _curve_key("signer", ec.SECP256K1()),
        "RSA": rsa_key(),
    }
    for name, key in keys.items():
        yield f"a signer with a key of {name}", certified(issue("Wang", ROOT, key=key))
    authorities: dict[str, Any] = {
        "Ed25519": Ed25519PrivateKey.from_private_bytes(sha256(b"authority").digest()),
        "P-384": _curve_key("authority", ec.SECP384R1()),
        "P-521": _curve_key("authority", ec.SECP521R1()),
        "secp256k1": _curve_key("authority", ec.SECP256K1()),
        "RSA": rsa_key(),
    }
    for name, key in authorities.items():
        root = issue("Root", ca=True, key=key)
        yield f"an authority with a key of {name}", certified(issue("Wang", root), root=root)
    for strong in (SHA384(), SHA512()):
        root = issue("Root", ca=True, signed_with=strong)
        yield f"certificates over {strong.name}", certified(issue("Wang", root, signed_with=strong), root=root)
        root = issue("Root", ca=True, key=rsa_key(), signed_with=strong)
        yield f"RSA over {strong.name}", certified(issue("Wang", root, signed_with=strong), root=root)
    for digest in (SHA256(), SHA512()):
        pss = padding.PSS(padding.MGF1(digest), 0)
        root = issue("Root", ca=True, key=rsa_key(), signed_with=digest, rsa_padding=pss)
        signer = issue("Wang", root, signed_with=digest, rsa_padding=pss)
        yield f"certificates signed with PSS over {digest.name}", certified(signer, root=root)
    yield "nonRepudiation", certified(issue("Wang", ROOT, usage=("content_commitment",)))
    purposes = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
    yield "for e-mail among others", certified(issue("Wang", ROOT, purposes=purposes))
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    yield "an unknown extension that is not critical", certified(issue("Wang", ROOT, more=[(unknown, False)]))
    short = (RECEIVED, _AFTER)
    yield "valid for this very second", certified(issue("Wang", ROOT, valid=short))
    at_the_end = put("/received_at", "2026-03-02T01:30:01.000Z")
    yield "received in the last millisecond", changed(certified(issue("Wang", ROOT, valid=short)), at_the_end)
    yield "a name in Chinese", certified(issue("王芳", ROOT))


def _broken() -> Iterator[tuple[str, Members]]:
    stranger = issue("Stranger", ca=True)
    yield "a root that is another", certified(issue("Wang", stranger))
    yield "a namesake of the root", certified(issue("Wang", issue("Root", ca=True, key=p256("namesake"))))
    yield "the root alone", certified(ROOT, ROOT.der)
    yield "an issuer left out", certified(SIGNER, SIGNER.der)
    yield "another order", certified(SIGNER, *reversed(SIGNER.x5c))
    yield "a stranger between", certified(SIGNER, SIGNER.der, issue("Between", ROOT, ca=True).der)
    namesake = issue("Issuer", ROOT, ca=True, key=p256("namesake"))
    yield "an issuer of the same name", certified(SIGNER, SIGNER.der, namesake.der)
    yield "a forged leaf", certified(SIGNER, _forged(SIGNER), ISSUER.der)
    yield "a forged issuer", certified(SIGNER, SIGNER.der, _forged(ISSUER))
    yield "a changed name", certified(SIGNER, SIGNER.der.replace(b"Wang Fang", b"Wang Fong"), ISSUER.der)
    for name, der in {"none": b"\x30\x00", "cut": SIGNER.der[:-1], "with more": SIGNER.der + b"\0", "x": b"x"}.items():
        yield f"no certificate: {name}", certified(SIGNER, der, ISSUER.der)
    yield "no authority in the middle", certified(issue("Wang", issue("Not CA", ROOT)))
    yield (
        "no authority, but for signing certificates",
        certified(issue("Wang", issue("Not CA", ROOT, usage=("key_cert_sign",)))),
    )
    by_rsa = issue("Root", ca=True, key=rsa_key())
    forged = issue("Wang", by_rsa)
    yield "a leaf with a forged RSA signature", certified(forged, _forged(forged), root=by_rsa)
    mute = issue("Mute", ROOT, ca=True, usage=("crl_sign",))
    yield "an authority that may not sign certificates", certified(issue("Wang", mute))
    yield "an authority as signer", certified(issue("CA", ROOT, ca=True, usage=("digital_signature", "key_cert_sign")))
    yield "a path that is too long", certified(issue("Wang", issue("Below", ISSUER, ca=True)))
    short = issue("Root", ca=True, path_length=0)
    yield "a root of a short path", certified(issue("Wang", issue("Issuer", short, ca=True)), root=short)
    yield "a root that is no authority", certified(issue("Wang", issue("Root")), root=issue("Root"))
    yield "no usage", certified(issue("Wang", ROOT, usage=()))
    yield "a usage of another kind", certified(issue("Wang", ROOT, usage=("key_encipherment",)))
    yield "a web server", certified(issue("Wang", ROOT, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)))
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    yield "an unknown critical extension", certified(issue("Wang", ROOT, more=[(unknown, True)]))
    yield "a hash that is not on the list", certified(issue("Wang", ROOT, signed_with=SHA3_256()))
    small = issue("Wang", ROOT, key=_curve_key("small", ec.SECP224R1()))
    yield "a small curve", certified(SIGNER, small.der)
    weak = issue("Weak", ROOT, ca=True, key=short_rsa_key())
    yield "a short RSA key in the middle", certified(issue("Wang", weak))
    yield "another key in the header", certified(SIGNER, issue("Wang", ROOT, key=p256("other")).der)
    yield "a key that no scheme takes", certified(SIGNER, issue("Wang", ROOT, key=_curve_key("x", ec.SECP384R1())).der)
    yield "a JWK of another key", certified(SIGNER, jwk=private_key(p256("other")))
    yield "expired", certified(issue("Wang", ROOT, valid=(issued.BEGIN, _BEFORE)))
    yield "not valid yet", certified(issue("Wang", ROOT, valid=(_AFTER, issued.END)))
    old = issue("Root", ca=True, valid=(issued.BEGIN, _BEFORE))
    yield "a root that expired", certified(issue("Wang", old), root=old)


def _forged(certificate: Issued) -> bytes:
    """Return the certificate with one bit of its signature changed."""
    return certificate.der[:-1] + bytes([certificate.der[-1] ^ 1])
