# SPDX-License-Identifier: Apache-2.0
"""The service's own log: one JSON object a line on standard error, without any secret or personal field.

Each line has `time`, `level`, `event` and `process`, which part of the service wrote it. Of an error that nobody
foresaw only its type and the places in the code are written: its text and the values of variables may be keys, openings
or records.
"""

import io
import logging
import sys
import threading
from contextlib import suppress
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

_SERVER = "_granian"
"""The HTTP server's logger; it puts the text of an application's error into its message."""
_OWN = ("chain", "notary")
"""Packages that write to the standard library's logging; their steps are worth a line, others' only their warnings."""


def configure_logs(process: str) -> None:
    """Send structlog, the standard library's logging and errors that nobody catches the same way; once a process."""

    def add_process(_: Any, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        add_process,
        _without_values,
    ]
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    output = cast("TextIO", _Output())
    structlog.configure(processors=[*shared, renderer], logger_factory=structlog.PrintLoggerFactory(output))
    handler = logging.StreamHandler(output)
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=final, foreign_pre_chain=shared))
    handler.addFilter(_first_line)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.INFO)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class _Output(io.TextIOBase):
    """Standard error, where lines are lost rather than the work that they tell of: its disk may be full."""

    def write(self, text: str) -> int:
        """Write a text, if it can be written."""
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Write out what there is, if it can be written."""
        with suppress(OSError):
            sys.stderr.flush()


def _without_values(_: Any, __: str, event: EventDict) -> EventDict:
    """Put in place of an exception its type, those of its causes, and the places in the code."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = _types(error)
        event["places"] = [f"{item.filename}:{item.lineno} {item.name}" for item in extract_tb(error.__traceback__)]
    return event


def _types(error: BaseException) -> list[str]:
    names: list[str] = []
    following: BaseException | None = error
    while following is not None and len(names) < 8:
        names.append(type(following).__qualname__)
        following = following.__cause__ or following.__context__
    return names


def _first_line(record: logging.LogRecord) -> bool:
    if record.name.startswith(_SERVER):
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, (KeyboardInterrupt, SystemExit)):
        return
    structlog.get_logger().critical("an error that nobody caught", exc_info=error.with_traceback(trace))
