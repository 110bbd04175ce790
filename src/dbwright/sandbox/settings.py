"""The configuration of throw-away servers."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["USER", "access_rules", "configuration"]

# The superuser that initdb makes.
USER = "dbwright"

# Everything is lost with the folder anyway, so nothing waits for a disk. Logical is the level
# with which publications, subscriptions and slots work.
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "fsync": "off",
    # Without fsync it costs next to nothing; and where a commit is not flushed yet, VACUUM marks no
    # page as all-visible, so that index-only scans would fetch from the table. No standby is
    # waited for.
    "synchronous_commit": "local",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_wal_senders": "4",
    "max_replication_slots": "8",
    "max_wal_size": "1GB",
    "max_prepared_transactions": "16",
    "shared_buffers": "32MB",
    "huge_pages": "off",
    # In files of the folder: what is in /dev/shm would survive the folder.
    "dynamic_shared_memory_type": "mmap",
    "autovacuum": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")


def configuration(settings: Mapping[str, str]) -> str:
    """The text of a configuration file: the defaults above, and `settings` over them.

    Raises ValueError for what is not the name of a setting.
    """
    lines = []
    for name, value in (_SETTINGS | dict(settings)).items():
        if not _SETTING_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a setting")
        quoted = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
        lines.append(f"{name} = '{quoted}'\n")
    return "".join(lines)


def access_rules(hba: str) -> str:
    """The text of a pg_hba.conf: the superuser through the socket, then what `hba` says."""
    return f"local all {USER} trust\nlocal replication {USER} trust\n{hba}\n"
