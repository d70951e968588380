-- SPDX-License-Identifier: Apache-2.0
-- Lenders' own policies. The version in force stands with the lender, which every request reads anyway.
CREATE TABLE policies (
  lender INTEGER NOT NULL REFERENCES lenders,
  version INTEGER NOT NULL,
  policy TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (lender, version)
) STRICT, WITHOUT ROWID;

ALTER TABLE lenders ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;
