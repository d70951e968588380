-- SPDX-License-Identifier: Apache-2.0
-- What the log does not prove stands twice, in its table and in an index over all columns, so that SQLite's own check of
-- the file (PRAGMA integrity_check, part of each audit) finds a changed bit in either.
CREATE INDEX organisations_twice ON organisations (number, name, created_at, policy, role);

CREATE INDEX api_keys_twice ON api_keys (sha256, id, organisation, name, scopes, created_at, expires_at, revoked_at, last_used_at);

CREATE INDEX party_keys_twice ON party_keys (lender, kid, party, jwk, registered_at, valid_from, valid_until, revoked_from, revoked_at);

CREATE INDEX roots_twice ON roots (lender, fingerprint, party, certificate, organization, registered_at, valid_until, revoked_from, revoked_at);

CREATE INDEX policies_twice ON policies (lender, version, policy, set_at, set_by);

CREATE INDEX client_keys_twice ON client_keys (organisation, kid, jwk, created_at, revoked_at);
