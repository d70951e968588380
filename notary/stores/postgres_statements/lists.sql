-- SPDX-License-Identifier: Apache-2.0
-- name: lender_records_of_loan
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, k.wrapped
FROM loans l JOIN records r USING (loan_id) JOIN loan_keys k USING (loan_id)
WHERE l.lender = :lender AND l.number_index = :loan AND +r.entry_index >= :start AND +r.entry_index < :stop
  AND r.sequence > coalesce((SELECT p.sequence FROM records p WHERE p.entry_index = :start - 1 AND p.loan_id = l.loan_id), -1)
ORDER BY r.sequence LIMIT :limit;

-- name: lender_loans
SELECT l.loan_id, f.entry_index, f.received_at, e.entry_index, l.lender, l.number_index, k.wrapped, l.records, l.sealed, l.erasure
FROM loans l JOIN loan_keys k USING (loan_id)
JOIN records f ON f.lender = l.lender AND f.loan_id = l.loan_id AND f.sequence = 0
JOIN records e ON e.lender = l.lender AND e.loan_id = l.loan_id AND e.sequence = l.records - 1
WHERE l.lender = ? AND l.loan_id >= ? ORDER BY l.loan_id LIMIT ?;
