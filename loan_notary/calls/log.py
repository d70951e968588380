# SPDX-License-Identifier: Apache-2.0
"""Calls on the public log and the service; they need no API key."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from loan_notary.answers import Anchor
from loan_notary.call import Call, Page, get_bytes, path


def anchors(after: int = 0, limit: int = 100) -> Call[Page[Anchor]]:
    """List where the log is anchored, by rising size.

    >>> list(client.anchors())
    []
    """

    def read(answer: bytes) -> Page[Anchor]:
        members = orjson.loads(answer)
        if not members["next"]:
            return Page(members["anchors"])
        return Page(members["anchors"], anchors(int(parse_qs(urlsplit(members["next"]).query)["after"][0]), limit))

    return Call("GET", path("anchors", after=after, limit=limit), read)


def checkpoint() -> Call[bytes]:
    """Return the log's newest checkpoint, a signed note.

    >>> client.checkpoint().splitlines()[1].isdigit()
    True
    """
    return get_bytes("/log/checkpoint")


def key_history() -> Call[bytes]:
    """Return which key of the log followed which (`notary.log.key_history`); keep it for `--key-history`.

    >>> client.key_history()
    b'{"format":"loan-notary/log-keys@1","successions":[]}'
    """
    return get_bytes("/log/keys")


def readiness() -> Call[dict[str, Any]]:
    """Return what the notary says of itself; an error if it takes no records now.

    >>> client.readiness()["status"]
    'ready'
    """
    return Call("GET", "/readyz", orjson.loads)
