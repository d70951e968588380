# SPDX-License-Identifier: Apache-2.0
"""`/v1/api-keys`: an organisation's own API keys."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import SECRET_SIZE, authenticate, hash_secret, new_api_key
from api.clock import now
from api.making import making
from api.views.bodies import SMALL, read_object
from api.views.members import moment_or_none, scopes_of, text_of, time_of
from api.wiring import Services
from notary.access import ApiKey, Caller, key_id
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, RefusedError

MAX_KEYS = 100
"""API keys of one organisation that have not ended."""
MAX_OVERLAP = 30 * 24 * 3600


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("api_keys", __name__, url_prefix="/v1/api-keys")
    store = services.access

    @views.post("")
    def create() -> Response:
        caller, moment = authenticate(store), making().moment
        chosen = read_object({"name", "scopes"}, {"expires_at"}, limit=SMALL)
        # Nobody hands out more than he has.
        scopes = scopes_of(chosen["scopes"], caller.scopes)
        ends = time_of(chosen, "expires_at", after=moment)
        return _answer(
            *make_key(services, caller.organisation.number, text_of(chosen, "name"), scopes, ends, caller.key)
        )

    @views.get("")
    def index() -> Response:
        keys = store.api_keys(authenticate(store).organisation.number)
        return Response(orjson.dumps({"api_keys": [members(key) for key in keys]}), mimetype="application/json")

    @views.post("/<identity>/rotation")
    def rotate(identity: str) -> Response:
        caller, moment = authenticate(store), making().moment
        chosen = read_object(set(), {"overlap_seconds"}, limit=SMALL)
        overlap = chosen.get("overlap_seconds", 24 * 3600)
        if not isinstance(overlap, int) or isinstance(overlap, bool) or not 0 <= overlap <= MAX_OVERLAP:
            raise InvalidInputError(Fault("/overlap_seconds", f"must be a number from 0 to {MAX_OVERLAP}"))
        old = store.api_key(caller.organisation.number, identity)
        # Where this very request has rotated it before, it has an end that it had not.
        before = _made_before(services, old.organisation)
        if before is None and (refusal := old.refusal(moment)):
            raise RefusedError(f"this API key {refusal}")
        if not caller.scopes.issuperset(old.scopes):
            raise RefusedError("this API key has scopes that yours has not")
        made = make_key(
            services, old.organisation, old.name, old.scopes, (before or old).expires_at, caller.key,
            act="api_key.rotate",
        )  # fmt: skip
        ends = moment + overlap * 1000
        store.end_api_key(old.organisation, old.id, expires_at=ends, revoked_at=None)
        return _answer(*made)

    @views.post("/<identity>/revocation")
    def revoke(identity: str) -> Response:
        caller = authenticate(store)
        read_object(set(), limit=SMALL)
        return Response(orjson.dumps(members(revoke_key(services, caller, identity))), mimetype="application/json")

    return views


def make_key(
    services: Services,
    organisation: int,
    name: str,
    scopes: tuple[str, ...],
    ends: int | None,
    by: str,
    act: str = "api_key.create",
) -> tuple[ApiKey, str]:
    """Make an API key, unless this request has made it before; return it with its secret.

    `by` is the id of the key that asks. Raises `RefusedError` where the organisation has too many.
    """
    moment, secret = making().moment, _secret()
    digest = hash_secret(secret)
    others = [key for key in services.access.api_keys(organisation) if key.id != key_id(digest)]
    if sum(key.refusal(moment) is None for key in others) >= MAX_KEYS:
        raise RefusedError(f"an organisation has at most {MAX_KEYS} API keys")
    key = ApiKey(key_id(digest), organisation, name, scopes, moment, ends)
    services.administration.note(organisation, moment, act, by, key.id, name=name, scopes=scopes, ends=ends)
    services.access.add_api_key(key, digest)
    return key, secret


def revoke_key(services: Services, caller: Caller, identity: str) -> ApiKey:
    """End an API key of the caller's organisation now. Raises `NotFoundError`."""
    moment = now()
    key = services.access.api_key(caller.organisation.number, identity)
    services.administration.note(key.organisation, moment, "api_key.revoke", caller.key, key.id)
    services.access.end_api_key(key.organisation, key.id, expires_at=None, revoked_at=moment)
    return services.access.api_key(key.organisation, key.id)


def _secret() -> str:
    return new_api_key(making().draw("API key", SECRET_SIZE))


def _made_before(services: Services, organisation: int) -> ApiKey | None:
    """Return the API key that this request has made before it was cut short."""
    made = key_id(hash_secret(_secret()))
    return next((key for key in services.access.api_keys(organisation) if key.id == made), None)


def _answer(key: ApiKey, secret: str) -> Response:
    return Response(orjson.dumps({**members(key), "api_key": secret}), 201, mimetype="application/json")


def members(key: ApiKey) -> dict[str, Any]:
    """Return an API key as JSON members; the key itself is not among them."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": format_time(key.created_at),
        "expires_at": moment_or_none(key.expires_at),
        "revoked_at": moment_or_none(key.revoked_at),
        "last_used_at": moment_or_none(key.last_used_at),
    }
