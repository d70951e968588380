# SPDX-License-Identifier: Apache-2.0
"""The parties of an agreement: firms by name and register number, people only by pseudonym."""

import re
from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from typing import Annotated, Literal

from notary.errors import Fault
from notary.records.facts import Holder
from notary.records.fields import Maybe, Model, Portion, Pseudonym, Text, pattern

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

Lei = Annotated[str, pattern("^[0-9A-Z]{18}[0-9]{2}$", "must be an LEI (ISO 17442) of 20 capitals and digits")]
Uscc = Annotated[
    str,
    pattern(
        "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$",
        "must be a unified social credit code (GB 32100) of 18 capitals and digits",
    ),
]
KeyId = Annotated[
    str,
    pattern("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", "must be an RFC 7638 SHA-256 thumbprint in unpadded base64url"),
]


class Share(Model):
    """A part of a loan: a fraction in lowest terms, at most 1."""

    numerator: Portion
    denominator: Portion

    @property
    def fraction(self) -> Fraction:
        """The share as a number."""
        return Fraction(self.numerator, self.denominator)

    def contradictions(self, pointer: str) -> Iterator[Fault]:
        """Yield what is wrong in the share that stands at `pointer` (check C8)."""
        if self.numerator > self.denominator:
            yield Fault(pointer, f"is more than the whole loan: {self.numerator}/{self.denominator}", "C8")
        elif gcd(self.numerator, self.denominator) != 1:
            yield Fault(pointer, f"must be in lowest terms: {self.fraction}")


class Somebody(Model):
    """A firm or a person who has to do with a loan.

    Exactly one of `name` (a firm) and `subject_ref` (a person) is given. `key` is the thumbprint of the public key with
    which the party signs, so that the record itself says whose key it is.
    """

    name: Maybe[Text] = None
    subject_ref: Maybe[Pseudonym] = None
    lei: Maybe[Lei] = None
    uscc: Maybe[Uscc] = None
    key: Maybe[KeyId] = None

    @property
    def holder(self) -> Holder:
        """The party as a holder of the loan."""
        return Holder(self.name or self.subject_ref or "", self.lei or "", self.uscc or "")

    def contradictions(self, pointer: str) -> Iterator[Fault]:
        """Yield what is wrong in the party that stands at `pointer`."""
        if (self.name is None) == (self.subject_ref is None):
            yield Fault(pointer, "needs exactly one of name (a firm) and subject_ref (a person)")
        if self.lei is not None and not is_lei(self.lei):
            yield Fault(f"{pointer}/lei", "has wrong check digits (ISO 17442)")
        if self.uscc is not None and not is_uscc(self.uscc):
            yield Fault(f"{pointer}/uscc", "has a wrong check character (GB 32100)")


class Party(Somebody):
    """Somebody bound by an agreement; `share` is a lender's part where there are several."""

    role: Literal["lender", "borrower", "guarantor"]
    share: Maybe[Share] = None


def is_lei(code: str) -> bool:
    """Tell whether the check digits of a well-formed LEI are right: ISO 7064 MOD 97-10, letters as 10 to 35."""
    return int(re.sub("[A-Z]", lambda letter: str(int(letter[0], 36)), code)) % 97 == 1


def is_uscc(code: str) -> bool:
    """Tell whether the check character of a well-formed code is right: GB 32100-2015, weights 3^i mod 31."""
    values = [_USCC_ALPHABET.index(character) for character in code]
    return (sum(value * pow(3, i, 31) for i, value in enumerate(values[:17])) + values[17]) % 31 == 0
