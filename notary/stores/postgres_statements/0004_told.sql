-- SPDX-License-Identifier: Apache-2.0
-- Erasures of its lender's loans that a webhook has seen: messages made of what was read before one are not added after it.
ALTER TABLE webhooks ADD COLUMN erasures BIGINT NOT NULL DEFAULT 0;
