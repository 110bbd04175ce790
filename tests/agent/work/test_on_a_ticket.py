"""`dbwright agent work` on small repositories, as a team would call it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dbwright.agent.work_ import work
from dbwright.configuration import Configuration
from dbwright.errors import UsageError

INIT = """\
-- UP
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, password text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, total real);
-- DOWN
DROP TABLE orders;
DROP TABLE customers;
"""
CODE = """\
def orders_of(connection, customer):
    return connection.execute("SELECT total FROM orders WHERE customer_id = %s", (customer,))
"""
COMMAND = [sys.executable, "-m", "dbwright", "agent", "work", "--ticket", "T-12"]
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "events.schema.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in (".claude/workspaces/JOB-1", "migrations", "app"):
        (tmp_path / folder).mkdir(parents=True)
    context = {"ticket_id": "T-12", "volumes": {"orders": 2_000_000}, "of_others": [1]}
    (tmp_path / ".claude/workspaces/JOB-1/context.json").write_text(json.dumps(context))
    (tmp_path / "migrations/001_init.sql").write_text(INIT)
    (tmp_path / "app/orders.py").write_text(CODE)
    (tmp_path / "app/broken.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def events(repository: Path) -> list[dict[str, Any]]:
    lines = (repository / ".claude/events/log.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_work_and_the_same_ticket_again(repository: Path) -> None:
    done = work(ticket="T-12", configuration=Configuration())
    assert done.data["status"] == "completed" or done.data["status"] == "success"
    checks = done.data["quality_checks"]
    assert set(checks) == {"schema", "performance", "security", "migrations"}
    told = events(repository)
    types = [one["type"] for one in told]
    assert types[0] == "AGENT_STARTED" and types[-1] == "AGENT_COMPLETED"
    assert types.count("AGENT_COMPLETED") == 1 and "AGENT_PROGRESS" in types
    schema = json.loads(SCHEMA.read_text())
    for one in told:
        jsonschema.validate(one, schema)
    artifacts = repository / ".claude/workspaces/JOB-1/artifacts"
    assert told[-1]["payload"]["artifacts"] == done.data["artifacts"]
    assert all((repository / one).is_file() for one in done.data["artifacts"])
    design = (artifacts / "database_design.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", design):
        assert (artifacts / target).exists(), target
    assert "2,000,000" in design and "app/orders.py:2" in design and "**Not examined" in design
    (proposed,) = (artifacts / "migrations").glob("*missing_index*")
    assert "customer_id" in proposed.read_text() and "-- DOWN" in proposed.read_text()
    again = work(ticket="T-12", configuration=Configuration())
    assert again.data["completed_before"] is True
    assert again.data["event_id"] == done.data["event_id"]
    assert len(events(repository)) == len(told)


def test_nothing_to_go_on_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".claude/workspaces/JOB-1").mkdir(parents=True)
    (tmp_path / ".claude/workspaces/JOB-1/context.json").write_text('{"ticket_id": "T-12"}')
    (tmp_path / "models.py").write_text("class A(DeclarativeBase): ...\n")
    monkeypatch.chdir(tmp_path)
    done = work(ticket="T-12", configuration=Configuration())
    assert done.data["status"] == "blocked" and done.failed
    assert done.data["needs"]
    assert events(tmp_path)[-1]["type"] == "AGENT_BLOCKED"


def test_killed_in_the_middle_and_run_again(repository: Path) -> None:
    log = repository / ".claude/events/log.ndjson"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        COMMAND, cwd=repository, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + 60
        while not (log.exists() and log.read_text().count("AGENT_PROGRESS") >= 3):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert "AGENT_COMPLETED" not in log.read_text()
    done = work(ticket="T-12", configuration=Configuration())
    assert done.data["quality_checks"]["schema"] == "validated"
    assert [one["type"] for one in events(repository)].count("AGENT_COMPLETED") == 1


@pytest.mark.parametrize("ticket", ["", " ", "a\nb", "x" * 300])
def test_a_ticket_that_can_not_be_one(ticket: str, repository: Path) -> None:
    with pytest.raises(UsageError):
        work(ticket=ticket, configuration=Configuration())
    assert not (repository / ".claude/events").exists()
