# SPDX-License-Identifier: Apache-2.0
"""What the processes of the service count: servers, writer, and the sender of webhooks.

Each process keeps its values in a file in the folder that PROMETHEUS_MULTIPROC_DIR names, which `api.service` makes for
one run; `api.metrics.service` adds them up. Labels have few values each and never say whose a record is: no names,
numbers or ids. docs/operations.md explains each metric.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from notary.errors import RefusedError
from notary.log.submission import Placed, Submission

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
REGISTRY = CollectorRegistry()
"""The values of this process alone."""

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)
_SIGNATURES = ("none", "one")

REQUEST_SECONDS = Histogram(
    "loan_notary_request_seconds",
    "Seconds until a request's answer began.",
    ("method", "route", "status"),
    buckets=_LATENCY,
    registry=REGISTRY,
)
PROBLEMS = Counter(
    "loan_notary_problems_total",
    "Problem documents given out, for requests and for lines of batches, by the last part of their type.",
    ("reason",),
    registry=REGISTRY,
)
DOCUMENT_CHECKS = Counter(
    "loan_notary_document_checks_total", "Checks of documents, by what they found.", ("outcome",), registry=REGISTRY
)
RECORDS = Counter(
    "loan_notary_records_total", "Records taken into the log, by signatures.", ("signatures",), registry=REGISTRY
)
COMMIT_SECONDS = Histogram(
    "loan_notary_commit_seconds", "Seconds that a commit took.", buckets=_LATENCY, registry=REGISTRY
)
COMMIT_SIZE = Histogram(
    "loan_notary_commit_size", "Submissions that a commit decided on.", buckets=_SIZES, registry=REGISTRY
)
COMMIT_FAILURES = Counter(
    "loan_notary_commit_failures_total", "Commits that the database did not take.", registry=REGISTRY
)
CLOCK_SET_BACK = Counter(
    "loan_notary_clock_set_back_total",
    "Times that records came a minute or more before those that stand before them in the log.",
    registry=REGISTRY,
)
WRITER_QUEUE = Gauge(
    "loan_notary_writer_queue",
    "Submissions in the commit that is under way.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
WEBHOOK_ATTEMPTS = Counter(
    "loan_notary_webhook_attempts_total",
    "Attempts to deliver a webhook's message, by what became of it.",
    ("outcome",),
    registry=REGISTRY,
)


def count_commit(submissions: Sequence[Submission], places: Sequence[Placed | RefusedError], seconds: float) -> None:
    """Count a commit and the records that it took."""
    COMMIT_SECONDS.observe(seconds)
    COMMIT_SIZE.observe(len(submissions))
    decided = zip(submissions, places, strict=True)
    for label, count in Tally([_signed(item) for item, place in decided if _is_new(place)]).items():
        RECORDS.labels(label).inc(count)


def count_checks(outcomes: Iterable[str]) -> None:
    """Count what was found in a document."""
    for outcome, count in Tally(outcomes).items():
        DOCUMENT_CHECKS.labels(outcome).inc(count)


def _is_new(place: Placed | RefusedError) -> bool:
    return not isinstance(place, RefusedError) and place.fresh


def _signed(submission: Submission) -> str:
    count = submission.signatures.count('"protected"')
    return _SIGNATURES[count] if count < len(_SIGNATURES) else "several"
