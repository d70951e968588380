// SPDX-License-Identifier: Apache-2.0
/**
 * Every registry contract that was ever released, by the Keccak-256 of its deployed code; as chain/known_registries.py.
 * @module
 */
export const KNOWN_CODE_HASHES = [
  '3b75b84ef5f0229586aed95dc7665ff266a27ccd22752e8ea7d49fa6a12056a8', // 0.1
];
