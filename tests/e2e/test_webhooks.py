# SPDX-License-Identifier: Apache-2.0
"""Webhooks of a whole service that is killed while it tells: every record told, none invented."""

from pathlib import Path

from notary.canonical import canonical_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.receiver import receiving
from tests.support.service import command, new_service, until


def test_every_record_is_told_though_the_service_is_killed(tmp_path: Path) -> None:
    with new_service(tmp_path / "data", "--webhook-network", "127.0.0.0/8") as service, receiving() as receiver:
        api_key = service.add_lender()
        variables = {"LOAN_NOTARY_URL": service.url, "LOAN_NOTARY_API_KEY": api_key}
        service.start()
        hook = document(run("webhook", "add", receiver.url, "--json", **variables))
        ids, agreement = [], record("agreement", loan="W-0")
        for number in range(3):
            lines = [canonical_json(agreement)] if number == 0 else []
            values = [repayment("W-0") for _ in range(50)]
            lines += [canonical_json(value) for value in values]
            answer = service.request("POST", "/v1/records:batch", b"\n".join(lines), api_key, "application/x-ndjson")
            assert answer.body.count(b'"status":201') == len(lines)
            ids += [value["id"] for value in values]
            # The node alone is let end in order: it writes its state once a second, and killed before it has, it is
            # another chain afterwards.
            assert service.process is not None
            service.process.kill()
            service.process.wait()
            service.wait_for_silence()
            service.start()
        wanted = set(ids)
        for kind in ("record.recorded", "record.anchored", "record.final"):
            until(lambda kind=kind: wanted <= {name for got in receiver.of(kind) for name in got.ids}, f"all is {kind}")
        assert all(got.is_signed_with(hook["secret"]) for got in receiver.got)
        # A message may come twice, with one id; no record is in two messages of a kind.
        for kind in ("record.recorded", "record.final"):
            messages = {got.headers["webhook-id"]: got.ids for got in receiver.of(kind)}
            told = [name for names in messages.values() for name in names]
            assert len(told) == len(set(told))
            # The agreement; and an anchor covers also what was recorded before the webhook came.
            others = set(told) - wanted
            assert agreement["id"] in others
            assert kind == "record.final" or len(others) == 1
        listed = command("webhook", "deliveries", hook["id"], "--state", "delivered", **variables)
        assert listed.code == 0
        assert "record.final" in listed.out
        assert service.stop() == 0
