-- SPDX-License-Identifier: Apache-2.0
-- The public log: head, entries, tiles. Nothing in these three tables says whose loan an entry is about.
CREATE TABLE head (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  checkpoint TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
  entry_index INTEGER PRIMARY KEY,
  entry BLOB NOT NULL
) STRICT;

-- A full tile with its inner nodes, or a partial tile's bottom row (notary/tiles.py).
CREATE TABLE tiles (
  level INTEGER NOT NULL,
  tile_number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, tile_number)
) STRICT;

-- What opens the entries. Times are milliseconds since 1970.
CREATE TABLE lenders (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
  sha256 BLOB PRIMARY KEY,
  lender INTEGER NOT NULL REFERENCES lenders,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE party_keys (
  lender INTEGER NOT NULL REFERENCES lenders,
  kid TEXT NOT NULL,
  party TEXT NOT NULL,
  jwk TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (lender, kid)
) STRICT, WITHOUT ROWID;

CREATE TABLE loans (
  loan_id INTEGER PRIMARY KEY,
  lender INTEGER NOT NULL REFERENCES lenders,
  number TEXT NOT NULL,
  key BLOB NOT NULL,
  state TEXT NOT NULL,
  records INTEGER NOT NULL,
  last_digest BLOB NOT NULL,
  UNIQUE (lender, number)
) STRICT;

CREATE TABLE records (
  entry_index INTEGER PRIMARY KEY REFERENCES entries,
  lender INTEGER NOT NULL,
  record_id BLOB NOT NULL,
  loan_id INTEGER NOT NULL REFERENCES loans,
  sequence INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  nonce BLOB NOT NULL,
  payload BLOB NOT NULL,
  signatures TEXT NOT NULL,
  UNIQUE (lender, record_id),
  UNIQUE (loan_id, sequence)
) STRICT;

CREATE TABLE anchors (
  chain_id INTEGER NOT NULL,
  registry TEXT NOT NULL,
  log_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  checkpoint TEXT NOT NULL,
  state TEXT NOT NULL,
  nonce INTEGER,
  transaction_hash TEXT,
  block_number INTEGER,
  block_hash TEXT,
  block_time INTEGER,
  evidence TEXT,
  PRIMARY KEY (chain_id, registry, log_id, size)
) STRICT, WITHOUT ROWID;
