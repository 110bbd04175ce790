"""`dbwright agent handoff` on real servers: the work, its answer, and bad input."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbwright.agent.handoff.answering import written_files
from dbwright.errors import FileUnreadable
from servers.command_line import Done
from servers.postgresql import Database

SCHEMA = """
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text NOT NULL, tenant_id int NOT NULL);
CREATE TABLE shop."Order Lines" (
    id bigint PRIMARY KEY, customer_id bigint REFERENCES shop.customers, tenant_id int
);
CREATE TABLE shop.words (word text PRIMARY KEY);
GRANT SELECT ON shop.customers TO PUBLIC;
"""

Run = Callable[..., Done]


def written(folder: Path, text: str) -> Path:
    path = folder / "handoff.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def answer(done: Done) -> dict[str, Any]:
    assert done.out, done.err
    found = yaml.safe_load(done.out)
    assert isinstance(found, dict)
    return found


def test_what_is_slow_is_diagnosed(dbwright: Run, database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, note text);"
        "INSERT INTO orders SELECT n, n % 5000, repeat('x', 50) FROM generate_series(1, 60000) n;"
    )
    database.execute("VACUUM ANALYZE orders")
    file = written(
        tmp_path,
        """
handoff: diagnose_query_performance
from: debugging
ticket_id: 7
payload:
  symptom: the list of orders is slow
  suspected_queries:
  - {sql: SELECT * FROM orders WHERE customer_id = 7, where: "app.py:3", id: 12}
  - SELECT * FROM nowhere
  diagnostics_needed: [explained_plans, missing_indexes, pool_state, slow_queries, heat]
  unknown: kept
""",
    )
    done = dbwright("agent", "handoff", file, database.url, "-q")
    assert done.status == 0, done.err
    found = answer(done)
    assert (found["from"], found["to"], found["ticket_id"]) == ("dbwright", "debugging", 7)
    assert found["status"] == "partial"
    assert found["asked"]["payload"]["unknown"] == "kept"
    parts = found["answer"]
    first, second = parts["explained_plans"]["plans"]
    assert first["where"] == "app.py:3" and any("Seq Scan" in line for line in first["plan"])
    assert second["status"] == "failed" and "nowhere" in second["reason"]
    (index,) = parts["missing_indexes"]["indexes"]
    assert "(customer_id)" in index["fix"]["up"] and index["proof"]["level"] == "estimated"
    assert "nowhere" in json.dumps(parts["missing_indexes"]["skipped"])
    assert parts["pool_state"]["max_connections"] > 0
    assert parts["pool_state"]["by_state"] is not None
    assert parts["slow_queries"]["status"] == "skipped"
    assert parts["heat"] == {
        "status": "skipped",
        "reason": "dbwright has no such diagnostic",
        "remedy": "ask for: slow_queries, missing_indexes, pool_state, explained_plans",
    }
    assert first["status"] == "done" and first["total_cost"] > 100
    assert parts["findings"]["of"] == "the target as it is now"


def test_access_is_tried_on_a_server(dbwright: Run, database: Database, tmp_path: Path) -> None:
    database.execute(SCHEMA)
    url = database.url
    model = """
handoff: secure_database_access
payload:
  classification:
  - {object: shop.customers.email, level: restricted}
  - {object: shop.words, level: restricted}
  - {object: shop.customers.nothing, level: public}
  access_model:
  - {role: app, tables: [shop.customers, '"Order Lines"'], privileges: [SELECT, insert], rows: CONDITION}
  - {role: Report "er", tables: [shop.customers], privileges: [select], columns: [id]}
