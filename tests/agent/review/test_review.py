"""Changed files get the review that fits; hooks and the watcher ask for it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from dbwright.agent.install_ import install
from dbwright.agent.review.kinds import Kind, kind_of
from dbwright.agent.review_ import review
from dbwright.configuration import Configuration
from dbwright.errors import FileUnreadable
from dbwright.operation import all_operations

SAFE = "-- UP\nCREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);\n-- DOWN\nDROP TABLE orders;\n"
UNSAFE = "-- UP\nDROP TABLE oders;\n-- DOWN\nCREATE TABLE orders (id bigint PRIMARY KEY);\n"
BASH = [sys.executable, "-m", "dbwright"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_orders.sql").write_text(SAFE)
    (tmp_path / "migrations" / "002_gone.sql").write_text(UNSAFE)
    (tmp_path / "schema.sql").write_text("CREATE TABLE parts (name text);\n")
    (tmp_path / "models.py").write_text("class Base(DeclarativeBase): ...\n")
    (tmp_path / "other.py").write_text("print(1)\n")
    (tmp_path / "notes.md").write_text("hello\n")
    return tmp_path


def test_what_a_file_is(repository: Path) -> None:
    kinds = {path.name: kind_of(path) for path in repository.rglob("*") if path.is_file()}
    assert kinds == {
        "001_orders.sql": Kind.MIGRATION,
        "002_gone.sql": Kind.MIGRATION,
        "schema.sql": Kind.SQL,
        "models.py": Kind.MODEL,
        "other.py": None,
        "notes.md": None,
    }


def test_each_file_gets_its_review(repository: Path) -> None:
    found = review(
        ("migrations/002_gone.sql", "schema.sql", "models.py", "notes.md"),
        configuration=Configuration(),
    )
    rules = {finding.rule for finding in found.findings}
    assert {"keys/no-primary-key"} <= rules
    assert any(rule.startswith("migrations/") for rule in rules)
    assert found.rules.keys() >= rules
    assert not [one for one in found.skipped if one.part == "models"]  # a migration came along


def test_a_model_without_a_migration_is_told(repository: Path) -> None:
    found = review(("models.py",), configuration=Configuration())
    assert [(one.part, one.objects) for one in found.skipped] == [("models", ("models.py",))]
    assert not found.failed


def test_what_can_not_be_reviewed_is_told_and_the_rest_goes_on(repository: Path) -> None:
    Path("broken.sql").write_bytes(b"SELECT '\xff\xfe';")
    found = review(("broken.sql", "schema.sql"), configuration=Configuration())
    assert "keys/no-primary-key" in {finding.rule for finding in found.findings}
    with pytest.raises(FileUnreadable):
        review(("missing.sql",), configuration=Configuration())


def test_the_watcher_appends_what_it_finds_and_ends_at_ctrl_c(repository: Path) -> None:
    out = repository / "reviews.ndjson"
    with subprocess.Popen(
        [*BASH, "agent", "watch", "--append", str(out), "--debounce", "0.1", "-v"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "watching" in process.stderr.readline()
        end = time.monotonic() + 60
        while not out.exists() and time.monotonic() < end:
            # Until the watcher has begun: a change before it is not seen.
            (repository / "schema.sql").write_text(
                f"CREATE TABLE parts (name text); -- {time.time()}\n"
            )
            time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    line = json.loads(out.read_text().splitlines()[0])
    assert line["command"] == "agent review"
    assert "keys/no-primary-key" in {finding["rule"] for finding in line["findings"]}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_the_git_hook_stops_a_commit_that_would_fail(repository: Path) -> None:
    def git(*words: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        names = {
            f"GIT_{who}_{what}": "a@b.example"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        return subprocess.run(
            ["git", *words],
            capture_output=True,
            text=True,
            env={**os.environ, **names, "PATH": path},
        )

    git("init", "-q")
    install("git")
    git("add", "migrations/001_orders.sql", "notes.md")
    done = git("commit", "-qm", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    git("add", "migrations/002_gone.sql")
    Path('-00 "two"\nü.sql').write_text("CREATE TABLE c (id int PRIMARY KEY);\n")
    Path("dangling.sql").symlink_to("nowhere")
    git("add", "--", '-00 "two"\nü.sql', "dangling.sql")
    stopped = git("commit", "-qm", "two")
    assert stopped.returncode == 1
    assert "002_gone.sql" in stopped.stderr  # where git sends what its hooks say


def test_the_definitions_for_other_tools_call_what_there_is() -> None:
    root = Path(__file__).parents[3]
    commands = {operation.name for operation in all_operations()}
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].removeprefix("dbwright ") in commands
    action = yaml.safe_load((root / "action.yml").read_text())
    script = action["runs"]["steps"][-1]["run"]
    assert "dbwright agent review" in script
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


NAMES = ("-x.sql", "a b.sql", "c'\"$(touch made).sql", "d\ne.sql", "ü.sql")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_the_action_takes_any_names_and_reviews_nothing_silently(tmp_path: Path) -> None:
    """With a program in dbwright's place that says what it was given."""
    root = Path(__file__).parents[3]
    script = yaml.safe_load((root / "action.yml").read_text())["runs"]["steps"][-1]["run"]
    (tmp_path / "bin").mkdir()
    told = tmp_path / "bin" / "dbwright"
    told.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > "$RUNNER_TEMP/told"\nexit 1\n')
    told.chmod(0o755)
    repository = tmp_path / "repository"
    repository.mkdir()
    who = {
        f"GIT_{one}_{two}": "a@b" for one in ("AUTHOR", "COMMITTER") for two in ("NAME", "EMAIL")
    }
    environment = {
        **os.environ,
        **who,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "TARGET": "",
        "FAIL_ON": "error",
    }

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=repository, env={**environment, **more}, capture_output=True, text=True
        )

    def reviewed(**given: str) -> tuple[int, list[str]]:
        (tmp_path / "told").unlink(missing_ok=True)
        flags = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
        status = run(*flags, **given).returncode
        words = (tmp_path / "told").read_text().split("\0")[:-1] if status == 1 else []
        return status, words[words.index("--") + 1 :] if words else []

    run("git", "init", "-q")
    run("git", "commit", "-q", "--allow-empty", "-m", "one")
    base = run("git", "rev-parse", "HEAD").stdout.strip()
    for name in NAMES:
        (repository / name).write_text("SELECT 1;\n")
    run("git", "add", "-A")
    run("git", "commit", "-q", "-m", "two")
    status, found = reviewed(FILES="", BASE=base)
    assert (status, sorted(found)) == (1, sorted(NAMES))
    assert reviewed(FILES="a.sql b.sql", BASE="") == (1, ["a.sql", "b.sql"])
    assert reviewed(FILES="a b.sql\n$(touch made).sql\n", BASE="")[1] == [
        "a b.sql",
        "$(touch made).sql",
    ]
    assert reviewed(FILES="", BASE="")[0] == 2
    assert reviewed(FILES="", BASE="0" * 40)[0] not in (0, 1)
    assert not list(repository.glob("made*"))
