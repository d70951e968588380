# SPDX-License-Identifier: Apache-2.0
"""What each endpoint asks of whoever calls it: one line for each, and none without a line."""

from collections.abc import Mapping

from notary.access import (
    READ_RECORDS,
    WRITE_ACCESS,
    WRITE_ORGANISATIONS,
    WRITE_PARTIES,
    WRITE_PASSES,
    WRITE_POLICY,
    WRITE_RECORDS,
    WRITE_WEBHOOKS,
)

ANYBODY = ""
"""No key is needed."""
PASS = "a loan pass"  # noqa: S105 - no password
"""A loan pass is needed, and no key will do."""

SCOPES: Mapping[str, str] = {
    "records.submit": WRITE_RECORDS,
    "records.submit_batch": WRITE_RECORDS,
    "records.show": READ_RECORDS,
    "records.receipt": READ_RECORDS,
    "documents.put": WRITE_RECORDS,
    "documents.get": READ_RECORDS,
    "documents.info": READ_RECORDS,
    "documents.attach": WRITE_RECORDS,
    "documents.attachment": READ_RECORDS,
    "drafts.hand_in": WRITE_RECORDS,
    "drafts.index": READ_RECORDS,
    "drafts.show": READ_RECORDS,
    "drafts.sign": WRITE_RECORDS,
    "drafts.withdraw": WRITE_RECORDS,
    "records.proof": READ_RECORDS,
    "records.cose_receipt": READ_RECORDS,
    "loans.timeline": READ_RECORDS,
    "findings.every": READ_RECORDS,
    "policy.show": READ_RECORDS,
    "policy.put": WRITE_POLICY,
    "roots.register": WRITE_PARTIES,
    "roots.index": READ_RECORDS,
    "roots.revoke": WRITE_PARTIES,
    "loans.receipt": READ_RECORDS,
    "loans.evidence": READ_RECORDS,
    "keys.register": WRITE_PARTIES,
    "keys.index": READ_RECORDS,
    "keys.show": READ_RECORDS,
    "keys.revoke": WRITE_PARTIES,
    "webhooks.add": WRITE_WEBHOOKS,
    "webhooks.index": WRITE_WEBHOOKS,
    "webhooks.show": WRITE_WEBHOOKS,
    "webhooks.change": WRITE_WEBHOOKS,
    "webhooks.remove": WRITE_WEBHOOKS,
    "webhooks.rotate": WRITE_WEBHOOKS,
    "deliveries.test": WRITE_WEBHOOKS,
    "deliveries.deliveries": WRITE_WEBHOOKS,
    "deliveries.delivery": WRITE_WEBHOOKS,
    "deliveries.replay": WRITE_WEBHOOKS,
    "api_keys.create": WRITE_ACCESS,
    "api_keys.index": WRITE_ACCESS,
    "api_keys.rotate": WRITE_ACCESS,
    "api_keys.revoke": WRITE_ACCESS,
    "client_keys.add": WRITE_ACCESS,
    "client_keys.index": WRITE_ACCESS,
    "client_keys.revoke": WRITE_ACCESS,
    "oauth.token": ANYBODY,
    "grants.make": WRITE_ACCESS,
    "grants.index": READ_RECORDS,
    "grants.revoke": WRITE_ACCESS,
    "passes.mint": WRITE_PASSES,
    "passes.index": WRITE_PASSES,
    "passes.revoke": WRITE_PASSES,
    "my_loan.show": PASS,
    "my_loan.receipt": PASS,
    "my_loan.evidence": PASS,
    "organisations.add": WRITE_ORGANISATIONS,
    "organisations.index": WRITE_ORGANISATIONS,
    "verify.verify": ANYBODY,
    "anchors.anchors": ANYBODY,
}
"""The scope that a caller's key must have, by endpoint: the blueprint's name and the view's."""
