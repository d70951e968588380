# SPDX-License-Identifier: Apache-2.0
"""EIP-712: the hash of typed structured data, as far as flat structs need it.

A struct is given by its `encodeType` text and its members as words of 32 bytes::

    hash_struct("Person(string name,address wallet)", text_word("Bob"), address_word("0xbbbb..."))

A member that is itself a struct is the word `hash_struct` of it.
"""

from functools import lru_cache

from chain.keccak import keccak

_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def text_word(text: str) -> bytes:
    """Encode a `string`: the Keccak-256 of its UTF-8 bytes."""
    return keccak(text.encode("utf-8"))


def address_word(address: str) -> bytes:
    """Encode an `address`, given as hex with 0x."""
    return bytes.fromhex(address.removeprefix("0x")).rjust(32, b"\0")


def hash_struct(type_text: str, *words: bytes) -> bytes:
    """Return keccak256(typeHash || words), the EIP's hashStruct."""
    return keccak(keccak(type_text.encode("ascii")) + b"".join(words))


@lru_cache(maxsize=64)
def domain_separator(name: str, version: str, chain_id: int, contract: str) -> bytes:
    """Return the hash of the domain with these four members."""
    return hash_struct(_DOMAIN, text_word(name), text_word(version), chain_id.to_bytes(32), address_word(contract))


def signing_hash(separator: bytes, struct: bytes) -> bytes:
    """Return what a wallet signs: keccak256(0x19 || 0x01 || domainSeparator || hashStruct(message))."""
    return keccak(b"\x19\x01" + separator + struct)
