# SPDX-License-Identifier: Apache-2.0
"""Evidence packages for the published vectors: whole, and changed on purpose."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from notary.canonical import canonical_json
from notary.encoding import b64url
from notary.log.signed_note import NoteSigner
from notary.package.contents import derived_files
from notary.package.manifest import HISTORY, MANIFEST, MEDIA_TYPE, MIMETYPE, Manifest, PackagedFile
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.verification import read_document
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.vector_cases import Case
from tests.support.vector_histories import AGREED, history_of, paid
from tests.support.vector_key_histories import HISTORY as KEY_HISTORY
from tests.support.vector_key_histories import THIRD, key_of
from tests.support.vector_receipts import Members, anchored

Files = dict[str, bytes]
DOCUMENT = b"%PDF-1.7\n%%EOF\n"
_DIGEST = sha256(DOCUMENT).hexdigest()
_NAME = f"documents/{_DIGEST}/document.pdf"
_ATTACHED = b"a signature"
_TIME = (1980, 1, 1, 0, 0, 0)


def history() -> Members:
    """Return the history of a loan one of whose records names a document."""
    named = {"name": "凭证.pdf", "media_type": "application/pdf", "size": len(DOCUMENT), "sha256": _DIGEST}
    return anchored(history_of([*AGREED, paid(3, "1.00", "1.00", "2.00", documents=[named])]))


def files_of(members: Members) -> Files:
    """Return the files of a package, but for the manifest, in their order."""
    data = canonical_json(members)
    document = read_document(data)
    assert isinstance(document, HistoryReceipt)
    return {
        MIMETYPE: MEDIA_TYPE.encode(),
        HISTORY: data,
        **derived_files(document),
        "README.en.md": b"# Evidence\n",
        _NAME: DOCUMENT,
        f"documents/{_DIGEST}/{sha256(_ATTACHED).hexdigest()}.p7s": _ATTACHED,
    }


def with_manifest(files: Files, signer: NoteSigner = make.LOG, **changes: str) -> Files:
    """Return the files with a manifest of them, sealed."""
    listed = tuple(PackagedFile(name, sha256(data).hexdigest(), len(data)) for name, data in files.items())
    said = {"environment": "production", "lender": "示范银行", "loan": AGREED[0]["loan"]}
    manifest = Manifest(**{**said, "log_key": make.LOG.verifier.format(), **changes}, files=listed)  # type: ignore[arg-type]
    return {**files, MANIFEST: manifest.sealed(signer)}


def packed(files: Files, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return the archive, the same bytes each time if it is only stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_STORED if name == MIMETYPE else method)
    return buffer.getvalue()


def package_cases() -> Iterator[Case]:
    """Yield packages."""
    whole = with_manifest(files_of(history()))
    data = packed(whole)
    yield _case("a package as the notary makes it", data)
    yield _case("the log's key is the package's own", data, log_key=None)
    yield replace(_case("an older key sealed it", data, log_key=key_of(THIRD)), key_history=KEY_HISTORY)
    for name, change, broken in _changes():
        yield _case(name, packed(change(dict(whole))), *broken)
    for name, archive in _archives(whole, data):
        yield _case(name, archive, "container")
    other = with_manifest(files_of(history()), make.OTHER_LOG)
    yield _case("a manifest that another log sealed", packed(other), "manifest")
    for member, value in {"environment": "test", "lender": "x", "loan": "L-9"}.items():
        lying = with_manifest(files_of(history()), **{member: value})
        yield _case(f"a manifest of another {member}", packed(lying), "contents")
    wrong = history()
    wrong["records"][1]["nonce"] = b64url(bytes(32))
    yield _case(
        "a history that does not hold", packed(with_manifest(files_of(make.sealed(wrong)))), "inclusion", "completeness"
    )


def _case(name: str, data: bytes, *broken: str, log_key: str | None = make.LOG.verifier.format()) -> Case:
    return Case(name, data, frozenset(broken), log_key)


def _changes() -> Iterator[tuple[str, Callable[[Files], Files], tuple[str, ...]]]:
    """Yield changes of the files under the old manifest, and under one that was made for them."""

    def put(name: str, data: bytes) -> Callable[[Files], Files]:
        return lambda files: files | {name: data}

    def anew(change: Callable[[Files], Files]) -> Callable[[Files], Files]:
        return lambda files: with_manifest({n: d for n, d in change(files).items() if n != MANIFEST})

    def drop(name: str) -> Callable[[Files], Files]:
        return lambda files: {n: d for n, d in files.items() if n != name}

    other = sha256(b"x").hexdigest()
    yield "a document that was changed", put(_NAME, b"%PDF-1.7 other"), ("files",)
    yield "a document that is missing", drop(_NAME), ("files",)
    yield "a file that the manifest does not know", put("smuggled.txt", b"x"), ("files",)
    yield "an explanation that was changed", put("README.en.md", b"# All is well\n"), ("files",)
    yield "no manifest", drop(MANIFEST), ("manifest",)
    yield "a manifest that is no JSON", put(MANIFEST, b"{"), ("manifest",)
    yield "no history", drop(HISTORY), ("container", "files")
    yield "a readable record that says more", anew(put("records/0001-disbursement.json", b"{}\n")), ("contents",)
    yield "a readable record left out", anew(drop("records/0001-disbursement.json")), ("contents",)
    yield "a document under another's name", anew(put(f"documents/{other}/document.pdf", DOCUMENT)), ("files",)
    yield "a document that no record names", anew(put(f"documents/{other}/document.bin", b"x")), ("document",)
    receipt = canonical_json(make.receipt_of(make.envelope_of(record("repayment")), {}))
    yield "a receipt in place of the history", anew(put(HISTORY, receipt)), ("contents", "document")


def _archives(whole: Files, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "cut short", data[:-1]
    yield "with something behind it", data + b"\0"
    yield "with something before it", b"\0" + data
    place = data.rindex(b"PK\5\6")
    yield "with something before its end", data[:place] + b"\0" + data[place:]
    yield "nothing", b""
    yield "no archive", b"PK" + bytes(100)
    yield "mimetype is not the first", packed({HISTORY: whole[HISTORY]} | whole)
    yield "another mimetype", packed(whole | {MIMETYPE: MEDIA_TYPE.replace("+", "-").encode()})
    yield "a path that leads out", packed(whole | {"../evil": b"x"})
    yield "two names that differ in case", packed(whole | {"readme.EN.md": b"x"})
    place = data.rindex(b"PK\1\2")
    yield "a directory entry that is encrypted", data[: place + 8] + b"\1" + data[place + 9 :]
    yield "a method that nobody uses", data[: place + 10] + b"\x63" + data[place + 11 :]
