# SPDX-License-Identifier: Apache-2.0
"""The service's own log: one JSON object a line on standard error, without any secret or personal field.

Tracebacks are written without the values of variables: those may be keys, openings or records.
"""

import logging
import sys

import structlog


def configure_logs() -> None:
    """Send structlog and the standard library's logging the same way; once for each process."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler()
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
