# SPDX-License-Identifier: Apache-2.0
"""The moment that a request asks about."""

from flask import request

from api.clock import now
from notary.encoding import parse_moment
from notary.errors import Fault, InvalidInputError


def asked_moment() -> int:
    """Return the moment that `?as_of=` names, in milliseconds since 1970; now if it names none.

    Raises `InvalidInputError`.
    """
    text = request.args.get("as_of")
    if text is None:
        return now()
    try:
        return parse_moment(text)
    except ValueError as error:
        raise InvalidInputError(Fault("", f"as_of is {error}")) from None
