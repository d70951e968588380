# SPDX-License-Identifier: Apache-2.0
"""The id by which a request is found again: in its answer, in the service's log, and in the caller's own traces.

A caller who traces sends `traceparent` (W3C Trace Context); its trace id is taken over. All others get a new one of the
same form: 32 hex digits.
"""

import re
import secrets

from flask import g, has_request_context, request

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id() -> str:
    """Return the id of the request that is being answered; outside of one, a new id each time."""
    if not has_request_context():
        return new_id()
    if "trace_id" not in g:
        g.trace_id = parse_traceparent(request.headers.get("traceparent", "")) or new_id()
    return str(g.trace_id)


def parse_traceparent(header: str) -> str | None:
    """Return the trace id of a header of version 00, or None where it is not in form (section 3.2.2)."""
    found = _TRACEPARENT.fullmatch(header)
    return found[1] if found else None


def new_id() -> str:
    """Return a new trace id."""
    return secrets.token_hex(16)
