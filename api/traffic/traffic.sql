-- SPDX-License-Identifier: Apache-2.0
-- The statements are for SQLite and for PostgreSQL, but for those that make the tables: a migration does that there.

-- name: create_windows
CREATE TABLE IF NOT EXISTS windows (
  caller BLOB NOT NULL,
  start INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (caller, start)
) STRICT, WITHOUT ROWID;

-- name: drop_clear_answers
DROP TABLE IF EXISTS answers;

-- name: drop_answers_without_seed
DROP TABLE IF EXISTS sealed_answers;

-- name: create_answers
CREATE TABLE IF NOT EXISTS seeded_answers (
  tenant INTEGER NOT NULL,
  place BLOB NOT NULL,
  request BLOB NOT NULL,
  begun_at INTEGER NOT NULL,
  taken_at INTEGER NOT NULL,
  seed BLOB,
  about_loan INTEGER NOT NULL,
  status INTEGER,
  media_type TEXT,
  body BLOB,
  PRIMARY KEY (tenant, place)
) STRICT, WITHOUT ROWID;

-- name: take
INSERT INTO windows (caller, start, used) VALUES (:caller, :start, :amount)
ON CONFLICT (caller, start) DO UPDATE SET used = windows.used + excluded.used RETURNING used;

-- name: forget_windows
DELETE FROM windows WHERE start < :bound;

-- name: begin
INSERT INTO seeded_answers (tenant, place, request, begun_at, taken_at, seed, about_loan)
VALUES (:tenant, :place, :request, :now, :now, :seed, :about_loan)
ON CONFLICT (tenant, place) DO UPDATE SET taken_at = excluded.taken_at
WHERE seeded_answers.status IS NULL AND seeded_answers.request = excluded.request
  AND (seeded_answers.taken_at < :abandoned OR seeded_answers.taken_at > :ahead)
RETURNING begun_at, seed;

-- name: find
SELECT request, status, media_type, body FROM seeded_answers WHERE tenant = :tenant AND place = :place;

-- name: finish
UPDATE seeded_answers SET status = :status, media_type = :media_type, body = :body, seed = NULL
WHERE tenant = :tenant AND place = :place;

-- name: drop
DELETE FROM seeded_answers WHERE tenant = :tenant AND place = :place;

-- name: drop_expired
DELETE FROM seeded_answers WHERE tenant = :tenant AND place = :place AND begun_at < :expired;

-- name: release
UPDATE seeded_answers SET taken_at = 0 WHERE tenant = :tenant AND place = :place AND status IS NULL;

-- name: release_all
UPDATE seeded_answers SET taken_at = 0 WHERE status IS NULL;

-- name: forget_answers
DELETE FROM seeded_answers WHERE begun_at < :bound;

-- name: forget_answers_about_loans
DELETE FROM seeded_answers WHERE tenant = :bound AND about_loan = 1;
