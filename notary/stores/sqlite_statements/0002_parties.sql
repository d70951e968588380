-- SPDX-License-Identifier: Apache-2.0
-- A key counts from valid_from until valid_until and revoked_from, neither included; revoked_at is when the lender told
-- of the revocation. Times are milliseconds since 1970.
CREATE TABLE keys_in_time (
  lender INTEGER NOT NULL REFERENCES lenders,
  kid TEXT NOT NULL,
  party TEXT NOT NULL,
  jwk TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_until INTEGER,
  revoked_from INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (lender, kid)
) STRICT, WITHOUT ROWID;

INSERT INTO keys_in_time
SELECT lender, kid, party, jwk, registered_at, registered_at, NULL, NULL, NULL FROM party_keys;

DROP TABLE party_keys;

ALTER TABLE keys_in_time RENAME TO party_keys;

-- CA certificates (DER) whose leaves sign for a party, all of them ('') or those of one organization; the fingerprint is
-- the certificate's SHA-256 in hex.
CREATE TABLE roots (
  lender INTEGER NOT NULL REFERENCES lenders,
  fingerprint TEXT NOT NULL,
  party TEXT NOT NULL,
  certificate BLOB NOT NULL,
  organization TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  valid_until INTEGER,
  revoked_from INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (lender, fingerprint, organization)
) STRICT, WITHOUT ROWID;

-- Records that wait for the signatures of more parties. Nothing here is in the log.
CREATE TABLE drafts (
  lender INTEGER NOT NULL REFERENCES lenders,
  record_id TEXT NOT NULL,
  payload BLOB NOT NULL,
  signatures TEXT NOT NULL,
  signers TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (lender, record_id)
) STRICT;
