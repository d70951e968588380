# SPDX-License-Identifier: Apache-2.0
"""The parties of an agreement: firms by name and register number, people only by pseudonym."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from notary.errors import Fault
from notary.records.fields import Maybe, Model, Pseudonym, Text, pattern

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


class Party(Model):
    """Somebody bound by an agreement.

    Exactly one of `name` (a firm) and `subject_ref` (a person) is given. `key` is the thumbprint of the public key with
    which the party signs, so that the agreement itself says whose key it is.
    """

    role: Literal["lender", "borrower", "guarantor"]
    name: Maybe[Text] = None
    subject_ref: Maybe[Pseudonym] = None
    lei: Maybe[Lei] = None
    uscc: Maybe[Uscc] = None
    key: Maybe[KeyId] = None

    def contradictions(self, pointer: str) -> Iterator[Fault]:
        """Yield what is wrong in the party that stands at `pointer`."""
        if (self.name is None) == (self.subject_ref is None):
            yield Fault(pointer, "needs exactly one of name (a firm) and subject_ref (a person)")
        if self.lei is not None and not is_lei(self.lei):
            yield Fault(f"{pointer}/lei", "has wrong check digits (ISO 17442)")
        if self.uscc is not None and not is_uscc(self.uscc):
            yield Fault(f"{pointer}/uscc", "has a wrong check character (GB 32100)")


def is_lei(code: str) -> bool:
    """Tell whether the check digits of a well-formed LEI are right: ISO 7064 MOD 97-10, letters as 10 to 35."""
    return int(re.sub("[A-Z]", lambda letter: str(int(letter[0], 36)), code)) % 97 == 1


def is_uscc(code: str) -> bool:
    """Tell whether the check character of a well-formed code is right: GB 32100-2015, weights 3^i mod 31."""
    values = [_USCC_ALPHABET.index(character) for character in code]
    return (sum(value * pow(3, i, 31) for i, value in enumerate(values[:17])) + values[17]) % 31 == 0
