# SPDX-License-Identifier: Apache-2.0
"""Certificates of every kind for the tests of chains; `tests.support.certificates` has the everyday ones.

::

    root = issue("Root", ca=True)
    signer = issue("Wang", below=root)
    envelope = sign_envelope(payload, certified_signer(signer))
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from notary.envelope import EnvelopeSigner
from notary.schemes import PrivateKey, private_key

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey | rsa.RSAPrivateKey
Extensions = Iterable[tuple[x509.ExtensionType, bool]]

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


@dataclass(frozen=True)
class Issued:
    """A certificate, its private key, and the certificates above it, up to the root, which is not among them."""

    certificate: x509.Certificate
    key: Private
    above: tuple[bytes, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate, for a file."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """The chain for a file, leaf first."""
        chain = (x509.load_der_x509_certificate(der) for der in self.x5c)
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)

    @property
    def signing_key(self) -> PrivateKey:
        """The private key with its scheme."""
        return private_key(self.key)

    @property
    def x5c(self) -> tuple[bytes, ...]:
        """The chain for a header."""
        return (self.der, *self.above)


def issue(
    name: str | x509.Name,
    below: Issued | None = None,
    *,
    key: Any = None,
    ca: bool = False,
    path_length: int | None = None,
    valid: tuple[datetime, datetime] = (BEGIN, END),
    usage: tuple[str, ...] | None = None,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    more: Extensions = (),
    signed_with: HashAlgorithm | None = None,
    serial: int | None = None,
    **signing: Any,
) -> Issued:
    """Issue a certificate, by itself or by the one `below` which it stands; `usage` None is the usual one.

    Without a `serial` it gets a random one.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer_key = below.key if below else key
    subject = distinguished(name) if isinstance(name, str) else name
    wanted = usage if usage is not None else (("key_cert_sign", "crl_sign") if ca else ("digital_signature",))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(below.certificate.subject if below else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
    if wanted:
        bits = {bit: bit in wanted for bit in USAGES}
        builder = builder.add_extension(x509.KeyUsage(**bits, encipher_only=False, decipher_only=False), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    edwards = isinstance(issuer_key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    certificate = builder.sign(issuer_key, None if edwards else signed_with or SHA256(), **signing)
    above = (below.der, *below.above) if below and _has_issuer(below) else ()
    return Issued(certificate, key, above)


def _has_issuer(issued: Issued) -> bool:
    return issued.certificate.issuer != issued.certificate.subject


def distinguished(name: str, organization: str = "Sample Bank") -> x509.Name:
    """Return the name of somebody in an organization."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def certified_signer(issued: Issued) -> EnvelopeSigner:
    """Return what signs envelopes with a certificate's key and sends the chain along."""
    key = issued.signing_key
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign, x5c=issued.x5c)
