# SPDX-License-Identifier: Apache-2.0
"""A running service that publishes its log to a folder and to a bucket, and outsiders who need no service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from api.databases import open_store
from api.keys.log_keys import load_signer
from api.publishing import open_publication
from api.settings import DataFolder
from chain.deployment import Deployment
from notary.canonical import canonical_json
from tests.support import tlog
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.plain_server import plain_server
from tests.support.s3 import BUCKET, KEY_ID, MOTO, SECRET, running_moto, variables
from tests.support.service import Service, new_service, processes_of, until


@dataclass(frozen=True)
class Seen:
    """What was seen while the service ran: metrics, an audit from outside; and a receipt for afterwards."""

    service: Service
    log_key: str
    metrics: str
    audit: Any
    receipt: Path
    environments: list[bytes]

    @property
    def published(self) -> Path:
        return self.service.folder / "web"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("publishing")
    if not MOTO.exists():
        pytest.skip("there is no moto here")
    bucket = f"s3://{BUCKET}/logs/one"
    with (
        running_moto(folder) as s3,
        new_service(folder / "data", "--publish-to", "web", "--publish-to", bucket) as service,
        plain_server(folder / "data") as web,
    ):
        service.variables |= variables(s3)
        hurry(service)
        api_key = service.add_lender()
        service.start()
        agreed = record("agreement", id=repayment("")["id"])
        for value in (agreed, *(repayment(agreed["loan"]) for _ in range(3))):
            assert service.request("POST", "/v1/records", canonical_json(value), api_key).status == 201
        receipt = folder / "receipt.json"
        receipt.write_bytes(service.final_receipt(agreed["id"], api_key))
        log_key = load_signer(DataFolder(service.folder)).verifier.format()
        published = service.folder / "web"
        until(lambda: size_of((published / "checkpoint").read_bytes()) == log_size(service), "all is published")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables(s3).items():
                patch.setenv(name, value)
            copy = open_publication(bucket, Path())
            until(lambda: size_of(copy.get("checkpoint", 10_000).data) == log_size(service), "and in the bucket")
            assert tlog.check_log(lambda path: copy.get(path, 1 << 24).data, log_key).size == log_size(service)
            checked = run("publish", "--to", bucket, "--check", "--data", service.folder)
            assert (checked.exit_code, "WHOLE" in checked.output) == (0, True), checked.output
        place = Deployment.load(DataFolder(service.folder).deployment)
        audit = run(
            "audit", "--log", f"{web}/web", "--log-key", log_key, "--rpc", service.node_url, "--json",
            "--anchored-in", f"{place.chain_id}/{place.registry}/{place.log_id}",
        )  # fmt: skip
        with urlopen(DataFolder(service.folder).metrics_address.read_text()) as answer:
            metrics = answer.read().decode()
        environments = [
            Path(f"/proc/{pid}/environ").read_bytes() for pid, line in processes_of(service.folder).items()
            if "-m api." in line
        ]  # fmt: skip
        assert service.stop() == 0
        yield Seen(service, log_key, metrics, document(audit), receipt, environments)


def hurry(service: Service) -> None:
    path = service.folder / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "publish_interval": 0.2}))


def log_size(service: Service) -> int:
    head = open_store(DataFolder(service.folder)).head()
    assert head
    return head.size


def size_of(checkpoint: bytes) -> int:
    return int(checkpoint.split(b"\n")[1])


def test_other_tlog_clients_read_what_is_published(seen: Seen) -> None:
    head = tlog.check_log(lambda path: (seen.published / path).read_bytes(), seen.log_key)
    assert head.size == log_size(seen.service)


def test_an_audit_by_url_needs_a_web_server_and_no_notary(seen: Seen) -> None:
    assert (seen.audit["verdict"], seen.audit["not_checked"]) == ("valid", [])
    assert seen.audit["anchors"]["on_chain"] > 0


def test_metrics_say_how_far_each_place_has_come(seen: Seen) -> None:
    for place in (str(seen.published), f"s3://{BUCKET}/logs/one"):
        assert f'loan_notary_unpublished{{place="{place}"}} 0.0' in seen.metrics
        assert f'loan_notary_publishing_failed{{place="{place}"}} 0.0' in seen.metrics


def test_no_other_part_has_the_bucket_s_credentials(seen: Seen) -> None:
    assert len(seen.environments) >= 4
    assert not [found for found in seen.environments if KEY_ID.encode() in found or SECRET.encode() in found]


def test_a_receipt_is_proven_anew_while_the_notary_is_away(seen: Seen, tmp_path: Path) -> None:
    proof, growth = tmp_path / "proof", tmp_path / "growth"
    with plain_server(seen.published) as web:
        arguments = (seen.receipt, "--log", web, "--log-key", seen.log_key, "-o", proof, "--consistency", growth)
        proven = run("prove", *arguments, "--json")
    assert proven.exit_code == 0, proven.output
    assert document(proven)["size"] == log_size(seen.service)
    assert all(len(value) == 32 for value in tlog.read_hashes(growth.read_bytes()))
    verified = run("verify-export", proof, "--receipt", seen.receipt, "--log-key", seen.log_key)
    assert verified.exit_code == 0, verified.output


def test_publish_once_and_again(seen: Seen, tmp_path: Path) -> None:
    arguments = ("publish", "--to", tmp_path / "copy", "--data", seen.service.folder, "--json")
    size = log_size(seen.service)
    first, second = document(run(*arguments)), document(run(*arguments))
    assert (first["entries"], second["entries"], second["files"]) == (size, size, 0)
    (tmp_path / "copy" / f"tile/0/000.p/{size}").unlink()
    damaged = run(*arguments, "--check")
    assert (damaged.exit_code, document(damaged)["faults"]) == (1, [f"tile/0/000.p/{size} is missing"])
    assert "tile/0/000" in run(*arguments[:-1], "--check").output
    assert document(run(*arguments, "--everything"))["files"] == 1
    assert run(*arguments, "--check").exit_code == 0


def test_errors_are_one_line(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("other\n")
    data = ("--data", seen.service.folder)
    is_one_line(run("publish", "--to", tmp_path, *data), 1, "is no checkpoint")
    is_one_line(run("publish", "--to", "gs://elsewhere", *data), 1, "neither the path of a folder nor s3://")
    is_one_line(run("publish", "--to", tmp_path / "none", "--check", *data), 1, "nothing is published")
    away = {**variables("http://127.0.0.1:9")}
    is_one_line(run("publish", "--to", f"s3://{BUCKET}", *data, **away), 2, "cannot be used now")
    assert run("publish", "--to", tmp_path, "--check", "--everything", *data).exit_code == 2
