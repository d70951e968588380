# SPDX-License-Identifier: Apache-2.0
"""Registration: what a record must pass before it gets a place in the log.

Form, type and signatures are checked here, by any number of processes at once; whether the record fits into its loan's
history only the sequencer can tell.
"""

import secrets
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Protocol

from notary.batch_place import BatchStatement
from notary.canonical import canonical_json, parse_canonical, parse_json, read_plain
from notary.envelope import MAX_PAYLOAD, Envelope, Signature, envelope_from_json
from notary.errors import DuplicateBatchError, Fault, InvalidCertificateError, InvalidInputError, InvalidRecordError
from notary.log.entries import SECRET_SIZE, commit
from notary.log.submission import Submission
from notary.parties.keyring import Keyring, KeysOfOneMoment
from notary.parties.signatures import PartyOfKey, Schemes, verify_each, verify_one, verify_signatures
from notary.ports.parties import Lender, PartyStore
from notary.ports.records import UNSIGNED
from notary.ports.store import BatchStore
from notary.records import Record, parse_record
from notary.signed_batch import SignedBatch

MAX_BODY = 128 * 1024
"""Bytes of the largest record or envelope that is taken."""
_DRAWN = 128
"""Nonces that are drawn at a time for the records of a part."""
RESERVED = "urn:loan-notary:"
"""How no lender's loan number begins."""


class RegistrarStore(PartyStore, BatchStore, Protocol):
    """What registration reads and notes."""


