# SPDX-License-Identifier: Apache-2.0
"""Every error that the notary raises on purpose.

::

    NotaryError
    ├── InvalidInputError              what was sent is not well formed
    │   ├── MalformedJsonError         not strict JSON (check C1)
    │   ├── InvalidRecordError         a record breaks its type's rules (C1, C5, C7)
    │   ├── InvalidEnvelopeError       an envelope is not the JWS form that FORMATS.md fixes
    │   ├── InvalidSignatureError      a signature is missing or wrong (C3)
    │   │   ├── UnknownKeyError        it is by a key that is not registered
    │   │   └── KeyTimeError           its key is not valid yet, has ended or is revoked
    │   ├── BatchMismatchError         the records of a batch are not those that were signed (C3)
    │   ├── InvalidKeyError            a public key cannot be used
    │   ├── InvalidCertificateError    a certificate, or its chain, does not vouch for a key (C3)
    │   ├── InvalidPolicyError         a lender's policy says what no policy can say
    │   ├── SignedNoteError            not a signed note, or not signed by a known key
    │   ├── CheckpointError            a signed note that is not a checkpoint
    │   ├── TilePathError              not the path of a tile
    │   ├── DigestError        a document's bytes are not those of its digest
    │   ├── MissingDocumentError       a record names a document that the notary should hold and does not
    │   ├── ReceiptError               not a receipt of a version this code knows
    │   ├── ExportError                not a .tlog-proof or COSE receipt as they are written here
    │   ├── PackageError               not an evidence package, or one of which a file was changed
    │   └── QrError                    not the text of a certificate's QR code
    ├── RefusedError                   well formed, but not allowed in the log's present state
    │   ├── DuplicateRecordError       same lender and id, other bytes (C4)
    │   ├── DuplicateBatchError        same lender and batch id, other records or another order (C4)
    │   ├── SequenceError              a gap in `sequence` or a wrong `previous` (C2)
    │   ├── TransitionError            not legal in the loan's state (C6)
    │   ├── CurrencyError              sums in another currency than the loan's (C5)
    │   ├── ShareError                 the holders' shares would not sum to 1 (C8)
    │   ├── HolderError                passed on by somebody who does not hold the loan (C9)
    │   ├── PolicyRefusedError         odd in a way that the lender's own policy refuses
    │   ├── RevocationError            a revocation would move to a later moment
    │   ├── ErasedError                the loan was erased, for good
    │   ├── HeldError                  a legal hold forbids to erase the loan
    │   ├── DraftError                 a record of this id waits for signatures with other content
    │   ├── JobError                   a bulk job is not in a state, or has no room, for what is asked of it
    │   ├── HistoryLimitError          a loan with more records than one document can hold
    │   └── PackageLimitError          a loan with more files than one package can hold
    ├── NotFoundError                  nothing of that name that the caller may see
    ├── ProofError                     hashes that do not prove what they should
    │   ├── InclusionProofError
    │   ├── ConsistencyProofError
    │   └── TimestampError             a token that does not date what it should
    │       └── UnknownAuthorityError  by an authority that nobody vouches for: says nothing either way
    ├── BackupError                    a backup cannot be made, is none, or cannot be restored
    ├── PublicationError               what is published is not this log's, or its store overwrites what it should not
    ├── MoveError                      a notary cannot be moved into another database
    ├── CorruptLogError                stored data contradict each other: never sign over it
    │   ├── ForkError                  the stored head is not the one this writer wrote
    │   └── LogWentBackError           what is stored does not extend what this writer has seen
    ├── ReadOnlyError                  something would be written on a host that only reads
    └── UnavailableError               cannot be done now; trying again later may help
        ├── FrameError                 what one process of the notary has sent another is damaged
        ├── LogBusyError               more appends wait than the log takes in
        ├── SigningHeldError           nothing is signed on top of what is stored now
        ├── KeyUnavailableError        one of the notary's own keys cannot be used
        ├── CheckerBusyError           more documents wait than are checked
        ├── DataKeyError               the data key is not at hand, or is another one
        └── MissingPackageError        a package is not installed that few documents need

`chain.errors` adds the chain's own under `UnavailableError` and `RefusedError`.
"""

