-- SPDX-License-Identifier: Apache-2.0
-- Who read what, on all hosts that write: one chain of lines for each lender, as the file of a notary on SQLite has it.
CREATE TABLE access_heads (
  lender BIGINT PRIMARY KEY,
  number BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  covered BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE accesses (
  lender BIGINT NOT NULL,
  number BIGINT NOT NULL,
  noted_at BIGINT NOT NULL,
  reader BIGINT,
  noted_by TEXT COLLATE "C" NOT NULL,
  way TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  loan TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  entry BIGINT,
  query TEXT COLLATE "C" NOT NULL,
  trace_id TEXT COLLATE "C" NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (lender, number)
);

CREATE INDEX accesses_of_loans ON accesses (lender, loan, number) WHERE loan <> '';

CREATE INDEX accesses_of_documents ON accesses (lender, document, number) WHERE document <> '';
