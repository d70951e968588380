-- SPDX-License-Identifier: Apache-2.0
-- Records are packed before they are sealed (notary/stores/packing.py). notary/stores/sqlite_packing.py packs those that
-- were there before, and drops this table, which says that it has not yet.
CREATE TABLE unpacked (only INTEGER) STRICT;
