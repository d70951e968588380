# SPDX-License-Identifier: Apache-2.0
"""`/healthz` and `/readyz`: whether the process lives, and whether the log takes records, or can be read."""

from collections.abc import Iterable
from typing import Any

import orjson
from flask import Blueprint, Response

from api.clock import now
from api.reading_only import standing_members
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import NotaryError, UnavailableError
from notary.ports.store import Store


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("health", __name__)

    @views.get("/healthz")
    def alive() -> Response:
        return _json({"status": "ok"})

    @views.get("/readyz")
    def ready() -> Response:
        return _json({"status": "ready", **_log_members(services), **_replica_members(services)})

    return views


def _log_members(services: Services) -> dict[str, Any]:
    try:
        if services.replica is None:
            services.writer.append([])
        head = services.log.head()
    except NotaryError as error:
        what = "takes no records" if services.replica is None else "cannot be read"
        raise UnavailableError(f"the log {what}: {error}") from error
    stamps = newest_timestamps(services.store, services.timestamp_authorities)
    return {"size": head.size, "anchor": newest_anchor(services.store), "timestamps": stamps}


def _replica_members(services: Services) -> dict[str, Any]:
    """Return how far behind a host that only reads is."""
    replica = services.replica
    return {} if replica is None else {"replica": standing_members(replica.standing()), "writes_at": replica.writes_at}


def newest_anchor(store: Store) -> dict[str, Any] | None:
    """Describe the newest anchor that is in a block; an old one beside a growing log means that the chain is away."""
    newest = store.newest_anchor()
    if newest is None:
        return None
    time = (newest.block_time or 0) * 1000
    return {
        "size": newest.size,
        "state": newest.state.value,
        "time": format_time(time),
        "age_seconds": max(0, now() - time) // 1000,
    }


def newest_timestamps(store: Store, authorities: Iterable[str]) -> list[dict[str, Any]]:
    """Describe the newest timestamp of each authority that is asked; `size` is None for one that never answered."""
    newest = {stamp.authority: stamp for stamp in store.newest_timestamps()}
    found = []
    for url in authorities:
        stamp = newest.get(url)
        found.append(
            {
                "authority": url,
                "size": stamp.size if stamp else None,
                "time": format_time(stamp.time) if stamp else None,
                "age_seconds": max(0, now() - stamp.time) // 1000 if stamp else None,
            }
        )
    return found


def _json(members: dict[str, Any]) -> Response:
    return Response(orjson.dumps(members), mimetype="application/json")
