-- SPDX-License-Identifier: Apache-2.0
-- The file of the access log, apart from the database: a read never waits for the log's writer, nor the writer for it.
-- name: create_access_heads
CREATE TABLE IF NOT EXISTS access_heads (
  lender INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL,
  covered INTEGER NOT NULL DEFAULT 0
) STRICT;

-- name: create_accesses
CREATE TABLE IF NOT EXISTS accesses (
  lender INTEGER NOT NULL,
  number INTEGER NOT NULL,
  noted_at INTEGER NOT NULL,
  reader INTEGER,
  noted_by TEXT NOT NULL,
  way TEXT NOT NULL,
  kind TEXT NOT NULL,
  loan TEXT NOT NULL,
  document TEXT NOT NULL,
  entry INTEGER,
  query TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (lender, number)
) STRICT, WITHOUT ROWID;

-- name: index_accesses_of_loans
CREATE INDEX IF NOT EXISTS accesses_of_loans ON accesses (lender, loan, number) WHERE loan <> '';

-- name: index_accesses_of_documents
CREATE INDEX IF NOT EXISTS accesses_of_documents ON accesses (lender, document, number) WHERE document <> '';

-- name: access_log_is_made
SELECT 1 FROM sqlite_schema WHERE name = 'accesses_of_documents';

-- name: access_head
SELECT number, hash FROM access_heads WHERE lender = ?;

-- name: save_access_head
INSERT INTO access_heads (lender, number, hash) VALUES (?, ?, ?)
ON CONFLICT (lender) DO UPDATE SET number = excluded.number, hash = excluded.hash;

-- name: add_access
INSERT INTO accesses (lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: accesses
SELECT lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash
FROM accesses WHERE lender = :lender AND number < :before ORDER BY number DESC LIMIT :limit;

-- name: accesses_of
SELECT lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash
FROM accesses WHERE lender = :lender AND number IN (
  SELECT number FROM accesses WHERE lender = :lender AND loan <> '' AND number < :before
    AND loan IN (SELECT value FROM json_each(:references))
  UNION
  SELECT number FROM accesses WHERE lender = :lender AND document <> '' AND number < :before
    AND document IN (SELECT value FROM json_each(:references))
) ORDER BY number DESC LIMIT :limit;

-- name: count_accesses_of
SELECT count(*) FROM (
  SELECT number FROM accesses WHERE lender = :lender AND loan <> '' AND loan IN (SELECT value FROM json_each(:references))
  UNION
  SELECT number FROM accesses WHERE lender = :lender AND document <> ''
    AND document IN (SELECT value FROM json_each(:references))
);

-- name: access_heads
SELECT h.lender, h.number, h.hash,
  (SELECT a.noted_at FROM accesses a WHERE a.lender = h.lender AND a.number = h.covered + 1)
FROM access_heads h ORDER BY h.lender;

-- name: cover_accesses
UPDATE access_heads SET covered = max(covered, ?) WHERE lender = ?;

-- name: forget_accesses
DELETE FROM accesses WHERE noted_at < ?
  AND number <= (SELECT covered FROM access_heads h WHERE h.lender = accesses.lender);
