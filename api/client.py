# SPDX-License-Identifier: Apache-2.0
"""A client of the HTTP API, for the command line."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson
import urllib3

from notary.documents.digests import FileDigests
from notary.encoding import b64
from notary.errors import Fault, InvalidInputError, NotFoundError, RefusedError, UnavailableError

_TIMEOUT = urllib3.Timeout(connect=5.0, read=60.0)
_RETRIES = urllib3.Retry(
    total=5, status_forcelist=(503,), allowed_methods=None, backoff_factor=0.3, redirect=0, raise_on_status=False
)
"""All requests may be repeated: the notary takes a record of one lender and id once."""


Body = bytes | BinaryIO | None
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class NotaryClient:
    """Speaks to one notary; safe for use from several threads."""

    def __init__(self, url: str, api_key: str = "") -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES, maxsize=8)

    def is_ready(self) -> bool:
        """Tell whether the notary takes records now."""
        return self._request("GET", "/readyz", retries=False).status == 200

    def register_key(self, party: str, jwk: dict[str, str], **times: Any) -> dict[str, Any]:
        """Register a public key of "lender" or "borrower" and return what is registered.

        `times` are the members of the request that say when it counts; those that are None are left out.
        """
        members = {"party": party, "jwk": jwk, **{name: value for name, value in times.items() if value is not None}}
        return self._json("POST", "/v1/keys", orjson.dumps(members), "application/json")

    def revoke_key(self, kid: str, moment: str) -> dict[str, Any]:
        """Revoke a key from a moment (RFC 3339) on and return it."""
        body = orjson.dumps({"from": moment})
        return self._json("POST", f"/v1/keys/{quote(kid, safe='')}/revocation", body, "application/json")

    def keys(self, party: str | None) -> Iterator[dict[str, Any]]:
        """Yield the registered keys, of one party or of all."""
        after: str | None = ""
        while after is not None:
            asked = {"after": after} if party is None else {"after": after, "party": party}
            page = self._json("GET", f"/v1/keys?{urlencode(asked)}")
            yield from page["keys"]
            after = page["after"]

    def register_root(self, party: str, certificate: str, **more: str | None) -> dict[str, Any]:
        """Register a CA certificate (PEM) of a party and return what is registered; `more` as in `register_key`."""
        given = {name: value for name, value in more.items() if value is not None}
        body = orjson.dumps({"party": party, "certificate": certificate, **given})
        return self._json("POST", "/v1/roots", body, "application/json")

    def revoke_root(self, fingerprint: str, moment: str) -> list[dict[str, Any]]:
        """Revoke a CA certificate from a moment (RFC 3339) on and return its registrations."""
        body = orjson.dumps({"from": moment})
        path = f"/v1/roots/{quote(fingerprint, safe='')}/revocation"
        return list(self._json("POST", path, body, "application/json")["roots"])

    def roots(self) -> list[dict[str, Any]]:
        """Return the registered CA certificates."""
        return list(self._json("GET", "/v1/roots")["roots"])

    def submit(self, document: bytes) -> bytes:
        """Submit one record or envelope and return its receipt."""
        return self._checked("POST", "/v1/records", document, "application/json").data

    def submit_draft(self, envelope: bytes) -> bytes:
        """Hand in a half-signed envelope; return JSON of what it waits for, or the receipt once it is complete."""
        return self._checked("POST", "/v1/drafts", envelope, "application/json").data

    def drafts(self) -> Iterator[dict[str, Any]]:
        """Yield the records that wait for signatures."""
        after: str | None = ""
        while after is not None:
            page = self._json("GET", f"/v1/drafts?{urlencode({'after': after})}")
            yield from page["drafts"]
            after = page["after"]

    def draft(self, record_id: str) -> dict[str, Any]:
        """Return a record that waits for signatures, with its envelope."""
        return self._json("GET", f"/v1/drafts/{quote(record_id, safe='')}")

    def withdraw(self, record_id: str) -> None:
        """Give up a record that waits for signatures."""
        self._checked("DELETE", f"/v1/drafts/{quote(record_id, safe='')}")

    def submit_lines(self, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        """Submit many records or envelopes, without line ends, and return the answer to each, in order."""
        response = self._checked("POST", "/v1/records:batch", b"\n".join(lines) + b"\n", "application/x-ndjson")
        answers = [orjson.loads(line) for line in response.data.splitlines()]
        if len(answers) != len(lines):
            raise UnavailableError(f"the notary has answered {len(answers)} of {len(lines)} records")
        return answers

    def loan(self, number: str, as_of: str | None = None) -> dict[str, Any]:
        """Return a loan's view, now or at a moment."""
        return self._json("GET", f"/v1/loans/{quote(number, safe='')}{_query(as_of=as_of)}")

    def record(self, record_id: str) -> dict[str, Any]:
        """Return a record with its envelope and its findings."""
        return self._json("GET", f"/v1/records/{quote(record_id, safe='')}")

    def put_part(self, job: str, number: int, data: bytes, sha256: str) -> dict[str, Any]:
        """Upload a part of a job's input, whose SHA-256 in hex is given, and return the job."""
        headers = {"Content-Digest": f"sha-256=:{b64(bytes.fromhex(sha256))}:"}
        return self._json("PUT", f"/v1/jobs/{job}/parts/{number}", data, "application/x-ndjson", headers)

    def job_results(self, job: str) -> Iterator[dict[str, Any]]:
        """Yield the answers to a job's lines, as far as there are any."""
        for line in self._checked("GET", f"/v1/jobs/{job}/results").data.splitlines():
            yield orjson.loads(line)

    def listed(self, name: str, wanted: Mapping[str, str | int | None]) -> Iterator[dict[str, Any]]:
        """Yield "records" or "loans" that fit, of all pages; values of `wanted` that are None ask for nothing."""
        asked = {"limit": "1000", **{key: str(value) for key, value in wanted.items() if value is not None}}
        address: str | None = f"/v1/{name}{_query(**asked)}"
        while address is not None:
            page = self._json("GET", address)
            yield from page[name]
            address = page["next"]

    def findings(self, severities: Sequence[str] = (), codes: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the findings of all loans, or those of some severities and codes."""
        lines = self._checked("GET", f"/v1/findings{_query(severity=severities, code=codes)}").data
        return [orjson.loads(line) for line in lines.splitlines()]

    def policy(self, as_of: str | None = None) -> dict[str, Any]:
        """Return the lender's policy, now or at a moment."""
        return self._json("GET", f"/v1/policy{_query(as_of=as_of)}")

    def set_policy(self, policy: dict[str, Any]) -> dict[str, Any]:
        """Put a policy in force, and return it whole."""
        return self._json("PUT", "/v1/policy", orjson.dumps(policy), "application/json")

    def put_document(self, path: Path, digests: FileDigests, media_type: str) -> dict[str, Any]:
        """Deposit a file and return what the notary says of it."""
        with path.open("rb") as file:
            length = {"Content-Length": str(digests.size)}
            return self._json("PUT", f"/v1/documents/{digests.sha256}", file, media_type, length)

    def attach(self, document: str, data: bytes, media_type: str) -> dict[str, Any]:
        """Add a signature or timestamp over a document and return what the notary says of the document."""
        address = f"/v1/documents/{document}/attachments/{sha256(data).hexdigest()}"
        return self._json("PUT", address, data, media_type)

    def document_info(self, sha256: str) -> dict[str, Any]:
        """Return what the notary knows of a document."""
        return self._json("GET", f"/v1/documents/{sha256}/info")

    def fetch_document(self, sha256: str, path: Path) -> None:
        """Write a document's bytes to a file."""
        path.write_bytes(self._checked("GET", f"/v1/documents/{sha256}").data)

    def receipt(self, record_id: str) -> bytes:
        """Return a record's receipt as it stands now."""
        return self._checked("GET", f"/v1/records/{record_id}/receipt").data

    def call(self, method: str, path: str, members: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make a request with a JSON body, or none, and return what it answers; nothing for 204."""
        body = None if members is None else orjson.dumps(members)
        return self._json(method, path, body, "application/json" if body else "", {"Idempotency-Key": str(uuid4())})

    def history(self, loan: str) -> bytes:
        """Return the history receipt of a loan as it stands now."""
        return self._checked("GET", f"/v1/loans/{quote(loan, safe='')}/receipt").data

    def evidence(self, loan: str, path: Path) -> None:
        """Write the evidence package of a loan, as it stands now, to a file."""
        self._download(f"/v1/loans/{quote(loan, safe='')}/evidence.zip", path)

    def certificate(self, record_id: str) -> bytes:
        """Return a record's certificate (PDF)."""
        return self._checked("GET", f"/v1/records/{quote(record_id, safe='')}/certificate.pdf").data

    def cose_receipt(self, record_id: str) -> bytes:
        """Return a record's COSE receipt."""
        return self._checked("GET", f"/v1/records/{record_id}/receipt.cose").data

    def _json(
        self, method: str, path: str, body: Body = None, media_type: str = "", headers: Mapping[str, str] = _NO_HEADERS
    ) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads(self._checked(method, path, body, media_type, headers).data or b"{}")
        return answer

    def _checked(
        self, method: str, path: str, body: Body = None, media_type: str = "", headers: Mapping[str, str] = _NO_HEADERS
    ) -> urllib3.BaseHTTPResponse:
        response = self._request(method, path, body, media_type, headers)
        if response.status >= 400:
            raise _error(response)
        return response

    def _download(self, path: str, target: Path) -> None:
        response = self._request("GET", path, preload_content=False)
        try:
            if response.status >= 400:
                raise _error(response)
            with target.open("wb") as file:
                for part in response.stream(1 << 20):
                    file.write(part)
        except urllib3.exceptions.HTTPError as error:
            target.unlink(missing_ok=True)
            raise UnavailableError(f"the notary at {self._url} stopped in the middle: {error}") from error
        finally:
            response.release_conn()

    def _request(
        self,
        method: str,
        path: str,
        body: Body = None,
        media_type: str = "",
        headers: Mapping[str, str] = _NO_HEADERS,
        retries: bool = True,
        preload_content: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        headers = {**self._headers, **({"Content-Type": media_type} if media_type else {}), **headers}
        policy = _RETRIES if retries else False
        try:
            return self._pool.request(
                method, self._url + path, body=body, headers=headers, retries=policy, preload_content=preload_content
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(f"the notary at {self._url} does not answer: {error}") from error


def _query(**values: str | Sequence[str] | None) -> str:
    """Return a query of the values that there are, with its question mark."""
    text = urlencode({name: value for name, value in values.items() if value}, doseq=True)
    return f"?{text}" if text else ""


def _error(response: urllib3.BaseHTTPResponse) -> Exception:
    try:
        problem = orjson.loads(response.data)
        detail = f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        detail = f"HTTP status {response.status}"
    if response.status == 404:
        return NotFoundError(detail)
    if response.status == 409:
        return RefusedError(detail)
    if response.status >= 500:
        return UnavailableError(detail)
    return InvalidInputError(Fault("", detail))
