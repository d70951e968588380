# SPDX-License-Identifier: Apache-2.0
"""The data folder of a notary: what lies where, and the settings that `loan-notary init` writes.

::

    settings.json      origin of the log, the address it is served at, the chain
    notary.db          records, log, anchors (SQLite; not there where settings name a PostgreSQL database)
    keys/log.pem       Ed25519 key that signs checkpoints and receipts
    keys/data.key      wraps the keys that all at rest is sealed with
    keys/anchor.key    secp256k1 key that pays for anchors
    keys/keys.json     where these two are, if elsewhere or changed since (`api.keys.config`)
    keys/cursors.key   what the places in lists are sealed with
    documents/         the documents that lenders have deposited
    jobs/              long files of records that are worked through
    audits/            audits that were asked for over HTTP, and their reports
    chain/             state of the embedded node
    traffic.db         requests counted and answers kept for a while (SQLite; or in the PostgreSQL database)
    hold.json          while it is there: why nothing is signed (or in the PostgreSQL database)
    deployment.json    registry and chain that the log is anchored in
    writer.address     where the running service's writer listens
    metrics.address    where the running service's metrics are
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from api.hold import FileHold
from api.keys.config import KeyFolder
from notary.errors import Fault, InvalidInputError
from notary.receipts.sealed import Environment
from notary.records.fields import Model
from notary.stores.durable import sync_folder

DEFAULT_PORT = 8080


def _network(text: str) -> str:
    ip_network(text)
    return text


_Network = Annotated[str, AfterValidator(_network)]


def _database(text: str) -> str:
    try:
        parts = urlsplit(text)
        password = parts.password is not None or "password" in dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("must begin with postgresql://")
    if password:
        raise ValueError("must name no password: put it into a password file (PGPASSFILE, ~/.pgpass), or PGPASSWORD")
    return text


_Database = Annotated[str, Field(max_length=2048), AfterValidator(_database)]


class SettingsError(InvalidInputError):
    """Raised when a data folder has no settings, or ones that cannot be read."""


class TimestampAuthority(Model):
    """An RFC 3161 authority: where it is asked, and who vouches for it.

    `certificate` is PEM text, or the path of a PEM file (seen from the data folder), of the authority that issued the
    timestamp authority's certificate; it may hold several.
    """

    url: Annotated[str, Field(pattern=r"^https?://[!-~]+$", max_length=2048)]
    certificate: Annotated[str, Field(min_length=1)]


class Settings(Model):
    """What an operator chooses.

    `environment` is what receipts say they are for; an embedded chain is for tests only. `rpc` is the URL of an
    Ethereum node, None for the embedded one. An anchor is sent at most every `anchor_interval` seconds. `depth` blocks
    on top make an anchor final; None asks the chain for its `finalized` block. Who read what is kept for
    `access_log_days`. A half-signed record waits for `draft_days`. Each API key may make `requests_a_minute`. Webhooks
    go to public addresses, and to those in `webhook_networks`. Each of the `timestamp_authorities` stamps every
    anchored checkpoint, and where no anchor comes, every `timestamp_interval` seconds the newest one. The log is
    published to each place of `publish_to` (the path of a folder, seen from the data folder, or `s3://BUCKET/PREFIX`)
    every `publish_interval` seconds. Metrics are for the operator alone and have an address of their own; port 0 takes
    a free one, which `loan-notary status` shows.
    `certificate_key` is the path of a PEM file (seen from the data folder) with the key and the certificates that
    certificates of records are sealed with; None leaves them unsealed. `database` is the URL of a PostgreSQL database,
    which several hosts may share, without a password; None is a file in the data folder. `writes_at` is the URL of
    another host's service, and makes this one a host that only reads: its `database` is then a replica of theirs.
    """

    environment: Environment = "test"
    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./:_-]{0,127}$")]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    database: _Database | None = None
    writes_at: Annotated[str, Field(pattern=r"^https?://[!-~]+$", max_length=2048)] | None = None
    rpc: str | None = None
    anchor_interval: Annotated[float, Field(gt=0, strict=False)] = 5.0
    depth: Annotated[int, Field(ge=0)] | None = 0
    access_log_days: Annotated[int, Field(ge=1, le=36_500)] = 1096
    draft_days: Annotated[int, Field(ge=1, le=3650)] = 30
    requests_a_minute: Annotated[int, Field(ge=1)] = 600_000
    webhook_networks: Annotated[tuple[_Network, ...], Field(strict=False)] = ()
    timestamp_authorities: Annotated[tuple[TimestampAuthority, ...], Field(strict=False, max_length=8)] = ()
    certificate_key: Annotated[str, Field(min_length=1)] | None = None
    timestamp_interval: Annotated[float, Field(gt=0, strict=False)] = 3600.0
    publish_to: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, max_length=4)] = ()
    publish_interval: Annotated[float, Field(gt=0, strict=False)] = 10.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0

    @model_validator(mode="after")
    def _production_needs_a_chain(self) -> Self:
        if self.environment == "production" and self.rpc is None:
            raise ValueError("a notary for production needs a chain of its own: give its node's URL (rpc)")
        return self

    @model_validator(mode="after")
    def _a_replica_is_postgresql(self) -> Self:
        # A SQLite file has no replica: a second process on a copy would serve what stands still, and look alive.
        if self.writes_at is not None and self.database is None:
            raise ValueError("only a host on PostgreSQL can read from a replica (writes_at): give its URL (database)")
        return self

    @classmethod
    def checked(cls, **members: object) -> Self:
        """Make settings of untrusted values. Raises `SettingsError`."""
        try:
            return cls.model_validate(members)
        except ValidationError as error:
            raise _settings_error(error) from None


class DataFolder:
    """The paths in a data folder, and its settings."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.database = self.path / "notary.db"
        self.keys = KeyFolder(self.path / "keys")
        self.hold = FileHold(self.path / "hold.json")
        self.cursor_key = self.keys.path / "cursors.key"
        self.documents = self.path / "documents"
        self.jobs = self.path / "jobs"
        self.audits = self.path / "audits"
        self.chain = self.path / "chain"
        self.traffic = self.path / "traffic.db"
        self.accesses = self.path / "accesses.db"
        self.deployment = self.path / "deployment.json"
        self.writer_address = self.path / "writer.address"
        self.metrics_address = self.path / "metrics.address"
        self._settings = self.path / "settings.json"

    @property
    def has_settings(self) -> bool:
        """Tell whether there are settings; a copy of a database and its keys alone can be audited without."""
        return self._settings.exists()

    def settings(self) -> Settings:
        """Read the settings. Raises `SettingsError`."""
        try:
            return Settings.model_validate_json(self._settings.read_bytes())
        except FileNotFoundError:
            detail = f"there is no notary in {self.path}; `loan-notary init` makes one"
            raise SettingsError(Fault("", detail)) from None
        except ValidationError as error:
            raise _settings_error(error) from None

    def begin(self, settings: Settings) -> bool:
        """Make the folder and write the settings, unless it has some; say whether it had none."""
        self.keys.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._write(settings)
        try:
            self._settings.hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True

    def change(self, settings: Settings) -> None:
        """Put other settings in the place of those that are there."""
        self._write(settings).replace(self._settings)
        sync_folder(self.path)

    def _write(self, settings: Settings) -> Path:
        # Whole under another name first: half a file would be the folder's settings for ever.
        temporary = self._settings.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(settings.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return temporary


def _settings_error(error: ValidationError) -> SettingsError:
    faults = error.errors(include_url=False, include_input=False)
    return SettingsError(*(Fault("/" + "/".join(map(str, item["loc"])), item["msg"]) for item in faults))
