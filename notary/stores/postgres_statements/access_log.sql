-- SPDX-License-Identifier: Apache-2.0
-- name: access_heads_of
SELECT lender, number, hash FROM access_heads WHERE lender = ANY(?::bigint[]);

-- name: add_accesses
INSERT INTO accesses (lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash)
SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[],
  ?::text[], ?::bigint[], ?::text[], ?::text[], ?::bytea[]);

-- name: save_access_heads
INSERT INTO access_heads (lender, number, hash) SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bytea[])
ON CONFLICT (lender) DO UPDATE SET number = excluded.number, hash = excluded.hash;

-- name: accesses
SELECT lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash
FROM accesses WHERE lender = :lender AND number < :before ORDER BY number DESC LIMIT :limit;

-- name: accesses_of
SELECT lender, number, noted_at, reader, noted_by, way, kind, loan, document, entry, query, trace_id, hash
FROM accesses WHERE lender = :lender AND number IN (
  SELECT number FROM accesses WHERE lender = :lender AND loan <> '' AND number < :before AND loan = ANY(:references)
  UNION
  SELECT number FROM accesses WHERE lender = :lender AND document <> '' AND number < :before
    AND document = ANY(:references)
) ORDER BY number DESC LIMIT :limit;

-- name: count_accesses_of
SELECT count(*) FROM (
  SELECT number FROM accesses WHERE lender = :lender AND loan <> '' AND loan = ANY(:references)
  UNION
  SELECT number FROM accesses WHERE lender = :lender AND document <> '' AND document = ANY(:references)
) AS found;

-- name: access_heads
SELECT h.lender, h.number, h.hash,
  (SELECT a.noted_at FROM accesses a WHERE a.lender = h.lender AND a.number = h.covered + 1)
FROM access_heads h ORDER BY h.lender;

-- name: cover_accesses
UPDATE access_heads SET covered = greatest(covered, ?) WHERE lender = ?;

-- name: forget_accesses
DELETE FROM accesses a USING access_heads h WHERE h.lender = a.lender AND a.number <= h.covered AND a.noted_at < ?;
