"""What each host is given: golden files, and each read as the host reads it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbwright.agent.install.host import Scope
from dbwright.agent.install.hosts import claude_code, codex, cursor, opencode, vscode
from dbwright.agent.install.json_text import read
from dbwright.agent.install_ import all_hosts, install
from dbwright.agent.tool.registry import all_tools
from dbwright.agent.uninstall import uninstall
from dbwright.errors import FileUnreadable, UsageError

GOLDENS = Path(__file__).parent / "goldens"
GIT = shutil.which("git")
CASES = [
    (name, scope)
    for name in sorted(all_hosts())
    for scope in Scope
    if name != "git" or (GIT and scope is Scope.PROJECT)
]
AGENT = {
    "claude-code": ".claude/agents/database-specialist.md",
    "opencode": ".opencode/agents/database-specialist.md",
    "vscode": ".github/agents/database-specialist.agent.md",
    "cursor": ".cursor/agents/database-specialist.md",
    "codex": ".codex/agents/database-specialist.toml",
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "project")
    if GIT:
        subprocess.run([GIT, "init", "-q", "--template="], check=True)


def files(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and (".git" not in path.parts or "hooks" in path.parts)
    }


def root_of(tmp_path: Path, scope: Scope) -> Path:
    return tmp_path / ("home" if scope is Scope.USER else "project")


@pytest.mark.parametrize(("name", "scope"), CASES)
def test_goldens(name: str, scope: Scope, tmp_path: Path) -> None:
    install(name, user=scope is Scope.USER)
    found = files(root_of(tmp_path, scope))
    text = "".join(f"===== {path}\n{content}" for path, content in found.items())
    golden = GOLDENS / f"{name}-{scope.value}.txt"
    if os.environ.get("DBWRIGHT_UPDATE_GOLDENS"):
        GOLDENS.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text(), "DBWRIGHT_UPDATE_GOLDENS=1 writes them anew"


@pytest.mark.parametrize(("name", "scope"), CASES)
def test_again_changes_nothing_and_out_leaves_nothing(
    name: str, scope: Scope, tmp_path: Path
) -> None:
    user = scope is Scope.USER
    dry = install(name, user=user, dry_run=True)
    assert not files(tmp_path)
    done = install(name, user=user)
    assert [one["path"] for one in done.data["files"]] == [one["path"] for one in dry.data["files"]]
    assert not install(name, user=user).data["files"]
    uninstall(name, user=user)
    assert not [one for one in root_of(tmp_path, scope).iterdir() if one.name != ".git"]
    assert not files(tmp_path)
    assert not uninstall(name, user=user).data["files"]


@pytest.mark.parametrize("name", sorted(AGENT))
def test_the_definition_is_whole_and_names_only_what_is_there(name: str) -> None:
    install(name)
    text = Path(AGENT[name]).read_text()
    if name == "codex":
        head = tomllib.loads(text)
        body = head["developer_instructions"]
    else:
        _, front, body = text.split("---\n", 2)
        head = yaml.safe_load(front)
    assert "Use proactively" in head["description"]
    known = {tool.name for tool in all_tools()}
    named = set(re.findall(r"^- `(\w+)`:", body, re.MULTILINE))
    assert named == known - {"migrate_up", "migrate_down"}
    assert len(body) < 4000
    if name == "claude-code":
        mcp = [one for one in head["tools"].split(", ") if one.startswith("mcp__")]
        assert {one.removeprefix("mcp__dbwright__") for one in mcp} == named


def test_prompts_name_only_tools_that_are_there() -> None:
    from dbwright.agent.prompts import PROMPTS

    known = {tool.name for tool in all_tools()} | {"indexes", "offset", "next_offset"}
    for prompt in PROMPTS:
        assert set(re.findall(r"`(\w+)`", prompt.text)) <= known


def assert_within(some: Any, more: Any) -> None:
    """All of it is there, as it was."""
    if isinstance(some, dict):
        for key, value in some.items():
            assert_within(value, more[key])
    else:
        assert some == more


OTHERS: dict[str, tuple[str, str]] = {
    "claude-code": (".mcp.json", '{\n  "mcpServers": {"mine": {"command": "x"}}\n}\n'),
    "opencode": ("opencode.json", '{\n\t"theme": "dark", // as I like it\n\t"mcp": {}\n}\n'),
    "vscode": (".vscode/mcp.json", '// ours\n{"servers": {}, "inputs": []}'),
    "cursor": (".cursor/mcp.json", '{"mcpServers": {"a": {}, "b": {}}}'),
    "codex": (".codex/config.toml", '# mine\nmodel = "x"\n\n[mcp_servers.other]\ncommand = "y"\n'),
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_is_there_is_kept(name: str) -> None:
    path, before = OTHERS[name]
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(before)
    install(name)
    after = Path(path).read_text()
    assert "dbwright" in after
    if path.endswith(".json"):
        assert_within(read(before), read(after))
    uninstall(name)
    assert Path(path).read_text() == before


@pytest.mark.parametrize("before", ["", "\n", "{}", "{ }\n", "{\n  // mine\n}\n"])
@pytest.mark.parametrize(
    ("name", "path"),
    [("claude-code", ".claude.json"), ("opencode", ".config/opencode/opencode.json")],
)
def test_an_empty_file_stays(name: str, path: str, before: str, tmp_path: Path) -> None:
    file = tmp_path / "home" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before)
    install(name, user=True)
    install(name, user=True)
    uninstall(name, user=True)
    assert files(tmp_path / "home") == {path: before}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_an_older_dbwright_put_in_is_replaced_and_no_other(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = OTHERS[name]
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(before)
    with monkeypatch.context() as older:
        for host in (claude_code, codex, cursor, opencode, vscode):
            older.setattr(host, "COMMAND", ("dbwright", "serve-older"))
        install(name)
    assert "serve-older" in Path(path).read_text()
    install(name)
    assert "serve-older" not in Path(path).read_text()
    edited = Path(path).read_text().replace('"agent"', '"agent", "--config", "x.toml"')
    Path(path).write_text(edited)
    for call in (install, uninstall):
        with pytest.raises(UsageError, match=r"not (replaced|removed)"):
            call(name)
    uninstall(name, force=True)
    assert Path(path).read_text() == before


def test_links_and_files_that_may_not_be_written(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles"
    (kept / "claude").mkdir(parents=True)
    Path(".claude").symlink_to(kept / "claude")
    Path(".mcp.json").symlink_to(kept / "mcp.json")  # that is not there yet
    install("claude-code")
    assert Path(".mcp.json").is_symlink()
    assert "dbwright" in (kept / "mcp.json").read_text()
    uninstall("claude-code")
    assert Path(".mcp.json").is_symlink() and Path(".claude").is_symlink()
    assert not files(kept)
    (kept / "mcp.json").write_text("{}")
    (kept / "mcp.json").chmod(0o440)
    with pytest.raises(FileUnreadable, match=r"\.mcp\.json is read-only"):
        install("claude-code")
    assert files(kept) == {"mcp.json": "{}"}


def test_a_definition_that_git_gave_other_ends_of_lines_is_still_ours() -> None:
    install("codex")
    for path in (*Path(".codex").rglob("*.*"), *Path(".agents").rglob("*.md")):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert not install("codex").data["files"]
    uninstall("codex")
    assert not files(Path.cwd())


def test_a_file_of_somebody_else_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = Path(AGENT["claude-code"])
    path.parent.mkdir(parents=True)
    path.write_text("mine\n")
    before = files(tmp_path)
    with pytest.raises(UsageError, match="is not dbwright's"):
        install("claude-code")
    assert files(tmp_path) == before
    install("claude-code", force=True)
    assert "sealed" in path.read_text()


@pytest.mark.parametrize("name", sorted(AGENT))
def test_what_was_changed_by_hand_is_refused(name: str) -> None:
    install(name)
    path = Path(AGENT[name])
    path.write_text(path.read_text().replace("Database", "Our database").replace("data", "DATA"))
    changed = path.read_text()
    for call in (install, uninstall):
        with pytest.raises(UsageError, match="was changed by hand"):
            call(name)
    assert path.read_text() == changed
    uninstall(name, force=True)
    assert not path.exists()


def test_an_entry_that_was_changed_by_hand_is_refused() -> None:
    install("cursor")
    path = Path(".cursor/mcp.json")
    found: dict[str, Any] = json.loads(path.read_text())
    found["mcpServers"]["dbwright"]["args"].append("--target")
    path.write_text(json.dumps(found))
    with pytest.raises(UsageError, match="another entry named dbwright"):
        install("cursor")
    with pytest.raises(UsageError, match="changed by hand"):
        uninstall("cursor")


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("cursor", ".cursor/mcp.json", "{"),
        ("cursor", ".cursor/mcp.json", '{"mcpServers": []}'),
        ("cursor", ".cursor/mcp.json", "[]"),
        ("codex", ".codex/config.toml", "a = "),
        ("codex", ".codex/config.toml", "mcp_servers = {}\n"),
    ],
)
def test_a_file_that_can_not_be_read_is_left_alone(name: str, path: str, text: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text(text)
    with pytest.raises(UsageError, match=re.escape(path)):
        install(name)
    assert Path(path).read_text() == text
    assert list(files(Path.cwd())) == [path]


@pytest.mark.parametrize("value", ["null", "[]", '"x"'])
def test_a_place_that_holds_something_else_is_refused(value: str) -> None:
    text = f'{{"mcpServers": {value}}}\n'
    Path(".mcp.json").write_text(text)
    with pytest.raises(UsageError, match="mcpServers is no object"):
        install("claude-code")
    assert files(Path.cwd()) == {".mcp.json": text}


def test_a_wrong_host_or_two_scopes() -> None:
    with pytest.raises(UsageError, match="there is no host 'emacs'"):
        install("emacs")
    with pytest.raises(UsageError, match="belongs to a repository"):
        install("git", user=True)
    with pytest.raises(UsageError, match="two places"):
        install("codex", project=True, user=True)


@pytest.mark.skipif(GIT is None, reason="git is not here")
def test_the_hook_is_put_where_the_repository_has_its_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> None:
        names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        who = {f"GIT_{one}": "a@b" for one in names}
        subprocess.run(["git", *words], check=True, env={**os.environ, **who})

    git("commit", "-q", "--allow-empty", "-m", "one")
    git("worktree", "add", "-q", "../tree")
    monkeypatch.chdir(tmp_path / "tree")  # where .git is a file
    assert install("git").data["files"][0]["change"] == "added"
    hook = tmp_path / "project" / ".git" / "hooks" / "pre-commit"
    assert os.access(hook, os.X_OK)
    uninstall("git")
    assert not hook.exists()
    git("config", "core.hooksPath", "our hooks")
    install("git")
    assert (tmp_path / "tree" / "our hooks" / "pre-commit").exists()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no git repository"):
        install("git")
    assert not (tmp_path / ".git").exists()
