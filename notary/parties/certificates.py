# SPDX-License-Identifier: Apache-2.0
"""Keys vouched for by X.509 certificates: the chain in a signature's `x5c`, up to a root that is configured.

Nothing is fetched, so nobody can tell here whether a certificate was revoked. The rules are those of RFC 5280 section
6.1, applied to the root as well, and a few more: each certificate in `x5c` certifies the one before it (RFC 7515
section 4.1.6), hashes and keys are of today's strength, and the leaf is for a person's or an organisation's signatures.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from notary.encoding import format_time
from notary.envelope import Signature
from notary.errors import Fault, InvalidCertificateError, InvalidKeyError, MissingPackageError
from notary.parties.keys import PublicKey, Scheme

_STRONG_HASHES = {"sha256", "sha384", "sha512"}
_PURPOSES = {
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # document signing, RFC 9336
    x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # the same, as Microsoft named it before
    x509.ObjectIdentifier("1.2.840.113583.1.1.5"),  # the same, as Adobe named it before
}
"""What an extended key usage must name one of, where there is one: a certificate for a web server signs no loans."""
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for bytes that are no certificate as it knows them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CertifiedKey:
    """A key, whom its certificate names, and the root (DER) that vouches for it.

    `serial` is the certificate's number in lower-case hex.
    """

    key: PublicKey
    common_name: str | None
    organization: str | None
    serial: str
    root: bytes

    @property
    def subject(self) -> str:
        """Whom the certificate names, for people."""
        names = [name for name in (self.common_name, self.organization) if name]
        return ", ".join(names) or f"certificate {self.serial}"


def certified_key(
    signature: Signature, roots: Collection[bytes], moment: int, schemes: Mapping[str, Scheme[Any]]
) -> CertifiedKey:
    """Return the key that a signature's `x5c` certifies under one of the roots (DER) at a moment.

    `moment` is in milliseconds since 1970. The last certificate may be the root itself. Raises
    `InvalidCertificateError`, whose pointer names the certificate (`/x5c/0` is the leaf), for a chain that leads to
    none of the roots or breaks a rule, and for a leaf whose key is not the one that the header names.
    """
    chain = signature.x5c
    given = chain[:-1] if chain[-1] in roots else chain
    if not given:
        _refuse("/x5c/0", "is a root; a key that vouches for itself is registered as a key")
    parsed = [_parse(f"/x5c/{place}", der) for place, der in enumerate(given)]
    root = _root_of(len(parsed) - 1, parsed[-1], roots)
    for place, certificate in enumerate(parsed):
        _in_time(f"/x5c/{place}", certificate, moment)
    _in_time("", _parse("", root), moment)
    _check_chain(given, root)
    return _described(parsed[0], signature, root, schemes)


def check_root(der: bytes) -> None:
    """Return if this is a root that can be configured: a strong, self-signed certificate of an authority.

    Raises `InvalidCertificateError`.
    """
    certificate = _parse("", der)
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        _refuse("", f"is not signed by itself: {_name(certificate.subject)}")
    if not _is_authority(certificate):
        _refuse("", f"is not an authority's: {_name(certificate.subject)}")


def _parse(pointer: str, der: bytes) -> x509.Certificate:
    try:
        return _strong(der)
    except ValueError as error:
        _refuse(pointer, str(error))


@lru_cache(maxsize=4096)
def _strong(der: bytes) -> x509.Certificate:
    """Return a certificate that is strong enough. Raises `ValueError` with a sentence for any other bytes."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Read here for the first time: what is malformed shows now and not later.
        _ = certificate.extensions, certificate.issuer, certificate.serial_number
        name = _name(certificate.subject)
    except _UNREADABLE as error:
        raise ValueError(f"is not a certificate that can be read: {error}") from None
    try:
        signed_hash, key = certificate.signature_hash_algorithm, certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"has a key or signature of an unknown kind: {error}") from None
    # There is no hash to name where the signature's own scheme has one (Ed25519); which ones those are, the keys tell.
    if signed_hash is not None and signed_hash.name not in _STRONG_HASHES:
        raise ValueError(f"is signed with {signed_hash.name}, which is weak or unknown: {name}")
    if not _is_strong(key):
        raise ValueError(f"holds a key that is too weak, too large or of an unknown kind: {name}")
    return certificate


def _is_strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return 2048 <= key.key_size <= 8192
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size >= 256
    return isinstance(key, ed25519.Ed25519PublicKey)


