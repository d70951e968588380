# SPDX-License-Identifier: Apache-2.0
"""A sample portfolio as a folder of files, ready to be submitted.

::

    documents/*.pdf           the agreements, under the names that the records give
    records.ndjson            envelopes, one a line, in the order in which they are submitted
    keys/lender.pem           the lender's private key (PKCS #8)
    keys/lender.jwk           its public half
    keys/borrowers.ndjson     the borrowers' public keys, one JWK a line
    keys/assignee.jwk         the public key of whoever takes a loan over
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

from api.samples.agreement_pdf import agreement_pdf
from api.samples.loans import Loan, sample_key, sample_loans
from api.samples.records import SampleRecord, records_of
from api.samples.stories import STORIES, tell_story
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import PrivateKey


@dataclass(frozen=True)
class SampleHistory:
    """A loan with its agreement and as many of its records as were asked for; `story` names what it tells, if any."""

    loan: Loan
    document: bytes
    records: tuple[SampleRecord, ...]
    story: str | None = None


_BETWEEN = 3
"""Ordinary loans before each story of a portfolio."""


def sample_histories(count: int, seed: int) -> Iterator[SampleHistory]:
    """Yield loans until they have `count` records together; the last one may break off.

    They are ordinary ones, and each story once.
    """
    for history in _mixed(seed):
        if count <= 0:
            return
        yield replace(history, records=history.records[:count])
        count -= len(history.records)


def story_history(name: str, seed: int) -> SampleHistory:
    """Return the loan of one of `STORIES`."""
    telling, document = tell_story(name, seed)
    return SampleHistory(telling.loan, document, tuple(telling.records), name)


def _mixed(seed: int) -> Iterator[SampleHistory]:
    ordinary = _ordinary(seed)
    for name in STORIES:
        yield from islice(ordinary, _BETWEEN)
        yield story_history(name, seed)
    yield from ordinary


def _ordinary(seed: int) -> Iterator[SampleHistory]:
    # Its own source of chance, so that the loans do not depend on how many records are drawn from each.
    random = Random(f"records {seed}")
    lender_kid = lender_key(seed).public.kid
    for loan in sample_loans(seed):
        document = agreement_pdf(loan)
        yield SampleHistory(loan, document, records_of(loan, lender_kid, document, random))


def lender_key(seed: int) -> PrivateKey:
    """Return the key with which the lender of all loans of a seed signs."""
    return sample_key(seed, "lender")


def write_samples(folder: Path, histories: Iterable[SampleHistory], seed: int) -> tuple[int, int]:
    """Write signed records and what belongs to them into a new folder; return the numbers of loans and of records.

    Raises `FileExistsError` if the folder is there already.
    """
    assignee = sample_key(seed, "assignee")
    documents, keys_folder = folder / "documents", folder / "keys"
    for directory in (folder, documents, keys_folder):
        directory.mkdir(parents=directory is folder)
    borrowers: list[str] = []
    lines: list[tuple[SampleRecord, bytes]] = []
    for history in histories:
        (documents / history.loan.document_name).write_bytes(history.document)
        borrowers.append(history.loan.borrower.public.encoded)
        signers = signers_of(history.loan, seed)
        for record in history.records:
            envelope = sign_envelope(record.payload, *(signers[role] for role in record.signers))
            lines.append((record, envelope.encode()))
    # Sorting is stable, so records of one loan stay in their order even at the same moment.
    lines.sort(key=lambda line: line[0].told_at)
    (folder / "records.ndjson").write_bytes(b"".join(line + b"\n" for _, line in lines))
    (keys_folder / "lender.pem").write_bytes(lender_key(seed).to_pem())
    (keys_folder / "lender.jwk").write_text(lender_key(seed).public.encoded, "ascii")
    (keys_folder / "borrowers.ndjson").write_text("".join(f"{jwk}\n" for jwk in borrowers), "ascii")
    (keys_folder / "assignee.jwk").write_text(assignee.public.encoded, "ascii")
    return len(borrowers), len(lines)


def signers_of(loan: Loan, seed: int) -> dict[str, EnvelopeSigner]:
    """Return who signs the records of a loan of this seed, by role."""
    keys = {"lender": lender_key(seed), "borrower": loan.borrower, "assignee": sample_key(seed, "assignee")}
    return {role: _signer(key) for role, key in keys.items()}


def _signer(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign)