"""
    fine = written(
        tmp_path, model.replace("CONDITION", "tenant_id = current_setting('app.t')::int")
    )
    found = answer(dbwright("agent", "handoff", fine, url, "--dir", tmp_path, "-q"))
    parts = found["answer"]
    results = [one["result"] for one in parts["classification"]["objects"]]
    assert results == ["open to PUBLIC", "there", "not there"]
    access = parts["access"]
    assert access["status"] == "done", access
    assert 'CREATE ROLE "Report ""er""" NOLOGIN;' in access["roles"]
    assert access["up"][0] == "GRANT USAGE ON SCHEMA shop TO app;"
    assert "ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY;" in access["up"]
    kept = {one["table"]: one for one in access["isolation"]}
    assert set(kept) == {"shop.customers", 'shop."Order Lines"'}
    assert all(one["result"] == "kept apart" for one in kept.values()), kept
    assert {one["check"] for one in kept["shop.customers"]["checks"]} == {
        "no row is read by both",
        "each reads all of its own rows, and no others",
        "a session that does not say who it is reads nothing",
        "a session with an empty setting reads nothing",
        "can't write a row of the other",
    }
    assert 'GRANT SELECT (id) ON TABLE shop.customers TO "Report ""er""";' in access["up"]
    assert len(access["down"]) == len(access["up"])
    (file,) = access["files"]
    assert file["label"] == "generated, not run" and "content" not in file
    text = (tmp_path / "migrations/access.sql").read_text()
    assert all(statement in text for statement in access["up"])
    assert parts["audit"] == {
        "status": "not available",
        "capability": "secure",
        "what": "an audit trail of who changed which row",
    }
    # Another text is not written over what is there; the same is.
    content = (tmp_path / "migrations/access.sql").read_text()
    part = {"files": [{"path": "migrations/access.sql", "content": content}]}
    assert written_files(part, tmp_path)["files"][0]["sha256"] == file["sha256"]
    part["files"][0]["content"] = "x"
    with pytest.raises(FileUnreadable, match=r"access.sql is there, and says something else"):
        written_files(part, tmp_path)
    part["files"][0]["path"] = "../x"
    with pytest.raises(FileUnreadable, match=r"its .. leads out of"):
        written_files(part, tmp_path)
    for condition, said in (
        ("'true); DROP TABLE shop.words; --'", "more than a condition"),
        ("tenant_id =", "no condition"),
        ("nothing = 1", 'column "nothing" does not exist'),
    ):
        bad = written(tmp_path, model.replace("CONDITION", condition))
        access = answer(dbwright("agent", "handoff", bad, url, "-q"))["answer"]["access"]
        assert access["status"] == "failed" and said in json.dumps(access).replace('\\"', '"')
        assert "files" not in access


TENANTS = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, tenant_id int NOT NULL, owner text, total int);
CREATE TABLE shop.lines (id int PRIMARY KEY, order_id bigint NOT NULL REFERENCES shop.orders);
CREATE TABLE shop.notes (id int PRIMARY KEY, tenant_id uuid NOT NULL);
ALTER TABLE shop.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_them ON shop.notes USING (true);
GRANT SELECT ON shop.orders TO PUBLIC;
"""
MODEL = """
handoff: secure_database_access
payload:
  access_model:
"""
OF_TENANT = "current_setting('app.tenant', true)::int"
CASES = [
    ("orders", "SELECT, UPDATE, DELETE, INSERT", f"tenant_id = {OF_TENANT}", ""),
    ("orders", "SELECT", f"tenant_id = {OF_TENANT} OR total > 0", "no row is read by both"),
    (
        "orders",
        "SELECT",
        f"tenant_id = {OF_TENANT} OR current_setting('app.tenant', true) IS NULL",
        "a session that does not say who it is reads nothing",
    ),
    ("orders", "UPDATE, SELECT", "owner = current_user", ""),
    (
        "lines",
        "SELECT, INSERT",
        f"order_id IN (SELECT id FROM shop.orders WHERE tenant_id = {OF_TENANT})",
        "",
    ),
    # Another policy, which is there already, lets all rows through.
    (
        "notes",
        "SELECT",
        "tenant_id = current_setting('app.tenant')::uuid",
        "no row is read by both",
    ),
]


def test_rows_of_two_tenants_are_read_as_each(
    dbwright: Run, database: Database, tmp_path: Path
) -> None:
    database.execute(TENANTS)
    models = [
        json.dumps({"role": f"r{number}", "tables": [f"shop.{table}"], "rows": rows})[:-1]
        + f', "privileges": [{verbs}]}}'
        for number, (table, verbs, rows, _) in enumerate(CASES)
    ]
    models.append('{"role": "boss", "tables": ["shop.orders"], "privileges": [SELECT]}')
    models.append(
        '{"role": "r4", "tables": ["shop.orders"], "privileges": [SELECT], "rows": "true"}'
    )
    file = written(tmp_path, MODEL + "".join(f"  - {one}\n" for one in models))
    access = answer(dbwright("agent", "handoff", file, database.url, "-q"))["answer"]["access"]
    assert access["status"] == "failed" and "not kept apart: r1, shop.orders" in access["reason"]
    kept = {(one["role"], one["table"]): one for one in access["isolation"]}
    for number, (table, _, _, broken) in enumerate(CASES):
        one = kept.pop((f"r{number}", f"shop.{table}"))
        assert one["result"] == ("not kept apart" if broken else "kept apart"), one
        assert {check["check"] for check in one["checks"] if not check["holds"]} >= (
            {broken} if broken else set()
        )
    assert len(kept.pop(("r4", "shop.orders"))) == 3 and not kept
    up = access["up"]
    # Who may see all rows has a policy that says so: without one row security shows none.
    assert "CREATE POLICY boss_select ON shop.orders FOR SELECT TO boss USING (true);" in up
    assert "GRANT USAGE ON SEQUENCE shop.orders_id_seq TO r0;" in up
    assert any("PUBLIC may use it today" in note for note in access["notes"])


def test_a_right_that_was_there_stays(dbwright: Run, database: Database, tmp_path: Path) -> None:
    role = f"reader_{database.name}"
    database.execute(
        f"CREATE TABLE t (id int PRIMARY KEY, x text); CREATE ROLE {role}; GRANT SELECT ON t TO {role}"
    )
    try:
        file = written(
            tmp_path,
            f"{MODEL}  - {{role: {role}, tables: [t], privileges: [SELECT, DELETE]}}\n",
        )
        access = answer(dbwright("agent", "handoff", file, database.url, "-q"))["answer"]["access"]
        assert access["up"] == [f"GRANT DELETE ON TABLE public.t TO {role};"]
        assert access["down"] == [f"REVOKE DELETE ON TABLE public.t FROM {role};"]
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


ARCHITECTURE = """
handoff: design_database_schema
payload:
  pattern: microservices
  services: [{name: crm, owns: [shop.customers]}, {name: sales, owns: [Order Lines]}, idle]
  data_ownership: {crm: shop.leads, other: shop.customers}
  access_patterns:
  - {name: list, service: crm, tables: [Order Lines, shop.nothing]}
