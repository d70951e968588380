-- SPDX-License-Identifier: Apache-2.0
-- name: create_windows
CREATE TABLE IF NOT EXISTS windows (
  caller BLOB NOT NULL,
  start INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (caller, start)
) STRICT, WITHOUT ROWID;

-- name: drop_clear_answers
DROP TABLE IF EXISTS answers;

-- name: create_answers
CREATE TABLE IF NOT EXISTS sealed_answers (
  tenant INTEGER NOT NULL,
  place BLOB NOT NULL,
  request BLOB NOT NULL,
  begun_at INTEGER NOT NULL,
  about_loan INTEGER NOT NULL,
  status INTEGER,
  media_type TEXT,
  body BLOB,
  PRIMARY KEY (tenant, place)
) STRICT, WITHOUT ROWID;

-- name: take
INSERT INTO windows (caller, start, used) VALUES (:caller, :start, :amount)
ON CONFLICT (caller, start) DO UPDATE SET used = used + excluded.used RETURNING used;

-- name: forget_windows
DELETE FROM windows WHERE start < ?;

-- name: begin
INSERT INTO sealed_answers (tenant, place, request, begun_at, about_loan)
VALUES (:tenant, :place, :request, :now, :about_loan)
ON CONFLICT (tenant, place) DO UPDATE SET
  request = excluded.request, begun_at = excluded.begun_at, status = NULL, media_type = NULL, body = NULL
WHERE begun_at < :expired OR (status IS NULL AND begun_at < :abandoned)
RETURNING 1;

-- name: find
SELECT request, status, media_type, body FROM sealed_answers WHERE tenant = :tenant AND place = :place;

-- name: finish
UPDATE sealed_answers SET status = :status, media_type = :media_type, body = :body
WHERE tenant = :tenant AND place = :place;

-- name: abandon
DELETE FROM sealed_answers WHERE tenant = :tenant AND place = :place;

-- name: abandon_unanswered
DELETE FROM sealed_answers WHERE status IS NULL;

-- name: forget_answers
DELETE FROM sealed_answers WHERE begun_at < ?;

-- name: forget_answers_about_loans
DELETE FROM sealed_answers WHERE tenant = ? AND about_loan;
