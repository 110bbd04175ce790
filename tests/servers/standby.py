"""A streaming standby of a throw-away server.

By a base backup through the low-level interface (manual, 26.3.3), which every major has without
further programs.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dbwright.sandbox import Server, start
from dbwright.sandbox.account import server_account

__all__ = ["standby_of"]

LEFT_OUT = ("postmaster.pid", "postmaster.opts", "pg_replslot", "postgresql.auto.conf")


@contextmanager
def standby_of(primary: Server, name: str = "standby") -> Iterator[Server]:
    """A standby that has replayed all that the primary has written so far."""
    source = f"host={primary.socket_directory} port=5432 user=dbwright application_name={name}"
    with start(path=primary.programs.bin, settings={"primary_conninfo": source}) as standby:
        standby.kill()
        shutil.rmtree(standby.data_directory)
        _copy(primary, standby.data_directory)
        standby.restart()
        _wait_until_caught_up(primary, name)
        yield standby


def _copy(primary: Server, data: Path) -> None:
    begin, end = "pg_start_backup('standby', true, false)", "pg_stop_backup(false)"
    if primary.major >= 15:
        begin, end = "pg_backup_start('standby', true)", "pg_backup_stop()"
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute(f"SELECT {begin}".encode())
        # Files may vanish or change meanwhile: what the write-ahead log is for.
        shutil.copytree(
            primary.data_directory, data, ignore=_left_out, ignore_dangling_symlinks=True
        )
        row = connection.execute(f"SELECT labelfile FROM {end}".encode()).fetchone()
    assert row is not None
    (data / "backup_label").write_text(row[0], encoding="utf-8")
    (data / "standby.signal").touch()
    (data / "pg_replslot").mkdir(mode=0o700, exist_ok=True)
    (data / "postgresql.auto.conf").touch(mode=0o600)
    account = server_account()
    for path in (data, *data.rglob("*")):
        if account.other:
            os.chown(path, account.uid, account.gid)


def _left_out(folder: str, names: list[str]) -> set[str]:
    # Only of the top folder; and no file that the server holds for itself alone.
    return {name for name in names if name in LEFT_OUT or name.startswith("pgsql_tmp")}


def _wait_until_caught_up(primary: Server, name: str) -> None:
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        for _ in range(3000):
            row = connection.execute(
                "SELECT FROM pg_stat_replication WHERE application_name = %s "
                "AND state = 'streaming' AND replay_lsn = pg_current_wal_lsn()",
                [name],
            ).fetchone()
            if row is not None:
                return
            time.sleep(0.01)
    raise AssertionError("the standby did not catch up")
