-- SPDX-License-Identifier: Apache-2.0
-- Which records a lender has signed under the id of a batch: the SHA-256 of the statement that was signed.
CREATE TABLE batches (
  lender INTEGER NOT NULL REFERENCES organisations (number),
  batch_id BLOB NOT NULL,
  statement BLOB NOT NULL,
  PRIMARY KEY (lender, batch_id)
) STRICT, WITHOUT ROWID;
