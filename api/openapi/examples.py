# SPDX-License-Identifier: Apache-2.0
"""What the examples of the document are made of: the same bytes every time, and good enough to be sent as they are.

The keys are made from words that everybody can read here, so they are worth nothing.
"""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.canonical import canonical_json
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import PrivateKey, private_key
from notary.signed_batch import sign_batch

LOAN, DRAFT_LOAN, SIGNED_LOAN, BATCH_LOAN = (f"LN-2026-000{number}" for number in range(1, 5))
ERASED_LOAN = "LN-2019-0417"
AGREEMENT_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e01"
DISBURSEMENT_ID = "0199ff3d-a800-7c52-9a4e-2b7c5d9e1f02"
DRAFT_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e03"
SIGNED_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e04"
BATCH_RECORD_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e05"
BATCH_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e06"
DISPUTE_ID, CLAIM_ID = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e07", "01998d2e-5c00-7a31-8f42-6d1f0c2b9e08"
DOCUMENT = "Loan agreement LN-2026-0001 between Sample Bank and its borrower.\n"
DOCUMENT_SHA256 = sha256(DOCUMENT.encode()).hexdigest()
ATTACHMENT = "In place of the bytes of a detached CMS signature or an RFC 3161 timestamp.\n"
ATTACHMENT_SHA256 = sha256(ATTACHMENT.encode()).hexdigest()
LATER = "2040-01-01T00:00:00.000Z"
MOMENT = "2026-11-23T08:00:00.000Z"
WEBHOOK_ID, MESSAGE_ID = "wh_5f8a1c0e9b7d4a3286c1e0f9d2b4a687", "msg_0b9e6c1f8d7a4b52"
AUDIT_ID = "audit_3c1f9e7ab2d04c5886e1a0f9d2b4c687"
API_KEY_ID, GRANT_ID, PASS_ID = "key_9c4f0a7be2d15836", "grant_4be1d09a7c52f836", "pass_7d90c4be1a52f836"
ROOT = (
    "MIIBKDCB26ADAgECAgEBMAUGAytlcDAcMRowGAYDVQQKDBFFeGFtcGxlIEF1dGhvcml0eTAeFw0yNjAxMDEwMDAwMDBaFw00NjAxMDEwMDAwMDBa"
    "MBwxGjAYBgNVBAoMEUV4YW1wbGUgQXV0aG9yaXR5MCowBQYDK2VwAyEApC1fSIr2gwn0OOrR9z8P4W1IE9wVMK0KOPvlaeAobJKjQjBAMA8GA1Ud"
    "EwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTii6WQ0B7zX5OySihAgbOLM4GsPjAFBgMrZXADQQBZ5Iq7YadLb/bhgtIg0bie"
    "RNJVEveJ1MG0gFFrji5Tli9EBlWnqlRUpdj7BxvqT3p3z+oMRlg7hUVHmm8lbBkJ"
)
ROOT_FINGERPRINT = "e651bd1b06fbf9821fa0977a9df6fde19e253a80ce83c1ae894ee89d6b54b55c"


def _key(word: str) -> PrivateKey:
    return private_key(Ed25519PrivateKey.from_private_bytes(sha256(f"loan-notary example {word}".encode()).digest()))


LENDER_KEY, BORROWER_KEY, CLIENT_KEY = _key("lender"), _key("borrower"), _key("client")


def agreement(record_id: str = AGREEMENT_ID, loan: str = LOAN) -> dict[str, Any]:
    """Return the record with which a loan begins; it names the keys of both parties."""
    return {
        "type": "agreement",
        "id": record_id,
        "loan": loan,
        "occurred_at": "2026-11-20T08:30:00Z",
        "parties": [
            {"role": "lender", "name": "Sample Bank", "key": LENDER_KEY.public.kid},
            {"role": "borrower", "subject_ref": "fc" * 32, "key": BORROWER_KEY.public.kid},
        ],
        "documents": [
            {
                "name": "agreement.txt",
                "media_type": "text/plain",
                "size": len(DOCUMENT.encode()),
                "sha256": DOCUMENT_SHA256,
            }
        ],
        "principal": {"currency": "CNY", "amount": "10000.00"},
        "rate": {"kind": "fixed", "rate": {"value": "0.12", "unit": "per_annum"}},
        "day_count": "30/360",
        "compounding": "none",
        "repayment_method": "equal_instalments",
        "first_due": "2026-12-20",
        "maturity": "2027-11-20",
        "fees": [],
        "apr": {"value": "0.12", "unit": "per_annum"},
        "governing_law": "CN",
    }


def dispute() -> dict[str, Any]:
    """Return the borrower's word that the agreement is wrong; the digest commits to what he says of it."""
    return {
        "type": "dispute",
        "id": DISPUTE_ID,
        "loan": LOAN,
        "occurred_at": "2026-11-22T09:15:00Z",
        "about": AGREEMENT_ID,
        "ground": "amount",
        "text_commitment": "3c" * 32,
    }


def disbursement() -> dict[str, Any]:
    """Return the record of the loan's money going out."""
    return {
        "type": "disbursement",
        "id": DISBURSEMENT_ID,
        "loan": LOAN,
        "occurred_at": "2026-11-20T09:00:00Z",
        "amount": {"currency": "CNY", "amount": "10000.00"},
        "value_date": "2026-11-20",
        "rail": "CNAPS_HVPS",
        "reference": "HVPS2026112000042",
        "payee_ref": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "drawdown": 1,
    }


def envelope(record: dict[str, Any], *keys: PrivateKey) -> dict[str, Any]:
    """Return a record's envelope, signed by these keys."""
    signers = [EnvelopeSigner(key.public.alg, key.public.kid, key.sign) for key in keys]
    return sign_envelope(canonical_json(record), *signers).to_json()


def encoded(record: dict[str, Any]) -> str:
    """Return a record as one line."""
    return canonical_json(record).decode()


def signed_lines() -> str:
    """Return the lines of a batch under one signature."""
    line = encoded(agreement(BATCH_RECORD_ID, BATCH_LOAN))
    signer = EnvelopeSigner(LENDER_KEY.public.alg, LENDER_KEY.public.kid, LENDER_KEY.sign)
    return f"{sign_batch(BATCH_ID, [line.encode()], signer).to_line().decode()}\n{line}\n"