from dataclasses import dataclass
from typing import Any


class NotaryError(Exception):
    """Root of the tree; never raised itself."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    `pointer` is an RFC 6901 JSON Pointer into what was sent ("" is the whole); `check` the number
    of the check that found it, C1 to C9.
    """

    pointer: str
    detail: str
    check: str = "C1"


class InvalidInputError(NotaryError):
    """Raised when what was sent is not well formed; `faults` names each place."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))


class MalformedJsonError(InvalidInputError):
    """Raised when bytes are not JSON as this project reads it (`notary.canonical`)."""


class InvalidRecordError(InvalidInputError):
    """Raised when a record breaks a rule of its type."""


class InvalidEnvelopeError(InvalidInputError):
    """Raised when an envelope is not a JWS in the one form that is accepted."""


class InvalidSignatureError(InvalidInputError):
    """Raised when a signature is missing or does not verify."""


class UnknownKeyError(InvalidSignatureError):
    """Raised when a signature is by a key that is not registered with the lender."""


class KeyTimeError(InvalidSignatureError):
    """Raised when a signature is by a key that is not valid when the record is received."""


class BatchMismatchError(InvalidInputError):
    """Raised when the records of a batch are not those that its signature is over."""


class InvalidKeyError(InvalidInputError):
    """Raised when a JWK is not a public key of a known scheme, or one that must not be used."""


class InvalidCertificateError(InvalidInputError):
    """Raised when a chain of certificates does not vouch for a key, or a root is none that can be configured."""


class InvalidPolicyError(InvalidInputError):
    """Raised when a lender's policy names what is not there, or what no lender may set."""


class SignedNoteError(InvalidInputError):
    """Raised when text is not a signed note, or carries no good signature of a known key."""


class CheckpointError(InvalidInputError):
    """Raised when the text of a signed note is not a checkpoint."""


class TilePathError(InvalidInputError):
    """Raised when a path names no tile."""


class DigestError(InvalidInputError):
    """Raised when the bytes of a document, or of an attachment, do not have the digest that was named."""


class MissingDocumentError(InvalidInputError):
    """Raised when a record needs its documents deposited and one is not there, or not as the record describes it."""


class ReceiptError(InvalidInputError):
    """Raised when a document is not a receipt of a version that this code knows."""


class ExportError(InvalidInputError):
    """Raised when a file is not a proof in the one spelling of its format that this notary writes."""


class PackageError(InvalidInputError):
    """Raised when a file is not an evidence package, or not as its manifest says."""


class QrError(InvalidInputError):
    """Raised when a text is not that of a certificate's QR code."""


class RefusedError(NotaryError):
    """Raised when a well-formed record is not allowed in the log's present state.

    `values` are the constructor's arguments, so that another process can raise the same error again.
    """

    check = ""
    pointer = ""

    def __init__(self, text: str, *values: object) -> None:
        self.values = values
        super().__init__(text)


class DuplicateRecordError(RefusedError):
    """Raised when a record's id was used before with other bytes."""

    check = "C4"
    pointer = "/id"

    def __init__(self, record_id: str, index: int) -> None:
        self.record_id, self.index = record_id, index
        text = f"record {record_id} is in the log already, at entry {index}, with other content"
        super().__init__(text, record_id, index)


class DuplicateBatchError(RefusedError):
    """Raised when the id of a signed batch was used before for other records, or for the same in another order."""

    check = "C4"
    pointer = "/payload/id"

    def __init__(self, batch_id: str) -> None:
        self.batch_id = batch_id
        super().__init__(f"batch {batch_id} was signed and sent before with other records", batch_id)


