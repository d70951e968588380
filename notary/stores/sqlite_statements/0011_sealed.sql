-- SPDX-License-Identifier: Apache-2.0
-- What opens the entries is sealed, and found by blind indexes. What stood in the clear before is sealed by
-- notary/stores/sqlite_sealing.py, which drops the tables of that name.
DROP INDEX records_of_lender;

DROP INDEX records_by_type;

DROP INDEX records_by_moment;

DROP INDEX loans_of_lender;

ALTER TABLE records RENAME TO clear_records;

ALTER TABLE loans RENAME TO clear_loans;

CREATE TABLE organisation_keys (
  organisation INTEGER PRIMARY KEY REFERENCES organisations,
  wrapped BLOB NOT NULL
) STRICT;

-- Rows are added behind the last and overwritten in place, so that no page ever keeps a second copy of a key.
CREATE TABLE loan_keys (
  loan_id INTEGER PRIMARY KEY,
  wrapped BLOB NOT NULL
) STRICT;

-- An erased loan keeps its row: number_index, how many records it had, the erasure's id, and when it was done. Between
-- the two an erasure is under way: nothing is added to the loan any more.
CREATE TABLE loans (
  loan_id INTEGER PRIMARY KEY,
  lender INTEGER NOT NULL REFERENCES organisations,
  number_index BLOB NOT NULL,
  records INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  erasure TEXT NOT NULL DEFAULT '',
  erased_at INTEGER,
  UNIQUE (lender, number_index)
) STRICT;

CREATE TABLE records (
  entry_index INTEGER PRIMARY KEY REFERENCES entries,
  lender INTEGER NOT NULL,
  record_id BLOB NOT NULL,
  loan_id INTEGER NOT NULL REFERENCES loans,
  sequence INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  sealed BLOB NOT NULL,
  UNIQUE (lender, record_id),
  UNIQUE (loan_id, sequence)
) STRICT;

CREATE INDEX records_of_lender ON records (lender);

CREATE INDEX records_by_type ON records (lender, type);

CREATE INDEX records_by_moment ON records (lender, received_at);

CREATE INDEX loans_of_lender ON loans (lender);

-- What is left of an erased record: where it stood, and by what it is known again.
CREATE TABLE erased_records (
  entry_index INTEGER PRIMARY KEY REFERENCES entries,
  lender INTEGER NOT NULL,
  record_index BLOB NOT NULL,
  loan_id INTEGER NOT NULL REFERENCES loans
) STRICT;

CREATE INDEX erased_records_by_id ON erased_records (lender, record_index);

-- A loan's number is sealed and has its blind index beside it; a grant without an index is for all loans.
ALTER TABLE grants RENAME TO clear_grants;

DROP INDEX grants_of_lender;

CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  auditor INTEGER NOT NULL REFERENCES organisations,
  lender INTEGER NOT NULL REFERENCES organisations,
  loan_index BLOB,
  loan BLOB,
  began_from INTEGER,
  began_until INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_lender ON grants (lender, auditor);

ALTER TABLE passes RENAME TO clear_passes;

DROP INDEX passes_of_lender;

CREATE TABLE passes (
  sha256 BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  lender INTEGER NOT NULL REFERENCES organisations,
  loan_index BLOB NOT NULL,
  loan BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passes_of_lender ON passes (lender, created_at);

-- Payload, signatures and signers of a draft in one, sealed.
ALTER TABLE drafts RENAME TO clear_drafts;

CREATE TABLE drafts (
  lender INTEGER NOT NULL REFERENCES organisations,
  record_id TEXT NOT NULL,
  loan_index BLOB NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (lender, record_id)
) STRICT;

ALTER TABLE deliveries RENAME TO clear_deliveries;

DROP INDEX deliveries_due;

DROP INDEX deliveries_of_webhook;

CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  webhook TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  next_at INTEGER,
  attempts INTEGER NOT NULL,
  delivered_at INTEGER,
  status INTEGER,
  detail TEXT NOT NULL
) STRICT;

CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;

CREATE INDEX deliveries_of_webhook ON deliveries (webhook, number);

CREATE TABLE holds (
  loan_id INTEGER NOT NULL REFERENCES loans,
  held_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  PRIMARY KEY (loan_id, held_by)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_under_way ON loans (loan_id) WHERE erasure <> '' AND erased_at IS NULL;
