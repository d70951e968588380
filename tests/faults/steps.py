# SPDX-License-Identifier: Apache-2.0
"""The named steps at which a process of the service is killed: right before one line of its code.

`inject/sitecustomize.py` does it. A line is named by its text, which must be in the module once (`test_steps.py`).
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tests.faults.inject.sitecustomize import CLOCK, FAULT, LINES
from tests.support.service import ROOT

INJECT = Path(__file__).with_name("inject")


@dataclass(frozen=True)
class Step:
    """A step: the process, as a part of its command line, and the line of `module` before which it dies.

    `most` is the highest passage worth waiting for in a second or so of load. `after` is the line before that one,
    where the module has the line more than once.
    """

    process: str
    module: str
    line: str
    most: int
    after: str = ""

    def source(self) -> str:
        """Return the module's text."""
        return (ROOT / (self.module.replace(".", "/") + ".py")).read_text("utf-8")


_WRITER, _HOOKS, _JOBS = "-m api.writer", "-m api.webhooks.worker", "-m api.jobs.worker"
_HTTP, _MAIN = "-m api.server", "from api.cli import main"

STEPS = {
    "rows written, before the head": Step(
        _WRITER, "notary.stores.log_tables",
        'rows.do("save_head", (batch.head.size, batch.head.root, batch.head.checkpoint))', 40,
    ),
    "all written, before COMMIT": Step(
        _WRITER, "notary.stores.sqlite_file", 'connection.execute("COMMIT")', 40, "yield _SqliteRunner(connection)"
    ),
    "after COMMIT, before the writer's answer": Step(
        _WRITER, "api.writer", "self._send(client, write_committed())", 40
    ),
    "after the writer's answer, before the reply": Step(_HTTP, "api.writer_client", "return places", 40),
    "after the writer's answer, on the event loop": Step(
        _HTTP, "api.serving.writer_link", "return drafted", 40
    ),
    "before an answer is kept for repeats": Step(
        _HTTP, "api.traffic.hooks",
        "repeats.finish(asked, Answer(response.status_code, response.content_type or \"\", response.get_data()))", 60,
    ),
    "before an anchor is noted": Step(_MAIN, "chain.anchorer", "self._save(anchor)", 2),
    "anchor noted, before it is sent": Step(_MAIN, "chain.anchorer", "self._registry.rpc.send(signed.raw)", 2),
    "anchor sent, before that is noted": Step(
        _MAIN, "chain.anchorer", "self._save(replace(anchor, state=AnchorState.SENT))", 2
    ),
    "anchor mined, before that is noted": Step(_MAIN, "chain.anchorer", "self._save(settled)", 2),
    "before messages are made": Step(
        _HOOKS, "api.webhooks.producing", "self._hooks.advance_webhook(before, after, deliveries)", 4
    ),
    "message sent, before that is noted": Step(
        _HOOKS, "api.webhooks.worker", "self._hooks.settle_delivery(settled)", 6
    ),
    "job's lines placed, before their answers": Step(
        _JOBS, "api.jobs.worker", "written = results.append(answers)", 1, "answers = self._place(job, part)"
    ),
    "job's answers written, before its progress": Step(
        _JOBS, "api.jobs.worker", "spent = round((time.monotonic() - began) * 1000)", 1
    ),
}  # fmt: skip
"""The steps of a service under load, by name."""