"""


@pytest.mark.slow
def test_a_handoff_names_its_target(dbwright: Run, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(SCHEMA)
    file = written(tmp_path, f"{ARCHITECTURE}  target: schema.sql\n")
    parts = answer(dbwright("agent", "handoff", file, "-q"))["answer"]
    assert parts["existing_schema"]["target"] == str(tmp_path / "schema.sql")
    assert len(parts["existing_schema"]["checks"]) == 3


def test_a_schema_is_held_against_its_architecture(
    dbwright: Run, database: Database, tmp_path: Path
) -> None:
    database.execute(SCHEMA)
    file = written(tmp_path, ARCHITECTURE)
    parts = answer(dbwright("agent", "handoff", file, database.url, "-q"))["answer"]
    agrees = {one["check"]: one.get("against") for one in parts["alignment"]["checks"]}
    assert agrees == {
        "each table is owned by one service": ["shop.customers: crm, other"],
        "each owner is a service of the list": ["other"],
        "each service owns a table": ["idle"],
        "each table of an access pattern has an owner": ["list: shop.nothing"],
        "access patterns stay within their service": ["list of crm uses Order Lines of sales"],
    }
    fits = {one["check"]: one.get("against") for one in parts["existing_schema"]["checks"]}
    assert fits == {
        "each owned table is there": ["shop.leads"],
        "each table has an owner": ["shop.words"],
        "no foreign key goes from one service's table to another's": [
            'shop."Order Lines" (sales) -> shop.customers (crm)'
        ],
    }
    assert parts["findings"]["status"] == "done"
    assert parts["schema"]["capability"] == "design"


PROVISION = """
handoff: provision_database_infrastructure
from: architect
payload:
  name: Shop's ${x} "db"
  version: 16.10
  topology: {replicas: 2}
  backup_policy: {RPO: 1 minute, rto: 5m, retention: 60d}
