# SPDX-License-Identifier: Apache-2.0
"""The worked examples of FORMATS.md, computed from fixed keys: `python -m tests.support.format_examples` writes them.

An example stands in the paper below a line `<!-- example: NAME -->`, in a fenced block. A test compares every block
with what is computed here, so the paper cannot say what the code does not do.
"""

import re
from pathlib import Path
from zlib import decompress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.wallet import Wallet
from chain.wallet_signatures import typed_data, typed_hash, wallet_key, wallet_signer
from notary.access_log import API_KEY, FIRST, Access
from notary.canonical import canonical_json
from notary.documents.document import CheckStatus, DocumentCheck
from notary.encoding import b64, parse_b64url
from notary.envelope import Envelope, EnvelopeSigner, sign_envelope
from notary.exports.cose import sign_cose_receipt
from notary.exports.tlog_proof import TlogProof
from notary.hashing import leaf_hash, node_hash
from notary.jws_header import WalletDomain
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.entries import RecordEntry, commit, genesis_entry, loan_tag
from notary.log.key_history import sign_succession
from notary.log.merkle import InclusionProof
from notary.log.signed_note import NoteSigner
from notary.parties.keys import make_jwk
from notary.parties.validity import Validity
from notary.privacy.data_key import DataKey
from notary.privacy.vault import OwnerKeys
from notary.receipts.base45 import parse_base45
from notary.receipts.document_words import DocumentWord, word_json
from notary.receipts.qr_proof import PREFIX, write_qr
from notary.receipts.receipt import KeyOfParty, Receipt
from notary.receipts.sealed import write_sealed
from notary.signed_batch import sign_batch

PAPER = Path(__file__).resolve().parents[2] / "FORMATS.md"
_BLOCK = re.compile(r"(<!-- example: ([a-z-]+) -->\n```[a-z]*\n)(.*?)(\n```)", re.DOTALL)

ORIGIN = "notary.example/log"
BATCH_ID = "0193ad3c-2c00-7000-8000-0000000000b1"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEXT_LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NOW = 1_772_323_200_000
LENDER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NONCE, LOAN_KEY = b"\x11" * 32, b"\x22" * 32
DATA_KEY, OWNER_KEYS = b"\x55" * 32, b"\x66" * 32
ACCESS = Access(
    1, NOW, 2, "key_9c4f0a7be2d15836", API_KEY, "receipt", OwnerKeys(OWNER_KEYS).loan_reference("LN-2026-0001"), "", 2,
    "", "4bf92f3577b34da6a3ce929d0e0e4736",
)  # fmt: skip
OTHER_LEAF = b"\x33" * 32
RECORD = {
    "type": "disbursement",
    "id": "0193ad3c-2c00-7000-8000-000000000001",
    "loan": "LN-2026-0001",
    "occurred_at": "2026-03-02T01:30:00Z",
    "amount": {"currency": "CNY", "amount": "12000.00"},
    "value_date": "2026-03-02",
    "rail": "CNAPS_HVPS",
    "reference": "2026030200012345",
    "payee_ref": "ab" * 32,
    "drawdown": 1,
}

ACCEPTANCE = {
    "format": "loan-notary/acceptance@1",
    "environment": "production",
    "assurance": "lender-signed",
    "chains": [{"chain_id": 1, "registries": ["0x25de746d1d825a553072dd71cfa0428ac62da3ef"]}],
    "confirmations": 64,
    "log_keys": ["notary.example/log+6e1f29bc+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"],
    "unanchored_seconds": 86400,
}

CHECKS = (
    DocumentCheck("pdf", CheckStatus.OK, "a PDF of 2 revisions, 1 signed"),
    DocumentCheck("pdf-content", CheckStatus.OK, "nothing acts or hides"),
    DocumentCheck(
        "pdf-signature", CheckStatus.UNKNOWN, "Signature1: untrusted: its certificate leads to no registered authority",
        "Common Name: Sample Bank Seal", "2026-03-02T01:10:00Z",
    ),
)  # fmt: skip


