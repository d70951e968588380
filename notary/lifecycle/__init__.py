# SPDX-License-Identifier: Apache-2.0
"""Which record a loan takes in which state, and the state it leaves behind. Rules only, no I/O.

::

    state = advance(LoanState.decode(text), "repayment", facts)
    state.stage, state.encode()

Only what makes no sense at all is refused: an order of records that cannot be (check C6), sums in another currency
(C5), transfers of more than there is (C8) or by somebody else (C9). A repayment before any disbursement is legal here:
it is odd, so it becomes a finding on an accepted record.
"""

from notary.lifecycle.advance import advance
from notary.lifecycle.stages import DRAFT, STAGES, TRANSITIONS, next_state
from notary.lifecycle.state import LoanState

__all__ = ["DRAFT", "STAGES", "TRANSITIONS", "LoanState", "advance", "next_state"]
