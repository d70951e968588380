# SPDX-License-Identifier: Apache-2.0
"""The embedded chain is lost: the service says so, begins anew only when told to, and old receipts stay good."""

import shutil
from pathlib import Path

from notary.canonical import canonical_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.service import Service, command, new_service


def submit(service: Service, api_key: str, value: dict[str, object]) -> bytes:
    assert service.request("POST", "/v1/records", canonical_json(value), api_key).status == 201
    return service.final_receipt(str(value["id"]), api_key)


def test_a_lost_chain(tmp_path: Path) -> None:
    with new_service(tmp_path / "data") as service:
        api_key = service.add_lender()
        service.start()
        before = record("agreement", id=repayment("")["id"], loan="A-1")
        old = tmp_path / "old.json"
        old.write_bytes(submit(service, api_key, before))
        assert service.stop() == 0

        shutil.rmtree(service.folder / "chain")
        refused = command("run", "--data", service.folder)
        assert refused.code != 0
        assert "another chain is behind the URL" in refused.err
        assert "Traceback" not in refused.err
        service.wait_for_silence()

        service.start("--reanchor")
        new = tmp_path / "new.json"
        new.write_bytes(submit(service, api_key, repayment("A-1")))
        again = tmp_path / "again.json"
        again.write_bytes(service.final_receipt(str(before["id"]), api_key))
        for file in (old, new, again):
            assert run("verify", file).exit_code == 0, file
        # The new chain has the new anchors; of the old one it says that its block is not there.
        for file in (new, again):
            assert run("verify", file, "--rpc", service.node_url).exit_code == 0, file
        result = run("verify", old, "--rpc", service.node_url, "--json")
        assert result.exit_code == 1
        assert {check["link"] for check in document(result)["checks"] if check["status"] == "failed"} == {"block"}
        audited = run("audit", "--data", service.folder, "--json")
        assert (audited.exit_code, document(audited)["records"]["records"]) == (0, 4), audited.output
        assert service.stop() == 0

        service.start()
        assert service.stop() == 0
