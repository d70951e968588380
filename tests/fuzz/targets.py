# SPDX-License-Identifier: Apache-2.0
"""The parsers under fuzzing: what each is given, and the errors that are an answer. Anything else is a finding."""

import asyncio
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm

from chain.errors import EvidenceError
from chain.rlp_lists import decode_list
from chain.trie_proof import prove_value
from notary.canonical import parse_canonical
from notary.envelope import envelope_from_json
from notary.errors import NotaryError
from notary.exports.cose import parse_cose_receipt
from notary.exports.tlog_proof import parse_tlog_proof
from notary.inspection.attached import inspect_signature
from notary.inspection.judgement import context
from notary.inspection.pdf import inspect_pdf
from notary.log.checkpoint import parse_checkpoint
from notary.log.key_history import parse_history
from notary.log.signed_note import NoteVerifier, open_note, parse_verifier
from notary.log.tiles import parse_number
from notary.package.container import open_container
from notary.package.manifest import parse_manifest
from notary.receipts.base45 import parse_base45
from notary.receipts.qr_proof import verify_qr
from notary.receipts.timestamp_tokens import verify_token
from notary.records import parse_record
from verifier import make_verifier

_KNOWN = NoteVerifier("notary.example/log", bytes(32))
_HASH = bytes(32)
_LOOP = asyncio.new_event_loop()
OUT_OF_HAND = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    UnsupportedAlgorithm, ValueError,
)  # fmt: skip
"""What the checking process tells as "unknown", or ends by, which is told so too (`notary.inspection.process`)."""


@dataclass(frozen=True)
class Target:
    """A parser, and the errors that it may end with."""

    run: Callable[[bytes], object]
    answers: tuple[type[BaseException], ...] = (NotaryError,)


def _note(data: bytes) -> None:
    open_note(data.decode("utf-8", "surrogateescape"), _KNOWN)


def _checkpoint(data: bytes) -> None:
    parse_checkpoint(data.decode("utf-8", "surrogateescape"))


def _trie(data: bytes) -> None:
    count, rest = data[:1] or b"\0", data[1:]
    width = max(1, len(rest) // (1 + count[0] % 4))
    prove_value(_HASH, _HASH, [rest[start : start + width] for start in range(0, len(rest), width)][:8])


def _package(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        with open_container(Path(file.name)) as container:
            for name in container.names[:20]:
                container.digests(name)


def _pdf(data: bytes) -> None:
    list(inspect_pdf(io.BytesIO(data), context((), 0), _LOOP))


def _cms(data: bytes) -> None:
    inspect_signature(io.BytesIO(b"document"), data, context((), 0), _LOOP)


TARGETS: dict[str, Target] = {
    "record": Target(lambda data: parse_record(parse_canonical(data, limit=1 << 20))),
    "envelope": Target(lambda data: envelope_from_json(parse_canonical(data, limit=1 << 20))),
    "receipt": Target(lambda data: make_verifier().verify(data), ()),
    "history": Target(lambda data: make_verifier().verify(data), ()),
    "note": Target(_note),
    "checkpoint": Target(_checkpoint),
    "verifier-key": Target(lambda data: parse_verifier(data.decode("utf-8", "surrogateescape"))),
    "key-history": Target(parse_history),
    "tile-path": Target(lambda data: parse_number(data.decode("latin-1"))),
    "tlog-proof": Target(parse_tlog_proof),
    "cose": Target(parse_cose_receipt),
    "rlp": Target(lambda data: decode_list(data, 1 << 20), (EvidenceError,)),
    "trie": Target(_trie),
    "timestamp": Target(lambda data: verify_token(data, "note\n\n— x y\n", ())),
    "qr": Target(lambda data: verify_qr(data.decode("latin-1")), ()),
    "base45": Target(lambda data: parse_base45(data.decode("latin-1")), (ValueError,)),
    "manifest": Target(parse_manifest),
    "package": Target(_package),
    "pdf": Target(_pdf, (NotaryError, *OUT_OF_HAND)),
    "cms": Target(_cms, (NotaryError, *OUT_OF_HAND)),
}
