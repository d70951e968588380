-- SPDX-License-Identifier: Apache-2.0
-- name: add_session
INSERT INTO sessions (sha256, id, key, form_token, began_at, issued_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: session_with
SELECT id, key, form_token, began_at, issued_at, expires_at FROM sessions WHERE sha256 = ?;

-- name: shorten_session
UPDATE sessions SET expires_at = :until WHERE sha256 = :sha256 AND expires_at > :until;

-- name: end_session
DELETE FROM sessions WHERE id = ?;

-- name: forget_sessions
DELETE FROM sessions WHERE expires_at <= ?;
