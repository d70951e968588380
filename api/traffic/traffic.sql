-- SPDX-License-Identifier: Apache-2.0
-- name: create_windows
CREATE TABLE IF NOT EXISTS windows (
  caller BLOB NOT NULL,
  start INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (caller, start)
) STRICT, WITHOUT ROWID;

-- name: create_answers
CREATE TABLE IF NOT EXISTS answers (
  tenant INTEGER NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  begun_at INTEGER NOT NULL,
  status INTEGER,
  media_type TEXT,
  body BLOB,
  PRIMARY KEY (tenant, route, key)
) STRICT, WITHOUT ROWID;

-- name: take
INSERT INTO windows (caller, start, used) VALUES (:caller, :start, :amount)
ON CONFLICT (caller, start) DO UPDATE SET used = used + excluded.used RETURNING used;

-- name: forget_windows
DELETE FROM windows WHERE start < ?;

-- name: begin
INSERT INTO answers (tenant, route, key, fingerprint, begun_at) VALUES (:tenant, :route, :key, :fingerprint, :now)
ON CONFLICT (tenant, route, key) DO UPDATE SET
  fingerprint = excluded.fingerprint, begun_at = excluded.begun_at, status = NULL, media_type = NULL, body = NULL
WHERE begun_at < :expired OR (status IS NULL AND begun_at < :abandoned)
RETURNING 1;

-- name: find
SELECT fingerprint, status, media_type, body FROM answers WHERE tenant = :tenant AND route = :route AND key = :key;

-- name: finish
UPDATE answers SET status = :status, media_type = :media_type, body = :body
WHERE tenant = :tenant AND route = :route AND key = :key;

-- name: abandon
DELETE FROM answers WHERE tenant = :tenant AND route = :route AND key = :key;

-- name: abandon_unanswered
DELETE FROM answers WHERE status IS NULL;

-- name: forget_answers
DELETE FROM answers WHERE begun_at < ?;
