# SPDX-License-Identifier: Apache-2.0
"""A timestamp authority: `openssl ts` behind a small HTTP server, with a throw-away certificate authority."""

import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """
[ts]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = {accuracy}
"""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def issue(
    name: str,
    by: Issued | None = None,
    *,
    is_authority: bool = False,
    use: x509.ObjectIdentifier | None = None,
    first: timedelta = -DAY,
    last: timedelta = DAY,
) -> Issued:
    """Issue a certificate, by itself if by nobody else, valid from `first` to `last`, as seen from now."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first)
        .not_valid_after(now + last)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    )
    if use:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    return Issued(builder.sign(by.key if by else key, SHA256()), key)


@dataclass
class SampleAuthority:
    """Gives timestamps with `openssl ts`; `root` is the certificate that vouches for it."""

    folder: Path
    root: Issued
    signer: Issued
    chain: Sequence[Issued] = ()
    accuracy: str = "secs:1"

    @classmethod
    def create(cls, folder: Path, name: str = "Sample Time", **validity: timedelta) -> "SampleAuthority":
        """Make an authority with a new root."""
        root = issue(f"{name} Root", is_authority=True, first=-100 * DAY, last=100 * DAY)
        signer = issue(name, root, use=ExtendedKeyUsageOID.TIME_STAMPING, **validity)
        return cls(folder, root, signer)

    def reply(self, query: bytes) -> bytes:
        """Answer a request as openssl does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files = {
            "query": query,
            "key.pem": key,
            "signer.pem": self.signer.pem,
            "chain.pem": b"".join(item.pem for item in self.chain),
            "ts.cnf": _CONFIG.format(folder=self.folder, accuracy=self.accuracy).encode(),
        }
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        command = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "ts", "-queryfile", "query"]
        command += ["-signer", "signer.pem", "-inkey", "key.pem", "-out", "reply"]
        command += ["-chain", "chain.pem"] if self.chain else []
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()


class Answers:
    """What an HTTP server answers to POST: the queries that came, and how the next are answered."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.status = 200
        self.queries: list[bytes] = []
        self.media_types: list[str] = []
        self.url = ""


@contextmanager
def serving(answer: Callable[[bytes], bytes]) -> Iterator[Answers]:
    """Serve `answer` over HTTP at a free port, one request at a time."""
    answers = Answers(answer)
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with one_at_a_time:
                answers.queries.append(query)
                answers.media_types.append(self.headers["Content-Type"])
                body = answers.answer(query)
            self.send_response(answers.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        answers.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()
