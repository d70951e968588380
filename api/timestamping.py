# SPDX-License-Identifier: Apache-2.0
"""Timestamp authorities over HTTP (RFC 3161 section 3.4), and the timestamper of a data folder."""

from pathlib import Path

import urllib3
from cryptography.x509 import Certificate

from api.settings import DataFolder, Settings, TimestampAuthority
from notary.errors import Fault, InvalidInputError, UnavailableError
from notary.log.anchors import LogHead
from notary.log.reader import Log
from notary.log.timestamping import StampPolicy, Timestamper
from notary.log.timestamps import Timestamp
from notary.ports.store import Store
from notary.receipts.time_proof import load_authorities
from notary.receipts.timestamp_tokens import MAX_REPLY, make_request, open_reply, verify_token

_TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
_PEM = "-----BEGIN"


class HttpAuthority:
    """Implements `notary.log.timestamping.Authority`: one authority at one URL, trusted by the certificates given."""

    def __init__(self, url: str, certificates: tuple[Certificate, ...]) -> None:
        self._url, self._certificates = url, certificates
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    @property
    def url(self) -> str:
        return self._url

    def stamp(self, head: LogHead) -> Timestamp:
        request = make_request(head.checkpoint)
        token = open_reply(self._post(request.as_bytes()), request)
        moment = verify_token(token, head.checkpoint, self._certificates)
        return Timestamp(head.size, self._url, moment.time, head.checkpoint, token)

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            # Read in parts: a reply without end is not taken in whole.
            response = self._pool.request("POST", self._url, body=body, headers=headers, preload_content=False)
            try:
                data = response.read(MAX_REPLY + 1)
            finally:
                response.close()
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(f"the authority does not answer: {error}") from error
        if response.status != 200:
            raise UnavailableError(f"the authority answers with HTTP status {response.status}")
        return data


def make_timestamper(folder: DataFolder, settings: Settings, store: Store) -> Timestamper | None:
    """Make the timestamper that `settings` describe; None where they name no authority.

    Raises `InvalidInputError` for a certificate that is none.
    """
    authorities = [HttpAuthority(item.url, _certificates(folder, item)) for item in settings.timestamp_authorities]
    policy = StampPolicy(interval=settings.timestamp_interval)
    return Timestamper(Log(store), store, authorities, policy) if authorities else None


def _certificates(folder: DataFolder, authority: TimestampAuthority) -> tuple[Certificate, ...]:
    written = authority.certificate
    try:
        pem = written.encode() if written.startswith(_PEM) else (folder.path / Path(written)).read_bytes()
    except OSError as error:
        raise InvalidInputError(Fault("/timestamp_authorities", f"{authority.url}: {error}")) from None
    return load_authorities(pem)
