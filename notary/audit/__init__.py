# SPDX-License-Identifier: Apache-2.0
"""Audit of a log: everything is computed again from the entries up and compared with what the log and the chain say.

::

    job = plan_job(checkpoint, verifier, records=True, as_of=now, loans=store.last_loan())
    outcomes = {part: audit_part(part, job, source, records) for part in job.parts}
    report = conclude(job, outcomes, source)

`sources` says what is audited (a database, a copy on disk, a log behind a URL), `tree` and `histories` do the work,
`job` cuts it into parts that any number of processes do in any order, on any number of machines, `anchors` compares
with the chain, `report` holds what was found. Beside the full audit: `sampling` and `selection` (a sample instead of
everything), `tie_out` (a lender's ledger against the log), `monitoring` (the log watched from outside). Rules only: no
network, no SQL.
"""
