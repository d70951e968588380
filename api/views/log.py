# SPDX-License-Identifier: Apache-2.0
"""`/log`: the public log as C2SP tlog-tiles serves it. Nothing here needs a key, and nothing here tells of a loan."""

import re
from collections.abc import Callable

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from api.wiring import Services
from notary.encoding import b64
from notary.errors import CorruptLogError, NotFoundError, ProofError
from notary.exports import cose
from notary.hashing import HASH_SIZE
from notary.log.merkle import ConsistencyProof, verify_consistency
from notary.log.tiles import MAX_LEVEL, WIDTH, Tile, parse_number, tile_width

View = Callable[..., Response]

_IMMUTABLE = "public, max-age=31536000, immutable"
_FRESH = "public, max-age=2"
_LEVEL = re.compile(r"0|[1-9][0-9]?")
_SIZE = re.compile(r"[1-9][0-9]{0,14}")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("log", __name__)

    # A client whose prefix ends in a slash, and which adds one of its own, means the same resource.
    def serve(rule: str) -> Callable[[View], View]:
        def add(view: View) -> View:
            return views.get(f"/log/{rule}")(views.get(f"/log//{rule}")(view))

        return add

    @serve("checkpoint")
    def checkpoint() -> Response:
        response = Response(services.log.head().checkpoint, content_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = _FRESH
        return response

    @serve("keys")
    def keys() -> Response:
        response = Response(services.signer.history(), mimetype="application/json")
        response.headers["Cache-Control"] = _FRESH
        return response

    @serve("tile/<level>/<path:number>")
    def tile(level: str, number: str) -> Response:
        if not _LEVEL.fullmatch(level) or int(level) > MAX_LEVEL:
            raise NotFound("there is no such level")
        return _bytes(_read_tile(services, int(level), number))

    @serve("tile/entries/<path:number>")
    def entries(number: str) -> Response:
        index, width = parse_number(number)
        _require(services, Tile(0, index), width)
        bundle = list(services.store.entries(index * WIDTH, index * WIDTH + width))
        if len(bundle) != width:
            raise CorruptLogError(f"bundle {index} has {len(bundle)} entries of {width}")
        return _bytes(b"".join(len(entry).to_bytes(2) + entry for entry in bundle))

    _add_consistency(serve, services)
    return views


def _add_consistency(serve: Callable[[str], Callable[[View], View]], services: Services) -> None:
    @serve("consistency/<old>/<new>")
    def consistency(old: str, new: str) -> Response:
        proof = _proof(services, *_sizes(services, old, new))
        text = "".join(f"{b64(value)}\n" for value in proof.hashes)
        return _immutable(text.encode(), "text/plain; charset=utf-8")

    @serve("consistency/<old>/<new>/receipt.cose")
    def consistency_receipt(old: str, new: str) -> Response:
        receipt = services.exporter.consistency_receipt(*_sizes(services, old, new))
        return _immutable(receipt, cose.MEDIA_TYPE)


def _proof(services: Services, old: int, new: int) -> ConsistencyProof:
    """Prove that one size of the log begins with another. Raises `CorruptLogError` where the tiles say otherwise."""
    head, log = services.log.head(), services.log
    proof = log.prove_consistency(old, new)
    try:
        verify_consistency(proof, log.root(old), head.root if head.size == new else log.root(new))
    except ProofError as error:
        raise CorruptLogError(f"{new} entries do not begin with {old}: {error}") from error
    return proof


def _read_tile(services: Services, level: int, number: str) -> bytes:
    index, width = parse_number(number)
    tile = Tile(level, index)
    _require(services, tile, width)
    [stored] = services.store.read_tiles([tile])
    if len(stored) < width * HASH_SIZE:
        raise CorruptLogError(f"tile {level}/{index} has {len(stored)} bytes, and {width} hashes were signed for")
    return stored[: width * HASH_SIZE]


def _require(services: Services, tile: Tile, width: int) -> None:
    """Raise `NotFoundError` for a tile that the newest checkpoint does not cover."""
    if tile_width(tile, services.log.head().size) < width:
        raise NotFoundError("the log has no such tile yet")


def _sizes(services: Services, old: str, new: str) -> tuple[int, int]:
    """Read two tree sizes, 0 < old < new. Raises `NotFoundError` where the log has none such (yet)."""
    if not (_SIZE.fullmatch(old) and _SIZE.fullmatch(new) and int(old) < int(new) <= services.log.head().size):
        raise NotFoundError("the log has had no two such sizes, the smaller one first")
    return int(old), int(new)


def _bytes(data: bytes) -> Response:
    return _immutable(data, "application/octet-stream")


def _immutable(data: bytes, content_type: str) -> Response:
    response = Response(data, content_type=content_type)
    response.headers["Cache-Control"] = _IMMUTABLE
    return response
