# SPDX-License-Identifier: Apache-2.0
"""Making keys in their places."""

import re
from pathlib import Path

from api.keys.anchor_keys import open_wallet
from api.keys.config import KeyConfig, KeyFolder, LogKeyEntry
from api.keys.files import write_key_file
from api.keys.log_keys import open_log_key
from api.keys.places import FilePlace, Place, TokenPlace
from api.keys.token import TokenAccount, TokenKey, TokenSigner, has_key
from chain.wallet import Wallet, new_key
from notary.errors import KeyUnavailableError
from notary.log.signed_note import NoteSigner, Signer
from notary.schemes import generate_key


def make_log_key(folder: KeyFolder, config: KeyConfig, place: Place) -> Signer:
    """Make a new Ed25519 key in a place where none is. Raises `KeyUnavailableError`."""
    if isinstance(place, TokenPlace):
        return TokenSigner(TokenKey(place, "log", make=True))
    write_key_file(_file(place), "log", generate_key("EdDSA").to_pem(), folder.passphrase(config))
    return open_log_key(folder, config, place)


def make_anchor_key(folder: KeyFolder, config: KeyConfig, place: Place) -> Wallet:
    """Make a new secp256k1 key in a place where none is. Raises `KeyUnavailableError`."""
    if isinstance(place, TokenPlace):
        return Wallet(TokenAccount(TokenKey(place, "anchor", make=True)))
    write_key_file(_file(place), "anchor", new_key()[1], folder.passphrase(config))
    return open_wallet(folder, config, place)


def make_missing_keys(folder: KeyFolder, config: KeyConfig, origin: str) -> None:
    """Make the keys of a new notary, as far as they are not there; whatever is there stays as it is.

    keys.json, where there is one, then names the log's key: what only verifies needs no secret.

    Raises `KeyUnavailableError`, also for a variable that is not set: nobody can make that but its owner.
    """
    log, anchor = folder.place(config.first_log), folder.place(config.anchor)
    if not config.log and not is_there(log):
        make_log_key(folder, config, log)
    if not is_there(anchor):
        make_anchor_key(folder, config, anchor)
    if not config.log and folder.version():
        key = NoteSigner(origin, open_log_key(folder, config, log)).verifier.format()
        folder.change(log=(LogKeyEntry(place=config.first_log, key=key),))


def free_place(folder: KeyFolder, name: str) -> str:
    """Return the name of a place beside that of an earlier key, where none is: log-2.pem, or the object log-2.

    Raises `KeyUnavailableError` for a place that has none beside it.
    """
    number = 2
    while is_there(folder.place(found := _numbered(name, number))):
        number += 1
    return found


def _numbered(name: str, number: int) -> str:
    if name.startswith("pkcs11:"):
        return re.sub(r"(object=[^;?]*?)(-[0-9]+)?(?=[;?])", rf"\g<1>-{number}", name, count=1)
    kind, _, rest = name.partition(":")
    if kind != "file":
        raise KeyUnavailableError(name, "there is no place for a new key beside it: say where with --to")
    path = Path(rest)
    return f"file:{path.with_name(re.sub('-[0-9]+$', '', path.stem) + f'-{number}{path.suffix}')}"


def is_there(place: Place) -> bool:
    """Tell whether there is a key in a place; in a variable it is taken to be. Raises `KeyUnavailableError`."""
    if isinstance(place, TokenPlace):
        return has_key(place)
    return not isinstance(place, FilePlace) or place.path.exists()


def _file(place: Place) -> Path:
    if not isinstance(place, FilePlace):
        raise KeyUnavailableError("env:", "a new key cannot be put into an environment variable")
    return place.path
