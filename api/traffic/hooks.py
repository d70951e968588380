# SPDX-License-Identifier: Apache-2.0
"""Answers repeated requests as the first time, and says what has not changed since (ETag)."""

from hashlib import sha256

from flask import Flask, Response, g, request

from api.access.auth import authenticate
from api.access.scopes import ANYBODY, PASS, SCOPES
from api.clock import now
from api.making import begin_making
from api.problems import answer_notary
from api.traffic.repeats import Answer, Beginning, IdempotencyKeyError, Repeats, Request, read_key
from api.views.bodies import LARGEST
from notary.access import AccessStore
from notary.errors import Fault, UnavailableError

NEEDED = frozenset({
    "api_keys.create", "api_keys.rotate", "audits.order",
    "deliveries.test", "grants.make", "jobs.create", "organisations.add",
    "passes.mint", "webhooks.add", "webhooks.rotate",
})  # fmt: skip
"""Endpoints that make something new each time: without a key, a repeated request would make it twice."""
ABOUT_NO_LOAN = frozenset({
    "api_keys.create", "api_keys.rotate", "api_keys.revoke", "client_keys.add", "client_keys.revoke", "deliveries.test",
    "jobs.create", "organisations.add", "webhooks.add", "webhooks.rotate",
})  # fmt: skip
"""Endpoints whose answers say nothing of any loan: the others' kept answers go when their lender erases one."""
STREAMED = frozenset({"records.submit_batch"})
"""Where a key changes nothing: lines of a batch are known by their ids."""


def install(app: Flask, repeats: Repeats, access: AccessStore) -> None:
    """Add the hooks to an application."""

    def before() -> Response | None:
        return _repeated(repeats, access) if request.method == "POST" else None

    def after(response: Response) -> Response:
        if request.method == "POST":
            if (asked := g.pop("request_with_key", None)) is not None:
                response = _kept(repeats, asked, response)
        elif response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            response.make_conditional(request)
        return response

    app.before_request(before)
    app.after_request(after)


def _repeated(repeats: Repeats, access: AccessStore) -> Response | None:
    endpoint, header = request.endpoint or "", request.headers.get("Idempotency-Key")
    if header is None:
        if endpoint in NEEDED:
            authenticate(access)
            raise IdempotencyKeyError(Fault("", "Idempotency-Key is required here: any text that is new to you"))
        return None
    if endpoint in STREAMED or SCOPES.get(endpoint, ANYBODY) in (ANYBODY, PASS):
        return None
    caller = authenticate(access)
    request.max_content_length = LARGEST
    body = request.get_data(cache=True)
    # A query is short and holds no zero byte, so nothing else can look like the two together.
    fingerprint = sha256(request.query_string + b"\0" + body).digest()
    asked = Request(
        caller.organisation.number, request.path, read_key(header), fingerprint, endpoint not in ABOUT_NO_LOAN,
        endpoint in NEEDED,
    )  # fmt: skip
    first = repeats.begin(asked, now())
    if isinstance(first, Beginning):
        g.request_with_key = asked
        begin_making(first.at, first.seed)
        return None
    return Response(first.body, first.status, {"Idempotency-Replayed": "true"}, content_type=first.media_type)


def _kept(repeats: Repeats, asked: Request, response: Response) -> Response:
    """Keep an answer and return it. One that cannot be kept is not given: whoever repeats the request gets it."""
    try:
        _keep(repeats, asked, response)
    except UnavailableError as error:
        return response if response.status_code >= 500 else answer_notary(error)
    return response


def _keep(repeats: Repeats, asked: Request, response: Response) -> None:
    # What may come out otherwise the next time is not kept: our own faults, and refusals that time can heal.
    if response.status_code >= 500:
        repeats.release(asked)
    elif response.status_code in (401, 403):
        repeats.drop(asked)
    else:
        repeats.finish(asked, Answer(response.status_code, response.content_type or "", response.get_data()))
