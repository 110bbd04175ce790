"""The house as ARCHITECTURE.md says: arrows, exported names, sizes, nothing of a machine."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import dbwright
from dbwright.check.registry import all_rules
from dbwright.operation import all_operations

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/dbwright"
MODULES = sorted(module.name for module in pkgutil.walk_packages(dbwright.__path__, "dbwright."))
LONGEST = 600


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_exported_names_exist_and_are_sorted(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    if exported is None:
        return
    assert all(hasattr(module, each) for each in exported)


def test_modules_are_small() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    for path in SOURCE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_every_rule_is_named_as_its_function() -> None:
    for rule in all_rules():
        assert rule.function.__name__ == rule.id.partition("/")[2].replace("-", "_")


def test_every_operation_teaches_by_example() -> None:
    for operation in all_operations():
        assert operation.examples
        assert operation.examples[0].call.startswith(f"dbwright {operation.name}")
        assert operation.description


def test_only_render_and_cli_print() -> None:
    for path in SOURCE.rglob("*.py"):
        if path.parts[-2] != "cli":
            names = {
                node.func.id
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert "print" not in names, path
