-- SPDX-License-Identifier: Apache-2.0
-- What is known of the documents; their bytes are files. Digests are lower-case hex, times milliseconds since 1970,
-- checks a JSON array.
CREATE TABLE documents (
  lender INTEGER NOT NULL REFERENCES lenders,
  sha256 TEXT NOT NULL,
  sm3 TEXT NOT NULL,
  size INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  checks TEXT NOT NULL,
  PRIMARY KEY (lender, sha256)
) STRICT, WITHOUT ROWID;

-- Detached signatures and timestamps over a document.
CREATE TABLE document_attachments (
  lender INTEGER NOT NULL,
  document TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  kind TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  checks TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (lender, document, sha256),
  FOREIGN KEY (lender, document) REFERENCES documents
) STRICT;
