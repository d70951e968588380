# SPDX-License-Identifier: Apache-2.0
"""Signing many records at once: one signature over a whole file instead of one for each record.

>>> from loan_notary import generate_key
>>> record = {"type": "repayment", "id": "018d731f-d109-7fca-a5e4-922cbc3a9b84"}
>>> first, *records = sign_batch([record, record], generate_key())
>>> len(records)
2

The signature is the first line; in the log each record gets it together with a proof that it is among those that were
signed, so that its receipt verifies alone. The file goes as it is: whoever leaves out a line or changes one is refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from loan_notary.signing import MAX_ENVELOPE, Envelope, JsonObject, PrivateKey
from notary import signed_batch
from notary.canonical import canonical_json, parse_json
from notary.envelope import EnvelopeSigner
from notary.errors import Fault, InvalidInputError


def sign_batch(
    items: Iterable[JsonObject | Envelope],
    key: PrivateKey,
    *,
    certificates: Sequence[Certificate] = (),
    batch_id: str | None = None,
) -> list[bytes]:
    """Sign records, or envelopes that others have signed, as one batch; return its lines, the signature first.

    `certificates`, leaf first, go along. `batch_id` (UUID) names the batch; a lender uses one for one batch only.
    """
    lines = [item.encode() if isinstance(item, Envelope) else canonical_json(item) for item in items]
    return [_signature(lines, key, certificates, batch_id), *lines]


def sign_file(
    source: Path,
    target: Path,
    key: PrivateKey,
    *,
    certificates: Sequence[Certificate] = (),
    batch_id: str | None = None,
) -> int:
    """Sign a file with a record or envelope a line as one batch, in constant memory; return how many there are.

    `target` is the file to submit. It is not there if this fails. Raises `InvalidInputError` for a line that no notary
    would read.
    """
    first = _signature(_lines(source), key, certificates, batch_id)
    count = 0
    with NamedTemporaryFile(dir=target.parent, prefix=target.name, delete=False) as file:
        coming = Path(file.name)
        try:
            file.write(first + b"\n")
            for line in _lines(source):
                file.write(line + b"\n")
                count += 1
            coming.rename(target)
        except BaseException:
            coming.unlink()
            raise
    return count


def _signature(
    lines: Iterable[bytes], key: PrivateKey, certificates: Sequence[Certificate], batch_id: str | None
) -> bytes:
    x5c = tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    signer = EnvelopeSigner(key.scheme.alg, key.public.kid, key.sign, x5c)
    return signed_batch.sign_batch(batch_id or str(uuid4()), lines, signer).to_line()


def _lines(source: Path) -> Iterator[bytes]:
    """Yield the lines as they are signed and sent: records in canonical form, envelopes on one line."""
    with source.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = parse_json(line.strip(), limit=MAX_ENVELOPE)
            except InvalidInputError as error:
                raise InvalidInputError(Fault("", f"line {number}: {error.faults[0].detail}")) from None
            if not isinstance(value, dict):
                raise InvalidInputError(Fault("", f"line {number}: is no record and no envelope"))
            yield canonical_json(value)
