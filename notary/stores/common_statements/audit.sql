-- SPDX-License-Identifier: Apache-2.0
-- name: numbered_entries
SELECT entry_index, entry FROM entries WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index;

-- name: first_organisation_with_keys
SELECT min(organisation) FROM organisation_keys HAVING count(*) > 0;

-- name: entries_without_record
SELECT e.entry_index FROM entries e
LEFT JOIN (records JOIN loans USING (loan_id)) r ON r.entry_index = e.entry_index
WHERE e.entry_index >= ? AND e.entry_index < ? AND r.entry_index IS NULL ORDER BY e.entry_index;
