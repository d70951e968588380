# SPDX-License-Identifier: Apache-2.0
"""A timestamp authority: `openssl ts` with a certificate of the test root."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.files import issued

_CONFIGURATION = """
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def need_openssl() -> None:
    """Skip the calling test where there is no `openssl` to be the authority."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program here to be the timestamp authority")


class Tsa:
    """An authority in a folder of its own."""

    name = "Test TSA"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._configuration = folder / "tsa.cnf"
        self._configuration.write_text(_CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01\n")
        own = issued(self.name, use="timestamps")
        (folder / "tsa.pem").write_bytes(own.certificate.public_bytes(Encoding.PEM))
        key = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "tsa.key").write_bytes(key)

    def stamp(self, data: bytes, digest: str = "sha256") -> bytes:
        """Return the RFC 3161 response over bytes."""
        folder = self._folder
        value = hashlib.new(digest, data).hexdigest()
        self._openssl("-query", "-digest", value, f"-{digest}", "-cert", "-out", folder / "request.tsq")
        self._openssl(
            "-reply", "-config", self._configuration, "-section", "tsa", "-queryfile", folder / "request.tsq",
            "-signer", folder / "tsa.pem", "-inkey", folder / "tsa.key", "-out", folder / "reply.tsr",
        )  # fmt: skip
        return (folder / "reply.tsr").read_bytes()

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", "ts", *map(str, arguments)], check=True, capture_output=True)