class Registrar:
    """Turns what a lender sends into submissions. `clock` gives milliseconds since 1970."""

    def __init__(self, parties: RegistrarStore, schemes: Schemes, clock: Callable[[], int]) -> None:
        self._parties = parties
        self._keyring = Keyring(parties, schemes)
        self._schemes = schemes
        self._clock = clock
        self._nonces: Iterator[bytes] = iter(_nonce, b"")
        # What an id stands for never changes, so it may be remembered, and most records of a batch come together.
        self._claim = lru_cache(maxsize=1024)(self._claim_in_store)

    def for_one_part(self) -> "Registrar":
        """Return a registrar for records that are all here already: they are received now, at one moment.

        It is for one thread, and looks up each key once. A revocation counts from the next part on, so this registrar
        is thrown away with its own.
        """
        moment = self._clock()
        registrar = copy(self)
        registrar._clock = lambda: moment
        registrar._keyring = Keyring(KeysOfOneMoment(self._parties), self._schemes)
        registrar._nonces = _many_nonces()
        return registrar

    def submission(self, lender: Lender, body: bytes, *, prove: bool, signed: Signature | None = None) -> Submission:
        """Check one record or envelope of `lender` and commit to it.

        A plain record is brought into canonical form first; a signed payload must be in it. `signed` is the signature
        of the batch that it belongs to. `prove` asks the sequencer for an inclusion proof. Raises `InvalidInputError`
        of any kind, and `DuplicateBatchError`; the pointers of a record's faults start at the record.
        """
        value = read_plain(body, limit=MAX_BODY)
        if value is None:
            return self._checked(lender, parse_json(body, limit=MAX_BODY), body, prove, signed)
        try:
            return self._checked(lender, value, body, prove, signed)
        except InvalidInputError:
            parse_json(body, limit=MAX_BODY)
            raise

    def _checked(self, lender: Lender, value: Any, body: bytes, prove: bool, signed: Signature | None) -> Submission:
        # Read before the keys are looked up, so that no key is judged by a later moment than it was looked up at.
        received_at = self._clock()
        keys: tuple[PartyOfKey, ...] = ()
        if signed is not None or _is_envelope(value):
            envelope = _envelope(value, body, signed)
            record = _signed_record(envelope.payload)
            keys = self._verify(lender, envelope, record, received_at)
        else:
            record = parse_record(value)
            envelope = Envelope(canonical_json(value))
            if len(envelope.payload) > MAX_PAYLOAD:
                raise InvalidRecordError(Fault("", f"a record has at most {MAX_PAYLOAD} bytes"))
        if "notary" in record.authors or record.loan.startswith(RESERVED):
            raise InvalidRecordError(Fault("/type" if "notary" in record.authors else "/loan", "is the notary's own"))
        return self._submission(lender.number, envelope, record, received_at, prove, keys)

    def check_batch(self, lender: Lender, batch: SignedBatch) -> None:
        """Check the signature over a batch, before any of its records.

        Raises `InvalidInputError` of several kinds, with pointers into the batch's JWS.
        """
        envelope, moment = Envelope(batch.statement.encode(), (batch.signature,)), self._clock()
        try:
            keys = self._keyring.keys_of(lender.number, envelope, moment)
            verify_one(envelope, batch.signature, keys, self._schemes, moment)
        except InvalidCertificateError as error:
            raise InvalidCertificateError(*map(_without_number, error.faults)) from None

    def claim_batch(self, lender: Lender, statement: BatchStatement) -> None:
        """Tie a batch's id to what was signed. Raises `DuplicateBatchError` for an id that stands for other records."""
        self._claim(lender.number, statement)

    def own(self, organisation: int, value: dict[str, Any]) -> Submission:
        """Commit to a record of the notary's own in an organisation's administration."""
        record = parse_record(value)
        return self._submission(organisation, Envelope(canonical_json(value)), record, self._clock(), prove=False)

    def check_signatures(self, lender: Lender, envelope: Envelope) -> tuple[Record, dict[str, str]]:
        """Check an envelope that may lack signatures; return its record, and the parties that have signed by key id.

        Raises as `submission` does.
        """
        moment = self._clock()
        record = _signed_record(envelope.payload)
        keys = self._keyring.keys_of(lender.number, envelope, moment)
        return record, verify_each(envelope, record, keys, self._schemes, moment)

    def _submission(
        self,
        lender: int,
        envelope: Envelope,
        record: Record,
        received_at: int,
        prove: bool,
        keys: tuple[PartyOfKey, ...] = (),
    ) -> Submission:
        nonce, payload = next(self._nonces), envelope.payload
        signatures = canonical_json(envelope.signatures_json()).decode("ascii") if envelope.signatures else UNSIGNED
        # The envelope's canonical form, as `Envelope.encode` gives it.
        encoded = f'{{"payload":"{envelope.encoded_payload}","signatures":{signatures}}}'.encode("ascii")
        previous = bytes.fromhex(record.previous) if record.previous else None
        return Submission(
            lender, record.id, record.loan, record.type, record.facts().encode(), record.sequence, previous, payload,
            sha256(payload).digest(), signatures, nonce, commit(nonce, encoded), received_at, prove, keys,
        )  # fmt: skip

    def _claim_in_store(self, lender: int, statement: BatchStatement) -> None:
        digest = sha256(statement.encode()).digest()
        if not self._parties.claim_batch(lender, statement.id, digest):
            raise DuplicateBatchError(statement.id)

    def _verify(self, lender: Lender, envelope: Envelope, record: Record, moment: int) -> tuple[PartyOfKey, ...]:
        """Return the keys of an envelope's signatures once all of them are verified."""
        keys = self._keyring.keys_of(lender.number, envelope, moment)
        verify_signatures(envelope, record, keys, self._schemes, moment)
        for signature in envelope.signatures:
            if signature.batch is not None:
                self.claim_batch(lender, signature.batch.statement)
        return tuple([keys[signature.kid] for signature in envelope.signatures])


def _is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and "payload" in value


def _signed_record(payload: bytes) -> Record:
    value = read_plain(payload, limit=MAX_PAYLOAD, in_order=True)
    if value is None:
        return parse_record(parse_canonical(payload, limit=MAX_PAYLOAD))
    try:
        return parse_record(value)
    except InvalidRecordError:
        parse_canonical(payload, limit=MAX_PAYLOAD)
        raise


def _without_number(fault: Fault) -> Fault:
    """Return a fault of the one signature of an envelope as one of a JWS that has no list of signatures."""
    return replace(fault, pointer=fault.pointer.removeprefix("/signatures/0"))


def _envelope(value: Any, body: bytes, signed: Signature | None) -> Envelope:
    envelope = Envelope(body) if signed and not _is_envelope(value) else envelope_from_json(value)
    return envelope if signed is None else envelope.joined_by(signed)


def _nonce() -> bytes:
    return secrets.token_bytes(SECRET_SIZE)


def _many_nonces() -> Iterator[bytes]:
    """Yield nonces that the system was asked for many at a time: each time other threads are let go ahead."""
    while True:
        drawn = secrets.token_bytes(_DRAWN * SECRET_SIZE)
        for start in range(0, len(drawn), SECRET_SIZE):
            yield drawn[start : start + SECRET_SIZE]
