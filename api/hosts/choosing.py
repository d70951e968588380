# SPDX-License-Identifier: Apache-2.0
"""Which host a data folder makes: the only one, one of several, or one that only reads."""

from api.databases import driver
from api.hosts.host import Alone, Host
from api.settings import DataFolder


def host_of(folder: DataFolder) -> Host:
    """Return what this host is. Raises `UnavailableError` where the driver of its database is not installed."""
    settings = folder.settings()
    dsn = settings.database
    if dsn is None:
        return Alone()
    with driver():
        from api.hosts.member import Member
        from api.hosts.reader import Reader

        if settings.writes_at is not None:
            return Reader(folder, dsn)
        return Member(folder, dsn)
