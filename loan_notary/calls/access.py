# SPDX-License-Identifier: Apache-2.0
"""Calls on who may do what: API keys, client keys, grants to auditors, loan passes, organisations."""

from collections.abc import Sequence
from typing import Any, Literal

import orjson

from loan_notary.answers import (
    Access,
    ApiKey,
    BorrowerAccesses,
    ClientKey,
    Grant,
    NewApiKey,
    NewOrganisation,
    NewPass,
    Organisation,
    Pass,
)
from loan_notary.call import JSON, Call, Page, get, get_bytes, member, path, send_json
from loan_notary.calls.parties import SomeKey, public_jwk
from loan_notary.calls.records import Submission, encode
from loan_notary.receipts import Receipt, read_receipt

_NOTHING: dict[str, Any] = {}


def accesses() -> Call[Page[Access]]:
    """List who read what of the lender's loans, the newest first.

    >>> shown = client.loan(recorded.record["loan"])
    >>> next(client.accesses())["kind"]
    'loan'
    """
    return _accesses(path("accesses"))


def loan_accesses(number: str) -> Call[Page[Access]]:
    """List who read a loan, its records and its documents, the newest first.

    >>> shown = client.loan(recorded.record["loan"])
    >>> next(client.loan_accesses(recorded.record["loan"]))["kind"]
    'loan'
    """
    return _accesses(path("loans", number, "accesses"))


def my_loan_accesses() -> Call[BorrowerAccesses]:
    """Return who read the loan of the pass.

    >>> made = client.mint_pass(recorded.record["loan"], "2040-01-01T00:00:00.000Z")
    >>> borrower = client_with(made["secret"])
    >>> shown = borrower.my_loan()
    >>> borrower.my_loan_accesses()["accesses"][0]["reader"]["role"]
    'borrower'
    """
    return get(path("my-loan", "accesses"))


def create_api_key(name: str, scopes: Sequence[str], expires_at: str | None = None) -> Call[NewApiKey]:
    """Make an API key with scopes of your own. Keep it: it is shown this once.

    >>> made = client.create_api_key("reporting", ["records:read"])
    >>> made["api_key"].startswith("ln_")
    True
    """
    return send_json("POST", path("api-keys"), {"name": name, "scopes": list(scopes), "expires_at": expires_at})


def api_keys() -> Call[list[ApiKey]]:
    """List the API keys.

    >>> made = client.create_api_key("reporting", ["records:read"])
    >>> made["id"] in [item["id"] for item in client.api_keys()]
    True
    """
    return member(get(path("api-keys")), "api_keys")


def rotate_api_key(key_id: str, overlap_seconds: int | None = None) -> Call[NewApiKey]:
    """Return a new API key in place of another, which goes on for a day or for `overlap_seconds`.

    >>> old = client.create_api_key("reporting", ["records:read"])
    >>> client.rotate_api_key(old["id"], overlap_seconds=60)["name"]
    'reporting'
    """
    return send_json("POST", path("api-keys", key_id, "rotation"), {"overlap_seconds": overlap_seconds})


def revoke_api_key(key_id: str) -> Call[ApiKey]:
    """End an API key now.

    >>> made = client.create_api_key("reporting", ["records:read"])
    >>> client.revoke_api_key(made["id"])["revoked_at"] is None
    False
    """
    return send_json("POST", path("api-keys", key_id, "revocation"), _NOTHING)


def add_client_key(key: SomeKey) -> Call[ClientKey]:
    """Add a public key with which access tokens are asked for (`private_key_jwt`).

    >>> client.add_client_key(generate_key("ES256"))["revoked_at"]
    """
    return send_json("POST", path("client-keys"), {"jwk": public_jwk(key)})


def client_keys() -> Call[list[ClientKey]]:
    """List the client keys.

    >>> isinstance(client.client_keys(), list)
    True
    """
    return member(get(path("client-keys")), "client_keys")


def revoke_client_key(kid: str) -> Call[ClientKey]:
    """Revoke a client key.

    >>> added = client.add_client_key(generate_key("ES256"))
    >>> client.revoke_client_key(added["kid"])["revoked_at"] is None
    False
    """
    return send_json("POST", path("client-keys", kid, "revocation"), _NOTHING)


def make_grant(
    auditor: int,
    expires_at: str,
    *,
    lender: int | None = None,
    loan: str | None = None,
    began_from: str | None = None,
    began_until: str | None = None,
) -> Call[Grant]:
    """Let an auditor read loans: all, one, or those that began in a time. An operator names the lender.

    >>> client.make_grant(auditor, "2999-01-01T00:00:00.000Z", loan="LN-1")["loan"]
    'LN-1'
    """
    members = {
        "auditor": auditor,
        "expires_at": expires_at,
        "lender": lender,
        "loan": loan,
        "began_from": began_from,
        "began_until": began_until,
    }
    return send_json("POST", path("grants"), members)


