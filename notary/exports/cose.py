# SPDX-License-Identifier: Apache-2.0
"""COSE receipts (RFC 9942): a proof in the log's tree, whose root the log's key signed, in deterministic CBOR.

::

    18([                                             COSE_Sign1 (RFC 9052 section 4.2)
      << {1: -8, 4: kid, 15: {1: iss, 2: sub}, 395: 1} >>,
      {396: {-1: [ << [size, index, [+ hash]] >> ]}},     or {-2: [ << [old size, new size, [+ hash]] >> ]}
      null,                                          the root: detached, so that whoever verifies computes it
      signature
    ])

The signature is over `Sig_structure`, ["Signature1", protected, h'', root]. Its first byte is 0x84, which begins no
UTF-8 text; so it is no checkpoint and no seal, and the log's one key can sign all three.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

import cbor2

from notary.errors import ConsistencyProofError, ExportError, Fault, InclusionProofError
from notary.hashing import HASH_SIZE, leaf_hash
from notary.log.merkle import ConsistencyProof, InclusionProof, consistency_root, inclusion_root
from notary.log.signed_note import NoteSigner, NoteVerifier

MEDIA_TYPE = 'application/cose; cose-type="cose-sign1"'
"""RFC 9052 section 11.3.1."""
MAX_RECEIPT = 8 * 1024
_SIGN1 = 18
_ALG, _KID, _CLAIMS, _VDS, _VDP = 1, 4, 15, 395, 396
_EDDSA = -8
_RFC9162_SHA256 = 1
_ISS, _SUB = 1, 2
_INCLUSION, _CONSISTENCY = -1, -2
_MAX_SIZE = 1 << 63
_SIGNATURE_SIZE = 64

Proof = InclusionProof | ConsistencyProof


@dataclass(frozen=True)
class CoseReceipt:
    """A COSE receipt: the log's origin (`iss`), the thumbprint of its key (`kid`), one proof, and the signature."""

    issuer: str
    kid: bytes
    proof: Proof
    signature: bytes

    @property
    def subject(self) -> str:
        """What is proved (`sub`): `entry/<index>/<size>`, or `tree/<old size>/<new size>` for the growth of the log.

        The sizes are there because nothing else of the receipt holds them: a root does not tell the size of its tree,
        and the proof stands in the unprotected header.
        """
        first, second = _numbers(self.proof)
        return f"entry/{second}/{first}" if isinstance(self.proof, InclusionProof) else f"tree/{first}/{second}"

    def encode(self) -> bytes:
        """Write the receipt."""
        unprotected = {_VDP: {_label(self.proof): [_encode(_members(self.proof))]}}
        return _encode(cbor2.CBORTag(_SIGN1, [self._protected(), unprotected, None, self.signature]))

    def signed_bytes(self, root: bytes) -> bytes:
        """Return what the signature is over (RFC 9052 section 4.4)."""
        return _encode(["Signature1", self._protected(), b"", root])

    def _protected(self) -> bytes:
        claims = {_ISS: self.issuer, _SUB: self.subject}
        return _encode({_ALG: _EDDSA, _KID: self.kid, _CLAIMS: claims, _VDS: _RFC9162_SHA256})


def sign_cose_receipt(proof: Proof, root: bytes, signer: NoteSigner) -> bytes:
    """Return the receipt of a proof that leads to `root`, the root of its (newer) tree.

    Raises `ProofError` for a proof without hashes, as that of a tree of one leaf or of a tree with itself: the format
    cannot say it.
    """
    if not proof.hashes:
        error = InclusionProofError if isinstance(proof, InclusionProof) else ConsistencyProofError
        raise error("a COSE receipt cannot hold a proof without hashes")
    unsigned = CoseReceipt(signer.verifier.name, key_thumbprint(signer.verifier), proof, b"")
    signature = signer.sign(unsigned.signed_bytes(root))
    return CoseReceipt(unsigned.issuer, unsigned.kid, proof, signature).encode()


def parse_cose_receipt(data: bytes) -> CoseReceipt:
    """Read what `CoseReceipt.encode` writes; nothing in it is verified. Raises `ExportError`."""
    if len(data) > MAX_RECEIPT:
        _refuse(f"more than {MAX_RECEIPT} bytes")
    try:
        receipt = _receipt(_decode(data))
    except (AttributeError, LookupError, TypeError, ValueError):
        _refuse("not a COSE receipt with one proof")
    if receipt.encode() != data:
        _refuse("not the one deterministic encoding of a COSE receipt")
    return receipt


