-- SPDX-License-Identifier: Apache-2.0
-- name: add_erased_record
COPY erased_records (entry_index, lender, record_index, loan_id) FROM STDIN (FORMAT BINARY);

-- name: wipe_loan_keys
UPDATE loan_keys SET wrapped = decode(repeat('00', length(wrapped)), 'hex') WHERE loan_id = ?;

-- name: add_hold
INSERT INTO holds (loan_id, lender, held_by, set_at) VALUES (:loan, :lender, :by, :at) ON CONFLICT DO NOTHING;

-- name: note_unswept
INSERT INTO unswept (table_name) SELECT unnest(?::text[]);
