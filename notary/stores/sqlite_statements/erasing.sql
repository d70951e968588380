-- SPDX-License-Identifier: Apache-2.0
-- name: add_erased_record
INSERT INTO erased_records (entry_index, lender, record_index, loan_id) VALUES (?, ?, ?, ?);

-- name: wipe_loan_keys
UPDATE loan_keys SET wrapped = zeroblob(length(wrapped)) WHERE loan_id = ?;

-- name: add_hold
INSERT INTO holds (loan_id, held_by, set_at) VALUES (:loan, :by, :at) ON CONFLICT DO NOTHING;