class SequenceError(RefusedError):
    """Raised when a record claims a place in its loan that is not the next one."""

    check = "C2"

    def __init__(self, pointer: str, given: object, wanted: object) -> None:
        self.pointer, self.given, self.wanted = pointer, given, wanted
        text = f"{pointer[1:]} is {given}, but the loan's next record needs {wanted}"
        super().__init__(text, pointer, given, wanted)


class TransitionError(RefusedError):
    """Raised when a record's type is not legal in the loan's state."""

    check = "C6"
    pointer = "/type"

    def __init__(self, record_type: str, state: str, wanted: tuple[str, ...]) -> None:
        self.record_type, self.state, self.wanted = record_type, state, wanted
        text = f"a loan that is {state} takes no {record_type} (only one that is {' or '.join(wanted)})"
        super().__init__(text, record_type, state, wanted)


class CurrencyError(RefusedError):
    """Raised when a record's sums are not in its loan's currency, so that they cannot be added to its account."""

    check = "C5"

    def __init__(self, record_type: str, given: str, wanted: str) -> None:
        self.record_type, self.given, self.wanted = record_type, given, wanted
        super().__init__(f"the {record_type} is in {given}, but the loan is in {wanted}", record_type, given, wanted)


class ShareError(RefusedError):
    """Raised when a transfer would leave holders whose shares, none of them below zero, do not sum to 1.

    `given` and `held` are fractions as text; `total` is what the shares would sum to.
    """

    check = "C8"
    pointer = "/share"

    def __init__(self, holder: str, given: str, held: str, total: str) -> None:
        self.holder, self.given, self.held, self.total = holder, given, held, total
        text = f"{holder} passes on {given} of the loan and has {held}: the shares would sum to {total}"
        super().__init__(text, holder, given, held, total)


class HolderError(RefusedError):
    """Raised when somebody passes on a loan who is not a current holder of it."""

    check = "C9"

    def __init__(self, pointer: str, given: str, holders: tuple[str, ...]) -> None:
        self.pointer, self.given, self.holders = pointer, given, tuple(holders)
        text = f"{given} does not hold the loan; its holders are {', '.join(self.holders)}"
        super().__init__(text, pointer, given, self.holders)


class PolicyRefusedError(RefusedError):
    """Raised when a finding that the lender's own policy refuses would rest on a record.

    `findings` are JSON as `notary.history.finding_json` writes it: code, sentences, and the records they rest on.
    """

    def __init__(self, *findings: dict[str, Any]) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{item['code']}: {item['en']}" for item in findings), *findings)


class RevocationError(RefusedError):
    """Raised when a revocation would be moved to a later moment than it is told of already."""

    def __init__(self, name: str, revoked_from: str) -> None:
        self.name, self.revoked_from = name, revoked_from
        text = f"{name} is revoked from {revoked_from} on; a revocation can be moved to an earlier moment only"
        super().__init__(text, name, revoked_from)


class ErasedError(RefusedError):
    """Raised when a loan, or a record of it, was erased. `erasure` is the id under which the log tells of it."""

    pointer = "/loan"

    def __init__(self, erasure: str) -> None:
        self.erasure = erasure
        super().__init__(f"this loan was erased: {erasure}", erasure)


class HeldError(RefusedError):
    """Raised when a loan under a legal hold is to be erased; `holders` are those who have to lift theirs."""

    def __init__(self, holders: tuple[str, ...]) -> None:
        self.holders = tuple(holders)
        super().__init__(f"the loan is under a legal hold of the {' and of the '.join(holders)}", holders)


class DraftError(RefusedError):
    """Raised when a record of the same id, but with another payload, waits for signatures."""

    pointer = "/id"
    check = "C4"

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id
        super().__init__(f"record {record_id} waits for signatures with another payload; withdraw it first", record_id)


