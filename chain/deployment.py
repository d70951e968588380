# SPDX-License-Identifier: Apache-2.0
"""Which registry, on which chain, holds this log: made once, kept in a JSON file, compared on every connection."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from chain.errors import DeploymentError

_HEX = {"genesis_hash": 32, "registry": 20, "log_id": 32, "operator": 20, "code_hash": 32}


@dataclass(frozen=True)
class Deployment:
    """A log in a registry on a chain. Addresses and hashes are lower-case hex with 0x.

    `operator` is the account that registered the log; `code_hash` the Keccak-256 of the registry's code.
    """

    chain_id: int
    genesis_hash: str
    registry: str
    log_id: str
    origin: str
    operator: str
    code_hash: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            DeploymentError: when the file is missing or anything else.
        """
        try:
            document = json.loads(path.read_bytes())
            deployment = cls(**document)
        except (OSError, ValueError, TypeError) as error:
            raise DeploymentError(path, str(error)) from error
        for name, length in _HEX.items():
            if not re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", str(document[name])):
                raise DeploymentError(path, f"{name} is not {length} bytes in lower-case hex")
        if type(deployment.chain_id) is not int or type(deployment.origin) is not str:
            raise DeploymentError(path, "chain_id is no integer, or origin no string")
        return deployment

    def save(self, path: Path) -> None:
        """Write the file, whole and durable or not at all.

        Raises:
            DeploymentError: when it cannot be written.
        """
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("w") as file:
                file.write(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise DeploymentError(path, str(error)) from error
