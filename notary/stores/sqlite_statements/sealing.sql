-- SPDX-License-Identifier: Apache-2.0
-- name: organisations_without_keys
SELECT number FROM organisations WHERE number NOT IN (SELECT organisation FROM organisation_keys) ORDER BY number;

-- name: tables
SELECT name FROM sqlite_schema WHERE type = 'table';

-- name: clear_loans
SELECT loan_id, lender, number, key, state, records, last_digest FROM clear_loans ORDER BY loan_id;

-- name: clear_records
SELECT entry_index, lender, record_id, loan_id, sequence, received_at, nonce, payload, signatures FROM clear_records
ORDER BY entry_index;

-- name: clear_grants
SELECT id, auditor, lender, loan, began_from, began_until, created_at, expires_at, revoked_at FROM clear_grants;

-- name: clear_passes
SELECT sha256, id, lender, loan, created_at, expires_at, revoked_at, last_used_at FROM clear_passes;

-- name: clear_drafts
SELECT lender, record_id, payload, signatures, signers, created_at, expires_at FROM clear_drafts;

-- name: clear_deliveries
SELECT w.lender, d.id, d.webhook, d.type, d.body, d.created_at, d.next_at, d.attempts, d.delivered_at, d.status, d.detail
FROM clear_deliveries d JOIN webhooks w ON w.id = d.webhook ORDER BY d.number;

-- name: unpacked_records
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed, l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id) WHERE r.entry_index > ? ORDER BY r.entry_index LIMIT ?;

-- name: save_packed_record
UPDATE records SET sealed = ? WHERE entry_index = ?;
