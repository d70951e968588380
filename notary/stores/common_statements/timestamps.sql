-- SPDX-License-Identifier: Apache-2.0
-- name: anchors_after
SELECT * FROM anchors WHERE state IN ('final', 'mined') AND size > ? AND size <= (
  SELECT max(size) FROM (
    SELECT size FROM anchors WHERE state IN ('final', 'mined') AND size > ? ORDER BY size LIMIT ?
  ) AS following
) ORDER BY size, chain_id, registry, log_id;

-- name: save_timestamp
INSERT INTO timestamps (size, authority, time, checkpoint, token) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (size, authority) DO NOTHING;

-- name: timestamps
SELECT size, authority, time, checkpoint, token FROM timestamps WHERE size = ? ORDER BY time, authority;

-- name: timestamp_over
SELECT size, authority, time, checkpoint, token FROM timestamps WHERE size > ? ORDER BY size LIMIT 1;

-- name: newest_timestamps
SELECT size, authority, time, checkpoint, token FROM timestamps
WHERE (authority, size) IN (SELECT authority, max(size) FROM timestamps GROUP BY authority) ORDER BY authority;

-- name: last_stamped_anchor
SELECT size FROM timestamps t WHERE authority = ? AND EXISTS (
  SELECT 1 FROM anchors a WHERE a.size = t.size AND a.state IN ('final', 'mined')
) ORDER BY size DESC LIMIT 1;
