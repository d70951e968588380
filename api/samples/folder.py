# SPDX-License-Identifier: Apache-2.0
"""A sample portfolio as a folder of files, ready to be submitted.

::

    documents/*.pdf           the agreements, under the names that the records give
    records.ndjson            envelopes, one a line, in the order of their events
    keys/lender.pem           the lender's private key (PKCS #8)
    keys/lender.jwk           its public half
    keys/borrowers.ndjson     the borrowers' public keys, one JWK a line
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from api.samples.agreement_pdf import agreement_pdf
from api.samples.loans import Loan, sample_key, sample_loans
from api.samples.records import SampleRecord, records_of
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import PrivateKey


@dataclass(frozen=True)
class SampleHistory:
    """A loan with its agreement and as many of its records as were asked for."""

    loan: Loan
    document: bytes
    records: tuple[SampleRecord, ...]


def sample_histories(count: int, seed: int) -> Iterator[SampleHistory]:
    """Yield loans until they have `count` records together; the last one may break off."""
    # Its own source of chance, so that the loans do not depend on how many records are drawn from each.
    random = Random(f"records {seed}")
    lender_kid = lender_key(seed).public.kid
    for loan in sample_loans(seed):
        if count <= 0:
            return
        document = agreement_pdf(loan)
        records = records_of(loan, lender_kid, document, random)[:count]
        count -= len(records)
        yield SampleHistory(loan, document, records)


def lender_key(seed: int) -> PrivateKey:
    """Return the key with which the lender of all loans of a seed signs."""
    return sample_key(seed, "lender")


def write_samples(folder: Path, count: int, seed: int) -> int:
    """Write `count` signed records and what belongs to them into a new folder; return the number of loans.

    Raises `FileExistsError` if the folder is there already.
    """
    lender = lender_key(seed)
    documents, keys = folder / "documents", folder / "keys"
    for directory in (folder, documents, keys):
        directory.mkdir(parents=directory is folder)
    borrowers: list[str] = []
    lines: list[tuple[SampleRecord, bytes]] = []
    for history in sample_histories(count, seed):
        (documents / history.loan.document_name).write_bytes(history.document)
        borrowers.append(history.loan.borrower.public.encoded)
        signers = {"lender": _signer(lender), "borrower": _signer(history.loan.borrower)}
        for record in history.records:
            envelope = sign_envelope(record.payload, *(signers[role] for role in record.signers))
            lines.append((record, envelope.encode()))
    # Sorting is stable, so records of one loan stay in their order even at the same moment.
    lines.sort(key=lambda line: line[0].occurred_at)
    (folder / "records.ndjson").write_bytes(b"".join(line + b"\n" for _, line in lines))
    (keys / "lender.pem").write_bytes(lender.to_pem())
    (keys / "lender.jwk").write_text(lender.public.encoded, "ascii")
    (keys / "borrowers.ndjson").write_text("".join(f"{jwk}\n" for jwk in borrowers), "ascii")
    return len(borrowers)


def _signer(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign)
