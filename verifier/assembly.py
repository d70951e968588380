# SPDX-License-Identifier: Apache-2.0
"""Puts the verifier together: signature schemes, chain evidence, and what is trusted and asked for."""

from collections.abc import Sequence
from functools import partial

from cryptography.x509 import Certificate

from chain.evidence import verify_evidence
from chain.known_registries import KNOWN_CODE_HASHES
from chain.wallet_signatures import WalletSignatures
from notary.errors import MissingPackageError
from notary.log.signed_note import NoteVerifier
from notary.parties.keys import WALLET_ALG
from notary.parties.signatures import Schemes
from notary.receipts.acceptance import AcceptanceRules
from notary.receipts.sealed_links import ChainWitness
from notary.receipts.time_proof import TokenVerifier
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES

# Without a domain of its own each wallet's signature is taken for the registry that it names.
_SCHEMES: Schemes = {**SCHEMES, WALLET_ALG: WalletSignatures()}


def make_verifier(
    log_key: NoteVerifier | None = None,
    chain: ChainWitness | None = None,
    rules: AcceptanceRules | None = None,
    authorities: Sequence[Certificate] = (),
    related: Sequence[NoteVerifier] = (),
) -> ReceiptVerifier:
    """Make a verifier that trusts `log_key`, asks the node `chain` if there is one, and applies `rules`.

    `related` are keys of the same log that a key history ties to `log_key`; `authorities` are certificates that vouch
    for timestamp authorities. Raises `MissingPackageError` if there are some and the package that reads their
    timestamps is not installed.
    """
    evidence = partial(verify_evidence, known_code_hashes=KNOWN_CODE_HASHES)
    tokens = _token_verifier(authorities) if authorities else None
    return ReceiptVerifier(_SCHEMES, evidence, log_key, chain, rules, verify_token=tokens, related=related)


def _token_verifier(authorities: Sequence[Certificate]) -> TokenVerifier:
    try:
        # Imported here: a verifier that is given no authority reads no timestamps.
        from notary.receipts.timestamp_tokens import verify_token
    except ModuleNotFoundError:
        raise MissingPackageError("rfc3161-client", "a timestamp") from None
    return partial(verify_token, authorities=authorities)
