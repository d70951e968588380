// SPDX-License-Identifier: Apache-2.0
/**
 * Parts of a loan as exact fractions in lowest terms, written like `1/3`, or `1` for the whole.
 * @module
 */

/** An immutable fraction of two whole numbers. */
export class Fraction {
  /** @param {bigint|number} numerator @param {bigint|number} denominator above zero */
  constructor(numerator, denominator = 1) {
    const [top, bottom] = [BigInt(numerator), BigInt(denominator)];
    const divisor = gcd(top < 0n ? -top : top, bottom);
    this.top = top / divisor;
    this.bottom = bottom / divisor;
  }

  plus(other) {
    return new Fraction(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom);
  }

  minus(other) {
    return this.plus(new Fraction(-other.top, other.bottom));
  }

  isBelow(other) {
    return this.top * other.bottom < other.top * this.bottom;
  }

  get isZero() {
    return this.top === 0n;
  }

  toString() {
    return this.bottom === 1n ? `${this.top}` : `${this.top}/${this.bottom}`;
  }
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}
