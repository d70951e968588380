# SPDX-License-Identifier: Apache-2.0
"""The keys that a database holds, wrapped by the data key: an organisation's, and each loan's.

Nothing here knows where rows are. What is bound to a sealed row (its context) says whose it is and where it stands, so
a row that is moved, exchanged or changed does not open.
"""

import struct
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from os import urandom

from notary.errors import CorruptLogError
from notary.privacy.cipher import KEY_SIZE, Cipher
from notary.privacy.data_key import KeyWrapper

INDEX_SIZE = 16
"""Bytes of a blind index: half of an HMAC-SHA256."""
_REMEMBERED = 8192
_ORGANISATION, _LOAN = b"loan-notary/1 organisation keys", b"loan-notary/1 loan keys"
_RECORD, _STATE = b"loan-notary/2 record", b"loan-notary/1 loan state"
_RECORD_UNPACKED = b"loan-notary/1 record"
_PLACE = struct.Struct(">qqqq")


class OwnerKeys:
    """An organisation's keys, which outlive its loans: they find, and seal what belongs to no single loan."""

    def __init__(self, secret: bytes) -> None:
        self._index = digest(secret, b"loan-notary/1 index", sha256)
        self._cipher = Cipher(digest(secret, b"loan-notary/1 seal", sha256))

    def index(self, kind: bytes, value: bytes) -> bytes:
        """Return the blind index of a value: who has not the key can neither compute it nor try values against it."""
        return digest(self._index, kind + b"\0" + value, sha256)[:INDEX_SIZE]

    def loan(self, number: str) -> bytes:
        """Return the blind index of a loan number."""
        return self.index(b"loan", number.encode())

    def record(self, record_id: str) -> bytes:
        """Return the blind index of a record's id, by which an erased record is known."""
        return self.index(b"record", record_id.encode())

    def loan_reference(self, number: str) -> str:
        """Return by what a loan is named where its number must not stand: the same always, and a guess to nobody."""
        return "loan_" + self.loan(number).hex()

    def document_reference(self, digest: str) -> str:
        """Return by what a document is named where its SHA-256, given in hex, must not stand."""
        return "document_" + self.index(b"document", bytes.fromhex(digest)).hex()

    def seal(self, kind: str, place: str, plain: bytes) -> bytes:
        """Seal something of a kind, such as "draft", for one place, such as its id."""
        return self._cipher.seal(plain, _context(kind, place))

    def open(self, kind: str, place: str, sealed: bytes) -> bytes:
        """Open what `seal` sealed. Raises `CorruptLogError`."""
        return self._cipher.open(sealed, _context(kind, place))


