"""Workspaces: which one, what its context says, and artifacts that stay in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dbwright.agent.work.context import Context, read_context
from dbwright.agent.work.workspace import find_workspace
from dbwright.errors import BadWorkspace, FileUnreadable


def job(root: Path, name: str, at: int, **context: Any) -> Path:
    folder = root / ".claude/workspaces" / name
    folder.mkdir(parents=True)
    if context:
        (folder / "context.json").write_text(json.dumps(context))
        os.utime(folder / "context.json", (at, at))
    else:
        os.utime(folder, (at, at))
    return folder


def test_the_one_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(BadWorkspace, match="there is no workspace"):
        find_workspace(tmp_path)
    job(tmp_path, "JOB-1", 50)
    found = find_workspace(tmp_path)
    assert (found.name, found.chosen) == (".claude/workspaces/JOB-1", "the only one")
    assert found.context == Context()
    job(tmp_path, "JOB-9", 100, ticket_id="T-9")
    job(tmp_path, "JOB-10", 100, ticket_id=10, sprint={"n": 1})
    job(tmp_path, "JOB-old", 99, ticket_id="T-9")
    job(tmp_path, "NOTE-1", 999)
    (tmp_path / ".claude/workspaces/JOB-file").write_text("")
    found = find_workspace(tmp_path)
    assert found.folder.name == "JOB-10"
    assert found.chosen == "of 4 the one changed last"
    assert found.context.ticket_id == "10" and found.context.document["sprint"] == {"n": 1}
    found = find_workspace(tmp_path, ticket="T-9")
    assert (found.folder.name, found.chosen) == ("JOB-9", "its context.json names T-9")
    assert find_workspace(tmp_path, ticket="T-0").folder.name == "JOB-10"
    os.utime(tmp_path / ".claude/workspaces/JOB-old/context.json", (200, 200))
    assert find_workspace(tmp_path).folder.name == "JOB-old"
    named = find_workspace(tmp_path, Path(".claude/workspaces/JOB-1"))
    assert (named.folder.name, named.chosen) == ("JOB-1", "named")
    assert find_workspace(tmp_path, named.folder).folder == named.folder


def test_a_workspace_is_in_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    job(root, "JOB-1", 1)
    outside = tmp_path / "outside"
    outside.mkdir()
    for wrong in (Path("../outside"), outside, Path(".claude/workspaces/../../../outside")):
        with pytest.raises(BadWorkspace, match="is not used: it"):
            find_workspace(root, wrong)
    with pytest.raises(BadWorkspace, match="there is no folder"):
        find_workspace(root, Path("nowhere"))
    (root / ".claude/workspaces/JOB-2").symlink_to(outside)
    with pytest.raises(BadWorkspace, match="a symbolic link in it leads out of repository"):
        find_workspace(root)
    (root / ".claude/workspaces/JOB-2").unlink()
    (outside / "context.json").write_text("{}")
    (root / ".claude/workspaces/JOB-1/context.json").symlink_to(outside / "context.json")
    with pytest.raises(BadWorkspace, match="leads out of"):
        find_workspace(root)


def test_an_artifact_is_written_whole_and_in_its_place(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    folder = job(root, "JOB-1", 1)
    workspace = find_workspace(root)
    assert workspace.write("schema/té bles.sql", "CREATE TABLE t ();\n") == (
        ".claude/workspaces/JOB-1/artifacts/schema/té bles.sql"
    )
    workspace.write("schema/té bles.sql", b"\xff")
    workspace.write("a.md", "")
    assert (folder / "artifacts/schema/té bles.sql").read_bytes() == b"\xff"
    assert sorted(path.name for path in (folder / "artifacts").rglob("*")) == [
        "a.md",
        "schema",
        "té bles.sql",
    ]
    secret = tmp_path / "secret"
    secret.write_text("mine")
    (folder / "artifacts/link").symlink_to(secret)
    (folder / "artifacts/out").symlink_to(tmp_path)
    for wrong in ("../x", "/etc/x", str(secret), "a/../../x", "link", "out/x", "", ".", "a\0b"):
        with pytest.raises(BadWorkspace, match="artifact"):
            workspace.write(wrong, "x")
    assert secret.read_text() == "mine"
    with pytest.raises(FileUnreadable, match="can't write"):
        workspace.write("a.md/b", "x")
    (folder / "artifacts/schema/x").mkdir()
    with pytest.raises(FileUnreadable, match="can't write"):
        workspace.write("schema/x", "x")
    assert sorted(path.name for path in (folder / "artifacts/schema").iterdir()) == [
        "té bles.sql",
        "x",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"title": 7}', "context.json: title is a number"),
        ('{"requirements": ["a", {"x": 1}]}', "requirements[1] is an object"),
        ('{"requirements": {"a": 1}}', "requirements is an object"),
        ('{"ticket_id": true}', "ticket_id is true or false"),
        ('{"title": "a",\n "x" 1}', "no JSON at line 2, column 6"),
        ("[1]", "is a list"),
        ("[" * 100_000, "no JSON"),
        ("\xff", "no JSON"),
    ],
)
def test_a_context_that_is_wrong_says_where(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "context.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(BadWorkspace) as told:
        read_context(path)
    assert said in told.value.message
    assert told.value.next_step and "\n" not in told.value.message


def test_a_context_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "context.json"
    path.write_text(
        '\ufeff{"title":null,"requirements":[{"description":"quick"},"small"],"constraints":"none"}'
    )
    found = read_context(path)
    assert (found.title, found.requirements, found.constraints) == (
        "",
        ("quick", "small"),
        ("none",),
    )