def grants() -> Call[list[Grant]]:
    """List the grants.

    >>> granted = client.make_grant(auditor, "2999-01-01T00:00:00.000Z")
    >>> granted["id"] in [item["id"] for item in client.grants()]
    True
    """
    return member(get(path("grants")), "grants")


def revoke_grant(grant_id: str) -> Call[Grant]:
    """Take a grant back.

    >>> granted = client.make_grant(auditor, "2999-01-01T00:00:00.000Z")
    >>> client.revoke_grant(granted["id"])["revoked_at"] is None
    False
    """
    return send_json("POST", path("grants", grant_id, "revocation"), _NOTHING)


def mint_pass(loan: str, expires_at: str) -> Call[NewPass]:
    """Make a borrower's pass to one loan.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> made["link"] == "/loan#" + made["secret"]
    True
    """
    return send_json("POST", path("passes"), {"loan": loan, "expires_at": expires_at})


def passes() -> Call[list[Pass]]:
    """List the passes.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> made["id"] in [item["id"] for item in client.passes()]
    True
    """
    return member(get(path("passes")), "passes")


def revoke_pass(pass_id: str) -> Call[Pass]:
    """Take a pass back.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> client.revoke_pass(made["id"])["revoked_at"] is None
    False
    """
    return send_json("POST", path("passes", pass_id, "revocation"), _NOTHING)


def my_loan(*, as_of: str | None = None) -> Call[dict[str, Any]]:
    """Return the loan of a pass, for a client whose API key is the pass's secret.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> client_with(made["secret"]).my_loan()["loan"] == recorded.record["loan"]
    True
    """
    return get(path("my-loan", as_of=as_of))


def submit_my_loan(item: Submission) -> Call[Receipt]:
    """Add the borrower's own word to the loan of a pass: a `dispute` or a `payment_claim`, signed or not.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> from uuid import uuid4
    >>> word = {"type": "dispute", "id": str(uuid4()), "loan": recorded.record["loan"], "about": recorded.record_id,
    ...         "occurred_at": "2026-11-22T09:15:00Z", "ground": "amount", "text_commitment": "3c" * 32}
    >>> client_with(made["secret"]).submit_my_loan(word).state
    'recorded'
    """
    return Call("POST", path("my-loan", "records"), read_receipt, encode(item), JSON)


def my_loan_receipt(record_id: str) -> Call[Receipt]:
    """Return a receipt of the loan of a pass.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> client_with(made["secret"]).my_loan_receipt(recorded.record_id).record == recorded.record
    True
    """
    return Call("GET", path("my-loan", "records", record_id, "receipt"), read_receipt)


def my_loan_certificate(record_id: str) -> Call[bytes]:
    """Return a certificate (PDF) of a record of the loan of a pass.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> client_with(made["secret"]).my_loan_certificate(recorded.record_id).startswith(b"%PDF-")
    True
    """
    return get_bytes(path("my-loan", "records", record_id, "certificate.pdf"))


def my_loan_evidence() -> Call[bytes]:
    """Return the evidence package of the loan of a pass.

    >>> made = client.mint_pass(recorded.record["loan"], "2999-01-01T00:00:00.000Z")
    >>> client_with(made["secret"]).my_loan_evidence()[:2]
    b'PK'
    """
    return get_bytes(path("my-loan", "evidence.zip"))


def add_organisation(name: str, role: Literal["lender", "auditor", "operator"]) -> Call[NewOrganisation]:
    """Add an organisation, as the operator.

    >>> client_with(operator_key).add_organisation("Third Bank", "lender")["role"]
    'lender'
    """
    return send_json("POST", path("organisations"), {"name": name, "role": role})


def organisations() -> Call[list[Organisation]]:
    """List the organisations, as the operator.

    >>> "auditor" in [item["role"] for item in client_with(operator_key).organisations()]
    True
    """
    return member(get(path("organisations")), "organisations")


def _accesses(address: str, cursor: str = "") -> Call[Page[Access]]:
    def read(answer: bytes) -> Page[Access]:
        members = orjson.loads(answer)
        more = members["next"]
        return Page(members["accesses"], _accesses(address, more) if more else None)

    return Call("GET", f"{address}?cursor={cursor}" if cursor else address, read)
