"""The tools that write files of the house: what they write is in order."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["rule", "insight", "rewrite", "advisor", "hazard"])
def test_what_is_scaffolded_is_a_whole_file(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tool("new")
    (tmp_path / "keys").mkdir()
    monkeypatch.setattr(new, "RULES", tmp_path)
    monkeypatch.setattr(new, "INSIGHTS", tmp_path)
    monkeypatch.setattr(new, "REWRITES", tmp_path)
    monkeypatch.setattr(new, "ADVISORS", tmp_path)
    monkeypatch.setattr(new, "HAZARDS", tmp_path)
    monkeypatch.setattr(new, "ROOT", tmp_path)
    name = "keys/a-new-fault" if kind == "rule" else "a-new-fault"
    assert new.main([kind, name]) == 0
    (file,) = tmp_path.rglob("a_new_fault.py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert "a_new_fault" in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    assert all(f"## {h}\n" in (ast.get_docstring(tree) or "") for h in ("How to fix", "Sources"))
    ruff = [
        str(Path(sys.executable).with_name("ruff")),
        "check",
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    assert subprocess.run([*ruff, str(file)], capture_output=True).returncode == 0
    before = file.read_bytes()
    assert new.main([kind, name]) == 2  # nothing is written over
    assert file.read_bytes() == before
    assert new.main([kind, "Not A Name"]) == 2


def test_what_is_vendored_is_made_of_pinned_packages() -> None:
    vendor = tool("vendor")
    for package in (*vendor.PACKAGES, *vendor.BUNDLED):
        assert package.version.count(".") == 2 and len(package.integrity) == 88
    manifest = vendor.FOLDER / "manifest.json"
    for package in vendor.PACKAGES:
        assert package.integrity in manifest.read_text(encoding="utf-8")


def test_another_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client brings something else than was asked for: nothing of it is used."""
    vendor = tool("vendor")
    program = tmp_path / "npm"
    program.write_text("#!/bin/sh\necho other > pev2.tgz\necho pev2.tgz\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    digest = hashlib.sha512(b"other\n").digest()
    with pytest.raises(vendor.Refused, match="is another one") as told:
        vendor.fetched(vendor.PACKAGES[0], tmp_path)
    assert vendor.base64.b64encode(digest).decode() in str(told.value)


@pytest.mark.parametrize("script", ["a</SCRIPT>b", "<!-- x", "a\r\nb", "a\0b"])
def test_a_script_that_breaks_out_is_refused(script: str) -> None:
    vendor = tool("vendor")
    with pytest.raises(vendor.Refused):
        vendor.embedded("MIT", "p{}", script)
    with pytest.raises(vendor.Refused):
        vendor.embedded(f"-->{script}", "p{}", "ok()")
    page = vendor.embedded("MIT\n", "p{}", "ok()")
    assert page == "<!--\nMIT\n-->\n<style>p{}</style>\n<script>ok()</script>\n"
