# SPDX-License-Identifier: Apache-2.0
"""The path validation of RFC 5280 section 6.1, by the library pyhanko-certvalidator; no network, no revocation data.

The library `cryptography` has a validator too, but a web browser's: it takes no Ed25519 keys and wants names of hosts.
"""

from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from asn1crypto.x509 import Certificate  # type: ignore[import-untyped]
from pyhanko_certvalidator import validate
from pyhanko_certvalidator.authority import NamedKeyAuthority, TrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

_NO_REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
)
_PREFIX = "The path could not be validated because "


def validate_path(path: Sequence[bytes], moment: datetime) -> None:
    """Validate a path of certificates (DER) from the root, which is first, to the leaf, at a moment.

    Each is one that `cryptography` can read, and signed by the one before it.

    Only the root's name and key are taken as given: its constraints (path length, names) count like those of the
    others. Raises `ValueError` with a sentence.
    """
    try:
        certificates = [Certificate.load(der, strict=True) for der in path]
        root = certificates[0]
        anchor = TrustAnchor(NamedKeyAuthority(root.subject, root.public_key))
        context = ValidationContext(
            trust_roots=[], moment=moment, revinfo_policy=_NO_REVOCATION, time_tolerance=timedelta(0)
        )
        _finish(validate.async_validate_path(context, ValidationPath(anchor, certificates[:-1], certificates[-1])))
    except (PathError, ValidationError) as error:
        raise ValueError(str(error).removeprefix(_PREFIX)) from None
    except (TypeError, KeyError, NotImplementedError) as error:
        raise ValueError(f"a certificate cannot be read: {error}") from None


def _finish(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that waits for nothing, since nothing is fetched here: with an event loop in the thread or none.

    Raises `NotImplementedError` for one that waits all the same.
    """
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise NotImplementedError("its validation waits for something")
