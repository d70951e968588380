# SPDX-License-Identifier: Apache-2.0
"""What money was for: the parts that sum to an amount."""

from collections.abc import Iterator

from notary.errors import Fault
from notary.records.fields import Maybe, Model
from notary.records.money import Amount, Money, format_amount
from notary.records.record import in_currency


class Split(Model):
    """What a payment was used for; a part that is absent got nothing."""

    principal: Amount
    interest: Amount
    penalty: Maybe[Amount] = None
    fee: Maybe[Amount] = None

    def parts(self) -> list[Money]:
        """The parts that are present."""
        return [part for part in (self.principal, self.interest, self.penalty, self.fee) if part is not None]

    def contradictions(self, amount: Money) -> Iterator[Fault]:
        """Yield what is wrong in the split, at /split, of /amount: parts in its currency that sum to it (check C7)."""
        total, currency = 0, amount.currency
        for part in self.parts():
            if part.currency != currency:
                sums: dict[str, Money | None] = {f"/split/{name}": part for name, part in self}
                yield from in_currency(amount.currency, sums, "C7")
                return
            total += part.minor
        if total != amount.minor:
            stated = format_amount(total, amount.currency)
            yield Fault("/split", f"sums to {stated}, but /amount is {amount.amount}", "C7")
