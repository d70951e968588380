# SPDX-License-Identifier: Apache-2.0
"""Receipts for the published vectors, made from fixed keys: whole ones, and tools to change and seal them again."""

import copy
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_hash.auto import keccak

from chain.wallet import Wallet
from chain.wallet_signatures import wallet_key, wallet_signer
from notary.canonical import canonical_json, parse_json
from notary.encoding import b64, b64url, parse_b64
from notary.envelope import Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.hashing import leaf_hash
from notary.jws_header import WalletDomain
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.entries import RecordEntry, commit, loan_tag
from notary.log.merkle import prove_inclusion
from notary.log.signed_note import NoteSigner
from notary.parties.keys import PublicKey
from notary.parties.validity import Validity
from notary.receipts.document_words import DocumentWord
from notary.receipts.receipt import KeyOfParty, Receipt
from notary.receipts.sealed import write_sealed
from notary.schemes import PrivateKey, private_key
from tests.support.builders import record
from tests.support.rsa_vectors import rsa_key, sign_ps256
from tests.support.synthetic_chain import FORKS, LOG_ID, NUMBER, REGISTRY, TIME, Block, block_with_anchor
from tests.support.trees import MemoryTree, leaf_hashes

ORIGIN = "notary.example/log"
LIMIT = 10**7
Members = dict[str, Any]
Change = Callable[[Members], object]


def ed25519_key(seed: str) -> PrivateKey:
    """Return the same Ed25519 key for the same seed."""
    return private_key(Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()))


def ecdsa_key(seed: str, curve: ec.EllipticCurve) -> PrivateKey:
    """Return the same key of a curve for the same seed."""
    return private_key(ec.derive_private_key(int.from_bytes(sha256(seed.encode()).digest()), curve))


def log_signer(name: str = ORIGIN, seed: str = "log") -> NoteSigner:
    """Return the same log key for the same name and seed."""
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()))


LOG, OTHER_LOG, SAME_NAME = log_signer(), log_signer("other.example/log", "other"), log_signer(seed="another")
LENDER, BORROWER = ed25519_key("lender"), ecdsa_key("borrower", ec.SECP256R1())
ES256K, PS256 = ecdsa_key("borrower", ec.SECP256K1()), private_key(rsa_key())
WALLET, DOMAIN = Wallet(sha256(b"wallet").digest()), WalletDomain(1, f"0x{REGISTRY.hex()}")
KNOWN_FROM = Validity(1_772_409_600_000)
NONCE, LOAN_KEY = sha256(b"nonce").digest(), sha256(b"loan key").digest()


def signer_of(key: PrivateKey) -> EnvelopeSigner:
    """Return what signs an envelope with a key, the same bytes each time."""
    return EnvelopeSigner(key.public.alg, key.public.kid, lambda message: _sign(key, message))


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key.private, rsa.RSAPrivateKey):
        return sign_ps256(message)
    if not isinstance(key.private, ec.EllipticCurvePrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32) + s.to_bytes(32)


def envelope_of(value: Members, *keys: PrivateKey) -> Envelope:
    """Return a record in an envelope signed by these keys."""
    return sign_envelope(canonical_json(value), *map(signer_of, keys))


def wallet_receipt(value: Members, domain: WalletDomain = DOMAIN) -> Members:
    """Return the receipt of a record that the lender signed with a wallet."""
    signer = wallet_signer(WALLET, domain)
    return receipt_of(sign_envelope(canonical_json(value), signer), {"lender": wallet_key(WALLET.address)})


def key_members(party: str, key: PrivateKey) -> Members:
    """Return the members of a key in a receipt."""
    return KeyOfParty(party, key.public.jwk, KNOWN_FROM).members()


def receipt_of(envelope: Envelope, parties: Mapping[str, PublicKey], size: int = 307, index: int = 6) -> Members:
    """Return the members of a receipt for the entry at `index` of a log of `size` entries, sealed."""
    tag = loan_tag(LOAN_KEY, 0)
    leaves = leaf_hashes(size)
    leaves[index] = leaf_hash(RecordEntry(tag, commit(NONCE, envelope.encode())).encode())
    tree = MemoryTree(leaves)
    receipt = Receipt(
        environment="production",
        lender="示范银行",
        received_at=1_772_415_000_125,
        envelope=envelope,
        keys=tuple(KeyOfParty(party, key.jwk, KNOWN_FROM) for party, key in parties.items()),
        documents=words_of(envelope),
        nonce=NONCE,
        tag=tag,
        index=index,
        inclusion=prove_inclusion(index, size, tree.read).hashes,
        checkpoint=sign_checkpoint(Checkpoint(ORIGIN, size, tree.root(size)), LOG),
        log_key=LOG.verifier.format(),
    )
    members: Members = parse_json(write_sealed(receipt, LOG), limit=LIMIT)
    return members


