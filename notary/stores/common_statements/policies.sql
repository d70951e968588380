-- SPDX-License-Identifier: Apache-2.0
-- name: policy
SELECT version, policy, set_at, set_by FROM policies WHERE lender = ? AND version = ?;

-- name: policy_at
SELECT version, policy, set_at, set_by FROM policies WHERE lender = ? AND set_at <= ? ORDER BY version DESC LIMIT 1;

-- name: newest_policy
SELECT version, policy, set_at, set_by FROM policies WHERE lender = ? ORDER BY version DESC LIMIT 1;

-- name: add_policy
INSERT INTO policies (lender, version, policy, set_at, set_by) VALUES (?, ?, ?, ?, ?);

-- name: use_policy
UPDATE organisations SET policy = ? WHERE number = ?;
