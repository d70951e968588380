# SPDX-License-Identifier: Apache-2.0
"""The JavaScript verifier of the pages, run by Node in one process and asked line by line."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chain import toolchain
from notary.encoding import b64, parse_b64

_PROGRAM = Path(__file__).with_name("browser_verifier.mjs")


class BrowserVerifier:
    """Asks the process; what it answers is described in browser_verifier.mjs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, do: str, data: bytes = b"", **members: Any) -> Any:
        """Return the answer to one request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "data": b64(data), **members}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the verifier ended on {do} of {data!r} {members}"
        return json.loads(answer)

    def report(self, receipt: bytes, log_key: str | None = None) -> dict[str, Any]:
        """Return the report on a receipt."""
        report: dict[str, Any] = self.ask("receipt", receipt, log_key=log_key)
        return report

    def case(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """Return the report on a case of the published vectors; None if its key history is refused."""
        trust = {name: case.get(name) for name in ("log_key", "key_history")}
        if "text" in case:
            report: dict[str, Any] | None = self.ask("qr", text=case["text"], receipt=case.get("receipt"), **trust)
        else:
            kind = "package" if "package" in case else "receipt"
            data, authorities = parse_b64(case[kind]), case.get("authorities", [])
            report = self.ask(kind, data, authorities=authorities, **trust)
        return report


@contextmanager
def running_verifier() -> Iterator[BrowserVerifier]:
    """Run the verifier for the length of a `with` block."""
    command = [str(toolchain.node()), str(_PROGRAM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield BrowserVerifier(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