def words_of(envelope: Envelope) -> tuple[DocumentWord, ...]:
    """Return the word of a notary to whom none of the record's documents was given."""
    named = parse_json(envelope.payload, limit=LIMIT).get("documents", [])
    return tuple(DocumentWord(item["sha256"]) for item in named)


def agreement() -> Members:
    """Return the receipt of a small agreement, signed by lender and borrower, without an anchor."""
    value = record("agreement")
    return receipt_of(envelope_of(value, LENDER, BORROWER), {"lender": LENDER.public, "borrower": BORROWER.public})


def receipt_by(signer: NoteSigner) -> Members:
    """Return the receipt of another log, which fits under that log's own key."""
    members = agreement()
    size, root = checkpoint_of(members)
    checkpoint = sign_checkpoint(Checkpoint(signer.verifier.name, size, root), signer)
    return sealed(members | {"checkpoint": checkpoint, "log_key": signer.verifier.format()}, signer)


def anchored(members: Members, block: Block | None = None, state: str = "final", **changes: Any) -> Members:
    """Return a receipt with an anchor of its checkpoint more; without a block, one in a header of today."""
    size, root = checkpoint_of(members)
    block = block or block_with_anchor(size, root, FORKS["prague"])
    anchor = {
        "chain_id": 1,
        "registry": "0x" + REGISTRY.hex(),
        "log_id": "0x" + LOG_ID.hex(),
        "size": size,
        "root": b64(root),
        "state": state,
        "transaction_hash": "0x" + "01" * 32,
        "block_number": NUMBER,
        "block_hash": "0x" + keccak(block.header).hex(),
        "block_time": TIME,
        "evidence": {
            "header": b64(block.header),
            "account_proof": [b64(node) for node in block.account_proof],
            "storage_proof": [b64(node) for node in block.storage_proof],
        },
    }
    return sealed(members | {"anchors": [*members["anchors"], anchor | changes], "state": state})


def dated(members: Members, time: int) -> Members:
    """Return a receipt with an anchor more, in a block of this time (seconds since 1970)."""
    return anchored(members, block_with_anchor(*checkpoint_of(members), time=time), block_time=time)


def with_tokens(members: Members) -> Members:
    """Return a receipt with two timestamp tokens, which nobody can read."""
    return sealed(members | {"timestamps": [b64(b"a token"), b64(b"another")]})


def checkpoint_of(members: Members) -> tuple[int, bytes]:
    """Return size and root of a receipt's checkpoint."""
    _, size, root = members["checkpoint"].split("\n")[:3]
    return int(size), parse_b64(root)


def sealed(members: Members, signer: NoteSigner = LOG) -> Members:
    """Return the members under a new seal, as the notary itself would make it over anything."""
    rest = {name: value for name, value in members.items() if name != "seal"}
    seal = signer.sign(f"{members.get('format')} seal\n".encode() + sha256(canonical_json(rest)).digest())
    return rest | {"seal": b64url(seal)}


def changed(members: Members, change: Change) -> Members:
    """Return a copy with a change made to it, sealed again."""
    result = copy.deepcopy(members)
    change(result)
    return sealed(result)


def put(pointer: str, value: Any) -> Change:
    """Return the change that puts a value, or what a function makes of the old one, at an RFC 6901 pointer."""

    def change(members: Members) -> None:
        parent, step = _resolve(members, pointer)
        parent[step] = value(parent[step]) if callable(value) else value

    return change


def drop(pointer: str) -> Change:
    """Return the change that takes out what stands at a pointer."""

    def change(members: Members) -> None:
        parent, step = _resolve(members, pointer)
        del parent[step]

    return change


def with_payload(payload: bytes) -> Change:
    """Return the change that puts other payload bytes in, and leaves the signatures."""
    return put("/envelope/payload", b64url(payload))


def envelope_in(members: Members) -> Envelope:
    """Return a receipt's envelope."""
    return envelope_from_json(members["envelope"])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container within a document and a step into it."""
    steps = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        yield value, step
        yield from places(value[step])


def _resolve(members: Members, pointer: str) -> tuple[Any, Any]:
    *way, last = (int(step) if step.isdecimal() else step for step in pointer.split("/")[1:])
    parent: Any = members
    for step in way:
        parent = parent[step]
    return parent, last
