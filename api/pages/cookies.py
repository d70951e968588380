# SPDX-License-Identifier: Apache-2.0
"""The cookies of the pages: two that remember looks, and two that are secrets. No script can read any of them."""

from datetime import timedelta

from flask import Response, request

_REMEMBERED = timedelta(days=365)


def is_https() -> bool:
    """Tell whether the visitor came by https, to this process or to a proxy in front of it."""
    # Whoever lies in this header harms nobody but himself.
    return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"


def remember(response: Response, name: str, value: str) -> None:
    """Let the browser keep a choice that is about looks only."""
    response.set_cookie(name, value, max_age=_REMEMBERED, secure=is_https(), httponly=True, samesite="Lax")


def secret(name: str) -> str:
    """Return the secret that the browser has under a name, "" if it has none."""
    return request.cookies.get(_full(name), "")


def give_secret(response: Response, name: str, value: str) -> None:
    """Let the browser have a secret until it is closed, or none any more if `value` is empty."""
    if value:
        response.set_cookie(_full(name), value, secure=is_https(), httponly=True, samesite="Strict")
    else:
        response.delete_cookie(_full(name), secure=is_https(), httponly=True, samesite="Strict")


def _full(name: str) -> str:
    # With this prefix a browser takes the cookie from this very host only, and over https only (RFC 6265bis).
    return f"__Host-{name}" if is_https() else name
