# SPDX-License-Identifier: Apache-2.0
"""`/v1/anchors`: where the log is anchored. It needs no key: all of it is on a public chain anyway."""

import re
from typing import Any

import orjson
from flask import Blueprint, Response, request

from api.wiring import Services
from notary.encoding import b64, format_time
from notary.errors import Fault, InvalidInputError
from notary.log.anchors import Anchor

_PAGE, _LONGEST_PAGE = 100, 1000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("anchors", __name__, url_prefix="/v1/anchors")

    @views.get("")
    def anchors() -> Response:
        after, limit = _number("after", 0), min(max(_number("limit", _PAGE), 1), _LONGEST_PAGE)
        found = services.store.anchors_after(after, limit)
        more = found and services.store.anchors_after(found[-1].size, 1)
        members = {
            "anchors": [_members(services, anchor) for anchor in found],
            "next": f"/v1/anchors?after={found[-1].size}&limit={limit}" if more else None,
        }
        return Response(orjson.dumps(members), mimetype="application/json")

    return views


def _members(services: Services, anchor: Anchor) -> dict[str, Any]:
    stamps = services.store.timestamps(anchor.size)
    return {
        "chain_id": anchor.chain_id,
        "registry": anchor.registry,
        "log_id": anchor.log_id,
        "size": anchor.size,
        "root": b64(anchor.root),
        "checkpoint": anchor.checkpoint,
        "state": anchor.state.value,
        "transaction_hash": anchor.transaction_hash,
        "block_number": anchor.block_number,
        "block_hash": anchor.block_hash,
        "block_time": anchor.block_time,
        "gas_used": anchor.gas_used,
        "timestamps": [
            {"authority": item.authority, "time": format_time(item.time), "token": b64(item.token)} for item in stamps
        ],
    }


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not _NUMBER.fullmatch(text):
        raise InvalidInputError(Fault(f"/{name}", "must be a whole number"))
    return int(text)
