# SPDX-License-Identifier: Apache-2.0
"""What is found in a PDF: whether it can be read, what in it acts or hides, its signatures, and changes after them.

pyHanko's `valid` is true of a page that was replaced after signing; so what counts is `bottom_line` and
`modification_level`.
"""

import asyncio
from collections.abc import Iterator
from typing import BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import DocumentTimestampStatus, PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from notary.documents.document import CheckStatus, DocumentCheck
from notary.inspection.judgement import SIGNER_USAGE, judge, subject_of, time_text

MAX_SIGNATURES = 16
_MAX_OBJECTS = 200_000
_ACTIVE = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EmbeddedFiles": "embedded files",
    "/EF": "embedded files",
    "/RichMedia": "rich media",
}
_ACTIONS = {"/Launch": "an action that starts programs", "/JavaScript": "JavaScript"}
_LEVELS = {
    ModificationLevel.NONE: "nothing was changed since",
    ModificationLevel.LTA_UPDATES: "only evidence on signatures was added since",
    ModificationLevel.FORM_FILLING: "forms were filled or signatures added since",
    ModificationLevel.ANNOTATIONS: "annotations were changed since",
    ModificationLevel.OTHER: "its content was changed since",
}

_Status = PdfSignatureStatus | DocumentTimestampStatus


def inspect_pdf(file: BinaryIO, context: ValidationContext, loop: asyncio.AbstractEventLoop) -> Iterator[DocumentCheck]:
    """Yield what is found, one check at a time, so that what was found stays found if a later one never ends.

    `loop` runs pyHanko's coroutines: the process may not open what a new one needs. What it cannot deal with escapes.
    """
    try:
        reader = PdfFileReader(file)
        encrypted, revisions = reader.encrypted, reader.total_revisions
    except PdfError as error:
        yield DocumentCheck.of("pdf", CheckStatus.FAILED, f"cannot be read as a PDF: {error}")
        return
    if encrypted:
        yield DocumentCheck.of("pdf", CheckStatus.UNKNOWN, "encrypted: nothing in it can be checked")
        return
    try:
        active = sorted(set(_active_parts(reader)))
        signatures = list(reader.embedded_signatures)
    except PdfError as error:
        yield DocumentCheck.of("pdf", CheckStatus.FAILED, f"cannot be read as a PDF: {error}")
        return
    count = f"{revisions} revision{'s' if revisions > 1 else ''}, {len(signatures)} signed"
    yield DocumentCheck.of("pdf", CheckStatus.OK, f"a PDF of {count}")
    found = CheckStatus.FAILED if active else CheckStatus.OK
    yield DocumentCheck.of("pdf-content", found, f"holds {', '.join(active)}" if active else "nothing acts or hides")
    yield from _signatures(signatures, context, loop)


def _active_parts(reader: PdfFileReader) -> Iterator[str]:
    """Walk through everything that the last revision reaches, and yield what a loan's document has no use for."""
    waiting: list[generic.PdfObject] = [reader.root]
    seen: set[tuple[int, int]] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            key = (item.idnum, item.generation)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > _MAX_OBJECTS:
                raise PdfError(f"more than {_MAX_OBJECTS} objects")
            item = _resolve(reader, item)
        if isinstance(item, generic.DictionaryObject):
            yield from (_ACTIVE[name] for name in item if name in _ACTIVE)
            action = item.get("/S")
            if isinstance(action, generic.NameObject) and action in _ACTIONS:
                yield _ACTIONS[action]
            waiting += [item.raw_get(name) for name in item]
        elif isinstance(item, generic.ArrayObject):
            waiting += [item.raw_get(number) for number in range(len(item))]


def _resolve(reader: PdfFileReader, reference: generic.IndirectObject) -> generic.PdfObject:
    found: generic.PdfObject = reader.get_object(reference.reference)  # type: ignore[no-untyped-call]
    return found


def _signatures(
    signatures: list[EmbeddedPdfSignature], context: ValidationContext, loop: asyncio.AbstractEventLoop
) -> Iterator[DocumentCheck]:
    last: _Status | None = None
    for signature in signatures[:MAX_SIGNATURES]:
        kind = "pdf-timestamp" if signature.sig_object_type == "/DocTimeStamp" else "pdf-signature"
        try:
            last = loop.run_until_complete(_validate(signature, context))
        except (SignatureValidationError, PdfError) as error:
            last = None
            yield DocumentCheck.of(kind, CheckStatus.FAILED, f"{signature.field_name}: {error}")
            continue
        moment = last.timestamp if isinstance(last, DocumentTimestampStatus) else last.signer_reported_dt
        status, detail = _judge(last)
        detail = f"{signature.field_name}: {detail}"
        yield DocumentCheck.of(kind, status, detail, subject_of(last), time_text(moment))
    if len(signatures) > MAX_SIGNATURES:
        detail = f"has {len(signatures)} signatures, of which {MAX_SIGNATURES} were checked"
        yield DocumentCheck.of("pdf-changes", CheckStatus.UNKNOWN, detail)
    elif signatures:
        yield _after(last)


async def _validate(signature: EmbeddedPdfSignature, context: ValidationContext) -> _Status:
    if signature.sig_object_type == "/DocTimeStamp":
        return await async_validate_pdf_timestamp(signature, context)
    return await async_validate_pdf_signature(signature, context, key_usage_settings=SIGNER_USAGE)


def _judge(status: _Status) -> tuple[CheckStatus, str]:
    found, detail = judge(status)
    if found is CheckStatus.FAILED:
        return found, detail
    # Of a signature that does not cover its whole revision, pyHanko gives the level as OTHER too.
    level = status.modification_level
    if level is None or level is ModificationLevel.OTHER or status.docmdp_ok is False:
        return CheckStatus.FAILED, f"{_LEVELS[level or ModificationLevel.OTHER]}, which the signature does not allow"
    return found, f"{detail}; {_LEVELS[level]}"


def _after(last: _Status | None) -> DocumentCheck:
    """Say whether the document was changed after its last signature, be it in ways that the signature allows."""
    if last is None or not (last.intact and last.valid) or last.modification_level is None:
        return DocumentCheck.of("pdf-changes", CheckStatus.UNKNOWN, "what the last signature covers cannot be told")
    level = last.modification_level
    unchanged = level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
    return DocumentCheck.of(
        "pdf-changes", CheckStatus.OK if unchanged else CheckStatus.FAILED, f"last signature: {_LEVELS[level]}"
    )
