# SPDX-License-Identifier: Apache-2.0
"""What is kept is sealed: keys, ciphers, and how a loan is erased.

::

    data key          a file apart from the database
      wraps           the keys of each organisation, and of each loan
    loan's key        seals the loan's records, state and number; destroyed when the loan is erased
    organisation's    finds loans and records by what they are called, and seals what belongs to no single loan

FORMATS.md, "At rest", has the bytes.
"""