_API = "api.folders.backup"
BACKUP = {
    "begun": Step(_MAIN, _API, '_copy_database(folder.database, coming / "notary.db")', 1),
    "all copied, not described": Step(
        _MAIN, _API, "manifest = _describe(DataFolder(coming), load_verifiers(folder)[0], with_keys)", 1
    ),
    "described, not under its name": Step(_MAIN, "api.folders.whole", "coming.rename(target)", 1),
}
RESTORE = {
    "begun": Step(
        _MAIN, _API, "shutil.copytree(path, coming, ignore=shutil.ignore_patterns(MANIFEST), dirs_exist_ok=True)", 1
    ),
    "copied, nothing held": Step(_MAIN, _API, 'DataFolder(coming).hold.place("restored", text)', 1),
    "held, not under its name": Step(_MAIN, "api.folders.whole", "coming.rename(target)", 1),
}
LOG_KEY = {
    "made, not announced": Step(
        _MAIN,
        "api.keys.rotation",
        "note, (before, after) = sign_succession(both, moment, moment + overlap), both.known",
        1,
    ),
    "noted, not in keys.json": Step(
        _MAIN, "api.keys.rotation", 'entries[-1] = last.model_copy(update={"until": format_time(moment + overlap)})', 1
    ),
    "in keys.json, signed nothing": Step(_MAIN, "api.keys.rotation", "writer.append([])", 1),
}
DATA_KEY = {
    "made, not noted": Step(
        _MAIN,
        "api.keys.data_rotation",
        'administration.note(organisation, now(), "data_key.rotate", BY, new.id.hex())',
        1,
    ),
    "noted, not in keys.json": Step(_MAIN, "api.keys.data_rotation", "keys.change(data_next=place)", 1),
    "in keys.json, wraps nothing": Step(
        _MAIN,
        "api.keys.data_rotation",
        "holders = (open_store(folder), document_files(folder), job_files(folder), audit_files(folder))",
        1,
    ),
    "organisations wrapped anew, loans not": Step(_MAIN, "notary.stores.wrapped_keys", "last = 0", 1),
    "all wrapped anew but documents": Step(_MAIN, "notary.stores.wrapped_keys", "return count", 1),
    "all wrapped anew, two keys in keys.json": Step(
        _MAIN, "api.keys.data_rotation", "replaced = ReplacedKey(place=config.data, id=old.id.hex())", 1
    ),
    "old one replaced, not destroyed": Step(
        _MAIN, "api.keys.data_rotation", "removed = remove_data_key(keys.place(replaced.place))", 1
    ),
    "old one overwritten, still there": Step(_MAIN, "api.keys.data_keys", "path.unlink()", 1),
    "old one destroyed, still in keys.json": Step(
        _MAIN, "api.keys.data_rotation", "keys.change(data_replaced=None)", 1
    ),
}
_ERASING = "notary.privacy.erasing"
ERASURE = {
    "begun, nothing noted": Step(_HTTP, _ERASING, "records = self._store.loan_records(lender, loan)", 1),
    "noted, nothing gone": Step(_HTTP, _ERASING, "place.forget(lender, loan, records)", 1),
    "copies beside the database gone": Step(
        _HTTP, _ERASING, "self._store.finish_erasure(lender, loan, self._clock())", 1
    ),
    "records gone, keys not": Step(_HTTP, "notary.stores.erasing_tables", 'rows.do("wipe_loan_keys", (loan_id,))', 1),
    "committed, in the write-ahead log": Step(_HTTP, "notary.stores.erasing_tables", "self._sweep()", 1),
    "done, not answered": Step(_HTTP, _ERASING, "done = self._store.erasure(lender, loan)", 1),
}
ACTS = {"backup": BACKUP, "restore": RESTORE, "log key": LOG_KEY, "data key": DATA_KEY, "erasure": ERASURE}
"""The steps of what is done once, by its name and theirs."""


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with more variables; without coverage, which a killed process cannot write."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}, **variables}


def armed(step: Step, passage: int, trigger: Path) -> dict[str, str]:
    """Return the variables that make the step's process die at a passage, counted while the file `trigger` exists."""
    fault = {
        "process": step.process,
        "module": step.module,
        "line": step.line,
        "after": step.after,
        "passage": passage,
        "trigger": str(trigger),
    }
    return _injected({FAULT: json.dumps(fault)})


def ready() -> dict[str, str]:
    """Return the variables of a process that others are forked from, which may then die at any of the steps."""
    steps = [*STEPS.values(), *(step for act in ACTS.values() for step in act.values())]
    unique = dict.fromkeys((step.module, step.line, step.after) for step in steps)
    lines = [{"module": module, "line": line, "after": after} for module, line, after in unique]
    return _injected({LINES: json.dumps(lines)})


def skewed(file: Path) -> dict[str, str]:
    """Return the variables that set a service's clock wrong by the milliseconds that stand in a file."""
    return _injected({CLOCK: str(file)})


def _injected(variables: dict[str, str]) -> dict[str, str]:
    paths = [str(INJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**variables, "PYTHONPATH": os.pathsep.join(paths)}
