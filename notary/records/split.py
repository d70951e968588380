# SPDX-License-Identifier: Apache-2.0
"""What money was for: the parts that sum to an amount."""

from collections.abc import Iterator

from notary.errors import Fault
from notary.once import once
from notary.records.fields import Maybe, Model
from notary.records.money import Amount, Money, format_amount
from notary.records.record import in_currency


class Split(Model):
    """What a payment was used for; a part that is absent got nothing."""

    principal: Amount
    interest: Amount
    penalty: Maybe[Amount] = None
    fee: Maybe[Amount] = None

    @once
    def sums(self) -> tuple[int, int, int, int]:
        """The principal, interest, penalty and fee in smallest units; 0 for a part that is absent."""
        penalty, fee = self.penalty, self.fee
        return self.principal.minor, self.interest.minor, penalty.minor if penalty else 0, fee.minor if fee else 0

    def contradictions(self, amount: Money) -> Iterator[Fault]:
        """Yield what is wrong in the split, at /split, of /amount: parts in its currency that sum to it (check C7)."""
        currency = amount.currency
        for part in (self.principal, self.interest, self.penalty, self.fee):
            if part is not None and part.currency != currency:
                sums: dict[str, Money | None] = {f"/split/{name}": part for name, part in self}
                yield from in_currency(currency, sums, "C7")
                return
        total = sum(self.sums)
        if total != amount.minor:
            yield Fault("/split", f"sums to {format_amount(total, currency)}, but /amount is {amount.amount}", "C7")
