# SPDX-License-Identifier: Apache-2.0
"""A new data key in place of the old one, whether or not the service runs.

::

    1  the new key is made, the act is in the log, keys.json names it as the next: from now on all wrap with it
    2  what the old key wraps is wrapped anew where it stands, until a whole pass finds nothing more
    3  keys.json names the new key, and the old one as replaced
    4  the old key is destroyed, and keys.json names the new one alone

After a kill, keys.json says how far it came, and the same command goes on there. Before step 2 that may be to begin
anew: then a key was made, and perhaps noted, that wraps nothing.
"""

from dataclasses import dataclass

from api.access.administration import Administration
from api.clock import now
from api.databases import database_url, driver, open_store
from api.folders.locks import log_lock, rotation_lock
from api.keys.config import KeyConfig, KeyFolder, ReplacedKey
from api.keys.data_keys import make_data_key, open_data_key, remove_data_key
from api.keys.making import free_place
from api.operator import BY, log_writer, own_organisation
from api.settings import DataFolder
from api.wiring import audit_files, document_files, job_files
from notary.errors import UnavailableError
from notary.registration import Registrar
from notary.schemes import SCHEMES


@dataclass(frozen=True)
class DataKeyRotated:
    """The ids of the old and the new data key, the new one's place, how much was wrapped anew by this call, and whether
    the old key is destroyed."""

    old: str
    new: str
    place: str
    rewrapped: int
    old_removed: bool


def rotate_data_key(folder: DataFolder, to: str | None = None) -> DataKeyRotated:
    """Put a new data key in the place of the old one, or bring to its end what was interrupted.

    Raises `DataKeyError`, `KeyUnavailableError`, `UnavailableError`, also while another command rotates a key; then
    both keys go on opening what they wrap.
    """
    with rotation_lock(folder):
        _require_no_other_host(folder)
        return _rotate(folder, to)


def _require_no_other_host(folder: DataFolder) -> None:
    """Raise `UnavailableError` while another host writes: it would go on wrapping with the key that is destroyed."""
    if (dsn := database_url(folder)) is None:
        return
    with driver():
        from api.hosts.presence import hosts_present

        present = hosts_present(dsn)
    try:
        with log_lock(folder, wait=0):
            own = 0
    except UnavailableError:
        own = 1
    if present > own:
        raise UnavailableError(
            "other hosts serve this notary: stop them, rotate, and copy keys.json and the new key to them"
        )


def _rotate(folder: DataFolder, to: str | None) -> DataKeyRotated:
    keys = folder.keys
    config = keys.load()
    if config.data_replaced:
        return _destroy(keys, config, config.data_replaced, 0)
    place = config.data_next or _begin(folder, keys, config, to)
    config = keys.load()
    old = open_data_key(keys, config, config.data)
    holders = (open_store(folder), document_files(folder), job_files(folder), audit_files(folder))
    rewrapped = 0
    # Also what was begun before keys.json named the new key, and written behind the first pass.
    while found := sum(holder.rewrap(old.id) for holder in holders):
        rewrapped += found
    replaced = ReplacedKey(place=config.data, id=old.id.hex())
    config = keys.change(data=place, data_next=None, data_replaced=replaced)
    return _destroy(keys, config, replaced, rewrapped)


def _begin(folder: DataFolder, keys: KeyFolder, config: KeyConfig, to: str | None) -> str:
    place = to or free_place(keys, config.data)
    new = make_data_key(keys, config, place)
    with log_writer(folder) as writer:
        administration = Administration(Registrar(open_store(folder), SCHEMES, now), writer)
        organisation = own_organisation(folder, administration)
        administration.note(organisation, now(), "data_key.rotate", BY, new.id.hex())
    keys.change(data_next=place)
    return place


def _destroy(keys: KeyFolder, config: KeyConfig, replaced: ReplacedKey, rewrapped: int) -> DataKeyRotated:
    new = open_data_key(keys, config, config.data)
    removed = remove_data_key(keys.place(replaced.place))
    keys.change(data_replaced=None)
    return DataKeyRotated(replaced.id, new.id.hex(), config.data, rewrapped, removed)
