-- SPDX-License-Identifier: Apache-2.0
-- name: lender
SELECT number, name, policy FROM organisations WHERE number = ?;

-- name: party_key
SELECT kid, party, jwk, registered_at, valid_from, valid_until, revoked_from, revoked_at
FROM party_keys WHERE lender = ? AND kid = ?;

-- name: list_keys
SELECT kid, party, jwk, registered_at, valid_from, valid_until, revoked_from, revoked_at
FROM party_keys WHERE lender = :lender AND kid > :after AND (party = :party OR :party IS NULL) ORDER BY kid LIMIT :limit;

-- name: add_key
INSERT INTO party_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: end_key
UPDATE party_keys SET valid_until = :until
WHERE lender = :lender AND kid = :kid AND (valid_until IS NULL OR valid_until > :until);

-- name: revoke_key
UPDATE party_keys SET revoked_from = :from, revoked_at = :told
WHERE lender = :lender AND kid = :kid AND (revoked_from IS NULL OR revoked_from > :from);

-- name: root
SELECT fingerprint, party, certificate, organization, registered_at, valid_until, revoked_from, revoked_at
FROM roots WHERE lender = ? AND fingerprint = ? AND organization = ?;

-- name: roots
SELECT fingerprint, party, certificate, organization, registered_at, valid_until, revoked_from, revoked_at
FROM roots WHERE lender = ? ORDER BY registered_at, fingerprint, organization;

-- name: add_root
INSERT INTO roots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: revoke_root
UPDATE roots SET revoked_from = :from, revoked_at = :told
WHERE lender = :lender AND fingerprint = :fingerprint AND (revoked_from IS NULL OR revoked_from > :from);
