# SPDX-License-Identifier: Apache-2.0
"""A host that only reads, over HTTP: it refuses whatever would write, and says that its replica may be behind.

A record, a key or a pass that is not found may be on its way. That is no other answer than on a host that writes (404,
401), with how far the replica is behind and where to ask instead.
"""

from typing import Any

import orjson
import structlog
from flask import Flask, Response, request
from flask.globals import request_ctx
from werkzeug.exceptions import Unauthorized

from api.problems import answer_http, answer_notary
from notary.errors import CorruptLogError, NotFoundError, ReadOnlyError, UnavailableError
from notary.ports.replica import Replica, Standing

READING = frozenset({"GET", "HEAD", "OPTIONS"})
POSTS_THAT_READ = frozenset({"verify.verify", "audits.evaluate_sample", "pages.audits.evaluation"})
"""What is sent to be judged, and not to be kept."""

_log = structlog.get_logger()


def install(app: Flask, replica: Replica) -> None:
    """Make an application one that only reads; before what else looks at requests."""

    def refuse() -> None:
        if request.method not in READING and request.endpoint not in (None, *POSTS_THAT_READ):
            raise ReadOnlyError(replica.writes_at)

    app.before_request(refuse)
    app.register_error_handler(ReadOnlyError, _answer_refused)
    app.register_error_handler(CorruptLogError, _answer_unfit)
    app.register_error_handler(NotFoundError, lambda error: _told(replica, answer_notary(error)))
    app.register_error_handler(Unauthorized, lambda error: _answer_unauthorized(replica, error))


def standing_members(found: Standing) -> dict[str, Any]:
    """Return as JSON how far a replica has come."""
    return {
        "follows": found.follows,
        "connected": found.connected,
        "paused": found.paused,
        "behind_bytes": found.behind_bytes,
        "behind_seconds": None if found.behind_seconds is None else round(found.behind_seconds, 3),
    }


def lag_words(found: Standing | None) -> str:
    """Say how far behind a replica is; None is one that does not tell now."""
    if found is None:
        return "it does not tell now how far it is behind"
    if not found.follows:
        return "it was made a primary, and follows no other one"
    if found.connected and found.behind_seconds == 0:
        return "it has applied all that it was sent"
    known = (
        "" if found.behind_seconds is None else f", the newest commit here was made {found.behind_seconds:.0f} s ago"
    )
    waiting = f", {found.behind_bytes} bytes wait" if found.behind_bytes else ""
    state = "it is paused" if found.paused else "it is behind" if found.connected else "it is sent nothing now"
    return state + known + waiting


def _answer_refused(error: ReadOnlyError) -> Response:
    response = answer_notary(error)
    adapter = request_ctx.url_adapter
    allowed = READING.intersection(adapter.allowed_methods() if adapter else ())
    # RFC 9110, 10.2.1: an empty list is a resource that allows nothing here.
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _answer_unfit(error: CorruptLogError) -> Response:
    """Answer with 503: whether it is the replica that is damaged, or two that were mixed, cannot be told here."""
    _log.error("what the replica holds does not fit together", reason=str(error))
    return answer_notary(UnavailableError("what this host's replica holds does not fit together, so it proves nothing"))


def _answer_unauthorized(replica: Replica, error: Unauthorized) -> Response:
    response = answer_http(error)
    return _told(replica, response) if "Authorization" in request.headers else response


def _told(replica: Replica, response: Response) -> Response:
    """Say in a problem document that what is missing may be on its way."""
    try:
        found: Standing | None = replica.standing()
    except UnavailableError:
        found = None
    document, where = orjson.loads(response.get_data()), replica.writes_at
    document["detail"] += f"; this host reads from a replica, and {lag_words(found)}: what is newer is at {where}"
    members = standing_members(found) if found else None
    response.set_data(orjson.dumps({**document, "replica": members, "writes_at": where}))
    return response
