# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 tokens in software: SoftHSM, in a folder of the tests' own."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
PIN = "canary-pin-7391"
PIN_VARIABLE = "LOAN_NOTARY_SECRET_PIN"


def token_place(name: str, token: str = "notary") -> str:
    """Return how the object `name` of one of two tokens, "notary" and "other", is written as a place.

    The PIN must be in the variable PIN_VARIABLE. Skips the calling test where there is no SoftHSM.
    """
    return f"pkcs11:token={token};object={name}?module-path={_tokens()}&pin-source=env:{PIN_VARIABLE}"


@cache
def _tokens() -> str:
    """Make both tokens and return the module: it looks once a process for its settings, and for the tokens."""
    module = next((path for path in _MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no SoftHSM here to be the hardware")
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    for label in ("notary", "other"):
        command = ("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "5678")
        subprocess.run(command, check=True, capture_output=True)
    return module
