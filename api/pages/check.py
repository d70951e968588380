# SPDX-License-Identifier: Apache-2.0
"""`/check`: receipts and documents, checked in the browser. `/check/node`: a node of a chain asked about an anchor.

The policy of the first lets it load its own files and nothing else, and send nothing to anybody: what is dropped on
the page cannot leave it. The second may ask nodes, so it takes no files: all that it knows stands in its address behind
the `#`.
"""

from flask import Blueprint, Response

from api.pages.page import page
from api.static_files import StaticFiles
from api.wiring import Services


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("check", __name__)
    static = StaticFiles()
    check_modules, node_modules = static.modules("check/page.js"), static.modules("node/page.js")

    @views.get("/check")
    def check() -> Response:
        history = services.signer.history().decode()
        return page("check.html", modules=check_modules, log_key=services.log_key, key_history=history)

    @views.get("/check/node")
    def node() -> Response:
        return page("check_node.html", modules=node_modules, nodes=True)

    return views
