# SPDX-License-Identifier: Apache-2.0
"""Makes a service to be hurt, with its lender, its webhook and the receiver of that, and starts it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.checks import Subject
from tests.faults.forked import ForkedService, Nursery
from tests.support.receiver import receiving
from tests.support.service import new_service

EVENTS = ("record.recorded", "record.anchored", "record.final", "record.reorged")


@contextmanager
def new_subject(path: Path, forks: Nursery | None = None) -> Iterator[Subject]:
    """Make a data folder at `path`; its service comes from a nursery, or is started as an operator starts it."""
    with new_service(path, "--webhook-network", "127.0.0.0/8") as made, receiving() as receiver:
        service = ForkedService(made.folder, made.port, made.log, nursery=forks) if forks else made
        yield Subject(service, service.add_lender(), "", "", receiver)


def start(subject: Subject, variables: dict[str, str]) -> None:
    """Start the service with more variables; the first time, ask it for the webhook."""
    subject.service.variables = variables
    subject.service.start("--workers", "1")
    if not subject.hook:
        body = json.dumps({"url": subject.receiver.url, "events": EVENTS}).encode()
        answer = subject.service.request("POST", "/v1/webhooks", body, subject.api_key, idempotency_key="hook")
        assert answer.status == 201, answer
        subject.hook, subject.secret = answer.json["id"], answer.json["secret"]
