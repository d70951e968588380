# SPDX-License-Identifier: Apache-2.0
"""A running notary with sample data for pages to show: loans, findings, records recorded, anchored and final.

::

    with running_site(tmp_path) as site:
        site.url, site.loan, site.pass_secret, site.lender_key
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.access.auth import hash_secret, new_pass_secret
from api.clock import now
from api.samples import STORIES, lender_key, sample_histories, story_history
from api.samples.loans import sample_key
from notary.access import LoanPass
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.log.anchors import AnchorState
from notary.schemes import PrivateKey
from tests.support.api import Api, answers, running_api
from tests.support.builders import anchor_of
from tests.support.serving import serving_app

SEED = 1
DAY = 86_400_000
_ORDINARY = 120
_POLICY = {"thresholds": {"backdated_days": 36_500, "burst_days": 36_500}}


@dataclass(frozen=True)
class Site:
    """The service, where it is served, and what opens it.

    `loans` are the loans' numbers by story; those without one are in `ordinary`.
    """

    api: Api
    url: str
    loans: dict[str, str]
    ordinary: tuple[str, ...]

    @property
    def lender_key(self) -> str:
        """The API key of the lender of all loans."""
        return self.api.bank.api_key

    def loan_pass(self, loan: str, days: float = 30, revoked: bool = False) -> str:
        """Return the secret of a new pass to a loan; one with no days left has expired."""
        secret, moment = new_pass_secret(), now()
        made = LoanPass(f"pass_{hash_secret(secret).hex()[:16]}", self.api.bank.lender.number, loan, moment,
                        moment + round(days * DAY), moment if revoked else None)  # fmt: skip
        self.api.services.access.add_pass(made, hash_secret(secret))
        return secret


@contextmanager
def running_site(path: Path) -> Iterator[Site]:
    """Make a data folder at `path` with sample data in it, and serve it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_api(path) as api:
        loans, ordinary = _fill(api)
        with serving_app(api.app) as url:
            yield Site(api, url, loans, ordinary)


def _fill(api: Api) -> tuple[dict[str, str], tuple[str, ...]]:
    assert api.request("PUT", "/v1/policy", orjson.dumps(_POLICY)).status_code == 200
    keys = {"lender": lender_key(SEED), "assignee": sample_key(SEED, "assignee")}
    for party, key in keys.items():
        api.services.keys.register(api.bank.lender, party, key.public.jwk)
    told = [story_history(name, SEED) for name in STORIES]
    plain = [item for item in sample_histories(_ORDINARY, SEED) if item.story is None]
    lines = []
    for history in (*told, *plain):
        signers = {**keys, "borrower": history.loan.borrower}
        api.services.keys.register(api.bank.lender, "borrower", history.loan.borrower.public.jwk)
        lines += [
            sign_envelope(record.payload, *(_signer(signers[role]) for role in record.signers)).encode()
            for record in history.records
        ]
    # Most are final, some anchored, the newest only recorded.
    first, second = len(lines) * 6 // 10, len(lines) * 8 // 10
    for part, state in ((lines[:first], "final"), (lines[first:second], "mined"), (lines[second:], None)):
        assert {answer["status"] for answer in answers(api.batch(b"\n".join(part)))} == {201}
        if state:
            head = api.services.log.head()
            seen = anchor_of(
                head, state=AnchorState(state), nonce=head.size, evidence=None, block_time=now() // 1000 + 7
            )
            api.services.store.save_anchor(seen)
    return {item.story or "": item.loan.number for item in told}, tuple(item.loan.number for item in plain)


def _signer(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign)
