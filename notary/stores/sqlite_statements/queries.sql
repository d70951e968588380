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
SELECT r.entry_index, r.lender, r.record_id, l.number, r.sequence, r.received_at, r.nonce, r.payload, r.signatures
FROM records r JOIN loans l USING (loan_id) WHERE r.lender = ? AND r.record_id = ?;

-- name: record_at
SELECT r.entry_index, r.lender, r.record_id, l.number, r.sequence, r.received_at, r.nonce, r.payload, r.signatures
FROM records r JOIN loans l USING (loan_id) WHERE r.entry_index = ?;

-- name: loan_records
SELECT r.entry_index, r.lender, r.record_id, l.number, r.sequence, r.received_at, r.nonce, r.payload, r.signatures
FROM records r JOIN loans l USING (loan_id) WHERE l.lender = ? AND l.number = ? ORDER BY r.sequence;

-- name: loan_began
SELECT r.received_at FROM records r JOIN loans l USING (loan_id) WHERE l.lender = ? AND l.number = ? AND r.sequence = 0;

-- name: records
SELECT r.entry_index, r.lender, r.record_id, l.number, r.sequence, r.received_at, r.nonce, r.payload, r.signatures,
  l.lender, l.number, l.key, l.state, l.records, l.last_digest
FROM records r JOIN loans l USING (loan_id) ORDER BY r.entry_index;

-- name: add_record
INSERT INTO records (entry_index, lender, record_id, loan_id, sequence, received_at, nonce, payload, signatures)
VALUES (?, ?, ?, (SELECT loan_id FROM loans WHERE lender = ? AND number = ?), ?, ?, ?, ?, ?);

-- name: find_loan
SELECT lender, number, key, state, records, last_digest FROM loans WHERE lender = ? AND number = ?;

-- name: save_loan
INSERT INTO loans (lender, number, key, state, records, last_digest) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lender, number) DO UPDATE SET
  state = excluded.state, records = excluded.records, last_digest = excluded.last_digest;

-- name: loan_numbers
SELECT loan_id, number FROM loans WHERE lender = ? AND loan_id > ? ORDER BY loan_id LIMIT 1000;

-- name: save_anchor
INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chain_id, registry, log_id, size) DO UPDATE SET
  root = excluded.root, checkpoint = excluded.checkpoint, state = excluded.state, nonce = excluded.nonce,
  transaction_hash = excluded.transaction_hash, block_number = excluded.block_number, block_hash = excluded.block_hash,
  block_time = excluded.block_time, evidence = excluded.evidence;

-- name: anchors
SELECT * FROM anchors WHERE state IN (SELECT value FROM json_each(?)) ORDER BY size;

-- name: anchor_over
SELECT * FROM anchors WHERE size > ? AND state IN ('final', 'mined') ORDER BY state, size LIMIT 1;

-- name: newest_anchor
SELECT * FROM anchors WHERE state IN ('final', 'mined') ORDER BY size DESC LIMIT 1;
