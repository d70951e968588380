-- SPDX-License-Identifier: Apache-2.0
-- name: head
SELECT size, root, checkpoint FROM head;

-- name: save_head
INSERT INTO head ("only", size, root, checkpoint) VALUES (1, ?, ?, ?)
ON CONFLICT ("only") DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint;

-- name: entries
SELECT entry FROM entries WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index;

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
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id)
WHERE r.entry_index >= ? ORDER BY r.entry_index LIMIT ?;

-- name: last_loan
SELECT coalesce(max(loan_id), 0) FROM loans;

-- name: loan_numbers
SELECT l.loan_id, l.lender, l.number_index, k.wrapped FROM loans l JOIN loan_keys k USING (loan_id)
WHERE l.lender = ? AND l.loan_id > ? AND length(l.sealed) > 0 ORDER BY l.loan_id LIMIT ?;

-- name: save_anchor
INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chain_id, registry, log_id, size) DO UPDATE SET
  root = excluded.root, checkpoint = excluded.checkpoint, state = excluded.state, nonce = excluded.nonce,
  transaction_hash = excluded.transaction_hash, block_number = excluded.block_number, block_hash = excluded.block_hash,
  block_time = excluded.block_time, evidence = excluded.evidence, gas_used = excluded.gas_used;

-- name: anchor_over
SELECT * FROM anchors WHERE size > ? AND state IN ('final', 'mined') ORDER BY state, size LIMIT 1;

-- name: newest_anchor
SELECT * FROM anchors WHERE state IN ('final', 'mined') ORDER BY size DESC LIMIT 1;
