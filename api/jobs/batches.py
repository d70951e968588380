# SPDX-License-Identifier: Apache-2.0
"""Jobs whose file is a batch under one signature: all of it is compared with what was signed before a record goes in.

The tree over the records is made in steps, so that other jobs have their turns meanwhile, and kept beside the parts.
What a kill cut short is made again.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from api.jobs.input import JobLines
from api.jobs.job import TREE, Job
from api.submitting.batch import SignatureOf
from api.submitting.signed_lines import signatures_in
from notary.batch_tree import BatchTree, TreeGrowth
from notary.signed_batch import SignedBatch, line_leaf, read_first_line

_STEP = 65_536
"""Lines of a step."""

Comparison = Generator[int | None, None, None]
"""Yields None after each step, and at the end the position in the input at which the records begin."""


def read_job_batch(job: Job) -> SignedBatch | None:
    """Return the batch that the first line of a job's input signs, if it does. Raises `InvalidInputError`."""
    with closing(JobLines(job.parts, 0).lines()) as lines:
        first = next(lines, None)
    return None if first is None else read_first_line(first)


def compare(job: Job, batch: SignedBatch) -> Comparison:
    """Make the tree over a job's records and compare it with the signed one. Raises `BatchMismatchError`."""
    source, tree = JobLines(job.parts, 0), TreeGrowth()
    coming = job.tree.with_suffix(".new")
    try:
        with coming.open("wb") as file, closing(source.lines()) as lines:
            sealed = job.key.writer(TREE, file)
            next(lines)
            begin = source.position
            for line in lines:
                sealed.write(tree.append(line_leaf(line)))
                if tree.size % _STEP == 0:
                    yield None
            batch.require(tree.size, tree.root())
            sealed.finish()
            os.fsync(file.fileno())
        coming.rename(job.tree)
    finally:
        coming.unlink(missing_ok=True)
    yield begin


@contextmanager
def opened_tree(job: Job, batch: SignedBatch | None) -> Iterator[SignatureOf | None]:
    """Open what was compared; give the signature of each line's record, None for a job without a signed batch."""
    if batch is None:
        yield None
        return
    with job.key.open_file(TREE, job.tree) as file:
        yield signatures_in(batch, BatchTree(file, batch.statement.records))
