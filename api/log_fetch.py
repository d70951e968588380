# SPDX-License-Identifier: Apache-2.0
"""A log read over HTTP, as any outsider reads it."""

import urllib3

from notary.audit.sources import Fetch
from notary.errors import CorruptLogError, NotFoundError, UnavailableError

_TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)
_RETRIES = urllib3.Retry(
    total=4, status_forcelist=(429, 500, 502, 503, 504), backoff_factor=0.2, redirect=0, raise_on_status=False
)
_GONE = (404, 410)


def url_fetch(url: str) -> Fetch:
    """Return a reader of the log below `url`, the prefix of its C2SP tiles, such as `https://notary.example/log`."""
    prefix = url.rstrip("/")
    pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def fetch(path: str, limit: int) -> bytes:
        try:
            # A cache on the way may not answer with an old checkpoint: it would look like a log that lost entries.
            response = pool.request(
                "GET", f"{prefix}/{path}", headers={"Cache-Control": "no-cache"}, preload_content=False
            )
            try:
                data = response.read(limit + 1)
            finally:
                response.release_conn()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise UnavailableError(f"the log at {prefix} does not answer: {error}") from error
        if response.status in _GONE:
            raise NotFoundError(f"the log at {prefix} has no {path}")
        if response.status != 200:
            raise UnavailableError(f"the log at {prefix} answers {path} with HTTP status {response.status}")
        if len(data) > limit:
            raise CorruptLogError(f"{path} has more than {limit} bytes")
        return data

    return fetch