def issuing_key(receipt: CoseReceipt, keys: Sequence[NoteVerifier]) -> NoteVerifier:
    """Return the one of these keys that a receipt names; the first if it names none, which then verifies nothing."""
    return next((key for key in keys if key_thumbprint(key) == receipt.kid), keys[0])


def verify_inclusion_receipt(receipt: CoseReceipt, entry: bytes, verifier: NoteVerifier) -> InclusionProof:
    """Return the proof of a receipt that shows, under the log's key, that `entry` is in the log.

    Raises `InclusionProofError` for another kind of proof or a wrong one, `ExportError` for another issuer or key,
    `SignedNoteError` for a wrong signature.
    """
    if not isinstance(receipt.proof, InclusionProof):
        raise InclusionProofError("the receipt is of the log's growth, not of an entry")
    _verify(receipt, inclusion_root(receipt.proof, leaf_hash(entry)), verifier)
    return receipt.proof


def verify_consistency_receipt(receipt: CoseReceipt, old_root: bytes, verifier: NoteVerifier) -> bytes:
    """Return the new root of a receipt that shows, under the log's key, that the log only grew since `old_root`.

    Raises `ConsistencyProofError` for another kind of proof or a wrong one, else as `verify_inclusion_receipt`.
    """
    if not isinstance(receipt.proof, ConsistencyProof):
        raise ConsistencyProofError("the receipt is of an entry, not of the log's growth")
    root = consistency_root(receipt.proof, old_root)
    _verify(receipt, root, verifier)
    return root


def key_thumbprint(verifier: NoteVerifier) -> bytes:
    """Return the COSE key thumbprint of the log's key (RFC 9679): SHA-256 of {1: 1 (OKP), -1: 6 (Ed25519), -2: x}."""
    return sha256(_encode({1: 1, -1: 6, -2: verifier.public_key})).digest()


def _verify(receipt: CoseReceipt, root: bytes, verifier: NoteVerifier) -> None:
    if (receipt.issuer, receipt.kid) != (verifier.name, key_thumbprint(verifier)):
        _refuse("issued by another log, or under another key")
    verifier.verify(receipt.signed_bytes(root), receipt.signature)


def _label(proof: Proof) -> int:
    return _INCLUSION if isinstance(proof, InclusionProof) else _CONSISTENCY


def _members(proof: Proof) -> list[Any]:
    return [*_numbers(proof), list(proof.hashes)]


def _numbers(proof: Proof) -> tuple[int, int]:
    """Return a proof's numbers in the order of RFC 9942."""
    if isinstance(proof, InclusionProof):
        return proof.size, proof.index
    return proof.old_size, proof.new_size


def _receipt(value: Any) -> CoseReceipt:
    """Take a receipt apart. Raises one of the errors of subscripts and unpacking for what is none."""
    protected, unprotected, _, signature = value.value
    header = _decode(protected)
    issuer, kid = header[_CLAIMS][_ISS], header[_KID]
    [(label, [members])] = unprotected[_VDP].items()
    first, second, hashes = _decode(members)
    blobs = ((kid, HASH_SIZE), (signature, _SIGNATURE_SIZE), *((item, HASH_SIZE) for item in hashes))
    # By type, not by isinstance: True is an int, and would be written back as what it was read from.
    sound = (
        label in (_INCLUSION, _CONSISTENCY)
        and type(issuer) is str
        and len(hashes) > 0
        and all(type(number) is int and 0 <= number < _MAX_SIZE for number in (first, second))
        and all(type(blob) is bytes and len(blob) == size for blob, size in blobs)
    )
    if not sound:
        raise ValueError("members of other types")
    path = tuple(hashes)
    proof = InclusionProof(second, first, path) if label == _INCLUSION else ConsistencyProof(first, second, path)
    return CoseReceipt(issuer, kid, proof, signature)


def _encode(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _decode(data: Any) -> Any:
    try:
        return cbor2.loads(data, max_depth=8)
    except cbor2.CBORDecodeError as error:
        raise ValueError("not CBOR") from error


def _refuse(detail: str) -> NoReturn:
    raise ExportError(Fault("", detail))
