# SPDX-License-Identifier: Apache-2.0
"""Receipts for the published vectors with RFC 3161 tokens: by authorities that are trusted or not, whole and broken.

The tokens are put together here and not asked of an authority, so that they are the same each time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha224, sha256, sha512
from typing import Any

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA512
from cryptography.x509.oid import ExtendedKeyUsageOID

from notary.encoding import b64
from tests.support import vector_receipts as make
from tests.support.issued import BEGIN, Issued
from tests.support.rsa_vectors import rsa_key
from tests.support.trees import flipped
from tests.support.vector_cases import Case, case
from tests.support.vector_certificates import issue, p256
from tests.support.vector_receipts import LOG, SAME_NAME, Members, anchored, sealed

SEEN = datetime(2026, 3, 2, 1, 31, tzinfo=UTC)
_EARLIER = datetime(2026, 3, 2, 1, 30, 59, tzinfo=UTC)
_HASHES: dict[str, Any] = {"sha224": SHA224(), "sha256": SHA256(), "sha512": SHA512()}
STAMPING = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)]


@dataclass(frozen=True)
class Token:
    """What a token says and how it is made; `others` are certificates beside the signer's."""

    signer: Issued
    others: tuple[Issued, ...] = ()
    time: datetime = SEEN
    accuracy: dict[str, int] | None = None
    imprint: str = "sha256"
    imprinted: str = "sha256"
    digest: str = "sha256"
    with_signer: bool = True
    content_type: str = "tst_info"
    over: bytes | None = None

    def encode(self, note: str) -> bytes:
        """Return the token over a signed note, in DER."""
        content = self._info(note).dump()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": [self.content_type]}),
                cms.CMSAttribute({"type": "message_digest", "values": [_digest(self.digest, self.over or content)]}),
            ]
        )
        certificate = self.signer.certificate
        signer = {
            "version": "v1",
            "sid": cms.IssuerAndSerialNumber(
                {"issuer": _name(certificate.issuer), "serial_number": certificate.serial_number}
            ),
            "digest_algorithm": {"algorithm": self.digest},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": _algorithm(self.signer, self.digest)},
            "signature": _sign(self.signer, attributes.dump(), self.digest),
        }
        kept = [item.der for item in ((self.signer,) if self.with_signer else ()) + self.others]
        data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": self.digest}],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
                "certificates": [cms.CertificateChoices.load(der) for der in sorted(kept)],
                "signer_infos": [signer],
            }
        )
        token: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
        return token

    def _info(self, note: str) -> tsp.TSTInfo:
        members: dict[str, Any] = {
            "version": "v1",
            "policy": "1.2.3.4.1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": self.imprint},
                "hashed_message": _digest(self.imprinted, note.encode()),
            },
            "serial_number": 7,
            "gen_time": self.time,
            "nonce": 42,
        }
        return tsp.TSTInfo(members | ({"accuracy": self.accuracy} if self.accuracy else {}))


ROOT = issue("Time Root", ca=True)
BETWEEN = issue("Time Between", ROOT, ca=True)
TSA = issue("Sample Time", ROOT, more=STAMPING)
FAR = issue("Far Time", BETWEEN, more=STAMPING)
STRANGER = issue("Time Root", ca=True, key=p256("another"))
GOOD = Token(TSA)


def stamped(*tokens: Token, base: Members | None = None) -> Members:
    """Return a receipt with these tokens over its checkpoint, sealed."""
    members = base or make.agreement()
    return sealed(members | {"timestamps": [b64(token.encode(members["checkpoint"])) for token in tokens]})


