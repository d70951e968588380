# SPDX-License-Identifier: Apache-2.0
"""A batch under one signature that comes in one request: kept on disk until it is known to be what was signed.

Nothing of it goes into the log before that, and memory holds a line at a time, however long the batch is.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

from werkzeug.exceptions import RequestEntityTooLarge

from api.submitting.batch import SignatureOf, answer_lines
from api.wiring import Services
from notary.batch_tree import BatchTree, write_tree
from notary.envelope import Signature
from notary.ports.parties import Lender
from notary.privacy.scratch import open_scratch
from notary.signed_batch import SignedBatch, line_leaf, read_first_line

FIRST_RECORD = 2
"""The number of the line after the signature."""


def signatures_in(batch: SignedBatch, tree: BatchTree) -> SignatureOf:
    """Give the signature of each line's record in a batch's file; lines are numbered from 1, the batch's own."""

    def signature_of(number: int) -> Signature:
        index = number - FIRST_RECORD
        return batch.signature_at(index, tree.path(index))

    return signature_of


def answer_file(
    services: Services, lender: Lender, lines: Iterator[bytes], documents_required: bool, limit: int
) -> Iterator[bytes]:
    """Submit the lines of a file, whose first may sign all others, and yield the answers to the records' lines.

    Before the first answer, and without taking anything, raises what `answer_lines` raises, and for a batch under one
    signature `InvalidInputError` of several kinds, `DuplicateBatchError`, `UnavailableError`, and 413 for more than
    `limit` bytes.
    """
    first = next(lines, None)
    batch = None if first is None else read_first_line(first)
    if batch is None:
        whole = lines if first is None else chain([first], lines)
        yield from answer_lines(services, lender, whole, documents_required)
        return
    services.registrar.check_batch(lender, batch)
    with closing(SignedLines(batch, lines, services.scratch, limit)) as signed:
        services.registrar.claim_batch(lender, batch.statement)
        yield from answer_lines(services, lender, signed.lines(), documents_required, FIRST_RECORD, signed.signature_of)


class SignedLines:
    """The records of a signed batch, and for each its signature. Close it."""

    def __init__(self, batch: SignedBatch, lines: Iterable[bytes], folder: Path, limit: int) -> None:
        """Take the lines after the first one, at most `limit` bytes, into scratch files in `folder`.

        Raises `BatchMismatchError` for other lines than were signed, 413, and `UnavailableError`.
        """
        with ExitStack() as opened:
            self._records = opened.enter_context(open_scratch(folder))
            hashes = opened.enter_context(open_scratch(folder))
            size, root = write_tree(map(line_leaf, self._kept(lines, limit)), hashes)
            batch.require(size, root)
            self.signature_of = signatures_in(batch, BatchTree(hashes, size))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Give up the files."""
        self._opened.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the records' lines without their ends."""
        self._records.seek(0)
        for line in self._records:
            yield line[:-1]

    def _kept(self, lines: Iterable[bytes], limit: int) -> Iterator[bytes]:
        left = limit
        for line in lines:
            left -= len(line) + 1
            if left < 0:
                raise RequestEntityTooLarge(f"a batch has at most {limit} bytes")
            self._records.write(line + b"\n")
            yield line
