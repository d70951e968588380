# SPDX-License-Identifier: Apache-2.0
"""Points of curves y^2 = x^3 + ax + b as in SEC 1 section 2.2.1, slow and plain, for signatures that nobody makes."""

from dataclasses import dataclass

Point = tuple[int, int] | None
"""A point in affine coordinates; None is the one at infinity."""


@dataclass(frozen=True)
class Curve:
    """A curve over a field of `prime` elements (3 mod 4), with a base point of `order`."""

    prime: int
    order: int
    a: int
    b: int
    base: tuple[int, int]

    def lift(self, x: int) -> Point:
        """Return a point with this x, None if there is none."""
        square = (x**3 + self.a * x + self.b) % self.prime
        y = pow(square, (self.prime + 1) // 4, self.prime)
        return (x, y) if y * y % self.prime == square else None

    def add(self, left: Point, right: Point) -> Point:
        """Add two points."""
        if left is None or right is None:
            return left or right
        (x1, y1), (x2, y2) = left, right
        if x1 == x2 and (y1 + y2) % self.prime == 0:
            return None
        if left == right:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.prime)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.prime)
        x3 = (slope * slope - x1 - x2) % self.prime
        return x3, (slope * (x1 - x3) - y1) % self.prime

    def multiply(self, times: int, point: Point) -> Point:
        """Add a point to itself."""
        result: Point = None
        for bit in f"{times % self.order:b}":
            result = self.add(result, result)
            if bit == "1":
                result = self.add(result, point)
        return result

    def key_for(self, nonce_point: tuple[int, int], s: int, digest: int) -> tuple[int, int]:
        """Return the public key for which (x of `nonce_point` mod order, s) is a signature of a digest.

        From s R = e G + r Q (SEC 1 section 4.1.6): the private key stays unknown to everybody.
        """
        r = nonce_point[0] % self.order
        inverse = pow(r, -1, self.order)
        left = self.multiply(s * inverse, nonce_point)
        key = self.add(left, self.multiply(-digest * inverse, self.base))
        assert key is not None
        return key
