# SPDX-License-Identifier: Apache-2.0
"""RFC 3161 tokens made by openssl: what is accepted, and every way in which one can be no proof."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from notary.errors import InvalidInputError, TimestampError, UnknownAuthorityError
from notary.receipts.time_proof import load_authorities
from notary.receipts.timestamp_tokens import MAX_REPLY, MAX_TOKEN, make_request, open_reply, verify_token
from tests.support.authority import DAY, SampleAuthority, issue
from tests.support.trees import flipped

NOTE = "notary.example/log\n3\nroot\n\n— notary.example/log signature\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> SampleAuthority:
    return SampleAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def token(authority: SampleAuthority) -> bytes:
    return token_of(authority)


def token_of(authority: SampleAuthority, note: str = NOTE) -> bytes:
    request = make_request(note)
    return open_reply(authority.reply(request.as_bytes()), request)


def test_a_token_says_when_the_checkpoint_was_there(authority: SampleAuthority) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    token = token_of(authority)
    after = datetime.now(UTC)
    moment = verify_token(token, NOTE, [authority.root.certificate])
    assert before.timestamp() * 1000 <= moment.time <= after.timestamp() * 1000
    assert moment.by == "the authority CN=Sample Time"


@pytest.mark.parametrize(
    ("accuracy", "milliseconds"),
    [("secs:1", 1000), ("secs:2, millisecs:500", 2500), ("millisecs:7", 7), ("secs:1, microsecs:1", 1001)],
)
def test_the_latest_moment_allows_for_the_authority_s_inaccuracy(
    authority: SampleAuthority, accuracy: str, milliseconds: int
) -> None:
    inexact = replace(authority, accuracy=accuracy)
    moment = verify_token(token_of(inexact), NOTE, [authority.root.certificate])
    assert moment.latest - moment.time == milliseconds


def test_certificates_in_between_may_come_with_the_token(tmp_path: Path) -> None:
    # In DER the shorter certificate comes first, and openssl writes the signer's first: so the other has to be longer.
    root = issue("Root" * 15, is_authority=True)
    between = issue("Between", root, is_authority=True)
    signer = issue("Sample Time", between, use=ExtendedKeyUsageOID.TIME_STAMPING)
    with_chain = SampleAuthority(tmp_path, root, signer, chain=(between,))
    token = token_of(with_chain)
    assert verify_token(token, NOTE, [root.certificate]).by == "the authority CN=Sample Time"
    assert verify_token(token, NOTE, [issue("Other").certificate, root.certificate])
    with pytest.raises(UnknownAuthorityError):
        verify_token(token, NOTE, [issue("Root" * 15, is_authority=True).certificate])


def test_a_certificate_that_expired_later_still_counts(tmp_path: Path) -> None:
    """The certificate is judged at the token's time; a day later, nothing has changed."""
    short = SampleAuthority.create(tmp_path, first=-DAY, last=timedelta(seconds=4))
    token = token_of(short)
    while (left := short.signer.certificate.not_valid_after_utc - datetime.now(UTC)) >= timedelta():
        time.sleep(left.total_seconds() + 0.01)
    assert verify_token(token, NOTE, [short.root.certificate])


@pytest.mark.parametrize(
    "validity", [{"first": -9 * DAY, "last": -8 * DAY}, {"first": 8 * DAY, "last": 9 * DAY}], ids=["expired", "not yet"]
)
def test_a_certificate_that_was_not_valid_then_does_not(tmp_path: Path, validity: dict[str, timedelta]) -> None:
    wrong = SampleAuthority.create(tmp_path, **validity)
    with pytest.raises(TimestampError, match="certificate is not for this") as refused:
        verify_token(token_of(wrong), NOTE, [wrong.root.certificate])
    assert not isinstance(refused.value, UnknownAuthorityError)


