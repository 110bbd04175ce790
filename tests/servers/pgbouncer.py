"""A PgBouncer in front of a throw-away server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dbwright.sandbox import Server
from dbwright.sandbox.account import server_account

__all__ = ["pgbouncer"]

PORT = 6543
START_SECONDS = 20


@contextmanager
def pgbouncer(server: Server, pool_mode: str) -> Iterator[str]:
    """The URL of the database `postgres` through a pooler, which ends with the block."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    account = server_account()
    folder = server.socket_directory / "pgbouncer"  # where the server's user may be
    folder.mkdir()
    configuration = folder / "pgbouncer.ini"
    (folder / "users.txt").write_text('"dbwright" ""\n')
    configuration.write_text(
        f"[databases]\n* = host={server.socket_directory} port=5432\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = {PORT}\nunix_socket_dir = {folder}\n"
        f"auth_type = trust\nauth_file = {folder}/users.txt\npool_mode = {pool_mode}\n"
    )
    if account.other:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    as_user = {"user": account.uid, "group": account.gid} if account.other else {}
    with subprocess.Popen(
        [program, configuration],
        stderr=subprocess.DEVNULL,
        extra_groups=[] if as_user else None,
        **as_user,
    ) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while not (folder / f".s.PGSQL.{PORT}").exists():
                assert process.poll() is None, "PgBouncer did not start"
                assert time.monotonic() < end, "PgBouncer did not start in time"
                time.sleep(0.02)
            yield f"postgresql://dbwright@/postgres?host={folder}&port={PORT}"
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder)
