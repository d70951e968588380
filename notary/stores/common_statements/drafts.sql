-- SPDX-License-Identifier: Apache-2.0
-- name: draft
SELECT lender, record_id, sealed, created_at, expires_at
FROM drafts WHERE lender = ? AND record_id = ? AND expires_at > ?;

-- name: drafts
SELECT lender, record_id, sealed, created_at, expires_at
FROM drafts WHERE lender = ? AND record_id > ? AND expires_at > ? ORDER BY record_id LIMIT ?;

-- name: add_draft
INSERT INTO drafts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: any_draft
SELECT lender, record_id, sealed, created_at, expires_at FROM drafts WHERE lender = ? AND record_id = ?;

-- name: sign_draft
UPDATE drafts SET sealed = ? WHERE lender = ? AND record_id = ?;

-- name: remove_draft
DELETE FROM drafts WHERE lender = ? AND record_id = ?;

-- name: purge_drafts
DELETE FROM drafts WHERE expires_at <= ?;
