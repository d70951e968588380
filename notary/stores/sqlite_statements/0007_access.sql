-- SPDX-License-Identifier: Apache-2.0
-- Organisations: lenders, auditors, operators.
ALTER TABLE lenders RENAME TO organisations;

ALTER TABLE organisations ADD COLUMN role TEXT NOT NULL DEFAULT 'lender';

-- Secrets are kept as SHA-256. An id tells 64 bits of that, and nothing of the secret.
CREATE TABLE keys_of_api (
  sha256 BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organisation INTEGER NOT NULL REFERENCES organisations,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO keys_of_api (sha256, id, organisation, name, scopes, created_at)
SELECT sha256, 'key_' || lower(hex(substr(sha256, 1, 8))), lender, 'first',
  'records:write records:read parties:write policy:write webhooks:write passes:write access:write', created_at FROM api_keys;

DROP TABLE api_keys;

ALTER TABLE keys_of_api RENAME TO api_keys;

CREATE INDEX api_keys_of_organisation ON api_keys (organisation, created_at);

CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  auditor INTEGER NOT NULL REFERENCES organisations,
  lender INTEGER NOT NULL REFERENCES organisations,
  loan TEXT,
  began_from INTEGER,
  began_until INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_lender ON grants (lender, auditor);

CREATE TABLE passes (
  sha256 BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  lender INTEGER NOT NULL REFERENCES organisations,
  loan TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passes_of_lender ON passes (lender, created_at);

CREATE TABLE client_keys (
  organisation INTEGER NOT NULL REFERENCES organisations,
  kid TEXT NOT NULL,
  jwk TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (organisation, kid)
) STRICT, WITHOUT ROWID;

CREATE TABLE used_assertions (
  organisation INTEGER NOT NULL,
  jti TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organisation, jti)
) STRICT, WITHOUT ROWID;
