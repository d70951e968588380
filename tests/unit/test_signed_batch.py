# SPDX-License-Identifier: Apache-2.0
"""Batches under one signature: what is signed, what is read, and how a record shows that it was among them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from notary.batch_place import MAX_RECORDS, BatchPlace, BatchStatement
from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64url
from notary.envelope import BATCH_TYPE, TYPE, Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.errors import (
    BatchMismatchError,
    InvalidEnvelopeError,
    InvalidInputError,
    InvalidSignatureError,
    KeyTimeError,
    MalformedJsonError,
    UnknownKeyError,
)
from notary.hashing import leaf_hash
from notary.jws_header import WalletDomain
from notary.parties.keys import WALLET_ALG
from notary.parties.signatures import Assurance, PartyOfKey, verify_recorded, verify_signatures
from notary.parties.validity import Validity
from notary.records import parse_record
from notary.schemes import SCHEMES, generate_key
from notary.signed_batch import line_leaf, read_first_line, sign_batch
from tests.support import reference_tree
from tests.support.batches import batch_of, envelope_in_batch
from tests.support.builders import NOW, record

KEY, BORROWER = generate_key("EdDSA"), generate_key("ES256")
BATCH_ID = "01998d2e-5c00-7a31-8f42-0000000000aa"
RECORDS = [record("repayment", id=f"01998d2e-5c00-7a31-8f42-{number:012x}") for number in range(5)]
PAYLOADS = [canonical_json(value) for value in RECORDS]
KEYS = {
    KEY.public.kid: PartyOfKey("lender", KEY.public, Validity(0)),
    BORROWER.public.kid: PartyOfKey("borrower", BORROWER.public, Validity(0)),
}
MEMBERS: dict[str, Any] = {"type": "batch", "id": BATCH_ID, "records": 5, "root": b64(bytes(32))}
Json = dict[str, Any]


def in_batch(index: int = 3) -> Envelope:
    return envelope_in_batch(PAYLOADS, index, KEY, BATCH_ID)


def verify(envelope: Envelope, keys: Any = KEYS) -> Assurance:
    return verify_signatures(envelope, parse_record(json.loads(envelope.payload)), keys, SCHEMES, NOW)


def test_what_is_signed_is_the_id_the_number_and_the_root() -> None:
    batch = batch_of(PAYLOADS, KEY, BATCH_ID)
    assert batch.statement.encode() == canonical_json(
        {"type": "batch", "id": BATCH_ID, "records": 5, "root": b64(reference_tree.mth(PAYLOADS))}
    )
    assert json.loads(parse_b64url(batch.signature.protected)) == {
        "alg": "EdDSA",
        "kid": KEY.public.kid,
        "typ": BATCH_TYPE,
    }
    message = f"{batch.signature.protected}.{b64url(batch.statement.encode())}".encode()
    SCHEMES["EdDSA"].verify(SCHEMES["EdDSA"].load(KEY.public), message, batch.signature.signature)


def test_the_first_line_comes_back() -> None:
    batch = batch_of(PAYLOADS, KEY)
    assert read_first_line(batch.to_line()) == batch
    assert read_first_line(json.dumps(batch.to_json(), indent=1).encode()) == batch


@pytest.mark.parametrize("index", range(5))
def test_every_record_verifies_alone(index: int) -> None:
    envelope = in_batch(index)
    assert envelope_from_json(json.loads(envelope.encode())) == envelope
    assert verify(envelope) is Assurance.LENDER_SIGNED


def test_a_batch_of_one_has_an_empty_path() -> None:
    envelope = envelope_in_batch(PAYLOADS[:1], 0, KEY)
    assert envelope.to_json()["signatures"][0]["batch"]["path"] == []
    assert verify(envelope) is Assurance.LENDER_SIGNED


def test_the_batchs_signer_is_one_of_the_records_signers() -> None:
    agreement = canonical_json(record("agreement"))
    by_borrower = sign_envelope(agreement, EnvelopeSigner("ES256", BORROWER.public.kid, BORROWER.sign))
    [signature] = envelope_in_batch([PAYLOADS[0], agreement], 1, KEY).signatures
    assert verify(by_borrower.joined_by(signature)) is Assurance.CO_SIGNED
    assert verify(replace(by_borrower, signatures=(signature,))) is Assurance.LENDER_SIGNED
    with pytest.raises(InvalidEnvelopeError, match="one key signed twice"):
        in_batch().joined_by(in_batch().signatures[0])


def test_a_line_counts_by_what_it_is_a_signature_over() -> None:
    signed = sign_envelope(PAYLOADS[0], EnvelopeSigner("ES256", BORROWER.public.kid, BORROWER.sign))
    assert line_leaf(signed.encode()) == line_leaf(PAYLOADS[0]) == leaf_hash(PAYLOADS[0])
    for line in (b"", b"{", b'{"payload":5}', b'{"payload":"A"}', b'["payload"]', b'"payload"'):
        assert line_leaf(line) == leaf_hash(line)


def changed(envelope: Envelope, **changes: Any) -> Envelope:
    """The envelope with another place in its batch."""
    [signature] = envelope.signatures
    assert signature.batch is not None
    return replace(envelope, signatures=(signature._replace(batch=replace(signature.batch, **changes)),))


PATH = in_batch().signatures[0].batch.path  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("envelope", "pointer"),
    [
        pytest.param(changed(in_batch(), index=2), "/signatures/0/batch", id="another index"),
        pytest.param(changed(in_batch(), path=PATH[:-1]), "/signatures/0/batch", id="a hash too few"),
        pytest.param(changed(in_batch(), path=(*PATH, PATH[0])), "/signatures/0/batch", id="a hash too many"),
        pytest.param(changed(in_batch(), path=()), "/signatures/0/batch", id="no path"),
        pytest.param(changed(in_batch(), path=PATH[::-1]), "/signatures/0/batch", id="the path backwards"),
        pytest.param(
            changed(in_batch(), path=(bytes(32), *PATH[1:])), "/signatures/0/batch", id="another hash in the path"
        ),
        pytest.param(replace(in_batch(), payload=PAYLOADS[2]), "/signatures/0/batch", id="another record"),
        pytest.param(
            changed(in_batch(), statement=BatchStatement(BATCH_ID, 5, bytes(32))), "/signatures/0", id="another root"
        ),
        pytest.param(
            changed(in_batch(), statement=replace(batch_of(PAYLOADS, KEY, BATCH_ID).statement, records=6)),
            "/signatures/0",
            id="another number of records",
        ),
        pytest.param(
            replace(
                in_batch(),
                signatures=(in_batch().signatures[0]._replace(signature=bytes(64)),),
            ),
            "/signatures/0",
            id="no signature of the key",
        ),
    ],
)
def test_what_was_not_signed_is_refused(envelope: Envelope, pointer: str) -> None:
    with pytest.raises(InvalidSignatureError) as refused:
        verify(envelope)
    assert [(fault.pointer, fault.check) for fault in refused.value.faults] == [(pointer, "C3")]


def test_a_good_batch_does_not_vouch_for_the_next() -> None:
    # Verified signatures are remembered: by all that was verified, not by the batch's id.
    assert verify(in_batch()) is Assurance.LENDER_SIGNED
    other = changed(in_batch(), statement=replace(batch_of(PAYLOADS, KEY, BATCH_ID).statement, root=bytes(32)))
    with pytest.raises(InvalidSignatureError):
        verify(other)
    with pytest.raises(InvalidSignatureError):
        verify(in_batch(), {KEY.public.kid: KEYS[KEY.public.kid]._replace(key=generate_key("EdDSA").public)})


def test_whose_key_it_is_and_when_it_counts_is_asked_each_time() -> None:
    assert verify(in_batch()) is Assurance.LENDER_SIGNED
    with pytest.raises(UnknownKeyError):
        verify(in_batch(), {})
    with pytest.raises(InvalidSignatureError, match="the lender's signature is missing"):
        verify(in_batch(), {KEY.public.kid: PartyOfKey("borrower", KEY.public, Validity(0))})
    revoked = {KEY.public.kid: PartyOfKey("lender", KEY.public, Validity(0, revoked_from=NOW))}
    with pytest.raises(KeyTimeError):
        verify(in_batch(), revoked)
    value = parse_record(RECORDS[3])
    _, doubts = verify_recorded(in_batch(), value, revoked, SCHEMES, NOW)
    assert len(doubts) == 1


def test_a_records_signature_is_none_of_a_batch_and_the_other_way_round() -> None:
    alone = sign_envelope(PAYLOADS[3], EnvelopeSigner("EdDSA", KEY.public.kid, KEY.sign)).to_json()["signatures"][0]
    together = in_batch().to_json()["signatures"][0]
    for value in (alone | {"batch": together["batch"]}, {name: together[name] for name in ("protected", "signature")}):
        with pytest.raises(InvalidEnvelopeError, match="typ is"):
            envelope_from_json({"payload": b64url(PAYLOADS[3]), "signatures": [value]})


def statement(**changes: Any) -> str:
    return b64url(canonical_json(MEMBERS | changes))


BAD_STATEMENTS = {
    "not a string": 5,
    "not base64url": "{}",
    "not JSON": b64url(b"{"),
    "a list": b64url(b"[]"),
    "spaces": b64url(json.dumps(MEMBERS, sort_keys=True).encode()),
    "a member more": statement(more=1),
    "a member less": b64url(canonical_json({name: MEMBERS[name] for name in ("id", "records", "root")})),
    "another type": statement(type="record"),
    "an id that is no UUID": statement(id="batch-1"),
    "an id in upper case": statement(id=BATCH_ID.upper()),
    "an id that is a number": statement(id=1),
    "no records": statement(records=0),
    "too many records": statement(records=MAX_RECORDS + 1),
    "true for the records": statement(records=True),
    "a root of 31 bytes": statement(root=b64(bytes(31))),
    "a root in base64url": statement(root=b64url(bytes(32))),
    "a root that is none": statement(root=None),
    "too long": b64url(bytes(400)),
}


@pytest.mark.parametrize("value", BAD_STATEMENTS.values(), ids=BAD_STATEMENTS)
def test_a_statement_has_one_form(value: Any) -> None:
    members = in_batch().to_json()
    members["signatures"][0]["batch"]["payload"] = value
    with pytest.raises(InvalidEnvelopeError) as refused:
        envelope_from_json(members, "/envelope")
    assert [fault.pointer for fault in refused.value.faults] == ["/envelope/signatures/0/batch/payload"]
    with pytest.raises(InvalidEnvelopeError) as refused:
        read_first_line(json.dumps(batch_of(PAYLOADS, KEY).to_json() | {"payload": value}).encode())
    assert [fault.pointer for fault in refused.value.faults] == ["/payload"]


BAD_PLACES: dict[str, tuple[Any, str]] = {
    "a list": ([], ""),
    "a member more": ({"more": 1}, ""),
    "an index below 0": ({"index": -1}, "/index"),
    "an index behind the last record": ({"index": 5}, "/index"),
    "true for an index": ({"index": True}, "/index"),
    "a string for an index": ({"index": "1"}, "/index"),
    "no list for the path": ({"path": {}}, "/path"),
    "a path longer than any": ({"path": [b64(bytes(32))] * 33}, "/path"),
    "a number in the path": ({"path": [5]}, "/path/0"),
    "a short hash in the path": ({"path": [b64(bytes(32)), b64(bytes(31))]}, "/path/1"),
    "no base64 in the path": ({"path": ["." * 44]}, "/path/0"),
}


@pytest.mark.parametrize(("change", "pointer"), BAD_PLACES.values(), ids=BAD_PLACES)
def test_a_place_has_one_form(change: Any, pointer: str) -> None:
    members = in_batch().to_json()
    place = members["signatures"][0]["batch"]
    members["signatures"][0]["batch"] = place | change if isinstance(change, dict) else change
    with pytest.raises(InvalidEnvelopeError) as refused:
        envelope_from_json(members)
    assert [fault.pointer for fault in refused.value.faults] == ["/signatures/0/batch" + pointer]


def test_a_place_without_a_member_is_refused() -> None:
    for name in ("index", "path", "payload"):
        members = in_batch().to_json()
        del members["signatures"][0]["batch"][name]
        with pytest.raises(InvalidEnvelopeError):
            envelope_from_json(members)


def test_the_longest_path_is_read() -> None:
    place = BatchPlace(BatchStatement(BATCH_ID, MAX_RECORDS, bytes(32)), MAX_RECORDS - 1, (bytes(32),) * 32)
    [signature] = in_batch().signatures
    envelope = Envelope(PAYLOADS[0], (signature._replace(batch=place),))
    assert envelope_from_json(json.loads(envelope.encode())) == envelope


def test_a_wallet_signs_no_batch() -> None:
    domain = WalletDomain(31337, "0x" + "ab" * 20)
    with pytest.raises(InvalidEnvelopeError, match="one by one"):
        sign_batch(BATCH_ID, PAYLOADS, EnvelopeSigner(WALLET_ALG, "k", KEY.sign, domain=domain))


@pytest.mark.parametrize(("batch_id", "lines"), [(BATCH_ID, []), ("batch-1", PAYLOADS)])
def test_what_no_notary_takes_is_not_signed(batch_id: str, lines: list[bytes]) -> None:
    with pytest.raises(InvalidEnvelopeError):
        sign_batch(batch_id, lines, EnvelopeSigner("EdDSA", KEY.public.kid, KEY.sign))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        PAYLOADS[0],
        in_batch().encode(),
        in_batch().encode()[:-9],
        b'{"note":"protected"}',
        b'{"note":"\\"signature\\""}',
        b'["signature"]',
    ],
)
def test_other_first_lines_are_left_to_be_read_as_records(line: bytes) -> None:
    assert read_first_line(line) is None


FIRST: Json = batch_of(PAYLOADS, KEY).to_json()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(canonical_json(FIRST)[:-9], id="cut off"),
        pytest.param(canonical_json({name: FIRST[name] for name in ("protected", "signature")}), id="no payload"),
        pytest.param(canonical_json({name: FIRST[name] for name in ("payload", "signature")}), id="no header"),
        pytest.param(canonical_json({name: FIRST[name] for name in ("payload", "protected")}), id="no signature"),
        pytest.param(canonical_json(FIRST | {"header": {}}), id="an unprotected header"),
        pytest.param(canonical_json(FIRST | {"signatures": []}), id="both serializations"),
        pytest.param(canonical_json(FIRST | {"protected": "e30"}), id="an empty header"),
        pytest.param(canonical_json(FIRST | {"signature": "="}), id="a signature that is none"),
        pytest.param(
            canonical_json(
                FIRST | {"protected": b64url(canonical_json({"alg": "EdDSA", "kid": KEY.public.kid, "typ": TYPE}))}
            ),
            id="a record's header",
        ),
    ],
)
def test_a_batchs_signature_that_is_none_is_never_read_as_a_record(line: bytes) -> None:
    with pytest.raises((InvalidEnvelopeError, MalformedJsonError)):
        read_first_line(line)


def test_the_records_are_compared_with_what_was_signed() -> None:
    batch = batch_of(PAYLOADS, KEY)
    batch.require(5, reference_tree.mth(PAYLOADS))
    for records, root, pointer in ((4, batch.statement.root, "records"), (5, bytes(32), "root")):
        with pytest.raises(BatchMismatchError) as refused:
            batch.require(records, root)
        assert isinstance(refused.value, InvalidInputError)
        assert [fault.pointer for fault in refused.value.faults] == [f"/payload/{pointer}"]