def examples() -> dict[str, str]:
    """Return every example by its name."""
    signer = NoteSigner(ORIGIN, LOG_KEY)
    key = make_jwk("EdDSA", LENDER_KEY.public_key().public_bytes_raw())
    payload = canonical_json(RECORD)
    envelope = sign_envelope(payload, EnvelopeSigner("EdDSA", key.kid, LENDER_KEY.sign))
    tag, commitment = loan_tag(LOAN_KEY, 1), commit(NONCE, envelope.encode())
    genesis = genesis_entry(ORIGIN, "2026-03-01T00:00:00.000Z")
    entry = RecordEntry(tag, commitment).encode()
    leaves = [leaf_hash(genesis), OTHER_LEAF, leaf_hash(entry)]
    left = node_hash(leaves[0], leaves[1])
    root = node_hash(left, leaves[2])
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, 3, root), signer)
    receipt = Receipt(
        environment="production",
        lender="Sample Bank",
        received_at=1_772_415_000_125,
        envelope=envelope,
        keys=(KeyOfParty("lender", key.jwk, Validity(1_772_409_600_000)),),
        nonce=NONCE,
        tag=tag,
        index=2,
        inclusion=(left,),
        checkpoint=checkpoint,
        log_key=signer.verifier.format(),
    )
    document = DocumentWord("5e" * 32, 1_772_414_000_000, True, "3a" * 32, "application/pdf", CHECKS)
    signature = envelope.signatures[0]
    return {
        "record": payload.decode(),
        "jwk": key.encoded,
        "kid": key.kid,
        "protected": canonical_json({"alg": "EdDSA", "kid": key.kid, "typ": "loan-notary/record@1"}).decode(),
        "signing-input": envelope.signing_input(signature).decode(),
        "envelope": envelope.encode().decode(),
        **_wallet_examples(payload),
        **_batch_examples(payload),
        "commitment": commitment.hex(),
        "tag": tag.hex(),
        "data-key-id": DataKey(DATA_KEY).id.hex(),
        "loan-index": OwnerKeys(OWNER_KEYS).loan("LN-2026-0001").hex(),
        "access-line": canonical_json(ACCESS.members(1)).decode(),
        "access-hash": ACCESS.chained(1, FIRST).hex(),
        "entry": entry.hex(),
        "genesis": genesis.hex(),
        "leaves": "\n".join(leaf.hex() for leaf in leaves),
        "root": f"{left.hex()}\n{root.hex()}",
        "inclusion": b64(left),
        "checkpoint": checkpoint.rstrip("\n"),
        "tlog-proof": TlogProof(2, (left,), checkpoint).encode().decode().rstrip("\n"),
        "cose": sign_cose_receipt(InclusionProof(2, 3, (left,)), root, signer).hex(),
        "vkey": signer.verifier.format(),
        "succession": sign_succession(NoteSigner(ORIGIN, LOG_KEY, NEXT_LOG_KEY), NOW, NOW + 2_592_000_000).rstrip("\n"),
        "acceptance": canonical_json(ACCEPTANCE).decode(),
        "document": canonical_json(word_json(document)).decode(),
        "receipt": write_sealed(receipt, signer).decode(),
        "qr": _qr_json(write_qr(write_sealed(receipt, signer), signer)),
    }


def _qr_json(text: str) -> str:
    """Return the JSON in a QR code's text: another version of zlib may compress it in another way."""
    return decompress(parse_base45(text.removeprefix(PREFIX))).decode()


def _batch_examples(payload: bytes) -> dict[str, str]:
    kid = make_jwk("EdDSA", LENDER_KEY.public_key().public_bytes_raw()).kid
    batch = sign_batch(BATCH_ID, [b"{}", payload], EnvelopeSigner("EdDSA", kid, LENDER_KEY.sign))
    envelope = Envelope(payload, (batch.signature_at(1, (leaf_hash(b"{}"),)),))
    return {
        "batch-statement": batch.statement.encode().decode(),
        "batch-envelope": envelope.encode().decode(),
        "batch-first-line": batch.to_line().decode(),
    }


def _wallet_examples(payload: bytes) -> dict[str, str]:
    wallet, domain = Wallet(b"\x44" * 32), WalletDomain(1, "0x" + "ab" * 20)
    [signature] = sign_envelope(payload, wallet_signer(wallet, domain)).signatures
    return {
        "wallet-jwk": wallet_key(wallet.address).encoded,
        "wallet-protected": parse_b64url(signature.protected).decode(),
        "wallet-typed-data": canonical_json(typed_data(payload, domain)).decode(),
        "wallet-hash": typed_hash(payload, domain).hex(),
        "wallet-signature": signature.signature.hex(),
    }


def stale(paper: str) -> list[str]:
    """Return the names of the examples that the paper lacks or has otherwise."""
    found = {name: text for _, name, text, _ in _BLOCK.findall(paper)}
    wanted = examples()
    return [name for name in sorted(wanted | found) if found.get(name) != wanted.get(name)]


def main() -> None:
    """Write the examples into the paper."""
    wanted = examples()
    text = _BLOCK.sub(lambda match: match[1] + wanted[match[2]] + match[4], PAPER.read_text("utf-8"))
    PAPER.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
