# SPDX-License-Identifier: Apache-2.0
"""`/log`: the public log as C2SP tlog-tiles serves it. Nothing here needs a key, and nothing here tells of a loan."""

import re

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from api.wiring import Services
from notary.errors import NotFoundError
from notary.hashing import HASH_SIZE
from notary.tiles import MAX_LEVEL, WIDTH, Tile, parse_number, tile_width

_IMMUTABLE = "public, max-age=31536000, immutable"
_FRESH = "public, max-age=2"
_LEVEL = re.compile(r"0|[1-9][0-9]?")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("log", __name__, url_prefix="/log")

    @views.get("/checkpoint")
    def checkpoint() -> Response:
        response = Response(services.log.head().checkpoint, content_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = _FRESH
        return response

    @views.get("/tile/<level>/<path:number>")
    def tile(level: str, number: str) -> Response:
        if not _LEVEL.fullmatch(level) or int(level) > MAX_LEVEL:
            raise NotFound("there is no such level")
        return _bytes(_read_tile(services, int(level), number))

    @views.get("/tile/entries/<path:number>")
    def entries(number: str) -> Response:
        index, width = parse_number(number)
        _require(services, Tile(0, index), width)
        bundle = services.store.entries(index * WIDTH, index * WIDTH + width)
        return _bytes(b"".join(len(entry).to_bytes(2) + entry for entry in bundle))

    return views


def _read_tile(services: Services, level: int, number: str) -> bytes:
    index, width = parse_number(number)
    tile = Tile(level, index)
    _require(services, tile, width)
    [stored] = services.store.read_tiles([tile])
    return stored[: width * HASH_SIZE]


def _require(services: Services, tile: Tile, width: int) -> None:
    """Raise `NotFoundError` for a tile that the newest checkpoint does not cover."""
    if tile_width(tile, services.log.head().size) < width:
        raise NotFoundError("the log has no such tile yet")


def _bytes(data: bytes) -> Response:
    response = Response(data, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = _IMMUTABLE
    return response
