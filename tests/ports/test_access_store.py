# SPDX-License-Identifier: Apache-2.0
"""The contract of the `AccessStore` port, held against every store of access."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils import Database

from notary.access import (
    ERASE,
    ROLES,
    RUN_AUDITS,
    WRITE_HOLDS,
    AccessStore,
    ApiKey,
    ClientKey,
    Grant,
    LoanPass,
    Organisation,
    key_id,
)
from notary.errors import CorruptLogError, NotFoundError
from notary.stores.sqlite import SqliteStore
from notary.stores.statements import MIGRATIONS
from tests.support.builders import NOW, VAULT
from tests.support.stores import Opener

DIGEST = sha256(b"secret").digest()
OTHER = sha256(b"other").digest()


@pytest.fixture
def store(database: Opener) -> AccessStore:
    store = database.store()
    store.add_organisation("示范银行", "lender", NOW)
    store.add_organisation("Audit Ltd", "auditor", NOW)
    return store


KEY = ApiKey(key_id(DIGEST), 1, "nightly", ("records:write", "records:read"), NOW, NOW + 10)
GRANT = Grant("grant_1", 2, 1, None, NOW, None, NOW + 1, NOW + 100)
PASS = LoanPass("pass_1", 1, "L/1", NOW, NOW + 50)
CLIENT = ClientKey(1, "kid-1", '{"kty":"OKP"}', NOW)


def test_organisations(store: AccessStore) -> None:
    bank, auditor = Organisation(1, "示范银行", "lender"), Organisation(2, "Audit Ltd", "auditor")
    assert store.organisations() == [bank, auditor]
    assert store.organisation(2) == auditor
    with pytest.raises(NotFoundError):
        store.organisation(3)


def test_adding_again_leaves_what_is_there(store: AccessStore) -> None:
    bank, other = Organisation(1, "示范银行", "lender"), Organisation(3, "示范银行", "lender")
    assert store.add_organisation("示范银行", "lender", NOW, once=True) == bank
    assert store.add_organisation("示范银行", "lender", NOW + 1, once=True) == other
    assert store.add_organisation("示范银行", "operator", NOW, once=True) == Organisation(4, "示范银行", "operator")
    assert store.add_organisation("Audit Ltd", "auditor", NOW, once=True) == Organisation(2, "Audit Ltd", "auditor")
    assert store.add_organisation("Audit Ltd", "auditor", NOW).number == 5
    for _ in range(2):
        store.add_api_key(KEY, DIGEST)
        store.add_grant(GRANT)
        store.add_pass(PASS, DIGEST)
        store.end_api_key(1, KEY.id, expires_at=None, revoked_at=NOW + 1)
    [key] = store.api_keys(1)
    assert key == replace(KEY, revoked_at=NOW + 1)
    assert (store.grants(), store.passes(1)) == ([GRANT], [PASS])


def test_a_caller_by_its_key(store: AccessStore) -> None:
    store.add_api_key(KEY, DIGEST)
    caller, key = store.caller_with(DIGEST)
    assert key == KEY
    assert (caller.organisation, caller.key) == (Organisation(1, "示范银行", "lender"), KEY.id)
    assert caller.scopes == {"records:write", "records:read"}
    with pytest.raises(NotFoundError):
        store.caller_with(OTHER)
    with pytest.raises(CorruptLogError):
        store.add_api_key(replace(KEY, id="key_x", organisation=2), DIGEST)
    assert store.caller_with(DIGEST)[0].organisation.number == 1


def test_keys_are_listed_by_organisation(store: AccessStore) -> None:
    later = replace(KEY, id="key_later", created_at=NOW + 1, expires_at=None)
    store.add_api_key(later, OTHER)
    store.add_api_key(KEY, DIGEST)
    assert store.api_keys(1) == [KEY, later]
    assert store.api_keys(2) == []
    assert store.api_key(1, KEY.id) == KEY
    for organisation, key in ((2, KEY.id), (1, "key_none")):
        with pytest.raises(NotFoundError):
            store.api_key(organisation, key)


def test_a_key_ends_at_the_earlier_moment(store: AccessStore) -> None:
    store.add_api_key(KEY, DIGEST)
    store.end_api_key(2, KEY.id, expires_at=NOW, revoked_at=NOW)
    assert store.api_key(1, KEY.id) == KEY
    store.end_api_key(1, KEY.id, expires_at=NOW + 20, revoked_at=None)
    assert store.api_key(1, KEY.id) == KEY
    store.end_api_key(1, KEY.id, expires_at=NOW + 5, revoked_at=NOW + 7)
    store.end_api_key(1, KEY.id, expires_at=None, revoked_at=NOW + 8)
    assert store.api_key(1, KEY.id) == replace(KEY, expires_at=NOW + 5, revoked_at=NOW + 7)


def test_the_last_use_goes_forward(store: AccessStore) -> None:
    store.add_api_key(KEY, DIGEST)
    for moment in (NOW + 5, NOW + 3):
        store.used_api_key(KEY.id, moment)
    assert store.api_key(1, KEY.id).last_used_at == NOW + 5


def test_grants(store: AccessStore) -> None:
    one = replace(GRANT, id="grant_2", loan="L/1", began_from=None, began_until=NOW, created_at=NOW + 2)
    store.add_grant(GRANT)
    store.add_grant(one)
    assert store.grants(lender=1, auditor=2) == store.grants(lender=1) == store.grants(auditor=2) == [GRANT, one]
    assert store.grants() == [GRANT, one]
    assert store.grants(lender=2) == store.grants(auditor=1) == []
    for moment in (NOW + 9, NOW + 11):
        store.revoke_grant("grant_2", moment)
    assert store.grants(lender=1) == [GRANT, replace(one, revoked_at=NOW + 9)]


def test_passes(store: AccessStore) -> None:
    store.add_pass(PASS, DIGEST)
    assert store.pass_with(DIGEST) == PASS
    assert (store.passes(1), store.passes(2)) == ([PASS], [])
    store.used_pass(PASS.id, NOW + 4)
    for lender, identity in ((2, PASS.id), (1, "pass_none")):
        with pytest.raises(NotFoundError):
            store.revoke_pass(lender, identity, NOW + 5)
    ended = replace(PASS, last_used_at=NOW + 4, revoked_at=NOW + 5)
    assert store.revoke_pass(1, PASS.id, NOW + 5) == ended
    assert store.revoke_pass(1, PASS.id, NOW + 6) == store.pass_with(DIGEST) == ended
    with pytest.raises(NotFoundError):
        store.pass_with(OTHER)


def test_client_keys(store: AccessStore) -> None:
    assert store.add_client_key(CLIENT)
    assert not store.add_client_key(replace(CLIENT, created_at=NOW + 1))
    assert (store.client_keys(1), store.client_keys(2)) == ([CLIENT], [])
    with pytest.raises(NotFoundError):
        store.revoke_client_key(2, "kid-1", NOW)
    store.revoke_client_key(1, "kid-1", NOW + 3)
    store.revoke_client_key(1, "kid-1", NOW + 4)
    assert store.client_keys(1) == [replace(CLIENT, revoked_at=NOW + 3)]


def test_an_assertion_is_used_once(store: AccessStore) -> None:
    assert store.use_assertion(1, "a", NOW + 10, NOW)
    assert not store.use_assertion(1, "a", NOW + 10, NOW + 9)
    assert store.use_assertion(2, "a", NOW + 10, NOW)
    assert store.use_assertion(1, "b", NOW + 10, NOW)
    # What has expired is refused for that, and need not be remembered.
    assert store.use_assertion(1, "a", NOW + 30, NOW + 10)


def test_the_keys_of_an_older_database_stay(tmp_path: Path) -> None:
    """A database of the first schema, with a lender and its API key."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        MIGRATIONS.apply(Database(old), stop_before="0002_parties")
        old.execute("INSERT INTO lenders (name, created_at) VALUES ('Old Bank', 5)")
        old.execute("INSERT INTO api_keys (sha256, lender, created_at) VALUES (?, 1, 6)", (DIGEST,))
        old.commit()
    store = SqliteStore.create(path, VAULT)
    caller, key = store.caller_with(DIGEST)
    assert caller.organisation == Organisation(1, "Old Bank", "lender")
    assert (key.id, key.created_at) == (key_id(DIGEST), 6)
    # All scopes that there were when keys got scopes.
    assert caller.scopes == set(ROLES["lender"]) - {RUN_AUDITS, ERASE, WRITE_HOLDS}
