# SPDX-License-Identifier: Apache-2.0
"""Documents through a real server and the command line: size, memory, slow and broken senders, restarts."""

import json
import socket
from collections.abc import Iterator
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from notary.canonical import canonical_json
from notary.documents.document import MAX_DOCUMENT
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.files import detached_signature, issued, plain_pdf, signed_pdf
from tests.support.service import Service, connection, new_service, until

MEGABYTE = 1 << 20
NEVER_WHOLE = b"never to be sent whole" * 10_000
"""So long that it is received as it comes; shorter ones wait outside until they are there."""
BLOCK = bytes(range(256)) * 4096


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with new_service(tmp_path_factory.mktemp("documents") / "data") as service:
        service.start()
        yield service


@pytest.fixture(scope="module")
def api_key(service: Service) -> str:
    return service.add_lender()


def name_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def peak_memory(service: Service) -> int:
    """Return the most memory that any process which serves HTTP has had so far, in bytes."""
    peaks = []
    for pid in service.pids("api.server"):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


def files_of(service: Service) -> list[str]:
    folder = service.folder / "documents"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_largest_document_goes_in_and_out_in_constant_memory(service: Service, api_key: str) -> None:
    assert service.request("PUT", f"/v1/documents/{name_of(BLOCK)}", BLOCK, api_key, "text/plain").status == 201
    before = peak_memory(service)
    digest = sha256()
    for _ in range(MAX_DOCUMENT // MEGABYTE):
        digest.update(BLOCK)
    path = f"/v1/documents/{digest.hexdigest()}"
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "text/plain", "Content-Length": str(MAX_DOCUMENT)}
    with connection(service.url) as link:
        link.request("PUT", path, (BLOCK for _ in range(MAX_DOCUMENT // MEGABYTE)), headers)
        response = link.getresponse()
        assert (response.status, json.loads(response.read())["size"]) == (201, MAX_DOCUMENT)
        link.request("GET", path, headers={"Authorization": f"Bearer {api_key}"})
        response, again = link.getresponse(), sha256()
        while part := response.read(MEGABYTE):
            again.update(part)
    assert again.hexdigest() == digest.hexdigest()
    assert peak_memory(service) - before < 16 * MEGABYTE


def test_a_body_in_chunks_needs_no_length(service: Service, api_key: str) -> None:
    data = BLOCK + b"in chunks"
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "text/plain"}
    with connection(service.url) as link:
        parts = (data[start : start + 10_000] for start in range(0, len(data), 10_000))
        link.request("PUT", f"/v1/documents/{name_of(data)}", parts, headers, encode_chunked=True)
        response = link.getresponse()
        assert (response.status, json.loads(response.read())["size"]) == (201, len(data))


def test_more_than_the_largest_is_cut_off(service: Service, api_key: str) -> None:
    before = files_of(service)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "text/plain"}
    with connection(service.url) as link:
        try:
            parts = (BLOCK for _ in range(MAX_DOCUMENT // MEGABYTE + 8))
            link.request("PUT", f"/v1/documents/{'ab' * 32}", parts, headers, encode_chunked=True)
            assert link.getresponse().status == 413
        except (BrokenPipeError, ConnectionResetError):
            pass  # answered and closed before it was told everything, which this client does not bear with
    until(lambda: files_of(service) == before, "nothing is left")


def test_a_slow_sender_holds_nobody_up_and_comes_to_its_end(service: Service, api_key: str) -> None:
    data = b"slowly"
    with half_sent(service, api_key, data) as slow:
        for number in range(8):
            other = b"others %d" % number
            answer = service.request("PUT", f"/v1/documents/{name_of(other)}", other, api_key, "text/plain")
            assert answer.status == 201
        slow.sendall(data[3:])
        assert slow.recv(MEGABYTE).startswith(b"HTTP/1.1 201")


def test_a_sender_that_leaves_leaves_nothing(service: Service, api_key: str) -> None:
    before = files_of(service)
    with half_sent(service, api_key, NEVER_WHOLE):
        until(lambda: len(files_of(service)) == len(before) + 1, "the document is being received")
    until(lambda: files_of(service) == before, "nothing is left")
    path = f"/v1/documents/{name_of(b'never to be sent whole')}"
    assert service.request("GET", path, api_key=api_key).status == 404


def test_after_a_kill_the_leftovers_are_gone_and_the_documents_are_there(service: Service, api_key: str) -> None:
    data = signed_pdf(plain_pdf("Kept"), issued())
    path = f"/v1/documents/{name_of(data)}"
    kept = service.request("PUT", path, data, api_key, "application/pdf").json
    before = files_of(service)
    with half_sent(service, api_key, b"killed in the middle" * 10_000):
        until(lambda: len(files_of(service)) == len(before) + 1, "the document is being received")
        service.end_all()
    service.wait_for_silence()
    assert len(files_of(service)) == len(before) + 1
    service.start()
    assert files_of(service) == before
    assert service.request("GET", f"{path}/info", api_key=api_key).json == kept
    assert service.request("GET", path, api_key=api_key).body == data


def half_sent(service: Service, api_key: str, data: bytes) -> socket.socket:
    """Return a connection on which three bytes of a document were sent."""
    link = HTTPConnection(urlsplit(service.url).netloc)
    link.putrequest("PUT", f"/v1/documents/{name_of(data)}")
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "text/plain", "Content-Length": str(len(data))}
    for name, value in headers.items():
        link.putheader(name, value)
    link.endheaders(data[:3])
    assert link.sock is not None
    return link.sock


def test_the_command_line(service: Service, api_key: str, tmp_path: Path) -> None:
    environment = {"LOAN_NOTARY_URL": service.url, "LOAN_NOTARY_API_KEY": api_key}
    folder = tmp_path / "documents"
    folder.mkdir()
    agreement, note = signed_pdf(plain_pdf("By command"), issued()), b"a note"
    (folder / "agreement.pdf").write_bytes(agreement)
    (folder / "note.txt").write_bytes(note)
    named = [{"name": "agreement.pdf", "media_type": "application/pdf", "size": len(agreement)}]
    value = record("agreement", loan="By command", documents=[named[0] | {"sha256": name_of(agreement)}])
    (tmp_path / "records.ndjson").write_bytes(canonical_json(value) + b"\n")

    done = run("submit", tmp_path / "records.ndjson", "--documents", folder, "--json", **environment)
    assert (done.exit_code, document(done)["placed"]) == (0, 1)
    assert "2 documents deposited" in done.stderr
    again = document(run("document", "put", folder / "note.txt", "--json", **environment))
    assert (again["sha256"], again["media_type"]) == (name_of(note), "text/plain")

    (tmp_path / "agreement.p7s").write_bytes(detached_signature(agreement, issued()))
    attached = run(
        "document", "attach", name_of(agreement), tmp_path / "agreement.p7s", "--kind", "signature", "--json",
        **environment,
    )  # fmt: skip
    assert [item["kind"] for item in document(attached)["attachments"]] == ["signature"]
    shown = run("document", "show", name_of(agreement), "-o", tmp_path / "back.pdf", **environment)
    assert (tmp_path / "back.pdf").read_bytes() == agreement
    assert "pdf-signature unknown" in shown.output
    assert "cms-signature unknown" in shown.output

    receipt = tmp_path / "receipt.json"
    run("receipt", value["id"], "-o", receipt, **environment)
    good = run("verify", receipt, "--document", tmp_path / "back.pdf", "--json")
    assert {"link": "document", "status": "ok", "detail": "the file is agreement.pdf, as the record names it"} in (
        document(good)["checks"]
    )
    assert good.exit_code == 0
    assert run("verify", receipt, "--document", folder / "note.txt").exit_code == 1
