-- SPDX-License-Identifier: Apache-2.0
-- What another data key has wrapped; an erased loan's keys are zeros, and no key's.
-- name: loan_keys_of
SELECT loan_id, l.lender, l.number_index, k.wrapped FROM loan_keys k JOIN loans l USING (loan_id)
WHERE loan_id > ? AND substr(k.wrapped, 1, 8) = ? ORDER BY loan_id LIMIT ?;

-- name: rewrap_loan
UPDATE loan_keys SET wrapped = ? WHERE loan_id = ? AND wrapped = ?;

-- name: organisation_keys_of
SELECT organisation, wrapped FROM organisation_keys WHERE substr(wrapped, 1, 8) = ? ORDER BY organisation;

-- name: rewrap_organisation
UPDATE organisation_keys SET wrapped = ? WHERE organisation = ? AND wrapped = ?;
