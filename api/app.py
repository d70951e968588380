# SPDX-License-Identifier: Apache-2.0
"""The Flask application."""

from flask import Flask

from api import problems
from api.views import (
    anchors,
    deliveries,
    documents,
    drafts,
    findings,
    health,
    keys,
    loans,
    log,
    pages,
    policy,
    records,
    roots,
    verify,
    webhooks,
)
from api.wiring import Services, services_from_environment


def create_app(services: Services) -> Flask:
    """Make the application around its services; one blueprint for each noun of the API."""
    app = Flask(__name__, static_folder=None)
    # Two slashes in a loan's number are two slashes, and no address is answered with a redirection to another.
    app.url_map.merge_slashes = False
    problems.install(app)
    for views in (
        records,
        documents,
        drafts,
        loans,
        findings,
        policy,
        keys,
        roots,
        webhooks,
        deliveries,
        verify,
        log,
        anchors,
        pages,
        health,
    ):
        app.register_blueprint(views.blueprint(services))
    return app


def create_served_app() -> Flask:
    """Make the application in a process that `loan-notary run` has started."""
    return create_app(services_from_environment())
