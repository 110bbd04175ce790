"""The documents are true: every command line in them runs, every rule named exists, every page that
is made from the code is fresh."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbwright.rules.rules import all_described
from dbwright.sandbox import start
from servers.postgresql import Database

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if "reference" not in path.parts
)
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def command_lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for language, body in FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "sh":
                for line in body.splitlines():
                    command = line.partition(" #")[0].strip()
                    if command.startswith("dbwright "):
                        yield page.relative_to(ROOT).as_posix(), command


LINES = list(command_lines())
TABLE = "CREATE TABLE t (id int PRIMARY KEY);"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command lines in the documents name."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "schema.sql").write_text(TABLE)
    (folder / "queries.sql").write_text("SELECT * FROM t WHERE id = 1;")
    (folder / "migrations").mkdir()
    again = TABLE.replace("TABLE", "TABLE IF NOT EXISTS")
    (folder / "migrations/1_t.sql").write_text(f"{again}\n-- DOWN\nDROP TABLE t;")
    later = "ALTER TABLE t ADD COLUMN note text;\n-- DOWN\nALTER TABLE t DROP COLUMN note;"
    (folder / "migrations/012_orders.sql").write_text(later)
    lines = [f"{n},{n // 3},{n // 3 % 9},{n % 7},{n % 7}.5" for n in range(90)]
    head = "line_id,order_id,customer_id,product_id,unit_price"
    (folder / "orders.csv").write_text("\n".join([head, *lines]))
    customers = [f"{n},Customer {n}" for n in range(9)]
    (folder / "customers.csv").write_text("\n".join(["id,name", *customers]))
    (folder / "dump.sql").write_text(f"{TABLE} INSERT INTO t VALUES (1), (2);")
    (folder / "said.yaml").write_text("relations: {orders: {key: [line_id]}}")
    with start() as server:
        Database(server, "postgres", server.url()).execute(TABLE)
        run(["snapshot", server.url(), "-o", "shop.dbw"], folder)
    run(["check", "shop.dbw", "--format", "json", "-o", "known.json"], folder)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, database: Database) -> Path:
    """A copy of it, and the same table in a live database."""
    database.execute(TABLE)
    return Path(shutil.copytree(prepared, tmp_path / "work"))


def run(arguments: list[str], folder: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dbwright", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": url, "HOME": str(folder)},
    )


@pytest.mark.parametrize(("page", "command"), LINES, ids=[f"{p}: {c}" for p, c in LINES])
def test_command_line(page: str, command: str, folder: Path, database: Database) -> None:
    arguments = [
        database.url if word.startswith("postgresql://") else word
        for word in shlex.split(command)[1:]
    ]
    done = run(arguments, folder, database.url)
    assert done.returncode in (0, 1), f"{page}: {command}\n{done.stderr}"


def test_rules_named_exist() -> None:
    topics = {rule.topic for rule in all_described()}
    known = {rule.id for rule in all_described()}
    named = re.compile(rf"\b({'|'.join(sorted(topics))})/([a-z]+(?:-[a-z]+)+)\b")
    for page in PAGES:
        for match in named.finditer(page.read_text(encoding="utf-8")):
            assert match.group(0) in known, f"{page.name} names {match.group(0)}"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/docs.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