"""


def test_infrastructure_is_written_and_parsed(dbwright: Run, tmp_path: Path) -> None:
    done = dbwright("agent", "handoff", written(tmp_path, PROVISION), "--dir", tmp_path, "-q")
    parts = answer(done)["answer"]
    assert parts["payload"]["version"] == "16.10" and parts["payload"]["storage_gb"] is None
    checks = {one["check"]: one["result"] for one in parts["alignment"]["checks"]}
    assert checks == dict.fromkeys(("rpo", "rto", "retention"), "does not hold")
    assert {parts[name]["capability"] for name in ("backup", "failover", "monitoring")} == {
        "backup",
        "cluster",
        "watch",
    }
    files = {
        one["path"]: one
        for name in ("terraform", "prometheus", "grafana")
        for one in parts[name]["files"]
    }
    assert set(files) == {"terraform/main.tf", "prometheus/alerts.yaml", "grafana/dashboard.json"}
    assert all(one["label"] == "generated, not run" for one in files.values())
    found = shutil.which("terraform")
    said = files["terraform/main.tf"]["checked"]
    assert said == (
        "parsed by terraform fmt -check -diff" if found else "not parsed: terraform was not found"
    )
    hcl = (tmp_path / "terraform/main.tf").read_text()
    assert hcl.startswith("# generated, not run")
    assert 'default = "16.10"' in hcl and 'identifier                   = "shop-s-x-db"' in hcl
    rules = yaml.safe_load((tmp_path / "prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} >= {"PostgresqlDown", "PostgresqlReplicaBehind"}
    assert all(set(rule) == {"alert", "expr", "for", "labels", "annotations"} for rule in rules)
    board = json.loads((tmp_path / "grafana/dashboard.json").read_text())
    assert [panel["id"] for panel in board["panels"]] == [1, 2, 3, 4, 5, 6]


def test_terraform_is_not_needed(
    dbwright: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    parts = answer(dbwright("agent", "handoff", written(tmp_path, PROVISION), "-q"))["answer"]
    assert parts["terraform"]["files"][0]["checked"] == "not parsed: terraform was not found"
    assert "promtool was not found" in parts["prometheus"]["files"][0]["checked"]
    (tmp_path / "terraform").write_text("#!/bin/sh\necho 'Error: no block' >&2\nexit 2\n")
    (tmp_path / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    parts = answer(dbwright("agent", "handoff", written(tmp_path, PROVISION), "-q"))["answer"]
    assert "refused by terraform" in parts["terraform"]["files"][0]["checked"]


def test_a_target_fills_what_is_left_out(dbwright: Run, database: Database, tmp_path: Path) -> None:
    file = written(tmp_path, "handoff: provision_database_infrastructure\npayload: {}\n")
    parts = answer(dbwright("agent", "handoff", file, database.url, "-q"))["answer"]
    assert parts["measured"]["database"] == database.name
    assert parts["payload"]["version"] == "18" and parts["payload"]["storage_gb"] == 20


def test_bad_input(dbwright: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "handoff: diagnose_query_performance\nsymptom: slow\ntarget: TARGET\n")
    text = file.read_text()

    def refused(*arguments: str | Path, said: str, status: int = 2) -> None:
        done = dbwright("agent", "handoff", *arguments, "-q")
        assert done.status == status and said in done.err, (done.status, done.err, done.out)
        assert done.err.count("\n") <= 2 and not done.out
        assert "s3cret" not in done.err

    for target, said in (
        ("postgresql://u:s3cret@h/d", "a handoff can't name a URL"),
        ("../x", "its .. leads out of"),
        ("/etc/passwd", "it is absolute, and not in"),
    ):
        file.write_text(text.replace("TARGET", target))
        refused(file, said=said)
    file.write_text(text.replace("target: TARGET", ""))
    refused(file, said="no target was named")
    for url in ("postgresql://u:s3cret@127.0.0.1:1/d", "postgresql:///d?host=/nowhere"):
        refused(file, url, said="", status=3)
    refused("nowhere.yaml", said="No such file")
    refused(file, "--dir", "nowhere", said="there is no folder nowhere")
    file.write_text("handoff: diagnose_query_performance\nsymptom: [\n")
    refused(file, said=f"{file}:3: no YAML")
    file.write_text("handoff: diagnose_query_performance\nsymptom: 7\n")
    refused(file, said=f"{file}:2: symptom: is a number, and has to be a text")
    file.write_text("handoff: diagnose_query_performance\nsymptom: slow\nx: no\n")
    done = dbwright("agent", "handoff", file, "--check")
    assert done.status == 0 and done.out == file.read_text().replace("x: no", "x: 'no'")


def test_without_yaml_it_says_what_to_install(tmp_path: Path) -> None:
    """In a process in which the library can't be found; JSON is answered in JSON all the same."""
    import sys

    (tmp_path / "yaml.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')\n"
    )
    (tmp_path / "h.yaml").write_text("handoff: diagnose_query_performance\nsymptom: slow\n")
    done = subprocess.run(
        [sys.executable, "-m", "dbwright", "agent", "handoff", "h.yaml", "--check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "yaml, which is not installed" in done.stderr
    assert "pip install 'dbwright[agent]'" in done.stderr
    document = {"handoff": "diagnose_query_performance", "payload": {"symptom": "slow", "x": [1.5]}}
    (tmp_path / "h.json").write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, "-m", "dbwright", "agent", "handoff", "h.json", "--check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and json.loads(done.stdout) == document