class JobError(RefusedError):
    """Raised when a bulk job is not in a state, or has no room, for what is asked of it."""


class HistoryLimitError(RefusedError):
    """Raised when a loan has more records, or longer ones, than one history receipt can hold."""

    def __init__(self, given: str, limit: str) -> None:
        self.given, self.limit = given, limit
        super().__init__(f"the loan's history has {given}, a history receipt holds at most {limit}", given, limit)


class PackageLimitError(RefusedError):
    """Raised when a loan has more files, or larger ones, than one evidence package can hold."""

    def __init__(self, given: str, limit: str) -> None:
        self.given, self.limit = given, limit
        super().__init__(f"the loan's evidence has {given}, a package holds at most {limit}", given, limit)


class NotFoundError(NotaryError):
    """Raised when there is nothing of that name that the caller may see."""


class ProofError(NotaryError):
    """Raised when hashes do not prove what they should."""


class InclusionProofError(ProofError):
    """Raised when a proof does not show that a leaf is in a tree."""


class ConsistencyProofError(ProofError):
    """Raised when a proof does not show that one tree extends another."""


class TimestampError(ProofError):
    """Raised when a timestamp token is broken, dates something else, or is wrongly signed."""


class UnknownAuthorityError(TimestampError):
    """Raised when no certificate that was given vouches for a token's authority: it may be good or not."""


class BackupError(NotaryError):
    """Raised when a backup cannot be made, is damaged, or cannot be restored where it should be."""

    def __init__(self, path: str, detail: str) -> None:
        self.path, self.detail = path, detail
        super().__init__(f"the backup {path}: {detail}")


class PublicationError(NotaryError):
    """Raised when a publication holds something else than the log does, or its store replaces what it must not."""


class MoveError(NotaryError):
    """Raised when a notary cannot be moved into another database; nothing has changed then."""


class CorruptLogError(NotaryError):
    """Raised when stored data contradict each other; the log must not be signed again."""


class ForkError(CorruptLogError):
    """Raised when the stored head is not the one that this writer wrote last."""


class LogWentBackError(CorruptLogError):
    """Raised when the stored log does not extend what was read of it before: an older copy was put in its place."""


class ReadOnlyError(NotaryError):
    """Raised when something would be written on a host that only reads; `writes_at` is the URL of one that writes."""

    def __init__(self, writes_at: str) -> None:
        self.writes_at = writes_at
        super().__init__(f"this host only reads; what writes goes to {writes_at}", writes_at)


class UnavailableError(NotaryError):
    """Raised when something cannot be done now, but may be done later."""


class FrameError(UnavailableError):
    """Raised when what one process of the notary has sent another is not what it writes: cut off, or damaged."""


class LogBusyError(UnavailableError):
    """Raised when more appends wait than the log takes in."""


class SigningHeldError(UnavailableError):
    """Raised when something would be signed on top of a log that is damaged, or that may not be the newest."""

    def __init__(self, why: str, detail: str) -> None:
        self.why, self.detail = why, detail
        super().__init__(f"nothing is signed now, the stored log is {why}: {detail}")


class KeyUnavailableError(UnavailableError):
    """Raised when one of the notary's own keys cannot be used; never says what the key is.

    `place` is where it should be.
    """

    def __init__(self, place: str, detail: str) -> None:
        self.place, self.detail = place, detail
        super().__init__(f"the key at {place} cannot be used: {detail}")


class CheckerBusyError(UnavailableError):
    """Raised when more documents wait to be checked than can be checked soon."""


class DataKeyError(UnavailableError):
    """Raised when the data key cannot be used, or is not the one that wrapped what is to be opened."""


class MissingPackageError(UnavailableError):
    """Raised when something needs a package that is not installed, because most verifiers do without it."""

    def __init__(self, package: str, purpose: str) -> None:
        self.package, self.purpose = package, purpose
        super().__init__(f"{purpose} cannot be checked without the package {package}: install it and try again")
