-- SPDX-License-Identifier: Apache-2.0
-- What is done for many keys or rows takes them as arrays, one for each column (unnest), or copies them (COPY). What is
-- copied has a second form, for few rows that go to the server together with other statements.
-- name: read_tile
SELECT t.hashes FROM unnest(?::bigint[], ?::bigint[]) WITH ORDINALITY k (level, tile_number, place)
LEFT JOIN tiles t USING (level, tile_number) ORDER BY k.place;

-- name: save_tile
INSERT INTO tiles (level, tile_number, hashes) SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bytea[])
ON CONFLICT (level, tile_number) DO UPDATE SET hashes = excluded.hashes;

-- name: add_entry
COPY entries (entry_index, entry) FROM STDIN (FORMAT BINARY);

-- name: add_entry_of_few
INSERT INTO entries (entry_index, entry) SELECT * FROM unnest(?::bigint[], ?::bytea[]);

-- name: find_record
SELECT r.entry_index, r.lender, r.record_id, r.sequence, r.received_at, r.type, r.sealed,
  l.lender, l.number_index, w.wrapped
FROM unnest(?::bigint[], ?::bytea[]) WITH ORDINALITY k (lender, record_id, place)
LEFT JOIN (records r JOIN loans l USING (loan_id) JOIN loan_keys w USING (loan_id))
  ON r.lender = k.lender AND r.record_id = k.record_id
ORDER BY k.place;

-- name: add_record
COPY records (entry_index, lender, record_id, loan_id, sequence, received_at, type, sealed)
FROM STDIN (FORMAT BINARY);

-- name: add_record_of_few
INSERT INTO records (entry_index, lender, record_id, loan_id, sequence, received_at, type, sealed)
SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bytea[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[]);

-- name: find_loan
SELECT l.lender, l.number_index, w.wrapped, l.records, l.sealed, l.erasure, l.loan_id
FROM unnest(?::bigint[], ?::bytea[]) WITH ORDINALITY k (lender, number_index, place)
LEFT JOIN (loans l JOIN loan_keys w USING (loan_id)) ON l.lender = k.lender AND l.number_index = k.number_index
ORDER BY k.place;

-- name: loan_state
SELECT l.sealed, l.erasure, l.records FROM unnest(?::bigint[]) WITH ORDINALITY k (loan_id, place)
LEFT JOIN loans l ON l.loan_id = k.loan_id ORDER BY k.place;

-- name: add_loan
COPY loans (loan_id, lender, number_index, records, sealed) FROM STDIN (FORMAT BINARY);

-- name: add_loan_of_few
INSERT INTO loans (loan_id, lender, number_index, records, sealed)
SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bytea[], ?::bigint[], ?::bytea[]);

-- name: add_loan_keys
COPY loan_keys (loan_id, lender, wrapped) FROM STDIN (FORMAT BINARY);

-- name: add_loan_keys_of_few
INSERT INTO loan_keys (loan_id, lender, wrapped) SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bytea[]);

-- name: save_loan
UPDATE loans l SET records = k.records, sealed = k.sealed
FROM unnest(?::bigint[], ?::bytea[], ?::bigint[]) k (records, sealed, loan_id)
WHERE l.loan_id = k.loan_id AND l.erasure = '';

-- name: anchors
SELECT * FROM anchors WHERE state IN (SELECT json_array_elements_text(?::json)) ORDER BY size, chain_id, registry, log_id;
