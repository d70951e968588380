# SPDX-License-Identifier: Apache-2.0
"""A client of a loan notary: sign on your own machine, submit, wait, verify; sync and async.

>>> from loan_notary import Client, generate_key, sign
>>> client = Client(notary_url, api_key)                    # `log_key=` pins whose log its receipts must be of
>>> lender, borrower = generate_key(), generate_key()       # these stay here; store lender.to_pem() safely
>>> _ = client.register_key("lender", lender)               # sends the public half
>>> _ = client.register_key("borrower", borrower)
>>> receipt = client.submit(sign(agreement, lender, borrower))
>>> receipt.state
'recorded'
>>> client.verify(receipt).verdict.value                    # offline: no word of the notary's is needed for this
'valid'

Then `client.wait_for(receipt)` waits until its anchor on the chain is final, `receipt.save(path)` keeps the proof,
`client.submit_many(records)` submits any number. `AsyncClient` has the same methods, to be awaited.

Every method of the API is a function of `loan_notary.calls` with an example; errors are drawn in `loan_notary.errors`.
Whatever fails on the way is tried again (`Retries`), which never does a thing twice.

A record is sent whole, with all its fields: the notary checks it by its rules before it takes it. Documents need not
be: a record names them by their digests.
"""

from loan_notary.async_client import AsyncClient
from loan_notary.batch_signing import sign_batch, sign_file
from loan_notary.call import Call, Page
from loan_notary.client import Client
from loan_notary.errors import (
    AuthenticationError,
    BadAnswerError,
    ConflictError,
    Fault,
    InvalidInputError,
    InvalidRequestError,
    MissingError,
    NoAnswerError,
    NotaryError,
    PermissionDeniedError,
    ProblemError,
    RateLimitedError,
    ServiceError,
    StateTimeoutError,
    WebhookMessageError,
)
from loan_notary.receipts import History, LineAnswer, Receipt, State, file_digests, read_history, read_receipt, verify
from loan_notary.retries import Retries
from loan_notary.signing import (
    Envelope,
    PrivateKey,
    add_signatures,
    check_record,
    generate_key,
    load_private_key,
    sign,
    signature_over,
)
from loan_notary.webhook_messages import verify_webhook
from notary.receipts.acceptance import PRODUCTION, AcceptanceRules, parse_rules

__all__ = [
    "PRODUCTION",
    "VERSION",
    "AcceptanceRules",
    "AsyncClient",
    "AuthenticationError",
    "BadAnswerError",
    "Call",
    "Client",
    "ConflictError",
    "Envelope",
    "Fault",
    "History",
    "InvalidInputError",
    "InvalidRequestError",
    "LineAnswer",
    "MissingError",
    "NoAnswerError",
    "NotaryError",
    "Page",
    "PermissionDeniedError",
    "PrivateKey",
    "ProblemError",
    "RateLimitedError",
    "Receipt",
    "Retries",
    "ServiceError",
    "State",
    "StateTimeoutError",
    "WebhookMessageError",
    "add_signatures",
    "check_record",
    "file_digests",
    "generate_key",
    "load_private_key",
    "parse_rules",
    "read_history",
    "read_receipt",
    "sign",
    "sign_batch",
    "sign_file",
    "signature_over",
    "verify",
    "verify_webhook",
]

VERSION = "0.1.0"
