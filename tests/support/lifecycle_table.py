# SPDX-License-Identifier: Apache-2.0
"""The life cycle as it should be, written down a second time to hold the code against."""

# One line for each type: the stages that take it, and in brackets what follows where that is another stage.
_TABLE = """
data_consent: draft applied decided agreed active drawn overdue restructured settled written_off recovered
consent_revoked: draft applied decided agreed active drawn overdue restructured settled written_off recovered
application: draft(applied) applied decided(applied)
credit_decision: draft(decided) applied(decided) decided
offer: draft applied decided
facility: draft applied decided agreed(active) active drawn overdue restructured
limit_change: draft applied decided agreed active drawn overdue restructured
agreement: draft(agreed) applied(agreed) decided(agreed)
amendment: agreed active drawn overdue restructured
guarantee: draft applied decided agreed active drawn overdue restructured
collateral: draft applied decided agreed active drawn overdue restructured
release: draft applied decided agreed active drawn overdue restructured settled written_off recovered
disbursement: agreed(active) active drawn overdue restructured
schedule: agreed active drawn overdue restructured
rate_set: agreed active drawn overdue restructured
repayment: agreed active drawn overdue restructured(active)
reversal: agreed active drawn overdue restructured settled(active) written_off recovered
payment_claim: agreed active drawn overdue restructured settled written_off recovered
dispute: applied decided agreed active drawn overdue restructured settled written_off recovered
dispute_resolution: applied decided agreed active drawn overdue restructured settled written_off recovered
reminder: agreed active drawn overdue restructured written_off recovered
overdue_notice: active(overdue) drawn(overdue) overdue restructured(overdue)
classification: agreed active drawn overdue restructured written_off recovered
restructuring: active(restructured) drawn(restructured) overdue(restructured) restructured
assignment: agreed active drawn overdue restructured written_off recovered
participation: agreed active drawn overdue restructured written_off recovered
settlement: agreed(settled) active(settled) drawn(settled) overdue(settled) restructured(settled)
write_off: active(written_off) drawn(written_off) overdue(written_off) restructured(written_off) written_off
recovery: written_off(recovered) recovered
administration: draft
court_order: applied decided agreed active drawn overdue restructured settled written_off recovered
"""


def _legal() -> dict[tuple[str, str], str]:
    result = {}
    for line in _TABLE.strip().splitlines():
        kind, _, stages = line.partition(": ")
        for word in stages.split():
            stage, _, following = word.rstrip(")").partition("(")
            result[stage, kind] = following or stage
    return result


LEGAL = _legal()
"""What follows on a stage and a record type; what is not here is refused."""
