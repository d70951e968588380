# SPDX-License-Identifier: Apache-2.0
"""The contract of the `SessionStore` port, held against every store of sessions."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from notary.errors import NotFoundError
from notary.sessions import Session, SessionStore
from notary.stores.sqlite import SqliteSessions, SqliteStore
from tests.support.builders import NOW, VAULT, add_lender

KEY, FIRST, SECOND = (sha256(name).digest() for name in (b"key", b"first", b"second"))
SESSION = Session("a1", KEY, "token", NOW, NOW + 1, NOW + 100)


def sqlite(path: Path) -> SessionStore:
    add_lender(SqliteStore.create(path, VAULT), "One", KEY, NOW)
    return SqliteSessions(path, VAULT)


STORES: dict[str, Callable[[Path], SessionStore]] = {"sqlite": sqlite}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    store = STORES[request.param](tmp_path / "notary.db")
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
