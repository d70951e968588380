-- SPDX-License-Identifier: Apache-2.0
-- name: add_grant
INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: grants
SELECT g.id, g.auditor, g.lender, g.loan, g.began_from, g.began_until, g.created_at, g.expires_at, g.revoked_at,
  coalesce(l.erasure, '')
FROM grants g LEFT JOIN loans l ON l.lender = g.lender AND l.number_index = g.loan_index
WHERE (g.lender = :lender OR :lender IS NULL) AND (g.auditor = :auditor OR :auditor IS NULL)
ORDER BY g.created_at, g.id;

-- name: revoke_grant
UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL;

-- name: add_pass
INSERT INTO passes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: pass_with
SELECT p.id, p.lender, p.loan, p.created_at, p.expires_at, p.revoked_at, p.last_used_at, coalesce(l.erasure, '')
FROM passes p LEFT JOIN loans l ON l.lender = p.lender AND l.number_index = p.loan_index
WHERE p.sha256 = ?;

-- name: passes
SELECT p.id, p.lender, p.loan, p.created_at, p.expires_at, p.revoked_at, p.last_used_at, coalesce(l.erasure, '')
FROM passes p LEFT JOIN loans l ON l.lender = p.lender AND l.number_index = p.loan_index
WHERE p.lender = ? ORDER BY p.created_at, p.id;

-- name: pass
SELECT p.id, p.lender, p.loan, p.created_at, p.expires_at, p.revoked_at, p.last_used_at, coalesce(l.erasure, '')
FROM passes p LEFT JOIN loans l ON l.lender = p.lender AND l.number_index = p.loan_index
WHERE p.lender = ? AND p.id = ?;

-- name: revoke_pass
UPDATE passes SET revoked_at = ? WHERE lender = ? AND id = ? AND revoked_at IS NULL;

-- name: used_pass
UPDATE passes SET last_used_at = :now WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :now);
