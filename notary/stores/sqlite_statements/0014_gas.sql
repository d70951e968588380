-- SPDX-License-Identifier: Apache-2.0
ALTER TABLE anchors ADD COLUMN gas_used INTEGER;
