"""Reading a server log, beside Debian's pgbadger on the same file, in the same run.

    python bench/loganalysis.py [--format csv|log|json] [--megabytes 1000] [--no-peer]

Writes a log of realistic traffic into a temporary folder: an ORM's quoted statements with
constants, prepared ones with parameters, transactions, N+1 loops, multi-line reports, errors,
temporary files, checkpoints. Both programs read all of it on one core. Prints a table: seconds,
megabytes a second (of 10^6 bytes), the ratio, and the peak memory of ours; and how long Python's
own modules take to cut the file into fields, and nothing more.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import platform
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

OURS = """
import resource, sys, time
from pathlib import Path
from dbwright.engines.postgresql.logs import read_log
from dbwright.tune.chattiness import chattiness
began, used = time.perf_counter(), time.process_time()
reading = read_log(Path(sys.argv[1]))
findings = chattiness(reading.conversation)
seconds, busy = time.perf_counter() - began, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(seconds, busy, peak, reading.counts.statements, len(reading.workload.queries), len(findings))
"""
DATABASES = (("app", "shop", "rails"), ("app", "shop", "sidekiq"), ("report", "bi", "metabase"))
TABLES = (
    "users orders items products carts payments invoices shipments addresses reviews coupons "
    "sessions events messages accounts categories suppliers warehouses refunds tickets"
).split()
CONSTANT = re.compile(r"'(?:[^']|'')*'|(?<!\$)\b\d+\b")
"""What the server leaves out when it makes a statement's number."""
COLUMNS = "name email status created_at updated_at total price note position kind".split()


class Writer:
    """Writes entries in one of the three formats."""

    def __init__(self, file: IO[str], form: str) -> None:
        self.file, self.form = file, form
        self.clock = 1_790_000_000_000
        self.lines: dict[int, int] = {}

    def entry(
        self,
        pid: int,
        message: str,
        detail: str = "",
        *,
        who: tuple[str, str, str] | None = None,
        transaction: int = 0,
        severity: str = "LOG",
        state: str = "00000",
        statement: str = "",
        query_id: int = 0,
    ) -> int:
        self.clock += random.randrange(3)
        moment = self.clock
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment // 1000))
        now = f"{stamp}.{moment % 1000:03d} UTC"
        line = self.lines[pid] = self.lines.get(pid, 0) + 1
        user, database, application = who or ("", "", "")
        vxid = f"{pid % 97}/{transaction}"
        session = f"{1_700_000_000 + pid:x}.{pid:x}"
        if self.form == "csv":
            quoted = [_quoted(part) for part in (message, detail, statement)]
            self.file.write(
                f'{now},"{user}","{database}",{pid},"10.0.0.{pid % 250}:{40000 + pid % 9999}",'
                f'{session},{line},"SELECT",2026-11-23 07:00:00 UTC,{vxid},0,{severity},{state},'
                f'{quoted[0]},{quoted[1]},,,,,{quoted[2]},,,"{application}","client backend",,'
                f"{query_id}\n"
            )
        elif self.form == "json":
            found = {
                "timestamp": now, "user": user, "dbname": database, "pid": pid,
                "remote_host": f"10.0.0.{pid % 250}", "remote_port": 40000, "session_id": session,
                "line_num": line, "ps": "SELECT", "session_start": "2026-11-23 07:00:00 UTC",
                "vxid": vxid, "txid": 0, "error_severity": severity, "state_code": state,
                "message": message, "detail": detail, "statement": statement,
                "application_name": application, "backend_type": "client backend",
                "query_id": query_id,
            }  # fmt: skip
            self.file.write(
                json.dumps({k: v for k, v in found.items() if v != ""}, separators=(",", ":"))
                + "\n"
            )
        else:
            head = f"{now} [{pid}] " + (f"{user}@{database} " if who else "")
            lines = [f"{severity}:  {message}"]
            lines += [f"DETAIL:  {detail}"] if detail else []
            lines += [f"STATEMENT:  {statement}"] if statement else []
            text = "\n".join(head + line.replace("\n", "\n\t") for line in lines)
            self.file.write(text + "\n")
        return self.file.tell()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""


def _orm(table: str, number: int) -> str:
    names = ["id", *COLUMNS[: 4 + len(table) % 5]]
    columns = ", ".join(f'"{table}"."{name}"' for name in names)
    return f'SELECT {columns} FROM "{table}" WHERE "{table}"."id" = {number} LIMIT 1'


def _prepared(table: str, child: str) -> str:
    return (
        f"SELECT t.id, t.status, t.total, c.name FROM {table} AS t JOIN {child} AS c "
        f"ON c.{table}_id = t.id WHERE t.owner_id = $1 AND t.created_at > $2 "
        "ORDER BY t.created_at DESC LIMIT $3"
    )


def _report(table: str, number: int) -> str:
    return (
        f"SELECT date_trunc('day', created_at) AS day,\n       status,\n       count(*),\n"
        f"       sum(total)\n  FROM {table}\n WHERE created_at >= '2026-0{number % 9 + 1}-01'\n"
        f"   AND status IN ('open', 'paid', 'sent')\n GROUP BY 1, 2\n ORDER BY 1 DESC, 2"
    )


