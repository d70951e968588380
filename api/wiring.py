# SPDX-License-Identifier: Apache-2.0
"""The composition root: the only module that sees every layer and puts the parts together."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from api.access.administration import Administration
from api.access.oauth import TokenIssuer
from api.access.read_notes import ReadNotes
from api.audits.files import AuditFiles
from api.certificate.maker import CertificateMaker, Sealer
from api.checker import CheckerPool
from api.clock import now
from api.cursors import CursorSeal
from api.databases import (
    hold_of,
    open_access_log,
    open_replica,
    open_sessions,
    open_store,
    open_traffic,
    open_webhooks,
)
from api.jobs.files import JobFiles
from api.keys.data_keys import DataKeys
from api.keys.log_keys import LogKeys, load_verifiers, log_keys
from api.own_verifier import OwnVerifier
from api.settings import DataFolder
from api.tracing.spans import Tracing
from api.tracing.start import TracedLog, start_tracing
from api.traffic.rates import RateLimiter
from api.traffic.repeats import Repeats
from api.writer_client import WriterClient
from chain.deployment import Deployment
from chain.wallet_signatures import WalletSignatures
from notary.access import AccessStore
from notary.access_log import AccessLog
from notary.audit.scrubbing import Scrubber, ScrubPolicy
from notary.audit.sources import StoreSource
from notary.documents.depositing import Depositary
from notary.documents.document import DocumentFiles
from notary.documents.forgetting import DocumentTraces
from notary.drafts import DAY, Drafts
from notary.errors import UnavailableError
from notary.exports.making import ProofExporter
from notary.jws_header import WalletDomain
from notary.log.reader import Log
from notary.package.making import PackageWriter
from notary.parties.key_registry import KeyRegistry
from notary.parties.keyring import Keyring
from notary.parties.keys import WALLET_ALG
from notary.parties.root_registry import RootRegistry
from notary.parties.signatures import Schemes
from notary.policies import Policies
from notary.ports.replica import Replica
from notary.ports.store import Store
from notary.privacy.erasing import Eraser, ErasureStore
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.sealed import Environment
from notary.refusals import PolicyGate
from notary.registration import Registrar
from notary.schemes.sodium import FAST_SCHEMES
from notary.sessions import SessionStore
from notary.stores.document_files import FolderFiles
from notary.webhooks import WebhookStore
from verifier.build import single_file

DATA_VARIABLE = "LOAN_NOTARY_DATA"
WRITER_VARIABLE = "LOAN_NOTARY_WRITER"
SIGN_INS_A_MINUTE = 20
"""API keys that may be tried from one address in a minute, right or wrong, on the page for signing in."""


@dataclass(frozen=True)
class Services:
    """What the HTTP views work with. Records go into the log through `gate`, never through `writer`.

    `signer` has the log's keys; `scratch` is a folder for files that are there for one answer only. `replica` is what a
    host that only reads reads from: it has no writer, and whatever writes is refused before it comes to `writer`.
    `is_remote` says that the store is asked over a network.
    """

    store: Store
    access: AccessStore
    access_log: AccessLog
    reads: ReadNotes
    erasures: ErasureStore
    eraser: Eraser
    administration: Administration
    tokens: TokenIssuer
    cursors: CursorSeal
    log: Log
    signer: LogKeys
    registrar: Registrar
    keys: KeyRegistry
    roots: RootRegistry
    keyring: Keyring
    writer: WriterClient
    policies: Policies
    gate: PolicyGate
    drafts: Drafts
    files: DocumentFiles
    checker: CheckerPool
    depositary: Depositary
    jobs: JobFiles
    audits: AuditFiles
    issuer: ReceiptIssuer
    exporter: ProofExporter
    packages: PackageWriter
    certificates: CertificateMaker
    scratch: Path
    environment: Environment
    verifier: OwnVerifier
    limiter: RateLimiter
    sessions: SessionStore
    sign_ins: RateLimiter
    repeats: Repeats
    webhooks: WebhookStore
    webhook_networks: tuple[str, ...]
    timestamp_authorities: tuple[str, ...]
    is_remote: bool = False
    tracing: Tracing | None = None
    replica: Replica | None = None

    @property
    def log_key(self) -> str:
        """The C2SP verifier key of the log, as documents name it now."""
        return self.signer.current().log_key


def document_files(folder: DataFolder) -> FolderFiles:
    """Return the folder's documents. Raises `DataKeyError`."""
    return FolderFiles(folder.documents, DataKeys(folder.keys))


def job_files(folder: DataFolder) -> JobFiles:
    """Return the folder's jobs. Raises `DataKeyError`."""
    return JobFiles(folder.jobs, DataKeys(folder.keys))


