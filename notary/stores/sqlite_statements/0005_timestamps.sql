-- SPDX-License-Identifier: Apache-2.0
-- RFC 3161 tokens over checkpoints; times are milliseconds since 1970.
CREATE TABLE timestamps (
  size INTEGER NOT NULL,
  authority TEXT NOT NULL,
  time INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  token BLOB NOT NULL,
  PRIMARY KEY (size, authority)
) STRICT, WITHOUT ROWID;

CREATE INDEX timestamps_by_authority ON timestamps (authority, size);

-- A log that is anchored for years is asked for its newest anchor, or for the one over an entry, all the time.
CREATE INDEX anchors_by_size ON anchors (size);
