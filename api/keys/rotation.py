# SPDX-License-Identifier: Apache-2.0
"""New keys in place of old ones, whether or not the service runs. Each act is in the log before it is done."""

from dataclasses import dataclass

from api.access.administration import Administration
from api.clock import now
from api.databases import open_store
from api.folders.locks import rotation_lock
from api.keys.anchor_keys import open_wallet
from api.keys.config import KeyConfig, KeyFolder, LogKeyEntry
from api.keys.log_keys import open_log_key
from api.keys.making import free_place, make_anchor_key, make_log_key
from api.operator import BY, log_writer, own_organisation
from api.settings import DataFolder
from notary.encoding import format_time, parse_time
from notary.errors import Fault, InvalidInputError
from notary.log.key_history import sign_succession
from notary.log.signed_note import NoteSigner
from notary.registration import Registrar
from notary.schemes import SCHEMES


@dataclass(frozen=True)
class Rotated:
    """A new key of the log, the one before it, and until when that one signs too (milliseconds since 1970)."""

    old: str
    new: str
    place: str
    until: int


def rotate_log_key(folder: DataFolder, overlap: int, to: str | None = None) -> Rotated:
    """Make a new key of the log, announce it, and let it sign beside the old one for `overlap` milliseconds.

    Processes that sign see it at their next signature; the newest checkpoint has it when this returns. Raises
    `InvalidInputError` while an earlier rotation's overlap is not over, and `UnavailableError` while another command
    rotates a key.
    """
    with rotation_lock(folder):
        return _rotate_log_key(folder, overlap, to)


def _rotate_log_key(folder: DataFolder, overlap: int, to: str | None) -> Rotated:
    keys, origin = folder.keys, folder.settings().origin
    config, moment = keys.load(), now()
    entries = list(config.log) or [_first_entry(keys, config, origin)]
    _refuse_overlapping(entries, moment)
    last = entries[-1]
    old = open_log_key(keys, config, keys.place(last.place or ""))
    place = to or free_place(keys, entries[-1].place or config.first_log)
    both = NoteSigner(origin, old, make_log_key(keys, config, keys.place(place)))
    note, (before, after) = sign_succession(both, moment, moment + overlap), both.known
    with log_writer(folder) as writer:
        administration = Administration(Registrar(open_store(folder), SCHEMES, now), writer)
        organisation = own_organisation(folder, administration)
        new = after.format()
        administration.note(organisation, moment, "log_key.rotate", BY, new, begins=moment, ends=moment + overlap)
        entries[-1] = last.model_copy(update={"until": format_time(moment + overlap)})
        entries.append(LogKeyEntry(place=place, key=new))
        keys.change(log=tuple(entries), successions=(*config.successions, note))
        # Nothing to place: only the newest checkpoint is signed again.
        writer.append([])
    return Rotated(before.format(), new, place, moment + overlap)


def begin_anchor_rotation(folder: DataFolder, to: str | None = None) -> str:
    """Make a new anchor key and name it as the next, unless one is named already; return its account's address.

    Whoever anchors (`api.keys.anchor_keys.HandOver`) does the rest. Raises `UnavailableError` while another command
    rotates a key.
    """
    with rotation_lock(folder):
        return _begin_anchor_rotation(folder, to)


def _begin_anchor_rotation(folder: DataFolder, to: str | None) -> str:
    keys = folder.keys
    config = keys.load()
    if config.anchor_next:
        return open_wallet(keys, config, keys.place(config.anchor_next)).address
    place = to or free_place(keys, config.anchor)
    address = make_anchor_key(keys, config, keys.place(place)).address
    with log_writer(folder) as writer:
        administration = Administration(Registrar(open_store(folder), SCHEMES, now), writer)
        organisation = own_organisation(folder, administration)
        administration.note(organisation, now(), "anchor_key.rotate", BY, address)
    keys.change(anchor_next=place)
    return address


def _first_entry(keys: KeyFolder, config: KeyConfig, origin: str) -> LogKeyEntry:
    verifier = NoteSigner(origin, open_log_key(keys, config, keys.place(config.first_log))).verifier
    return LogKeyEntry(place=config.first_log, key=verifier.format())


def _refuse_overlapping(entries: list[LogKeyEntry], moment: int) -> None:
    ends = [parse_time(entry.until) for entry in entries if entry.until]
    if any(moment < end for end in ends):
        detail = f"an earlier key signs until {format_time(max(ends))}: the next rotation may begin after that"
        raise InvalidInputError(Fault("", detail))
