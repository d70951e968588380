# SPDX-License-Identifier: Apache-2.0
"""The contract of the `SessionStore` port, held against every store of sessions."""

from dataclasses import replace
from hashlib import sha256

import pytest

from notary.errors import NotFoundError
from notary.sessions import Session, SessionStore
from tests.support.builders import NOW, add_lender
from tests.support.stores import Opener

KEY, FIRST, SECOND = (sha256(name).digest() for name in (b"key", b"first", b"second"))
SESSION = Session("a1", KEY, "token", NOW, NOW + 1, NOW + 100)


@pytest.fixture
def store(database: Opener) -> SessionStore:
    add_lender(database.store(), "One", KEY, NOW)
    store = database.sessions()
    store.add_session(SESSION, FIRST, NOW)
    return store


def test_a_session_by_its_secret(store: SessionStore) -> None:
    assert store.session_with(FIRST) == SESSION
    with pytest.raises(NotFoundError):
        store.session_with(SECOND)


def test_a_secret_ends_sooner_and_never_later(store: SessionStore) -> None:
    store.shorten_session(FIRST, NOW + 200)
    assert store.session_with(FIRST) == SESSION
    store.shorten_session(FIRST, NOW + 50)
    assert store.session_with(FIRST) == replace(SESSION, expires_at=NOW + 50)


def test_a_session_ends_with_all_its_secrets_and_no_other(store: SessionStore) -> None:
    other = replace(SESSION, id="b2")
    store.add_session(SESSION, SECOND, NOW)
    store.add_session(other, sha256(b"third").digest(), NOW)
    store.end_session("a1")
    for secret in (FIRST, SECOND):
        with pytest.raises(NotFoundError):
            store.session_with(secret)
    assert store.session_with(sha256(b"third").digest()) == other
    store.end_session("none")


def test_what_has_expired_is_forgotten_with_the_next_session(store: SessionStore) -> None:
    store.add_session(replace(SESSION, id="b2"), SECOND, NOW + 99)
    assert store.session_with(FIRST)
    store.add_session(replace(SESSION, id="c3"), sha256(b"third").digest(), NOW + 100)
    for secret in (FIRST, SECOND):
        with pytest.raises(NotFoundError):
            store.session_with(secret)
