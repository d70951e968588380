# SPDX-License-Identifier: Apache-2.0
"""Certification authorities of parties, and certificates of theirs, for any time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from notary.envelope import EnvelopeSigner
from notary.schemes import PrivateKey, private_key
from tests.support.builders import NOW

YEAR = 365 * 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Certified:
    """A private key and the chain of certificates that vouches for it: DER, leaf first, without the root."""

    key: PrivateKey
    chain: tuple[bytes, ...]

    @property
    def signer(self) -> EnvelopeSigner:
        """Signs envelopes with the chain in the header."""
        return EnvelopeSigner(self.key.public.alg, self.key.public.kid, self.key.sign, x5c=self.chain)


@dataclass(frozen=True)
class Authority:
    """A self-signed authority."""

    certificate: x509.Certificate
    key: Ed25519PrivateKey

    @classmethod
    def create(cls, name: str = "Sample CA", begin: int = NOW - YEAR, end: int = NOW + 10 * YEAR) -> "Authority":
        """Make an authority that is valid from one moment to another (milliseconds since 1970)."""
        key = Ed25519PrivateKey.generate()
        builder = _builder(_name(name, None), _name(name, None), key.public_key(), begin, end)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(x509.BasicConstraints(True, 1), True).add_extension(usage, True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return cls(builder.add_extension(identifier, False).sign(key, None), key)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        return sha256(self.der).hexdigest()

    def certify(
        self,
        organization: str | None = None,
        name: str = "Zhang San",
        begin: int = NOW,
        end: int = NOW + YEAR,
        padding: int = 0,
    ) -> Certified:
        """Make a key, and a certificate for signing with it that has `padding` bytes in an extension of no meaning."""
        key = Ed25519PrivateKey.generate()
        builder = _builder(_name(name, organization), self.certificate.subject, key.public_key(), begin, end)
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True).add_extension(usage, True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        if padding:
            meaningless = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), bytes(padding))
            builder = builder.add_extension(meaningless, False)
        leaf = builder.add_extension(issuer, False).sign(self.key, None)
        return Certified(private_key(key), (leaf.public_bytes(Encoding.DER),))


def _name(common: str, organization: str | None) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization is not None:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(names)


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, begin: int, end: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_EPOCH + timedelta(milliseconds=begin))
        .not_valid_after(_EPOCH + timedelta(milliseconds=end))
    )
