# SPDX-License-Identifier: Apache-2.0
"""Receipts of records that were placed a moment ago: no anchor yet, no timestamp, and most of the text always the same.

Written into a form rather than member by member, because every record that is submitted by itself waits for one. The
bytes are those that `notary.receipts.sealed.write_sealed` gives; a test holds the form to that.
"""

from collections.abc import Sequence
from functools import lru_cache

from notary.canonical import canonical_json
from notary.encoding import b64_hashes, b64url, format_time
from notary.log.signed_note import NoteSigner
from notary.log.submission import Placed, Submission
from notary.parties.signatures import PartyOfKey
from notary.receipts.document_words import DocumentWord, word_json
from notary.receipts.receipt import FORMAT, KeyOfParty
from notary.receipts.sealed import Environment, seal_preimage


class FreshReceipts:
    """Writes and seals them with the log's key; `environment` is what they say they are for."""

    def __init__(self, signer: NoteSigner, environment: Environment) -> None:
        self._sign = signer.sign
        self._log_key = canonical_json(signer.verifier.format())
        about = (canonical_json(environment), canonical_json(FORMAT))
        self._about = b'"environment":%b,"format":%b' % about

    def write(
        self,
        lender: str,
        submission: Submission,
        placed: Placed,
        documents: Sequence[DocumentWord],
    ) -> bytes:
        """Return the receipt of a submission that was placed, with the words on its documents."""
        before = (
            b'{"anchors":[],"checkpoint":%b,"documents":%b,"envelope":{"payload":"%b","signatures":%b},%b,'
            b'"inclusion":[%b],"index":%d,"keys":%b,"lender":%b,"log_key":%b,"nonce":"%b","received_at":"%b"'
        ) % (
            canonical_json(placed.checkpoint),
            canonical_json([word_json(word) for word in documents]) if documents else b"[]",
            b64url(submission.payload).encode(),
            submission.signatures.encode(),
            self._about,
            b'"%b"' % b64_hashes(placed.proof, b'","') if placed.proof else b"",
            placed.index,
            b"[%b]" % b",".join(map(_key_members, submission.keys)),
            _quoted(lender),
            self._log_key,
            b64url(submission.nonce).encode(),
            format_time(submission.received_at).encode(),
        )
        after = b',"state":"recorded","tag":"%b","timestamps":[]}' % b64url(placed.tag).encode()
        seal = self._sign(seal_preimage(FORMAT, before + after))
        return b'%b,"seal":"%b"%b' % (before, b64url(seal).encode(), after)


@lru_cache(maxsize=1024)
def _quoted(name: str) -> bytes:
    return canonical_json(name)


@lru_cache(maxsize=4096)
def _key_members(signer: PartyOfKey) -> bytes:
    # A key is the same on every record that it signs.
    return canonical_json(KeyOfParty.of(signer).members())