def token_cases() -> Iterator[Case]:
    """Yield receipts with timestamps, of which some count."""
    yield _case("a timestamp of a trusted authority", stamped(GOOD))
    yield _case("an inaccuracy of a second", stamped(replace(GOOD, accuracy={"seconds": 1})))
    parts = {"seconds": 2, "millis": 500, "micros": 1}
    yield _case("an inaccuracy to the microsecond, rounded up", stamped(replace(GOOD, accuracy=parts)))
    yield _case("the authority's own certificate is trusted", stamped(GOOD), authorities=(TSA, ROOT))
    yield _case("a certificate between, in the token", stamped(Token(FAR, (BETWEEN,))))
    yield _case("a certificate between that is not there: passed over", stamped(Token(FAR)))
    yield _case("nobody vouches for it: passed over", stamped(GOOD), authorities=(STRANGER,))
    yield _case("no authority is given", stamped(GOOD), authorities=())
    yield _case("an RSA key", stamped(Token(_of_rsa())))
    yield _case("signed over SHA-512", stamped(replace(GOOD, digest="sha512")))
    yield _case("two, of which the earlier counts", stamped(GOOD, replace(GOOD, time=_EARLIER)))
    yield _case("one of an unknown authority beside a good one", stamped(Token(_of_stranger()), GOOD))
    yield _case("a timestamp before the block", stamped(GOOD, base=anchored(make.agreement())))
    yield _case("older than the notary's own time", stamped(replace(GOOD, time=datetime(2026, 3, 1, tzinfo=UTC))))
    yield _case("a timestamp from before the log's new key", _endorsed(GOOD, lambda before, _: before))
    yield _case("a timestamp under both keys of the log", _endorsed(GOOD, lambda _, after: after))
    longer = _endorsed(GOOD, lambda _, after: after + "more\n")
    yield _case("a timestamp of a note that more keys have signed", longer, "time")
    shorter = _endorsed(GOOD, lambda before, _: before.rpartition("— ")[0])
    yield _case("a timestamp of a note that nobody has signed", shorter, "time")
    for name, token in _broken():
        yield _case(name, stamped(token), "time")
    for name, data in _garbled():
        members = sealed(make.agreement() | {"timestamps": [b64(data)]})
        yield _case(name, members, "time")


def _endorsed(token: Token, over: Callable[[str, str], str]) -> Members:
    """Return a receipt whose checkpoint two keys of the log have signed, the later one sealing.

    `over` chooses what the token is over, of the checkpoint before the second line and of that with it.
    """
    members = make.agreement()
    text = members["checkpoint"].rpartition("\n\n")[0] + "\n"
    before = SAME_NAME.sign_note(text)
    after = before + LOG.sign_note(text).rpartition("\n\n")[2]
    return sealed(members | {"checkpoint": after, "timestamps": [b64(token.encode(over(before, after)))]})


def _case(name: str, members: Members, *broken: str, authorities: tuple[Issued, ...] = (ROOT,)) -> Case:
    return replace(case(name, members, *broken), authorities=tuple(item.der for item in authorities))


def _of_rsa() -> Issued:
    return issue("Sample Time", ROOT, key=rsa_key(), more=STAMPING)


def _of_stranger() -> Issued:
    return issue("Sample Time", STRANGER, more=STAMPING)


def _broken() -> Iterator[tuple[str, Token]]:
    yield "over a SHA-512 of the checkpoint", replace(GOOD, imprint="sha512", imprinted="sha512")
    yield "a SHA-256 that is called a SHA-512", replace(GOOD, imprint="sha512")
    for_people = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), True)]
    yield "signed as something else than a time", replace(GOOD, content_type="data")
    yield "a certificate for another purpose", Token(issue("Mail", ROOT, more=for_people))
    yield "without its signer's certificate", replace(GOOD, with_signer=False)
    yield "signed over another time", replace(GOOD, over=b"another")
    yield "a certificate that is not for timestamps", Token(issue("No Time", ROOT))
    soft = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), False)]
    yield "a certificate whose purpose is not critical", Token(issue("Soft Time", ROOT, more=soft))
    yield "a certificate that expired before", Token(issue("Old Time", ROOT, more=STAMPING, valid=(BEGIN, _EARLIER)))
    impostor = replace(TSA, key=p256("impostor"))
    yield "another key than the certificate's", replace(GOOD, signer=impostor)


def _garbled() -> Iterator[tuple[str, bytes]]:
    checkpoint = make.agreement()["checkpoint"]
    good = GOOD.encode(checkpoint)
    yield "over another checkpoint", GOOD.encode(checkpoint + "\n")
    yield "one bit of the signature", flipped(good, 8 * len(good) - 8)
    yield "cut short", good[:-1]
    yield "with something behind it", good + b"\0"
    assert good[:2] == b"\x30\x82"
    yield "a length that is written longer than it need be", b"\x30\x83\0" + good[2:]
    yield "no token", b"a token"
    yield "an empty sequence", b"\x30\x00"
    yield "too long", good + bytes(17_000)


def _digest(name: str, data: bytes) -> bytes:
    return {"sha224": sha224, "sha256": sha256, "sha512": sha512}[name](data).digest()


def _name(name: x509.Name) -> Any:
    return asn1.Name.load(name.public_bytes())


def _algorithm(signer: Issued, digest: str) -> str:
    return f"{digest}_{'rsa' if isinstance(signer.key, rsa.RSAPrivateKey) else 'ecdsa'}"


def _sign(signer: Issued, message: bytes, digest: str) -> bytes:
    if isinstance(signer.key, rsa.RSAPrivateKey):
        return signer.key.sign(message, padding.PKCS1v15(), _HASHES[digest])
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    return signer.key.sign(message, ec.ECDSA(_HASHES[digest], deterministic_signing=True))
