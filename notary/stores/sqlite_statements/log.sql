-- SPDX-License-Identifier: Apache-2.0
-- name: read_tile
SELECT hashes FROM tiles WHERE level = ? AND tile_number = ?;

-- name: save_tile
INSERT INTO tiles (level, tile_number, hashes) VALUES (?, ?, ?)
ON CONFLICT (level, tile_number) DO UPDATE SET hashes = excluded.hashes;

-- name: add_entry
INSERT INTO entries (entry_index, entry) VALUES (?, ?);

-- name: known_records
WITH RECURSIVE wanted (place) AS (SELECT 1 UNION ALL SELECT place + 16 FROM wanted WHERE place + 16 < length(:ids))
SELECT r.record_id FROM wanted CROSS JOIN records r ON r.lender = :lender AND r.record_id = substr(:ids, place, 16);

-- name: find_record
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed,
  l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) WHERE r.lender = ? AND r.record_id = ?;

-- name: add_record
INSERT INTO records (entry_index, lender, record_id, loan_id, sequence, received_at, type, sealed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: find_loan
SELECT l.lender, l.number_index, k.wrapped, l.records, l.sealed, l.erasure, l.loan_id FROM loans l JOIN loan_keys k USING (loan_id)
WHERE l.lender = ? AND l.number_index = ?;

-- name: loan_state
SELECT sealed, erasure, records FROM loans WHERE loan_id = ?;

-- name: add_loan
INSERT INTO loans (loan_id, lender, number_index, records, sealed) VALUES (?, ?, ?, ?, ?);

-- name: add_loan_keys
INSERT INTO loan_keys (loan_id, wrapped) VALUES (?1, ?3);

-- name: save_loan
UPDATE loans SET records = ?, sealed = ? WHERE loan_id = ? AND erasure = '';

-- name: anchors
SELECT * FROM anchors WHERE state IN (SELECT value FROM json_each(?)) ORDER BY size, chain_id, registry, log_id;
