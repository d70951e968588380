# SPDX-License-Identifier: Apache-2.0
"""What is found in documents, by the inspecting functions themselves: no process, no limits."""

import asyncio
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic

from notary.documents.document import CheckStatus, DocumentCheck
from notary.inspection.attached import inspect_signature, inspect_timestamp
from notary.inspection.judgement import context
from notary.inspection.pdf import MAX_SIGNATURES, inspect_pdf
from tests.support.files import (
    ROOT,
    SIGNER,
    Authority,
    authority,
    detached_signature,
    encrypted_pdf,
    issued,
    plain_pdf,
    signed_pdf,
    with_annotation,
    with_field_filled,
    with_form,
    with_page_replaced,
    with_root_member,
)
from tests.support.tsa import Tsa, need_openssl

OK, FAILED, UNKNOWN = CheckStatus.OK, CheckStatus.FAILED, CheckStatus.UNKNOWN
NOW = int(time.time() * 1000)
ROOTS = (authority().der,)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def signed() -> bytes:
    return signed_pdf(with_form(plain_pdf()), issued())


Found = list[tuple[str, CheckStatus]]


class Inspector:
    """Looks at PDFs, trusting the test root unless told otherwise."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def checks(self, pdf: bytes, roots: tuple[bytes, ...] = ROOTS) -> list[DocumentCheck]:
        return list(inspect_pdf(BytesIO(pdf), context(roots, NOW), self._loop))

    def found(self, pdf: bytes, roots: tuple[bytes, ...] = ROOTS) -> Found:
        return [(check.kind, check.status) for check in self.checks(pdf, roots)]

    def signature(self, pdf: bytes, roots: tuple[bytes, ...] = ROOTS) -> DocumentCheck:
        [check] = [check for check in self.checks(pdf, roots) if check.kind == "pdf-signature"]
        return check


@pytest.fixture(scope="module")
def inspector(loop: asyncio.AbstractEventLoop) -> Inspector:
    return Inspector(loop)


READABLE: Found = [("pdf", OK), ("pdf-content", OK)]


def test_an_unsigned_pdf_is_read_and_nothing_more_is_said(inspector: Inspector) -> None:
    assert inspector.found(plain_pdf()) == READABLE


def test_a_signature_under_a_registered_authority_is_good(inspector: Inspector, signed: bytes) -> None:
    assert inspector.found(signed) == [*READABLE, ("pdf-signature", OK), ("pdf-changes", OK)]
    check = inspector.signature(signed)
    assert check.signer == f"Common Name: {SIGNER}"
    assert check.time.startswith("20")
    assert check.time.endswith("Z")


@pytest.mark.parametrize("roots", [(), (authority("Another Root").der,)], ids=["none", "another"])
def test_without_its_authority_a_signer_is_untrusted_and_not_wrong(
    inspector: Inspector, signed: bytes, roots: tuple[bytes, ...]
) -> None:
    check = inspector.signature(signed, roots)
    assert check.status is UNKNOWN
    assert "no registered authority" in check.detail


def test_certificates_are_judged_without_any_network() -> None:
    assert not context(ROOTS, NOW).fetching_allowed


def test_an_authority_of_the_same_name_is_not_the_same(inspector: Inspector, signed: bytes) -> None:
    twin = Authority.new(ROOT)
    assert inspector.signature(signed, (twin.der,)).status is UNKNOWN


def test_an_expired_certificate_proves_nothing_any_more(inspector: Inspector) -> None:
    check = inspector.signature(signed_pdf(plain_pdf(), issued("Old Seal", expired=True)))
    assert check.status is UNKNOWN
    assert "not valid at the time" in check.detail


def test_a_certificate_for_something_else_makes_no_signer(inspector: Inspector) -> None:
    check = inspector.signature(signed_pdf(plain_pdf(), issued("Mail", use="encryption")))
    assert check.status is UNKNOWN
    assert "not one for signatures" in check.detail


def test_a_second_signature_leaves_the_first_good(inspector: Inspector, signed: bytes) -> None:
    twice = signed_pdf(signed, issued("Borrower"), "Signature2")
    assert inspector.found(twice) == [*READABLE, ("pdf-signature", OK), ("pdf-signature", OK), ("pdf-changes", OK)]


CHANGED = {
    "a page replaced": (with_page_replaced, FAILED),
    "a note over a page": (with_annotation, FAILED),
    "a form filled": (with_field_filled, OK),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_after_the_last_signature_is_flagged(inspector: Inspector, signed: bytes, name: str) -> None:
    change, signature = CHANGED[name]
    assert inspector.found(change(signed)) == [*READABLE, ("pdf-signature", signature), ("pdf-changes", FAILED)]


def test_a_byte_changed_under_a_signature_breaks_it(inspector: Inspector, signed: bytes) -> None:
    changed = signed.replace(b"(Agreement)", b"(Agreemend)")
    assert changed != signed
    assert inspector.found(changed) == [*READABLE, ("pdf-signature", FAILED), ("pdf-changes", UNKNOWN)]


def test_more_signatures_than_are_checked(inspector: Inspector) -> None:
    pdf = plain_pdf()
    for number in range(MAX_SIGNATURES + 1):
        pdf = signed_pdf(pdf, issued(), f"Field{number}")
    found = inspector.found(pdf)
    assert found.count(("pdf-signature", OK)) == MAX_SIGNATURES
    assert found[-1] == ("pdf-changes", UNKNOWN)


def name(text: str) -> generic.NameObject:
    return generic.pdf_name(text)


ACTIVE: dict[str, tuple[str, generic.PdfObject, str]] = {
    "JavaScript at opening": (
        "/OpenAction",
        generic.DictionaryObject({name("/S"): name("/JavaScript"), name("/JS"): generic.pdf_string("app.alert(1)")}),
        "JavaScript",
    ),
    "JavaScript by name": (
        "/Names",
        generic.DictionaryObject({name("/JavaScript"): generic.DictionaryObject()}),
        "JavaScript",
    ),
    "a program": ("/OpenAction", generic.DictionaryObject({name("/S"): name("/Launch")}), "starts programs"),
    "a file within": (
        "/Names",
        generic.DictionaryObject({name("/EmbeddedFiles"): generic.DictionaryObject()}),
        "embedded files",
    ),
    "deep within arrays": (
        "/X",
        generic.ArrayObject([generic.ArrayObject([generic.DictionaryObject({name("/JS"): generic.pdf_string("1")})])]),
        "JavaScript",
    ),
}


@pytest.mark.parametrize("case", ACTIVE)
def test_what_acts_or_hides_is_flagged(inspector: Inspector, case: str) -> None:
    member, value, words = ACTIVE[case]
    checks = inspector.checks(with_root_member(plain_pdf(), member, value))
    assert [(check.kind, check.status) for check in checks] == [("pdf", OK), ("pdf-content", FAILED)]
    assert words in checks[1].detail


LOOP = plain_pdf()
UNREADABLE = {
    "nothing": b"",
    "no PDF": b"hello",
    "only the header": b"%PDF-1.7\n",
    "truncated": plain_pdf()[:-200],
    "half": plain_pdf()[: len(plain_pdf()) // 2],
    "a cross-reference to itself": LOOP.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % LOOP.index(b"xref\n0")),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_said_to_be_so(inspector: Inspector, case: str) -> None:
    assert inspector.found(UNREADABLE[case]) == [("pdf", FAILED)]


def test_an_encrypted_pdf_tells_nothing(inspector: Inspector) -> None:
    assert inspector.found(encrypted_pdf(plain_pdf())) == [("pdf", UNKNOWN)]


# --- detached signatures


def test_a_detached_signature_is_checked_against_the_document(loop: asyncio.AbstractEventLoop) -> None:
    data = b"any file"
    signature = detached_signature(data, issued())
    for document, roots, status in (
        (data, ROOTS, OK),
        (data, (), UNKNOWN),
        (data + b"!", ROOTS, FAILED),
        (b"", ROOTS, FAILED),
    ):
        check = inspect_signature(BytesIO(document), signature, context(roots, NOW), loop)
        assert (check.kind, check.status, check.signer) == ("cms-signature", status, f"Common Name: {SIGNER}")


@pytest.mark.parametrize("data", [b"", b"junk", b"0\x80", detached_signature(b"x", issued())[:-9]])
def test_what_is_no_signature_has_failed(loop: asyncio.AbstractEventLoop, data: bytes) -> None:
    check = inspect_signature(BytesIO(b"x"), data, context(ROOTS, NOW), loop)
    assert check.status is FAILED


# --- timestamps


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    need_openssl()
    return Tsa(tmp_path_factory.mktemp("tsa"))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_timestamp_is_checked_against_the_document(loop: asyncio.AbstractEventLoop, tsa: Tsa, digest: str) -> None:
    stamp = tsa.stamp(b"any file", digest)
    for document, roots, status in (
        (b"any file", ROOTS, OK),
        (b"any file", (), UNKNOWN),
        (b"another", ROOTS, FAILED),
    ):
        check = inspect_timestamp(BytesIO(document), stamp, context(roots, NOW), loop)
        assert (check.kind, check.status, check.signer) == ("timestamp", status, f"Common Name: {tsa.name}")
        assert check.time.endswith("Z")


def test_a_forged_timestamp_has_failed(loop: asyncio.AbstractEventLoop, tsa: Tsa) -> None:
    stamp = tsa.stamp(b"any file")
    forged = stamp[:-3] + bytes([stamp[-3] ^ 1]) + stamp[-2:]
    assert inspect_timestamp(BytesIO(b"any file"), forged, context(ROOTS, NOW), loop).status is FAILED


def test_a_timestamp_that_was_not_granted_is_none(loop: asyncio.AbstractEventLoop, tsa: Tsa) -> None:
    # PKIStatusInfo with the status granted (0) becomes one of rejection (2), RFC 3161 section 2.4.2.
    refusal = tsa.stamp(b"any file").replace(bytes.fromhex("3003020100"), bytes.fromhex("3003020102"), 1)
    check = inspect_timestamp(BytesIO(b"any file"), refusal, context(ROOTS, NOW), loop)
    assert (check.status, check.detail) == (FAILED, "the authority did not grant the timestamp")


def test_a_signer_of_documents_gives_no_timestamps(loop: asyncio.AbstractEventLoop, tsa: Tsa) -> None:
    junk = (b"", b"junk", detached_signature(b"any file", issued()), tsa.stamp(b"any file")[:-5])
    for data in junk:
        assert inspect_timestamp(BytesIO(b"any file"), data, context(ROOTS, NOW), loop).status is FAILED
