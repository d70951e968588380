# SPDX-License-Identifier: Apache-2.0
"""The API's own description (OpenAPI 3.1), made from the code.

::

    build(app)                                  # the document of an application
    python -m api.openapi docs                  # writes docs/openapi.json and docs/postman.json

A new endpoint needs a line in one of `api.openapi.tables`, with an example that works; then the files are written anew.
"""

from api.openapi.build import build, operation_id, undescribed
from api.openapi.changes import breaking_changes, unannounced
from api.openapi.postman import collection

__all__ = ["breaking_changes", "build", "collection", "operation_id", "unannounced", "undescribed"]
