-- SPDX-License-Identifier: Apache-2.0
-- name: head
SELECT size, root, checkpoint FROM head;

-- name: save_head
INSERT INTO head (only, size, root, checkpoint) VALUES (1, ?, ?, ?)
ON CONFLICT (only) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint;

-- name: read_tile
SELECT hashes FROM tiles WHERE level = ? AND tile_number = ?;

-- name: save_tile
INSERT INTO tiles (level, tile_number, hashes) VALUES (?, ?, ?)
ON CONFLICT (level, tile_number) DO UPDATE SET hashes = excluded.hashes;

-- name: add_entry
INSERT INTO entries (entry_index, entry) VALUES (?, ?);

-- name: entries
SELECT entry FROM entries WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index;

-- name: find_record
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed,
  l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) WHERE r.lender = ? AND r.record_id = ?;

-- name: record_at
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed,
  l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) WHERE r.entry_index = ?;

-- name: loan_records
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed,
  l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) WHERE l.lender = ? AND l.number_index = ? ORDER BY r.sequence;

-- name: loan_began
SELECT r.received_at FROM records r JOIN loans l USING (loan_id) WHERE l.lender = ? AND l.number_index = ? AND r.sequence = 0;

-- name: records
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, k.wrapped,
  l.lender, l.number_index, k.wrapped, l.records, l.sealed, l.erasure
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) ORDER BY r.entry_index;

-- name: add_record
INSERT INTO records (entry_index, lender, record_id, loan_id, sequence, received_at, type, sealed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: find_loan
SELECT l.lender, l.number_index, k.wrapped, l.records, l.sealed, l.erasure, l.loan_id FROM loans l JOIN loan_keys k USING (loan_id)
WHERE l.lender = ? AND l.number_index = ?;

-- name: loan_state
SELECT sealed, erasure FROM loans WHERE loan_id = ?;

-- name: last_loan
SELECT coalesce(max(loan_id), 0) FROM loans;

-- name: add_loan
INSERT INTO loans (loan_id, lender, number_index, records, sealed) VALUES (?, ?, ?, ?, ?);

-- name: add_loan_keys
INSERT INTO loan_keys (loan_id, wrapped) VALUES (?, ?);

-- name: save_loan
UPDATE loans SET records = ?, sealed = ? WHERE loan_id = ? AND erasure = '';

-- name: loan_numbers
SELECT l.loan_id, l.lender, l.number_index, k.wrapped FROM loans l JOIN loan_keys k USING (loan_id)
WHERE l.lender = ? AND l.loan_id > ? AND l.sealed <> x'' ORDER BY l.loan_id LIMIT 1000;

-- name: save_anchor
INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chain_id, registry, log_id, size) DO UPDATE SET
  root = excluded.root, checkpoint = excluded.checkpoint, state = excluded.state, nonce = excluded.nonce,
  transaction_hash = excluded.transaction_hash, block_number = excluded.block_number, block_hash = excluded.block_hash,
  block_time = excluded.block_time, evidence = excluded.evidence, gas_used = excluded.gas_used;

-- name: anchors
SELECT * FROM anchors WHERE state IN (SELECT value FROM json_each(?)) ORDER BY size;

-- name: anchor_over
SELECT * FROM anchors WHERE size > ? AND state IN ('final', 'mined') ORDER BY state, size LIMIT 1;

-- name: newest_anchor
SELECT * FROM anchors WHERE state IN ('final', 'mined') ORDER BY size DESC LIMIT 1;
