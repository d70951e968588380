-- SPDX-License-Identifier: Apache-2.0
-- Up to which day, and within the next one up to which loan, a webhook was told of what came with time alone.
ALTER TABLE webhooks ADD COLUMN swept_day INTEGER NOT NULL DEFAULT 0;

ALTER TABLE webhooks ADD COLUMN swept_loan INTEGER NOT NULL DEFAULT 0;

UPDATE webhooks SET swept_day = CAST(strftime('%s', 'now') AS INTEGER) / 86400;
