-- SPDX-License-Identifier: Apache-2.0
-- What lists are read by. Every key grows at the end of its lender's part, so that appending stays fast.
ALTER TABLE records ADD COLUMN type TEXT GENERATED ALWAYS AS (
  CASE WHEN json_valid(CAST(payload AS TEXT)) THEN json_extract(CAST(payload AS TEXT), '$.type') END
) VIRTUAL;

CREATE INDEX records_of_lender ON records (lender);

CREATE INDEX records_by_type ON records (lender, type);

CREATE INDEX records_by_moment ON records (lender, received_at);

CREATE INDEX loans_of_lender ON loans (lender);
