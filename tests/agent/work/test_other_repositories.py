"""`dbwright agent work` on repositories of other tools: what it finds in them, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbwright.agent.work.project.files import FileKind
from dbwright.agent.work.project.find import find_project
from dbwright.agent.work_ import work
from dbwright.configuration import Configuration
from dbwright.progress import silent

FLYWAY = {
    "V1__init.sql": "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);\n"
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total real);",
    "U1__init.sql": "DROP TABLE orders; DROP TABLE customers;",
    "V2__note.sql": "ALTER TABLE orders ADD note text;",
    "V2.1__words.sql": "CREATE EXTENSION IF NOT EXISTS pg_trgm; ALTER TABLE orders ADD word text;",
    "U2.1__words.sql": "ALTER TABLE orders DROP word;",
}
JAVA = """
class Orders {
    List<Order> of(long id) { return jdbc.query("SELECT total FROM orders WHERE customer_id = ?", m, id); }
    List<Order> in(String t) { return jdbc.query("SELECT id FROM customers WHERE email ILIKE ?", m, t); }
    List<Order> bad(String t) { return jdbc.query(String.format("SELECT id FROM customers WHERE email = '%s'", t)); }
}
"""


def repository(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_spring_and_flyway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "src/main/resources/db/migration"
    repository(
        tmp_path,
        {f"{folder}/{name}": text for name, text in FLYWAY.items()}
        | {
            ".claude/workspaces/JOB-1/context.json": '{"ticket_id": "T-9", "volumes": {"orders": "3M"}}',
            "src/main/java/Orders.java": JAVA,
            "src/main/resources/application.yml": "spring:\n  datasource:\n"
            "    url: jdbc:postgresql://h/d\n    password: s3cret\n",
            "ios/App.swift": "",
        },
    )
    monkeypatch.chdir(tmp_path)
    done = work(ticket="T-1", configuration=Configuration())
    found = {(one["path"], one.get("tool")) for one in done.data["found"]}
    assert (folder, "flyway") in found
    assert ("src/main/resources/application.yml", "spring") in found
    checks = done.data["quality_checks"]
    assert checks["migrations"] == (
        "skipped: 1 of 3 files has no way back (2 note); 2 taken back to what was before; "
        "all ran, and lint found no error"
    )
    assert checks["performance"] == "analyzed"
    assert "names another ticket, T-9" in done.data["notes"][0]
    artifacts = tmp_path / ".claude/workspaces/JOB-1/artifacts"
    proposed = {path.name for path in (artifacts / "migrations").iterdir()}
    assert {"V2.2__missing_index.sql", "U2.2__missing_index.sql"} <= proposed
    text = (artifacts / "migrations/V2.2__missing_index.sql").read_text()
    assert "ON public.orders USING btree (customer_id" in text and "pg_trgm" not in proposed
    assert not any("-- UP" in path.read_text() for path in (artifacts / "migrations").iterdir())
    design = (artifacts / "database_design.md").read_text()
    assert f"in the form of Flyway: copy them into {folder}." in design
    assert "names another ticket, T-9" in design and "1 of .swift" in design
    assert "- `src/main/java/Orders.java:5`\n\n" in design and "s3cret" not in design
    lines = design.splitlines()
    for number, line in enumerate(lines[1:], 1):
        if line.startswith("#"):
            assert not lines[number - 1], line
    log = tmp_path / ".claude/events/log.ndjson"
    repository(tmp_path, {f"{folder}/U2__note.sql": "ALTER TABLE orders DROP note;"})
    again = work(ticket="T-1", again=True, configuration=Configuration())
    assert again.data["quality_checks"]["migrations"] == "tested"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    first, last = (one for one in events if one["type"] == "AGENT_COMPLETED")
    assert last["payload"]["supersedes"] == first["event_id"] != last["event_id"]
    assert last["payload"]["quality_checks"]["migrations"] == "tested"
    later = work(ticket="T-1", configuration=Configuration())
    assert later.data["event_id"] == last["event_id"] and later.data["completed_before"]


RAILS = """\
default: &default
  adapter: postgresql
  pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 5 } %>
<% if ENV["X"] %>
production:
  <<: *default
  password: <%= ENV["P"] %>
<% end %>
"""


def test_settings_of_frameworks(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            "config/database.yml": RAILS,
            "db/schema.rb": 'create_table "posts", force: :cascade do |t|\n  create_table :tags\n',
            "appsettings.json": '{"ConnectionStrings": {"Main": "Host=h;Password=s3cret"}}',
            "alembic.ini": "sqlalchemy.url = postgresql+psycopg://u:s3cret@h/d\n",
            "shop/settings.py": "# django\nDATABASES = {'default': {'ENGINE': "
            "'django.db.backends.postgresql', 'PASSWORD': 's3cret'}}\n",
            "application.properties": "spring.datasource.url=jdbc:mysql://h/d\n",
            "compose.yaml": "x: &x {image: 'postgres:16'}\nservices:\n  db:\n    <<: *x\n"
            "  other: {image: 'redis:7'}\n",
        },
    )
    found = find_project(tmp_path, silent)
    assert "s3cret" not in repr(found)
    settings = {one.path: (one.tool, one.engine, one.holds) for one in found.of(FileKind.SETTINGS)}
    assert settings == {
        "config/database.yml": ("rails", "postgresql", ("default", "production")),
        "appsettings.json": ("dotnet", "postgresql", ("Main",)),
        "alembic.ini": ("alembic", "postgresql", ()),
        "shop/settings.py": ("django", "postgresql", ()),
        "application.properties": ("spring", "mysql", ()),
    }
    (schema,) = found.of(FileKind.SCHEMA)
    assert schema.holds == ("posts", "tags") and "db/structure.sql" in schema.remedy
    assert {one.holds for one in found.of(FileKind.SERVICE)} == {
        ("db: postgres:16",),
        ("other: redis:7",),
    }
