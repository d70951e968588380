-- SPDX-License-Identifier: Apache-2.0
-- name: loan_histories
SELECT l.loan_id, l.lender, l.number_index, coalesce(k.wrapped, x''), l.records, l.sealed, l.erasure, e.entry,
  r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, coalesce(k.wrapped, x'')
FROM loans l LEFT JOIN loan_keys k USING (loan_id) LEFT JOIN records r USING (loan_id) LEFT JOIN entries e USING (entry_index)
WHERE l.loan_id >= ? AND l.loan_id < ? AND (length(l.sealed) > 0 OR r.entry_index IS NOT NULL) ORDER BY l.loan_id, r.sequence;