def _root_of(last: int, certificate: x509.Certificate, roots: Collection[bytes]) -> bytes:
    pointer, issuer = f"/x5c/{last}", _name(certificate.issuer)
    named = [der for der in roots if _parse("", der).subject == certificate.issuer]
    if not named:
        _refuse(pointer, f"is issued by {issuer}, which is no root that is configured")
    signed = [der for der in named if _is_issued_by(certificate, _strong(der))]
    if not signed:
        _refuse(pointer, f"is not signed by the root {issuer}")
    return signed[0]


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _in_time(pointer: str, certificate: x509.Certificate, moment: int) -> None:
    time = _EPOCH + timedelta(milliseconds=moment)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if time < begin:
        _refuse(
            pointer,
            f"is not yet valid at {format_time(moment)}, only from {begin.isoformat()}: {_name(certificate.subject)}",
        )
    if time > end:
        _refuse(pointer, f"had expired at {format_time(moment)}, on {end.isoformat()}: {_name(certificate.subject)}")


@lru_cache(maxsize=4096)
def _check_chain(chain: tuple[bytes, ...], root: bytes) -> None:
    """Check all that does not depend on the moment, once for each chain. They are all valid at some moment."""
    certificates = [_strong(der) for der in (*chain, root)]
    for place in range(len(chain) - 1):
        if not _is_issued_by(certificates[place], certificates[place + 1]):
            _refuse(f"/x5c/{place}", "is not issued and signed by the certificate that follows it")
        if not _is_authority(certificates[place + 1]):
            _refuse(f"/x5c/{place + 1}", f"is not an authority's: {_name(certificates[place + 1].subject)}")
    _check_leaf(certificates[0])
    moment = max(certificate.not_valid_before_utc for certificate in certificates)
    try:
        # Imported here: these packages are large, and a verifier that meets no chain of certificates can do without.
        from notary.parties.certificate_path import validate_path
    except ModuleNotFoundError:
        raise MissingPackageError("pyhanko-certvalidator", "a chain of certificates") from None
    try:
        validate_path((root, *reversed(chain)), moment)
    except ValueError as error:
        _refuse("", f"breaks a rule of RFC 5280: {str(error).splitlines()[0]}")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _check_leaf(leaf: x509.Certificate) -> None:
    name, extensions = _name(leaf.subject), leaf.extensions
    if _is_authority(leaf):
        _refuse("/x5c/0", f"is an authority's, not a signer's: {name}")
    usages = [item.value for item in extensions if isinstance(item.value, x509.KeyUsage)]
    if not any(usage.digital_signature or usage.content_commitment for usage in usages):
        _refuse("/x5c/0", f"has no keyUsage digitalSignature or nonRepudiation: {name}")
    purposes = [item.value for item in extensions if isinstance(item.value, x509.ExtendedKeyUsage)]
    if purposes and _PURPOSES.isdisjoint(purposes[0]):
        _refuse("/x5c/0", f"is not for signing documents, by its extended key usage: {name}")


def _described(
    leaf: x509.Certificate, signature: Signature, root: bytes, schemes: Mapping[str, Scheme[Any]]
) -> CertifiedKey:
    scheme = schemes.get(signature.alg)
    try:
        key = scheme.public_key(leaf.public_key()) if scheme else None
        if scheme is None or key is None:
            _refuse("/x5c/0", f"holds no key for {signature.alg[:40]!r}")
        scheme.load(key)
    except InvalidKeyError as error:
        _refuse("/x5c/0", f"holds a key that cannot be used: {error}")
    if key.kid != signature.kid:
        _refuse("/x5c/0", f"is of key {key.kid}, and the header names {signature.kid[:64]!r}")
    return CertifiedKey(
        key=key,
        common_name=_attribute(leaf.subject, NameOID.COMMON_NAME),
        organization=_attribute(leaf.subject, NameOID.ORGANIZATION_NAME),
        serial=f"{leaf.serial_number:x}",
        root=root,
    )


def _attribute(name: x509.Name, kind: x509.ObjectIdentifier) -> str | None:
    values = [item.value for item in name.get_attributes_for_oid(kind)]
    return str(values[0]) if values else None


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:200]


def _refuse(pointer: str, detail: str) -> NoReturn:
    raise InvalidCertificateError(Fault(pointer, detail, "C3"))
