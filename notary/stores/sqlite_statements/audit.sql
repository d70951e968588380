-- SPDX-License-Identifier: Apache-2.0
-- name: numbered_entries
SELECT entry_index, entry FROM entries WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index;

-- name: last_loan
SELECT coalesce(max(loan_id), 0) FROM loans;

-- name: loan_histories
SELECT l.loan_id, l.lender, l.number, l.key, l.state, l.records, l.last_digest, e.entry,
  r.entry_index, r.lender, r.record_id, l.number, r.sequence, r.received_at, r.nonce, r.payload, r.signatures
FROM loans l LEFT JOIN records r USING (loan_id) LEFT JOIN entries e USING (entry_index)
WHERE l.loan_id >= ? AND l.loan_id < ? ORDER BY l.loan_id, r.sequence;

-- name: entries_without_record
SELECT e.entry_index FROM entries e
LEFT JOIN (records JOIN loans USING (loan_id)) r ON r.entry_index = e.entry_index
WHERE e.entry_index >= ? AND e.entry_index < ? AND r.entry_index IS NULL ORDER BY e.entry_index;
