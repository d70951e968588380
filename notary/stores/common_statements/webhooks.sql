-- SPDX-License-Identifier: Apache-2.0
-- name: add_webhook
INSERT INTO webhooks (id, lender, url, events, secret, created_at, next_index, next_change, change_index, old_secret,
  old_secret_until, disabled, swept_day, swept_loan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: webhooks
SELECT * FROM webhooks WHERE lender = :lender OR :lender IS NULL ORDER BY created_at, id;

-- name: find_webhook
SELECT * FROM webhooks WHERE lender = ? AND id = ?;

-- name: change_webhook
UPDATE webhooks SET url = ?, events = ?, secret = ?, old_secret = ?, old_secret_until = ?, disabled = ? WHERE id = ?;

-- name: remove_webhook
DELETE FROM webhooks WHERE lender = ? AND id = ?;

-- name: advance_webhook
UPDATE webhooks SET next_index = ?, next_change = ?, change_index = ?, swept_day = ?, swept_loan = ?
WHERE id = ? AND next_index = ? AND next_change = ? AND change_index = ? AND swept_day = ? AND swept_loan = ?
  AND erasures = ?;

-- name: anchor_change
SELECT number, size, state,
  coalesce((SELECT max(c.size) FROM anchor_changes c WHERE c.number < a.number AND c.state IN ('mined', 'final')
    AND NOT EXISTS (SELECT 1 FROM anchor_changes d WHERE d.number > c.number AND d.number <= a.number
      AND (d.chain_id, d.registry, d.log_id, d.size) = (c.chain_id, c.registry, c.log_id, c.size)
      AND d.state NOT IN ('mined', 'final'))), 0),
  coalesce((SELECT max(c.size) FROM anchor_changes c WHERE c.number < a.number AND c.state = 'final'
    AND NOT EXISTS (SELECT 1 FROM anchor_changes d WHERE d.number > c.number AND d.number <= a.number
      AND (d.chain_id, d.registry, d.log_id, d.size) = (c.chain_id, c.registry, c.log_id, c.size)
      AND d.state <> 'final')), 0)
FROM anchor_changes a WHERE number >= ? ORDER BY number LIMIT 1;

-- name: next_anchor_change
SELECT coalesce(max(number), 0) + 1 FROM anchor_changes;

-- name: lender_places
SELECT r.entry_index, r.record_id, r.sequence, l.lender, l.number_index, k.wrapped
FROM records r JOIN loans l USING (loan_id) JOIN loan_keys k USING (loan_id)
WHERE r.entry_index >= ? AND r.entry_index < ? AND r.lender = ? ORDER BY r.entry_index;

-- name: due_delivery
SELECT w.lender, d.id, d.webhook, d.type, d.body, d.created_at, d.next_at, d.attempts, d.delivered_at, d.status, d.detail
FROM deliveries d JOIN webhooks w ON w.id = d.webhook
WHERE d.webhook = ? AND d.next_at <= ? ORDER BY d.next_at, d.number LIMIT 1;

-- name: oldest_due
SELECT d.next_at FROM deliveries d JOIN webhooks w ON w.id = d.webhook
WHERE d.next_at <= ? AND w.disabled = '' ORDER BY d.next_at LIMIT 1;

-- name: bring_forward
UPDATE deliveries SET next_at = ? WHERE next_at > ? AND attempts = ?;

-- name: failed_deliveries
SELECT count(*) FROM deliveries WHERE next_at IS NULL AND delivered_at IS NULL;

-- name: save_delivery
INSERT INTO deliveries (id, webhook, type, body, created_at, next_at, attempts, delivered_at, status, detail)
SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM webhooks WHERE id = ?
ON CONFLICT (id) DO NOTHING;

-- name: settle_delivery
UPDATE deliveries SET next_at = ?, attempts = ?, delivered_at = ?, status = ?, detail = ? WHERE id = ?;

-- name: deliveries
SELECT d.number, w.lender, d.id, d.webhook, d.type, d.body, d.created_at, d.next_at, d.attempts, d.delivered_at, d.status,
  d.detail
FROM deliveries d JOIN webhooks w ON w.id = d.webhook
WHERE d.webhook = ? AND number < ? AND CASE ?
  WHEN 'delivered' THEN delivered_at IS NOT NULL
  WHEN 'waiting' THEN next_at IS NOT NULL
  WHEN 'failed' THEN next_at IS NULL AND delivered_at IS NULL
  ELSE TRUE END
ORDER BY number DESC LIMIT ?;

-- name: find_delivery
SELECT w.lender, d.id, d.webhook, d.type, d.body, d.created_at, d.next_at, d.attempts, d.delivered_at, d.status, d.detail
FROM deliveries d JOIN webhooks w ON w.id = d.webhook
WHERE d.webhook = ? AND d.id = ?;

-- name: lender_of_webhook
SELECT lender FROM webhooks WHERE id = ?;

-- name: drop_delivered
DELETE FROM deliveries WHERE delivered_at < ?;