def audit_files(folder: DataFolder) -> AuditFiles:
    """Return the folder's ordered audits. Raises `DataKeyError`."""
    return AuditFiles(folder.audits, DataKeys(folder.keys))


def make_scrubber(folder: DataFolder, policy: ScrubPolicy | None = None) -> Scrubber:
    """Return what scrubs the folder's log, and lets nothing be signed once it finds damage."""
    source = StoreSource(open_store(folder))
    damaged = partial(hold_of(folder).place, "damaged")
    return Scrubber(source, lambda: load_verifiers(folder)[0], damaged, policy)


def make_services(
    folder: DataFolder, writer_socket: Path, clock: Callable[[], int] = now, tracing: Tracing | None = None
) -> Services:
    """Put together what a process that serves HTTP needs."""
    store, signer, writer = open_store(folder), log_keys(folder), WriterClient(writer_socket, tracing)
    schemes: Schemes = {**FAST_SCHEMES, WALLET_ALG: WalletSignatures(lambda: _own_domain(folder))}
    keyring, policies = Keyring(store, schemes), Policies(store)
    issuer, exporter = (
        ReceiptIssuer(store, keyring, signer, folder.settings().environment),
        ProofExporter(store, signer),
    )
    verifier = OwnVerifier(signer)
    way = TracedLog(writer, tracing) if tracing else writer
    registrar, gate = Registrar(store, schemes, clock), PolicyGate(store, way, policies)
    administration = Administration(registrar, writer)
    access_log = open_access_log(folder)
    files, checker = document_files(folder), CheckerPool()
    traffic = open_traffic(folder)
    repeats, jobs, audits = Repeats(traffic, store.owner_keys), job_files(folder), audit_files(folder)

    def ready(lender: int) -> None:
        jobs.require_none(lender)
        audits.require_none(lender)

    return Services(
        store=store,
        access=store,
        access_log=access_log,
        reads=ReadNotes(access_log, store.owner_keys),
        erasures=store,
        eraser=Eraser(store, administration.note, (repeats, jobs, audits, DocumentTraces(store, files)), ready, clock),
        administration=administration,
        tokens=TokenIssuer(store, folder.settings().origin, clock),
        cursors=CursorSeal.load(folder.cursor_key),
        log=Log(store),
        signer=signer,
        registrar=registrar,
        keys=KeyRegistry(store, schemes, clock),
        roots=RootRegistry(store, clock),
        keyring=keyring,
        writer=writer,
        policies=policies,
        gate=gate,
        drafts=Drafts(store, gate, registrar, clock, folder.settings().draft_days * DAY),
        files=files,
        checker=checker,
        jobs=jobs,
        audits=audits,
        depositary=Depositary(store, files, checker, clock),
        issuer=issuer,
        exporter=exporter,
        packages=PackageWriter(store, files, issuer, exporter, signer, single_file),
        certificates=CertificateMaker(signer, verifier, _sealer(folder)),
        scratch=folder.path,
        environment=folder.settings().environment,
        verifier=verifier,
        limiter=RateLimiter(traffic, folder.settings().requests_a_minute),
        sessions=open_sessions(folder),
        sign_ins=RateLimiter(traffic, SIGN_INS_A_MINUTE),
        repeats=repeats,
        webhooks=open_webhooks(folder),
        webhook_networks=folder.settings().webhook_networks,
        timestamp_authorities=tuple(item.url for item in folder.settings().timestamp_authorities),
        is_remote=folder.settings().database is not None,
        tracing=tracing,
        replica=open_replica(folder) if folder.settings().writes_at else None,
    )


def services_from_environment() -> Services:
    """Put the services together from the two variables that `loan-notary run` sets for its children."""
    folder = DataFolder(Path(os.environ[DATA_VARIABLE]))
    return make_services(folder, Path(os.environ[WRITER_VARIABLE]), tracing=start_tracing("server"))


def _sealer(folder: DataFolder) -> Sealer | None:
    file = folder.settings().certificate_key
    if file is None:
        return None
    # Imported here: few notaries have a seal, and its library takes half a second.
    from api.certificate.sealing import PdfSealer

    return PdfSealer.load(folder.path / file)


def _own_domain(folder: DataFolder) -> WalletDomain:
    # Read each time: the registry is deployed while the service starts, and may be another one after it.
    if not folder.deployment.exists():
        raise UnavailableError("the notary has no registry yet, which a wallet's signature must be for")
    deployment = Deployment.load(folder.deployment)
    return WalletDomain(deployment.chain_id, deployment.registry)
