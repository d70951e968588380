-- SPDX-License-Identifier: Apache-2.0
-- name: add_organisation
INSERT INTO organisations (name, role, created_at) VALUES (?, ?, ?) RETURNING number;

-- name: organisation_added
SELECT number, name, role FROM organisations WHERE name = ? AND role = ? AND created_at = ?;

-- name: organisation
SELECT number, name, role FROM organisations WHERE number = ?;

-- name: organisations
SELECT number, name, role FROM organisations ORDER BY number;

-- name: add_api_key
INSERT INTO api_keys (sha256, id, organisation, name, scopes, created_at, expires_at, revoked_at, last_used_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: caller_with
SELECT o.number, o.name, o.role, o.policy, k.id, k.organisation, k.name, k.scopes, k.created_at, k.expires_at,
  k.revoked_at, k.last_used_at
FROM api_keys k JOIN organisations o ON o.number = k.organisation WHERE k.sha256 = ?;

-- name: api_keys
SELECT id, organisation, name, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_keys
WHERE organisation = ? ORDER BY created_at, id;

-- name: api_key
SELECT id, organisation, name, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_keys
WHERE organisation = ? AND id = ?;

-- name: end_api_key
UPDATE api_keys SET
  expires_at = CASE WHEN expires_at <= :expires_at OR :expires_at IS NULL THEN expires_at ELSE :expires_at END,
  revoked_at = CASE WHEN revoked_at <= :revoked_at OR :revoked_at IS NULL THEN revoked_at ELSE :revoked_at END
WHERE organisation = :organisation AND id = :id;

-- name: used_api_key
UPDATE api_keys SET last_used_at = :now WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :now);

-- name: add_client_key
INSERT INTO client_keys VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: client_keys
SELECT * FROM client_keys WHERE organisation = ? ORDER BY created_at, kid;

-- name: revoke_client_key
UPDATE client_keys SET revoked_at = coalesce(revoked_at, ?) WHERE organisation = ? AND kid = ?;

-- name: forget_assertions
DELETE FROM used_assertions WHERE expires_at <= ?;

-- name: use_assertion
INSERT INTO used_assertions VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: owner_keys
SELECT wrapped FROM organisation_keys WHERE organisation = ?;

-- name: add_owner_keys
INSERT INTO organisation_keys (organisation, wrapped) VALUES (?, ?);