def generate(path: Path, form: str, size: int) -> None:
    random.seed(7)
    with path.open("w", encoding="utf-8", buffering=2**20) as file:
        writer = Writer(file, form)
        for number in itertools.count(1):
            pid = 10_000 + random.randrange(80)
            written = _request(writer, pid, DATABASES[pid % 3], number)
            if number % 500 == 0:
                writer.entry(1, "checkpoint complete: wrote 812 buffers (5.0%)")
            if written >= size:
                return


def _request(writer: Writer, pid: int, who: tuple[str, str, str], number: int) -> int:
    table, child = random.choice(TABLES), random.choice(TABLES)

    def ran(text: str, detail: str = "", *, kind: str = "statement") -> int:
        duration = random.lognormvariate(-1, 1.2)
        return writer.entry(
            pid, f"duration: {duration:.3f} ms  {kind}: {text}", detail, who=who,
            transaction=number, query_id=zlib.crc32(CONSTANT.sub("", text).encode()),
        )  # fmt: skip

    ran("BEGIN")
    for turn in range(random.randrange(1, 4)):
        ran(_orm(random.choice(TABLES), number * 3 + turn))
    ran(
        _prepared(table, child),
        f"parameters: $1 = '{number}', $2 = '2026-01-01 00:00:00', $3 = '20'",
        kind=f"execute a{number % 40}",
    )
    if number % 7 == 0:
        for turn in range(random.randrange(5, 30)):
            ran(_orm(child, number + turn))
    if number % 3 == 0:
        ran(
            f"UPDATE {table} SET note = 'it''s {number}', updated_at = '2026-11-23 07:00:00'"
            f" WHERE id = {number} AND lock_version = {number % 9}"
        )
    if number % 40 == 0:
        ran(_report(table, number))
    if number % 60 == 0:
        writer.entry(
            pid, f'duplicate key value violates unique constraint "{table}_pkey"',
            f"Key (id)=({number}) already exists.", who=who, severity="ERROR", state="23505",
            statement=f"INSERT INTO {table} (id) VALUES ({number})",
        )  # fmt: skip
    if number % 90 == 0:
        writer.entry(
            pid, f'temporary file: path "base/pgsql_tmp/pgsql_tmp{pid}.0", size 81920', who=who,
            statement=_report(table, number),
        )  # fmt: skip
    return ran("COMMIT")


def ours(path: Path) -> tuple[float, float, int, str]:
    """Seconds, seconds of CPU, peak bytes, and what was found."""
    result = subprocess.run(
        [sys.executable, "-c", OURS, str(path)], check=True, capture_output=True, text=True
    )
    seconds, busy, peak, statements, queries, findings = result.stdout.split()
    found = f"{statements} statements, {queries} kinds, {findings} findings"
    return float(seconds), float(busy), int(peak), found


def cut_only(path: Path, form: str) -> tuple[float, float]:
    """Seconds, and seconds of CPU, of a pass that understands nothing: the csv module's own (C)
    cuts the file into fields, the json one's reads each line, else lines are cut."""
    began, used = time.perf_counter(), time.process_time()
    with path.open(encoding="utf-8", newline="") as file:
        rows: Iterable[object] = file
        if form == "csv":
            rows = csv.reader(file)
        elif form == "json":
            rows = map(json.loads, file)
        for _ in rows:
            pass
    return time.perf_counter() - began, time.process_time() - used


def pgbadger(path: Path, form: str, folder: Path) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    command = ["pgbadger", "--quiet", "--jobs", "1", "--outfile", str(folder / "report.html")]
    command += ["--format", {"csv": "csv", "json": "jsonlog", "log": "stderr"}[form]]
    if form == "log":
        command += ["--prefix", "%m [%p] %q%u@%d "]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, str(path)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["csv", "log", "json"], default="csv")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--no-peer", action="store_true", help="leave pgbadger out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dbwright-bench-") as name:
        path = Path(name) / f"server.{options.format}"
        generate(path, options.format, options.megabytes * 10**6)
        size = path.stat().st_size / 1e6
        seconds, busy, peak, found = ours(path)
        print(f"{platform.machine()}, Python {platform.python_version()}; {size:.0f} MB of "
              f"{options.format}; {found}")  # fmt: skip
        print("| program | seconds | of CPU | MB/s | MB/s of CPU | peak memory |")
        print("| --- | --- | --- | --- | --- | --- |")
        print(f"| dbwright | {seconds:.1f} | {busy:.1f} | {size / seconds:.0f} | "
              f"{size / busy:.0f} | {peak / 1e6:.0f} MB |")  # fmt: skip
        limit, limit_busy = cut_only(path, options.format)
        print(f"| Python's own modules, cutting alone | {limit:.1f} | {limit_busy:.1f} | "
              f"{size / limit:.0f} | {size / limit_busy:.0f} | |")  # fmt: skip
        if options.no_peer:
            return
        if shutil.which("pgbadger") is None:
            print("pgbadger is not installed: apt-get install --no-install-recommends pgbadger")
            return
        theirs, their_busy = pgbadger(path, options.format, Path(name))
        print(f"| pgbadger | {theirs:.1f} | {their_busy:.1f} | {size / theirs:.0f} | "
              f"{size / their_busy:.0f} | |")  # fmt: skip
        print(f"ratio: {theirs / seconds:.1f} (of CPU: {their_busy / busy:.1f})")


if __name__ == "__main__":
    main()
