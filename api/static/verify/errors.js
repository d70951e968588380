// SPDX-License-Identifier: Apache-2.0
/**
 * What can be wrong with a receipt. Anything else that is thrown is a fault of this program, and never a finding.
 * @module
 */

/** Thrown where what was given is not well formed, or does not prove what it should: the link is broken. */
export class BrokenError extends Error {
  name = 'BrokenError';
}

/** Thrown where a link can be neither proved nor disproved here. */
export class UnknownError extends Error {
  name = 'UnknownError';
}

/** Thrown where there was nothing to check, or nothing to check it with. */
export class NotCheckedError extends Error {
  name = 'NotCheckedError';
}

/**
 * Throw a `BrokenError`.
 * @param {string} detail a sentence on what is wrong
 * @returns {never}
 */
export function refuse(detail) {
  throw new BrokenError(detail);
}
