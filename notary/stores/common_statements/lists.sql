-- SPDX-License-Identifier: Apache-2.0
-- name: lender_records
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, k.wrapped
FROM records r INDEXED BY records_of_lender JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id)
WHERE r.lender = :lender AND r.entry_index >= :start AND r.entry_index < :stop ORDER BY r.entry_index LIMIT :limit;

-- name: lender_records_of_type
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, k.wrapped
FROM records r INDEXED BY records_by_type JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id)
WHERE r.lender = :lender AND r.type = :type AND r.entry_index >= :start AND r.entry_index < :stop
ORDER BY r.entry_index LIMIT :limit;

-- name: received_span
SELECT min(entry_index), max(entry_index) FROM records INDEXED BY records_by_moment
WHERE lender = ? AND received_at >= ? AND received_at < ?;

-- name: anchored_sizes
SELECT
  coalesce((SELECT max(size) FROM anchors WHERE state = 'final'), 0),
  coalesce((SELECT max(size) FROM anchors WHERE state IN ('final', 'mined')), 0);
