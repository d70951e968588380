# SPDX-License-Identifier: Apache-2.0
"""EIP-712 hashes: the example of the EIP itself (assets/eip-712/Example.js), and eth-account as a second opinion."""

import unicodedata

from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from chain.eip712 import address_word, domain_separator, hash_struct, signing_hash, text_word
from chain.wallet_signatures import recover, typed_data, typed_hash
from notary.canonical import canonical_json
from notary.jws_header import WalletDomain

PERSON = "Person(string name,address wallet)"
MAIL = f"Mail(Person from,Person to,string contents){PERSON}"
COW = "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"
SEPARATOR = "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
STRUCT = "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
SIGNED = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
# The signature of the private key keccak256("cow"): r, s, v.
SIGNATURE = (
    "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
    "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562"
    "1c"
)


def person(name: str, wallet: str) -> bytes:
    return hash_struct(PERSON, text_word(name), address_word(wallet))


def test_the_mail_of_the_eip() -> None:
    separator = domain_separator("Ether Mail", "1", 1, "0x" + "cc" * 20)
    struct = hash_struct(MAIL, person("Cow", COW), person("Bob", "0x" + "bb" * 20), text_word("Hello, Bob!"))
    assert separator.hex() == SEPARATOR
    assert struct.hex() == STRUCT
    assert signing_hash(separator, struct).hex() == SIGNED


def test_the_signature_of_the_eip_is_the_cows() -> None:
    assert recover(bytes.fromhex(SIGNED), bytes.fromhex(SIGNATURE)).hex() == COW[2:]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(
    TEXTS, TEXTS, TEXTS, st.integers(1, 2**53 - 1), st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())
)
def test_eth_account_comes_to_the_same_hash(kind: str, record_id: str, loan: str, chain: int, registry: str) -> None:
    texts = (unicodedata.normalize("NFC", text) for text in (kind, record_id, loan))
    payload = canonical_json(dict(zip(("type", "id", "loan"), texts, strict=True)))
    domain = WalletDomain(chain, registry)
    theirs = encode_typed_data(full_message=typed_data(payload, domain))
    assert (theirs.version, len(theirs.header)) == (b"\x01", 32)
    assert signing_hash(theirs.header, theirs.body) == typed_hash(payload, domain)
