# SPDX-License-Identifier: Apache-2.0
"""Every request of the API, once, as a function that returns a `Call`. `Client` and `AsyncClient` have them as methods.

The examples are as one writes them with a `Client`; an `AsyncClient` has the same methods, to be awaited. Tests run
each of them against a notary.
"""

from loan_notary.calls import access, audits, documents, jobs, log, parties, records, webhooks

__all__ = ["access", "audits", "documents", "jobs", "log", "parties", "records", "webhooks"]
