-- SPDX-License-Identifier: Apache-2.0
-- What several hosts share beside the log: small values that each host alone has in files, counts of requests, and
-- answers that are kept for a day. The counts are not worth a line in the server's log: a crash empties them.
CREATE TABLE shared_values (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BYTEA NOT NULL
);

CREATE UNLOGGED TABLE windows (
  caller BYTEA NOT NULL,
  start BIGINT NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (caller, start)
);

CREATE TABLE seeded_answers (
  tenant BIGINT NOT NULL,
  place BYTEA NOT NULL,
  request BYTEA NOT NULL,
  begun_at BIGINT NOT NULL,
  taken_at BIGINT NOT NULL,
  seed BYTEA,
  about_loan BIGINT NOT NULL,
  status BIGINT,
  media_type TEXT COLLATE "C",
  body BYTEA,
  PRIMARY KEY (tenant, place)
);
