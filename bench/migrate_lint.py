"""Linting migrations: dbwright beside squawk, over folders of real ones.

    python bench/migrate_lint.py FOLDER [FOLDER ...] [--runs 3] [--squawk PROGRAM]

Every .sql file of PostgreSQL that is found below the folders. The two do not do the same: squawk
parses each file by itself and looks at the trees; dbwright replays each folder on a throw-away
server (its start is part of the time), where every statement runs, and reads the catalog before and
after each file. `read` and `rules` are those parts of dbwright that do not need the server.
squawk is no dependency: without it (on PATH, or by --squawk) its line says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.find import Found, read_all
from dbwright.migrate.lint.configure import choose
from dbwright.migrate.lint.reporting import report_of
from dbwright.migrate.replay.run import judged_run
from dbwright.model.finding import Severity

OTHER_ENGINES = ("mysql", "sqlite")


@dataclass(frozen=True)
class Timed:
    """One way through all files. Seconds."""

    read: float
    judged: float
    rules: float
    findings: Counter[str]
    statements: int
    refused: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folders", nargs="+", type=Path)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--squawk", default=shutil.which("squawk"))
    given = options.parse_args()
    folders = [folder for root in given.folders for folder in folders_of(root)]
    files = [path for folder in folders for path in sorted(folder.rglob("*.sql"))]
    print(f"{len(files)} files in {len(folders)} folders; {os.cpu_count()} cores, ", end="")
    print(f"{platform.python_implementation()} {platform.python_version()}\n")
    print("| what | seconds (median) | files/s | findings | what it does |")
    print("| --- | --- | --- | --- | --- |")
    runs = [linted(folders) for _ in range(given.runs)]
    last = runs[-1]
    whole = [run.read + run.judged + run.rules for run in runs]
    found = ", ".join(f"{count} {name}" for name, count in last.findings.items())
    row("dbwright migrate lint", whole, len(files), found, "runs every statement on a server")
    row("- read", [run.read for run in runs], len(files), "", "layouts, splitting")
    row("- rules", [run.rules for run in runs], len(files), "", "over what the server did")
    peer(given.squawk, files, given.runs)
    print(f"\nstatements judged: {last.statements}; refused by the server: {last.refused}")


def folders_of(root: Path) -> Iterator[Path]:
    """Those that hold migrations of PostgreSQL, outermost first."""
    if root.name in OTHER_ENGINES:
        return
    try:
        read_all(root)
    except BadMigration:
        for below in sorted(path for path in root.iterdir() if path.is_dir()):
            yield from folders_of(below)
    else:
        yield root


def linted(folders: Sequence[Path]) -> Timed:
    read = judged = rules = 0.0
    findings: Counter[str] = Counter()
    statements = refused = 0
    chosen = choose(Configuration(), (), ())
    for folder in folders:
        start = time.perf_counter()
        found: Found = read_all(folder)
        read += time.perf_counter() - start
        start = time.perf_counter()
        run = judged_run(found.migrations, together=False)
        judged += time.perf_counter() - start
        start = time.perf_counter()
        report = report_of(
            run,
            chosen,
            target=str(folder),
            fail_on=Severity.ERROR,
            sets_lock_timeout=found.layout.sets_lock_timeout,
        )
        rules += time.perf_counter() - start
        findings.update(one.severity.value for one in report.findings)
        steps = [step for file in run.migrations for step in file.steps]
        statements += len(steps)
        refused += sum(step.effects.refusal is not None for step in steps)
    return Timed(read, judged, rules, findings, statements, refused)


def peer(program: str | None, files: Sequence[Path], runs: int) -> None:
    if program is None:
        print("| squawk | - | - | - | not on PATH: `--squawk PROGRAM` |")
        return
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    command = [program, "--reporter", "json", *map(str, files)]
    times = []
    said = "[]"
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        times.append(time.perf_counter() - start)
        said = done.stdout or "[]"
    try:
        count = str(len(json.loads(said)))
    except ValueError:
        count = "?"
    row(version or "squawk", times, len(files), count, "parses, knows no catalog")


def row(name: str, seconds: Sequence[float], files: int, findings: str, does: str) -> None:
    median = statistics.median(seconds)
    rate = f"{files / median:,.0f}" if median else "-"
    print(f"| {name} | {median:.2f} | {rate} | {findings} | {does} |")


if __name__ == "__main__":
    main()
