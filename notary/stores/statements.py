# SPDX-License-Identifier: Apache-2.0
"""The statements of the stores by name, and the migrations that make their tables.

`common_statements` has those that both databases understand, `sqlite_statements` and `postgres_statements` those that
one of them needs in its own words; `NNNN_*.sql` in the two are the migrations in their order. All are written in the
words of SQLite's client, with values as `?` or `:name`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from sqlite_utils import Database, Migrations

_HERE = Path(__file__).parent
_SQLITE, _POSTGRES = _HERE / "sqlite_statements", _HERE / "postgres_statements"
MIGRATIONS = Migrations("loan-notary")
"""All that a SQLite database goes through, in order."""


def _add_migration(script: Path) -> None:
    @MIGRATIONS(name=script.stem)
    def migrate(db: Database) -> None:
        for statement in script.read_text("utf-8").split(";\n"):
            db.execute(statement)


for _script in sorted(_SQLITE.glob("[0-9]*.sql")):
    _add_migration(_script)


def _named(folder: Path) -> dict[str, str]:
    return {
        name: text
        for path in folder.glob("[a-z]*.sql")
        for name, text in re.findall(r"-- name: (\w+)\n(.*?);\n", path.read_text("utf-8"), re.DOTALL)
    }


def _for_psycopg(text: str) -> bytes:
    text = re.sub(r" INDEXED BY \w+", "", text.replace("%", "%%"))
    # What belongs to a loan is told apart by its lender first, as a cluster would spread it.
    text = text.replace("USING (loan_id)", "USING (lender, loan_id)")
    # Arrays in binary: as text, what is sealed would take twice its length.
    text = text.replace("?::", "%b::").replace("?", "%s")
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", text).encode()


_COMMON = _named(_HERE / "common_statements")
STATEMENTS: Mapping[str, str] = _COMMON | _named(_SQLITE)
"""SQLite's statements by name."""

POSTGRES_MIGRATIONS: Mapping[str, bytes] = {
    path.stem: path.read_bytes() for path in sorted(_POSTGRES.glob("[0-9]*.sql"))
}
"""All that a PostgreSQL database goes through, in order: scripts by name."""

POSTGRES_STATEMENTS: Mapping[str, bytes] = {
    name: _for_psycopg(text) for name, text in (_COMMON | _named(_POSTGRES)).items()
}
"""PostgreSQL's statements by name, as psycopg takes them."""
