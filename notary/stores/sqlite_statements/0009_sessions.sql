-- SPDX-License-Identifier: Apache-2.0
-- Who is signed in to the pages. Secrets are kept as SHA-256; those that follow each other in a browser share their id.
CREATE TABLE sessions (
  sha256 BLOB PRIMARY KEY,
  id TEXT NOT NULL,
  key BLOB NOT NULL REFERENCES api_keys,
  form_token TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_id ON sessions (id);

CREATE INDEX sessions_by_end ON sessions (expires_at);
