# SPDX-License-Identifier: Apache-2.0
"""What stands in `sqlite_statements`: `NNNN_*.sql` are the migrations in their order, the others statements by name."""

import re
from pathlib import Path

from sqlite_utils import Database, Migrations

_SQL = Path(__file__).parent / "sqlite_statements"
MIGRATIONS = Migrations("loan-notary")
"""All that a database goes through, in order."""


def _add_migration(script: Path) -> None:
    @MIGRATIONS(name=script.stem)
    def migrate(db: Database) -> None:
        for statement in script.read_text("utf-8").split(";\n"):
            db.execute(statement)


for _script in sorted(_SQL.glob("[0-9]*.sql")):
    _add_migration(_script)

STATEMENTS = {
    name: text
    for path in _SQL.glob("[a-z]*.sql")
    for name, text in re.findall(r"-- name: (\w+)\n(.*?);\n", path.read_text("utf-8"), re.DOTALL)
}
"""The statements by name."""
