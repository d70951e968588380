-- SPDX-License-Identifier: Apache-2.0
-- name: add_batch
INSERT INTO batches (lender, batch_id, statement) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: batch_statement
SELECT statement FROM batches WHERE lender = ? AND batch_id = ?;