def test_another_checkpoint_s_token_is_refused(authority: SampleAuthority, token: bytes) -> None:
    for note in (NOTE + "\n", NOTE[:-1], "", flipped(NOTE.encode(), 9).decode()):
        with pytest.raises(TimestampError, match="something else"):
            verify_token(token, note, [authority.root.certificate])


def test_a_token_over_another_kind_of_hash_is_refused(authority: SampleAuthority) -> None:
    request = TimestampRequestBuilder(NOTE.encode(), HashAlgorithm.SHA512).build()
    token = open_reply(authority.reply(request.as_bytes()), request)
    with pytest.raises(TimestampError, match="something else"):
        verify_token(token, NOTE, [authority.root.certificate])


def test_an_authority_that_nobody_vouches_for_says_nothing_either_way(token: bytes) -> None:
    same_name = issue("Sample Time Root", is_authority=True)
    for given in ([], [same_name.certificate], [issue("Other", is_authority=True).certificate]):
        with pytest.raises(UnknownAuthorityError, match="CN=Sample Time"):
            verify_token(token, NOTE, given)


def cuts(token: bytes) -> Iterator[bytes]:
    yield from (b"", b"x", token + b"\0", token * 2, b"\0" * (MAX_TOKEN + 1))
    yield from (token[:length] for length in range(1, len(token), 61))
    yield from (token[start:] for start in range(1, 60, 7))


def test_a_token_cut_short_or_with_more_behind_it_is_none(authority: SampleAuthority, token: bytes) -> None:
    for data in cuts(token):
        with pytest.raises(TimestampError):
            verify_token(data, NOTE, [authority.root.certificate])


@pytest.mark.filterwarnings("ignore")  # cryptography warns of the odd certificates that come out
def test_no_changed_byte_changes_what_a_token_says(authority: SampleAuthority, token: bytes) -> None:
    """Some bytes of a CMS message are not signed; whatever they are, time and authority stay what they were."""
    good = verify_token(token, NOTE, [authority.root.certificate])
    refused = 0
    for place in range(len(token)):
        data = token[:place] + bytes([token[place] ^ 1 << place % 8]) + token[place + 1 :]
        try:
            assert verify_token(data, NOTE, [authority.root.certificate]) == good, place
        except TimestampError:
            refused += 1
    assert refused > 0.95 * len(token)


def test_a_reply_must_be_to_this_request(authority: SampleAuthority) -> None:
    first, second = make_request(NOTE), make_request(NOTE)
    assert first.nonce != second.nonce
    with pytest.raises(TimestampError, match="another request"):
        open_reply(authority.reply(first.as_bytes()), second)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (bytes.fromhex("30053003020102"), "status 2"),
        (bytes.fromhex("30053003020103"), "status 3"),
        (b"", "DER"),
        (b"<html>", "DER"),
        (b"\0" * (MAX_REPLY + 1), "more than"),
        (bytes.fromhex("30053003020100"), "DER"),
    ],
)
def test_a_refusal_and_what_is_no_reply(reply: bytes, words: str) -> None:
    with pytest.raises(TimestampError, match=words):
        open_reply(reply, make_request(NOTE))


def test_authorities_are_read_from_pem(authority: SampleAuthority) -> None:
    other = issue("Other")
    assert load_authorities(authority.root.pem + other.pem) == (authority.root.certificate, other.certificate)
    for data in (b"", b"nonsense", authority.root.certificate.public_bytes(Encoding.DER)):
        with pytest.raises(InvalidInputError):
            load_authorities(data)


def test_a_token_counts_for_a_note_that_a_later_key_signed_too(authority: SampleAuthority, token: bytes) -> None:
    roots = [authority.root.certificate]
    line = "— notary.example/log later\n"
    assert verify_token(token, NOTE + line, roots) == verify_token(token, NOTE, roots)
    longer = token_of(authority, NOTE + line)
    with pytest.raises(TimestampError, match="something else"):
        verify_token(longer, NOTE, roots)
    with pytest.raises(TimestampError, match="something else"):
        verify_token(token, line + NOTE, roots)
