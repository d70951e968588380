# SPDX-License-Identifier: Apache-2.0
"""Loans to whom something happens: one file for each story, and one line in `STORIES`."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random

from api.samples.agreement_pdf import agreement_pdf
from api.samples.loans import AS_OF, Loan, derived, moment, sample_key
from api.samples.profiles import CNY
from api.samples.schedule import Terms, effective_rate, equal_instalments
from api.samples.stories import (
    assigned,
    backdated,
    defaulter,
    early_payer,
    over_limit,
    over_repaid,
    silent,
)
from api.samples.stories.story import Story
from api.samples.stories.telling import Telling

STORIES: Mapping[str, Story] = {
    "early-payer": early_payer.STORY,
    "defaulter": defaulter.STORY,
    "assigned": assigned.STORY,
    "over-limit": over_limit.STORY,
    "backdated": backdated.STORY,
    "over-repaid": over_repaid.STORY,
    "silent": silent.STORY,
}
"""Every story by its name."""

_FIRST_SERIAL = 900_001


def tell_story(name: str, seed: int) -> tuple[Telling, bytes]:
    """Return a story told to its end, and its agreement as a PDF; the same name and seed give the same bytes."""
    story, random = STORIES[name], Random(f"story {name} {seed}")
    loan = _loan(name, story, seed, random)
    document = agreement_pdf(loan)
    parties = {"lender": sample_key(seed, "lender"), "assignee": sample_key(seed, "assignee")}
    keys = {role: key.public.kid for role, key in parties.items()}
    telling = Telling(loan, keys, document, random)
    story.tell(telling)
    return telling, document


def _loan(name: str, story: Story, seed: int, random: Random) -> Loan:
    serial = _FIRST_SERIAL + list(STORIES).index(name)
    disbursed = AS_OF - timedelta(days=story.days + random.randrange(28))
    # As in all samples: a month of 30/360 is the twelfth of a year only up to the 28th.
    disbursed = disbursed.replace(day=min(disbursed.day, 28))
    rate = Decimal(random.randrange(360, 1200)) / 10_000
    terms = Terms(random.randrange(800, 3000) * 10_000, rate, 12, disbursed)
    schedule = equal_instalments(terms)
    return Loan(
        profile=CNY,
        number=CNY.number.format(year=disbursed.year, serial=serial),
        document_name=CNY.document_name.format(serial=serial),
        purpose=random.choice(CNY.purposes),
        borrower=sample_key(seed, f"borrower:{name}"),
        subject_ref=derived(seed, f"subject:{name}").hex(),
        account_ref=derived(seed, f"account:{name}").hex(),
        agreed=moment(random, disbursed - timedelta(days=2), CNY) - timedelta(days=story.signed_before),
        terms=terms,
        schedule=schedule,
        apr=effective_rate(terms, schedule[0].total),
        payments=(),
        settled=None,
        payoff=False,
        fixed_order=False,
    )
