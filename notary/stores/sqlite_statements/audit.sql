-- SPDX-License-Identifier: Apache-2.0
-- name: numbered_entries
SELECT entry_index, entry FROM entries WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index;

-- name: first_organisation_with_keys
SELECT min(organisation) FROM organisation_keys HAVING count(*) > 0;

-- name: loan_histories
SELECT l.loan_id, l.lender, l.number_index, coalesce(k.wrapped, x''), l.records, l.sealed, l.erasure, e.entry,
  r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, coalesce(k.wrapped, x'')
FROM loans l LEFT JOIN loan_keys k USING (loan_id) LEFT JOIN records r USING (loan_id) LEFT JOIN entries e USING (entry_index)
WHERE l.loan_id >= ? AND l.loan_id < ? AND (l.sealed <> x'' OR r.entry_index IS NOT NULL) ORDER BY l.loan_id, r.sequence;

-- name: entries_without_record
SELECT e.entry_index FROM entries e
LEFT JOIN (records JOIN loans USING (loan_id)) r ON r.entry_index = e.entry_index
WHERE e.entry_index >= ? AND e.entry_index < ? AND r.entry_index IS NULL ORDER BY e.entry_index;
