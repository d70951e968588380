// SPDX-License-Identifier: Apache-2.0
/**
 * Sums of money in smallest units, exactly.
 * @module
 */
import { PARTS } from './record-types.js';

/** How many decimals each currency has (ISO 4217). */
export const EXPONENTS = Object.fromEntries(
  [0, 2, 3, 4].flatMap((exponent) =>
    PARTS[`Money${exponent}`].properties.currency.enum.map((code) => [code, exponent]),
  ),
);

/** Return an amount, as a record holds it, in smallest units. @returns {bigint} */
export function minorUnits(amount) {
  return BigInt(amount.replace('.', ''));
}

/** Write a sum as records do, but with a sign where it is below zero. */
export function money(minor, currency) {
  const exponent = EXPONENTS[currency];
  const digits = String(minor < 0n ? -minor : minor).padStart(exponent + 1, '0');
  const amount = exponent ? `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}` : digits;
  return { currency, amount: (minor < 0n ? '-' : '') + amount };
}
