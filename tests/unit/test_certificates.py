# SPDX-License-Identifier: Apache-2.0
"""Chains of certificates: which ones vouch for a key at a moment, and what is said of the others."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA3_256, SHA256, SHA384, SHA512
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from notary.envelope import Signature, envelope_from_json, sign_envelope
from notary.errors import InvalidCertificateError
from notary.parties.certificates import CertifiedKey, certified_key, check_root
from notary.schemes import SCHEMES
from tests.support.issued import BEGIN, END, Issued, Private, certified_signer, distinguished, issue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


NOW = ms(NOON)
ROOT = issue("Root", ca=True)
ISSUER = issue("Issuer", ROOT, ca=True, path_length=0)
SIGNER = issue("Wang Fang", ISSUER)


def signature(issued: Issued, *x5c: bytes) -> Signature:
    [made] = sign_envelope(b"{}", certified_signer(issued)).signatures
    return made._replace(x5c=x5c) if x5c else made


def certify(issued: Issued, *roots: Issued, at: int = NOW) -> CertifiedKey:
    return certified_key(signature(issued), [root.der for root in roots or (ROOT,)], at, SCHEMES)


def refusal(made: Signature, *roots: bytes, at: int = NOW) -> tuple[str, str]:
    with pytest.raises(InvalidCertificateError) as error:
        certified_key(made, roots or (ROOT.der,), at, SCHEMES)
    [fault] = error.value.faults
    assert fault.check == "C3"
    return fault.pointer, fault.detail


def test_a_chain_vouches_for_the_signers_key() -> None:
    found = certify(SIGNER)
    assert found.key == SIGNER.signing_key.public
    assert (found.common_name, found.organization, found.root) == ("Wang Fang", "Sample Bank", ROOT.der)
    assert int(found.serial, 16) == SIGNER.certificate.serial_number
    assert found.subject == "Wang Fang, Sample Bank"


def test_a_chain_survives_its_envelope() -> None:
    envelope = sign_envelope(b"{}", certified_signer(SIGNER))
    [made] = envelope_from_json(envelope.to_json()).signatures
    assert certified_key(made, [ROOT.der], NOW, SCHEMES) == certify(SIGNER)


def test_a_signer_without_names_is_named_by_the_serial() -> None:
    nobody = issue(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN")]), ROOT)
    found = certify(nobody)
    assert (found.common_name, found.organization) == (None, None)
    assert found.subject == f"certificate {nobody.certificate.serial_number:x}"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
        pytest.param(ec.generate_private_key(ec.SECP256R1()), id="P-256"),
        pytest.param(ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA"),
    ],
)
@pytest.mark.parametrize("of_authority", ["Ed25519", "P-384", "RSA"])
def test_signers_and_authorities_of_every_kind(key: Private, of_authority: str) -> None:
    authority: Private = AUTHORITY_KEYS[of_authority]
    root = issue("Root", ca=True, key=authority)
    signer = issue("Wang", root, key=key)
    assert certify(signer, root).key.alg == signer.signing_key.public.alg


AUTHORITY_KEYS: dict[str, Private] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("strong", [SHA384(), SHA512()])
def test_longer_hashes(strong: SHA384 | SHA512) -> None:
    root = issue("Root", ca=True, signed_with=strong)
    assert certify(issue("Wang", root, signed_with=strong), root)


def test_pss_in_a_certificate() -> None:
    pss = padding.PSS(padding.MGF1(SHA256()), 32)
    root = issue("Root", ca=True, key=AUTHORITY_KEYS["RSA"], rsa_padding=pss)
    assert certify(issue("Wang", root, rsa_padding=pss), root)


def test_the_root_may_come_along_or_not() -> None:
    assert certified_key(signature(SIGNER, *SIGNER.x5c, ROOT.der), [ROOT.der], NOW, SCHEMES) == certify(SIGNER)


def test_the_right_one_of_several_roots_is_named() -> None:
    namesake = issue("Root", ca=True)
    other = issue("Other", ca=True)
    assert certify(SIGNER, other, namesake, ROOT).root == ROOT.der


@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
def test_either_usage_will_do(usage: str) -> None:
    assert certify(issue("Wang", ROOT, usage=(usage,)))


@pytest.mark.parametrize(
    "purpose",
    [
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
        x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),
        x509.ObjectIdentifier("1.2.840.113583.1.1.5"),
    ],
)
def test_purposes_of_a_person(purpose: x509.ObjectIdentifier) -> None:
    assert certify(issue("Wang", ROOT, purposes=(ExtendedKeyUsageOID.TIME_STAMPING, purpose)))


SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
SHORT = (NOON, NOON + SECOND)


@pytest.mark.parametrize("place", ["signer", "issuer", "root"])
def test_a_certificate_counts_from_its_first_second_to_its_last(place: str) -> None:
    def valid(name: str) -> tuple[datetime, datetime]:
        return SHORT if name == place else (BEGIN, END)

    root = issue("Root", ca=True, valid=valid("root"))
    signer = issue("Wang", issue("Issuer", root, ca=True, valid=valid("issuer")), valid=valid("signer"))
    made, pointer = signature(signer), {"signer": "/x5c/0", "issuer": "/x5c/1", "root": ""}[place]
    for moment in SHORT:
        assert certified_key(made, [root.der], ms(moment), SCHEMES)
    early, late = (
        refusal(made, root.der, at=ms(NOON - MILLISECOND)),
        refusal(made, root.der, at=ms(NOON + SECOND + MILLISECOND)),
    )
    assert (early[0], late[0]) == (pointer, pointer)
    assert "not yet valid at 2026-03-02T11:59:59.999Z" in early[1]
    assert "had expired at 2026-03-02T12:00:01.001Z" in late[1]


def test_certificates_that_were_never_valid_together() -> None:
    root = issue("Root", ca=True, valid=(BEGIN, NOON))
    signer = issue("Wang", root, valid=(NOON + SECOND, END))
    assert refusal(signature(signer), root.der, at=ms(NOON))[0] == "/x5c/0"
    assert refusal(signature(signer), root.der, at=ms(NOON + SECOND))[0] == ""


def forged(issued: Issued) -> bytes:
    """The certificate with one bit of its signature changed."""
    return issued.der[:-1] + bytes([issued.der[-1] ^ 1])


def changed(issued: Issued, old: bytes, new: bytes) -> bytes:
    assert issued.der.count(old) == 1
    return issued.der.replace(old, new)


CHAINS: dict[str, tuple[Callable[[], Signature], str, str]] = {
    "unknown root": (
        lambda: signature(issue("Wang", issue("Stranger", ca=True))),
        "/x5c/0",
        "CN=Stranger,O=Sample Bank,C=CN, which is no root that is configured",
    ),
    "unknown root that came along": (
        lambda: (lambda root: signature(issue("Wang", root), issue("Wang", root).der, root.der))(
            issue("Stranger", ca=True)
        ),
        "/x5c/1",
        "no root that is configured",
    ),
    "namesake of the root": (
        lambda: signature(issue("Wang", issue("Root", ca=True))),
        "/x5c/0",
        "is not signed by the root CN=Root",
    ),
    "the root alone": (lambda: signature(ROOT, ROOT.der), "/x5c/0", "is a root"),
    "issuer left out": (lambda: signature(SIGNER, SIGNER.der), "/x5c/0", "CN=Issuer"),
    "chain in another order": (
        lambda: signature(SIGNER, *reversed(SIGNER.x5c)),
        "/x5c/1",
        "CN=Issuer",
    ),
    "a stranger between": (
        lambda: signature(SIGNER, SIGNER.der, issue("Between", ROOT, ca=True).der),
        "/x5c/0",
        "not issued and signed by the certificate that follows",
    ),
    "an issuer of the same name": (
        lambda: signature(SIGNER, SIGNER.der, issue("Issuer", ROOT, ca=True).der),
        "/x5c/0",
        "not issued and signed by the certificate that follows",
    ),
    "forged leaf": (
        lambda: signature(SIGNER, forged(SIGNER), ISSUER.der),
        "/x5c/0",
        "not issued and signed by the certificate that follows",
    ),
    "forged issuer": (lambda: signature(SIGNER, SIGNER.der, forged(ISSUER)), "/x5c/1", "not signed by the root"),
    "changed name": (
        lambda: signature(SIGNER, changed(SIGNER, b"Wang Fang", b"Wang Fong"), ISSUER.der),
        "/x5c/0",
        "not issued and signed by the certificate that follows",
    ),
    "no certificate": (lambda: signature(SIGNER, b"\x30\x00"), "/x5c/0", "is not a certificate that can be read"),
    "certificate cut off": (
        lambda: signature(SIGNER, SIGNER.der[:-1]),
        "/x5c/0",
        "is not a certificate that can be read",
    ),
    "certificate and more": (
        lambda: signature(SIGNER, SIGNER.der + b"\0"),
        "/x5c/0",
        "is not a certificate that can be read",
    ),
    "issuer that is no certificate": (
        lambda: signature(SIGNER, SIGNER.der, b"x"),
        "/x5c/1",
        "is not a certificate that can be read",
    ),
    "no authority in the middle": (
        lambda: signature(issue("Wang", issue("Not CA", ROOT))),
        "/x5c/1",
        "is not an authority's",
    ),
    "authority that may not sign certificates": (
        lambda: signature(issue("Wang", issue("Mute", ROOT, ca=True, usage=("crl_sign",)))),
        "",
        "not allowed to sign certificates",
    ),
    "an authority as signer": (
        lambda: signature(issue("CA", ROOT, ca=True, usage=("digital_signature", "key_cert_sign"))),
        "/x5c/0",
        "is an authority's, not a signer's",
    ),
    "path too long": (
        lambda: signature(issue("Wang", issue("Below", ISSUER, ca=True))),
        "",
        "exceeds the maximum path length",
    ),
    "usage of another kind": (
        lambda: signature(issue("Wang", ROOT, usage=("key_encipherment", "key_agreement"))),
        "/x5c/0",
        "no keyUsage digitalSignature or nonRepudiation",
    ),
    "no usage": (lambda: signature(issue("Wang", ROOT, usage=())), "/x5c/0", "no keyUsage"),
    "a web server": (
        lambda: signature(issue("Wang", ROOT, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))),
        "/x5c/0",
        "not for signing documents",
    ),
    "unknown critical extension": (
        lambda: signature(
            issue("Wang", ROOT, more=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)])
        ),
        "",
        "unsupported critical extension",
    ),
    "short RSA key": (
        lambda: signature(SIGNER, issue("Wang", ROOT, key=rsa.generate_private_key(65537, 1024)).der),
        "/x5c/0",
        "too weak",
    ),
    "short RSA key in the middle": (
        lambda: signature(issue("Wang", issue("Weak", ROOT, ca=True, key=rsa.generate_private_key(65537, 1024)))),
        "/x5c/1",
        "too weak",
    ),
    "short curve": (
        lambda: signature(SIGNER, issue("Wang", ROOT, key=ec.generate_private_key(ec.SECP224R1())).der),
        "/x5c/0",
        "too weak",
    ),
    "key of another kind": (
        lambda: signature(SIGNER, issue("Wang", ROOT, key=ed448.Ed448PrivateKey.generate()).der),
        "/x5c/0",
        "unknown kind",
    ),
    "key that no scheme takes": (
        lambda: signature(SIGNER, issue("Wang", ROOT, key=ec.generate_private_key(ec.SECP384R1())).der),
        "/x5c/0",
        "holds no key for 'ES256'",
    ),
    "key for another algorithm": (
        lambda: signature(SIGNER)._replace(alg="EdDSA"),
        "/x5c/0",
        "holds no key for 'EdDSA'",
    ),
    "algorithm that nobody knows": (
        lambda: signature(SIGNER)._replace(alg="none"),
        "/x5c/0",
        "holds no key for 'none'",
    ),
    "another key in the header": (
        lambda: signature(SIGNER)._replace(kid=ROOT.signing_key.public.kid),
        "/x5c/0",
        "and the header names",
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_that_breaks_a_rule_is_refused(name: str) -> None:
    make, pointer, sentence = CHAINS[name]
    found = refusal(make())
    assert (found[0], sentence in found[1]) == (pointer, True), found


@pytest.mark.parametrize("exponent", [3, 2**64 + 1])
def test_a_key_that_its_scheme_refuses_is_refused(exponent: int) -> None:
    public = rsa.RSAPublicNumbers(exponent, 2**2047 + 1).public_key()
    weak = issue("Wang", ROOT, key=SimpleNamespace(public_key=lambda: public))
    made = signature(SIGNER, weak.der)._replace(alg="PS256")
    assert refusal(made)[0] == "/x5c/0"
    assert "holds a key that cannot be used: /e: must be" in refusal(made)[1]


def test_a_key_that_takes_long_is_refused() -> None:
    # 8,200 bits; nobody needs the private half, because the root signs.
    public = rsa.RSAPublicNumbers(65537, 2**8199 + 1).public_key()
    large = issue("Wang", ROOT, key=SimpleNamespace(public_key=lambda: public))
    assert refusal(signature(SIGNER, large.der))[0] == "/x5c/0"
    assert "too large" in refusal(signature(SIGNER, large.der))[1]


def test_an_authority_of_another_kind_of_key_is_refused() -> None:
    root = issue("Root", ca=True, key=ed448.Ed448PrivateKey.generate())
    assert "unknown kind" in refusal(signature(issue("Wang", root)), root.der)[1]


def test_extensions_that_are_not_critical_may_be_unknown() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    assert certify(issue("Wang", ROOT, more=[(unknown, False)]))


def test_the_path_length_of_the_root_counts() -> None:
    root = issue("Root", ca=True, path_length=0)
    assert certify(issue("Wang", root), root)
    below = issue("Wang", issue("Issuer", root, ca=True))
    assert "maximum path length" in refusal(signature(below), root.der)[1]


def names(permitted: str | None = None, excluded: str | None = None) -> tuple[x509.NameConstraints, bool]:
    def directory(organization: str | None) -> list[x509.GeneralName] | None:
        if organization is None:
            return None
        bank = [("CN", NameOID.COUNTRY_NAME), (organization, NameOID.ORGANIZATION_NAME)]
        return [x509.DirectoryName(x509.Name([x509.NameAttribute(kind, value) for value, kind in bank]))]

    return x509.NameConstraints(directory(permitted), directory(excluded)), True


@pytest.mark.parametrize("of_root", [True, False])
def test_name_constraints_bind_the_signer(of_root: bool) -> None:
    def sign(constraint: tuple[x509.NameConstraints, bool], organization: str) -> tuple[Signature, bytes]:
        root = issue("Root", ca=True, more=[constraint] if of_root else [])
        issuer = issue("Issuer", root, ca=True, more=[] if of_root else [constraint])
        return signature(issue(distinguished("Wang", organization), issuer)), root.der

    def check(constraint: tuple[x509.NameConstraints, bool], organization: str) -> CertifiedKey:
        made, root = sign(constraint, organization)
        return certified_key(made, [root], NOW, SCHEMES)

    assert check(names(permitted="Sample Bank"), "Sample Bank")
    assert check(names(excluded="Other Bank"), "Sample Bank")
    with pytest.raises(InvalidCertificateError, match="permitted namespace"):
        check(names(permitted="Sample Bank"), "Other Bank")
    with pytest.raises(InvalidCertificateError, match="excluded"):
        check(names(excluded="Other Bank"), "Other Bank")


def test_a_kind_of_name_that_cannot_be_compared_is_refused() -> None:
    identity = x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))
    root = issue("Root", ca=True, more=[(x509.NameConstraints([identity], None), True)])
    signer = issue("Wang", root, more=[(x509.SubjectAlternativeName([identity]), False)])
    assert refusal(signature(signer), root.der)[0] == ""
    assert certify(issue("Wang", root), root)


def self_signed_with(digest: str, folder: Path) -> bytes:
    """A self-signed certificate over a digest that the library no longer signs with."""
    command = (
        f"openssl req -x509 -{digest} -newkey rsa:2048 -nodes -keyout key.pem -out root.der -outform DER -subj /CN=Old"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=60)
    return (folder / "root.der").read_bytes()


@pytest.mark.parametrize("digest", ["sha1", "md5", "sha224"])
def test_weak_hashes_are_refused(digest: str, tmp_path: Path) -> None:
    weak = self_signed_with(digest, tmp_path)
    with pytest.raises(InvalidCertificateError, match=f"is signed with {digest}, which is weak"):
        check_root(weak)
    assert refusal(signature(SIGNER, weak)) == ("/x5c/0", f"is signed with {digest}, which is weak or unknown: CN=Old")


def test_a_hash_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(InvalidCertificateError, match="weak or unknown"):
        check_root(issue("Root", ca=True, signed_with=SHA3_256()).der)


def test_roots_that_can_be_configured() -> None:
    check_root(ROOT.der)
    for key in AUTHORITY_KEYS.values():
        check_root(issue("Root", ca=True, key=key).der)


@pytest.mark.parametrize(
    ("der", "sentence"),
    [
        pytest.param(b"", "is not a certificate that can be read", id="nothing"),
        pytest.param(ROOT.der + b"\0", "is not a certificate that can be read", id="more than a certificate"),
        pytest.param(ROOT.pem, "is not a certificate that can be read", id="PEM"),
        pytest.param(ISSUER.der, "is not signed by itself", id="an issuer below a root"),
        pytest.param(forged(ROOT), "is not signed by itself", id="forged"),
        pytest.param(issue("Self").der, "is not an authority's", id="a signer"),
        pytest.param(
            issue("Root", ca=True, key=rsa.generate_private_key(65537, 1024)).der, "too weak", id="a short key"
        ),
    ],
)
def test_other_roots_are_refused(der: bytes, sentence: str) -> None:
    with pytest.raises(InvalidCertificateError, match=sentence):
        check_root(der)