class LoanKeys:
    """A loan's number, the key of its tags, and the key that seals its rows; `index` is the number's blind index."""

    def __init__(self, lender: int, index: bytes, secret: bytes) -> None:
        self.lender = lender
        self.index = index
        self.tag_key = secret[KEY_SIZE : 2 * KEY_SIZE]
        self.number = secret[2 * KEY_SIZE :].decode()
        self._cipher = Cipher(secret[:KEY_SIZE])

    def seal_state(self, records: int, plain: bytes, nonce: bytes = b"") -> bytes:
        """Seal where the loan stands after so many records; `nonce` as `Cipher.seal` takes it."""
        return self._cipher.seal(plain, _STATE + _PLACE.pack(self.lender, records, 0, 0) + self.index, nonce)

    def open_state(self, records: int, sealed: bytes) -> bytes:
        """Open what `seal_state` sealed. Raises `CorruptLogError`."""
        return self._cipher.open(sealed, _STATE + _pack_place(self.lender, records, 0, 0) + self.index)

    def seal_record(
        self,
        lender: int,
        index: int,
        sequence: int,
        received_at: int,
        record_id: bytes,
        kind: str,
        plain: bytes,
        nonce: bytes = b"",
    ) -> bytes:
        """Seal a record's opening and envelope; everything that its row says in the clear is bound to it.

        `nonce` is as `Cipher.seal` takes it.
        """
        place = _PLACE.pack(lender, index, sequence, received_at) + self.index + record_id + kind.encode()
        return self._cipher.seal(plain, _RECORD + place, nonce)

    def open_record(
        self, lender: int, index: int, sequence: int, received_at: int, record_id: bytes, kind: str, sealed: bytes
    ) -> bytes:
        """Open what `seal_record` sealed. Raises `CorruptLogError`."""
        return self._cipher.open(sealed, _RECORD + self._place(lender, index, sequence, received_at, record_id, kind))

    def open_unpacked(
        self, lender: int, index: int, sequence: int, received_at: int, record_id: bytes, kind: str, sealed: bytes
    ) -> bytes:
        """Open a record that was sealed before records were packed. Raises `CorruptLogError`."""
        place = self._place(lender, index, sequence, received_at, record_id, kind)
        return self._cipher.open(sealed, _RECORD_UNPACKED + place)

    def _place(self, lender: int, index: int, sequence: int, received_at: int, record_id: bytes, kind: str) -> bytes:
        try:
            return _pack_place(lender, index, sequence, received_at) + self.index + record_id + kind.encode()
        except (TypeError, AttributeError) as error:
            # One flipped bit makes bytes of a column's text.
            raise CorruptLogError("a record's row holds what no row can hold") from error


class Vault:
    """Makes and opens wrapped keys, and remembers those that it opened; for any number of threads."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        self.owner = lru_cache(maxsize=1024)(self._owner)
        self.loan = lru_cache(maxsize=_REMEMBERED)(self._loan)

    def new_owner(self, number: int) -> bytes:
        """Return wrapped keys for an organisation."""
        return self._wrapper.wrap(urandom(KEY_SIZE), _ORGANISATION + number.to_bytes(8))

    def new_loan(self, lender: int, index: bytes, number: str, tag_key: bytes) -> tuple[LoanKeys, bytes]:
        """Return keys for a loan, also wrapped."""
        secret = urandom(KEY_SIZE) + tag_key + number.encode()
        return LoanKeys(lender, index, secret), self._wrapper.wrap(secret, _loan_context(lender, index))

    def rewrapped_owner(self, number: int, wrapped: bytes) -> bytes:
        """Return an organisation's keys as the present data key wraps them, with as many bytes."""
        return self._rewrapped(wrapped, _ORGANISATION + number.to_bytes(8))

    def rewrapped_loan(self, lender: int, index: bytes, wrapped: bytes) -> bytes:
        """Return a loan's keys as the present data key wraps them, with as many bytes."""
        return self._rewrapped(wrapped, _loan_context(lender, index))

    def _rewrapped(self, wrapped: bytes, context: bytes) -> bytes:
        return self._wrapper.wrap(self._wrapper.unwrap(wrapped, context), context)

    def _owner(self, number: int, wrapped: bytes) -> OwnerKeys:
        return OwnerKeys(self._wrapper.unwrap(wrapped, _ORGANISATION + number.to_bytes(8)))

    def _loan(self, lender: int, index: bytes, wrapped: bytes) -> LoanKeys:
        secret = self._wrapper.unwrap(wrapped, _loan_context(lender, index))
        if len(secret) <= 2 * KEY_SIZE:
            raise CorruptLogError("a loan's keys are too short")
        return LoanKeys(lender, index, secret)


def _pack_place(*numbers: int) -> bytes:
    try:
        return _PLACE.pack(*numbers)
    except struct.error as error:
        # SQLite looks at what goes into a column, and not at what comes out of a damaged one.
        raise CorruptLogError(f"a row says in a number's place what is none: {error}") from error


def _loan_context(lender: int, index: bytes) -> bytes:
    return _LOAN + lender.to_bytes(8) + index


def _context(kind: str, place: str) -> bytes:
    return f"loan-notary/1 {kind}\0{place}".encode()
