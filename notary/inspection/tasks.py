# SPDX-License-Identifier: Apache-2.0
"""Tasks on their way to the checking process: one JSON object a line."""

from base64 import b64decode, b64encode
from pathlib import Path

import orjson

from notary.documents.document import CheckSubject, CheckTask
from notary.privacy.sealed_file import SealedPath


def write_task(task: CheckTask) -> bytes:
    """Return a task as a line without its end."""
    return orjson.dumps({
        "subject": task.subject.value,
        "path": str(task.document.path),
        "key": b64encode(task.document.key).decode(),
        "at": task.at,
        "roots": [b64encode(root).decode() for root in task.roots],
        "attachment": b64encode(task.attachment).decode(),
    })  # fmt: skip


def read_task(line: bytes) -> CheckTask:
    """Read what `write_task` writes."""
    value = orjson.loads(line)
    roots = tuple(b64decode(root) for root in value["roots"])
    attachment = b64decode(value["attachment"])
    document = SealedPath(Path(value["path"]), b64decode(value["key"]))
    return CheckTask(CheckSubject(value["subject"]), document, value["at"], roots, attachment)
