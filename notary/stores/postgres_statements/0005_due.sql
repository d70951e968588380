-- SPDX-License-Identifier: Apache-2.0
-- The next message of one webhook, however many wait for another one.
CREATE INDEX deliveries_waiting ON deliveries (webhook, next_at, number) WHERE next_at IS NOT NULL;
