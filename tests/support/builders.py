# SPDX-License-Identifier: Apache-2.0
"""Logs, records and receipts for tests, made by the real parts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.access import ROLES, ApiKey, key_id
from notary.canonical import canonical_json
from notary.envelope import Envelope, EnvelopeSigner, sign_envelope
from notary.log.anchors import Anchor, AnchorState, Evidence, LogHead
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.entries import commit
from notary.log.reader import Log
from notary.log.sequencer import Sequencer
from notary.log.signed_note import NoteSigner
from notary.log.submission import Placed, Submission
from notary.parties.key_registry import KeyRegistry
from notary.parties.keyring import Keyring
from notary.ports.parties import Lender
from notary.ports.records import Loan, StoredRecord
from notary.ports.store import Store
from notary.privacy.data_key import DataKey
from notary.privacy.vault import Vault
from notary.receipts.issuing import ReceiptIssuer
from notary.registration import Registrar
from notary.schemes import SCHEMES, PrivateKey, generate_key

ORIGIN = "notary.example/log"
CREATED = "2026-01-01T00:00:00.000Z"
NOW = 1_767_225_600_000
VECTORS = Path(__file__).parents[1] / "vectors" / "records"
DATA_KEY = bytes(32)
VAULT = Vault(DataKey(DATA_KEY))
"""Opens the databases of tests that have no data folder."""
EVIDENCE = Evidence(b"header", (b"account", b"leaf"), (b"storage",))


def log_signer(name: str = ORIGIN, seed: str = "log") -> NoteSigner:
    """Return the same signer for the same name and seed."""
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()))


def record_id(number: int) -> str:
    """Return the number-th record id."""
    return f"01998d2e-5c00-7a31-8f42-{number:012x}"


def submission(number: int, loan: str = "L-1", kind: str = "repayment", lender: int = 1, **changes: Any) -> Submission:
    """Return a submission of a record that nobody validated; the number makes its id and bytes."""
    payload = canonical_json({"id": record_id(number), "loan": loan, "type": kind})
    made = Submission(
        lender=lender,
        record_id=record_id(number),
        loan=loan,
        type=kind,
        facts="",
        sequence=None,
        previous=None,
        payload=payload,
        payload_digest=sha256(payload).digest(),
        signatures="[]",
        nonce=sha256(b"nonce" + payload).digest(),
        commitment=b"",
        received_at=NOW + number,
        prove=True,
    )
    made = made._replace(**changes)
    envelope = Envelope(made.payload)
    return made._replace(commitment=made.commitment or commit(made.nonce, envelope.encode()))


def history(loan: str, records: int, first: int = 0, lender: int = 1) -> list[Submission]:
    """Return a loan's agreement and repayments, numbered from `first`."""
    kinds = ["agreement", *["repayment"] * (records - 1)]
    return [submission(first + i, loan, kind, lender) for i, kind in enumerate(kinds)]


def placed(answers: Iterable[object]) -> list[Placed]:
    """Return the answers, all of which must have been placed."""
    result = list(answers)
    assert all(isinstance(answer, Placed) for answer in result), result
    return result  # type: ignore[return-value]


@dataclass
class NotaryKit:
    """A store with one lender and a log begun in it, and what works on them."""

    store: Store
    lender: Lender
    signer: NoteSigner
    sequencer: Sequencer

    @property
    def log(self) -> Log:
        """The log, for reading."""
        return Log(self.store)

    def register(self, party: str, alg: str = "EdDSA") -> PrivateKey:
        """Register a new key for a party and return its private half."""
        key = generate_key(alg)
        self.keys.register(self.lender, party, key.public.jwk)
        return key

    @property
    def keyring(self) -> Keyring:
        """Whose keys have signed."""
        return Keyring(self.store, SCHEMES)

    @property
    def keys(self) -> KeyRegistry:
        """A register of keys whose clock stands."""
        return KeyRegistry(self.store, SCHEMES, lambda: NOW)

    @property
    def registrar(self) -> Registrar:
        """A registrar whose clock goes one second a call."""
        ticks = count(NOW, 1000)
        return Registrar(self.store, SCHEMES, lambda: next(ticks))

    def submit(self, body: bytes) -> tuple[Submission, Placed]:
        """Check and place one record."""
        submitted = self.registrar.submission(self.lender, body, prove=True)
        return submitted, placed(self.sequencer.append([submitted]))[0]

    def receipt(self, body: bytes) -> bytes:
        """Check and place one record and return its receipt."""
        return ReceiptIssuer(self.store, self.keyring, self.signer).fresh(self.lender, *self.submit(body))


def add_lender(store: Any, name: str, api_key_hash: bytes, now: int) -> Lender:
    """Register a lender with an API key that may do all that a lender's can."""
    made = store.add_organisation(name, "lender", now)
    store.add_api_key(ApiKey(key_id(api_key_hash), made.number, "first", ROLES["lender"], now), api_key_hash)
    return Lender(made.number, made.name)


def kit_over(store: Store) -> NotaryKit:
    """Begin a log in an empty store."""
    signer = log_signer()
    lender = add_lender(store, "示范银行", sha256(b"api key").digest(), NOW)
    return NotaryKit(store, lender, signer, Sequencer(store, signer, CREATED))


def record(kind: str, **changes: Any) -> dict[str, Any]:
    """Return the first valid record of the type's vectors, with members changed. An agreement names no party's key."""
    valid: dict[str, Any] = json.loads((VECTORS / f"{kind}.json").read_text("utf-8"))["valid"][0]["record"]
    for party in valid.get("parties", []):
        party.pop("key", None)
    return valid | changes


def signed(value: dict[str, Any], *keys: PrivateKey) -> bytes:
    """Return the envelope of a record, signed by these keys."""
    signers = [EnvelopeSigner(key.public.alg, key.public.kid, key.sign) for key in keys]
    return sign_envelope(canonical_json(value), *signers).encode()


def anchor_of(head: LogHead, **changes: Any) -> Anchor:
    """Return a final anchor of a checkpoint, with evidence that only the tests believe."""
    anchor = Anchor(
        chain_id=31337,
        registry="0x" + "ab" * 20,
        log_id="0x" + "cd" * 32,
        size=head.size,
        root=head.root,
        checkpoint=head.checkpoint,
        state=AnchorState.FINAL,
        nonce=3,
        transaction_hash="0x" + "01" * 32,
        block_number=12,
        block_hash="0x" + "02" * 32,
        block_time=1_767_225_700,
        evidence=EVIDENCE,
        gas_used=71_943,
    )
    return replace(anchor, **changes)


def head_of(size: int, root: bytes, signer: NoteSigner) -> LogHead:
    """Return a signed head of any size and root."""
    return LogHead(size, root, sign_checkpoint(Checkpoint(signer.verifier.name, size, root), signer))


def stored_record(index: int, sequence: int, loan: Loan, number: int | None = None) -> StoredRecord:
    """Return a record as a store keeps it."""
    number = index if number is None else number
    payload = canonical_json({"id": record_id(number), "loan": loan.number})
    nonce = sha256(payload).digest()
    return StoredRecord(
        index, loan.lender, record_id(number), loan.number, sequence, NOW + index, nonce, payload, "[]", "repayment"
    )


def in_batches(items: Sequence[Submission], sizes: Iterable[int]) -> list[list[Submission]]:
    """Cut a list into pieces of these sizes and a rest."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(list(items[start : start + size]))
        start += size
    pieces.append(list(items[start:]))
    return [piece for piece in pieces if piece]
