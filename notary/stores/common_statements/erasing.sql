-- SPDX-License-Identifier: Apache-2.0
-- name: erasure
SELECT loan_id, erasure, erased_at FROM loans WHERE lender = ? AND number_index = ?;

-- name: begin_erasure
UPDATE loans SET erasure = ? WHERE loan_id = ? AND erasure = '';

-- name: entries_of_loan
SELECT entry_index FROM records WHERE loan_id = :loan UNION SELECT entry_index FROM erased_records WHERE loan_id = :loan
ORDER BY entry_index;

-- name: records_to_erase
SELECT entry_index, lender, record_id, loan_id FROM records WHERE loan_id = ?;

-- name: remove_records
DELETE FROM records WHERE loan_id = ?;

-- name: wipe_loan
UPDATE loans SET sealed = ?, erased_at = ? WHERE loan_id = ?;

-- name: wipe_drafts
DELETE FROM drafts WHERE lender = ? AND loan_index = ?;

-- name: wipe_grants
UPDATE grants SET loan = ? WHERE lender = ? AND loan_index = ?;

-- name: wipe_passes
UPDATE passes SET loan = ? WHERE lender = ? AND loan_index = ?;

-- name: count_erasure
UPDATE webhooks SET erasures = erasures + 1 WHERE lender = ?;

-- name: messages_of_lender
SELECT d.id, d.webhook, d.type, d.body, d.created_at, d.next_at, d.attempts, d.delivered_at, d.status, d.detail
FROM deliveries d JOIN webhooks w ON w.id = d.webhook WHERE w.lender = ?;

-- name: change_message
UPDATE deliveries SET body = ? WHERE id = ?;

-- name: remove_message
DELETE FROM deliveries WHERE id = ?;

-- name: unfinished_erasures
SELECT l.lender, l.number_index, k.wrapped FROM loans l JOIN loan_keys k USING (loan_id)
WHERE l.erasure <> '' AND l.erased_at IS NULL ORDER BY l.loan_id;

-- name: erasure_of_record
SELECT l.erasure FROM erased_records e JOIN loans l USING (loan_id) WHERE e.lender = ? AND e.record_index = ?;

-- name: remove_hold
DELETE FROM holds WHERE loan_id = ? AND held_by = ?;

-- name: holds
SELECT held_by, set_at FROM holds WHERE loan_id = ? ORDER BY set_at, held_by;

-- name: held_loans
SELECT DISTINCT loan_id FROM holds WHERE loan_id >= ? AND loan_id < ?;
