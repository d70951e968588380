# SPDX-License-Identifier: Apache-2.0
"""The Flask application."""

from flask import Flask, Response

from api import problems, reading_only
from api.metrics import observing
from api.pages import site
from api.serving.gateway import Gateway
from api.serving.single_post import SinglePost
from api.tracing import requests as traced_requests
from api.traffic import hooks
from api.traffic.middleware import Traffic
from api.views import (
    accesses,
    anchors,
    api_keys,
    audits,
    client_keys,
    deliveries,
    document,
    documents,
    drafts,
    erasures,
    findings,
    grants,
    health,
    jobs,
    keys,
    lists,
    loans,
    log,
    my_loan,
    oauth,
    organisations,
    passes,
    policy,
    records,
    roots,
    verify,
    webhooks,
)
from api.wiring import Services, services_from_environment

_VIEWS = (
    records, jobs, audits, lists, documents, drafts, loans, erasures, findings, policy, keys, roots, webhooks,
    deliveries, organisations, api_keys, client_keys, oauth, grants, passes, my_loan, accesses, verify, log, anchors,
    document, health,
)  # fmt: skip


class _Application(Flask):
    def make_default_options_response(self) -> Response:
        """Answer OPTIONS with the methods there are, and no content of any kind."""
        response = super().make_default_options_response()
        response.status_code = 204
        del response.headers["Content-Type"]
        return response


def create_app(services: Services) -> Flask:
    """Make the application around its services; one blueprint for each noun of the API."""
    app = _Application(__name__, static_folder=None)
    # Two slashes in a loan's number are two slashes, and no address is answered with a redirection to another.
    app.url_map.merge_slashes = False
    observing.install(app)
    problems.install(app)
    if services.replica:
        reading_only.install(app, services.replica)
    hooks.install(app, services.repeats, services.access)
    for views in _VIEWS:
        app.register_blueprint(views.blueprint(services))
    site.install(app, services)
    app.wsgi_app = Traffic(app.wsgi_app, services.limiter)  # type: ignore[method-assign]
    if services.tracing:
        traced_requests.install(app, services.tracing)
    return app


def create_gateway() -> Gateway:
    """Make what serves HTTP in a process that `loan-notary run` has started."""
    services = services_from_environment()
    # Where requests are traced each goes its own way: in a group nobody could tell whose wait it was.
    post = None if services.tracing or services.replica else SinglePost(services)
    return Gateway(create_app(services).wsgi_app, post)
