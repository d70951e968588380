-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  lender INTEGER NOT NULL REFERENCES lenders,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_index INTEGER NOT NULL,
  next_change INTEGER NOT NULL,
  change_index INTEGER NOT NULL,
  old_secret TEXT,
  old_secret_until INTEGER NOT NULL,
  disabled TEXT NOT NULL
) STRICT;

CREATE INDEX webhooks_of_lender ON webhooks (lender);

CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  webhook TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_at INTEGER,
  attempts INTEGER NOT NULL,
  delivered_at INTEGER,
  status INTEGER,
  detail TEXT NOT NULL
) STRICT;

CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;

CREATE INDEX deliveries_of_webhook ON deliveries (webhook, number);

-- What became of anchors, in order. Triggers write it, so that a change and its line are one transaction.
CREATE TABLE anchor_changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  chain_id INTEGER NOT NULL,
  registry TEXT NOT NULL,
  log_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;

CREATE TRIGGER anchor_added AFTER INSERT ON anchors
WHEN new.state IN ('mined', 'final', 'reorged', 'lost')
BEGIN INSERT INTO anchor_changes (chain_id, registry, log_id, size, state) VALUES (new.chain_id, new.registry, new.log_id, new.size, new.state); END;

CREATE TRIGGER anchor_changed AFTER UPDATE ON anchors
WHEN new.state IN ('mined', 'final', 'reorged', 'lost') AND new.state <> old.state
BEGIN INSERT INTO anchor_changes (chain_id, registry, log_id, size, state) VALUES (new.chain_id, new.registry, new.log_id, new.size, new.state); END;

INSERT INTO anchor_changes (chain_id, registry, log_id, size, state)
SELECT chain_id, registry, log_id, size, state FROM anchors WHERE state IN ('mined', 'final', 'reorged', 'lost') ORDER BY size;
