# SPDX-License-Identifier: Apache-2.0
"""`/v1/oauth/token`: access tokens for ten minutes (OAuth 2.0). Errors are those of RFC 6749 section 5.2."""

import orjson
from flask import Blueprint, Response, request

from api.access.oauth import ASSERTION_TYPE, LIFETIME, OAuthError
from api.views.bodies import SMALL, require_media_type
from api.wiring import Services


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("oauth", __name__, url_prefix="/v1/oauth")

    @views.post("/token")
    def token() -> Response:
        require_media_type("application/x-www-form-urlencoded")
        request.max_content_length = SMALL
        form = request.form
        try:
            if form.get("grant_type") != "client_credentials":
                raise OAuthError("unsupported_grant_type", "grant_type must be client_credentials")
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise OAuthError("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
            made = services.tokens.issue(form.get("client_assertion", ""), form.get("scope"))
        except OAuthError as error:
            members: dict[str, object] = {"error": error.code, "error_description": str(error)}
            return _answer(members, 401 if error.code == "invalid_client" else 400)
        return _answer(
            {
                "access_token": made.secret,
                "token_type": "Bearer",
                "expires_in": LIFETIME,
                "scope": " ".join(made.scopes),
            }
        )

    return views


def _answer(members: dict[str, object], status: int = 200) -> Response:
    # RFC 6749 section 5.1 wants both headers.
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(orjson.dumps(members), status, headers, mimetype="application/json")
