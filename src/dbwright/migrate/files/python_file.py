"""Migrations in Python, for steps over data: `up(connection)` and `down(connection)`.

The connection is psycopg's. Options are comments at the head of the file, as in SQL (`# retry: 5`).
"""

from __future__ import annotations

import importlib.util
import sys
import tokenize
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg

from dbwright.errors import BadMigration
from dbwright.migrate.files.options import read_options
from dbwright.model.migration import Migration, MigrationOptions

__all__ = ["PythonPart", "first_line", "python_options", "python_part"]

PythonPart = Callable[[psycopg.Connection[Any]], object]


def python_part(migration: Migration, direction: str) -> PythonPart | None:
    """The function of that name; None where the file has none. Raises BadMigration."""
    found = getattr(_module(migration), direction, None)
    if found is not None and not callable(found):
        raise BadMigration(
            f"{migration.path}: {direction} is no function",
            f"write: def {direction}(connection): …",
        )
    part: PythonPart | None = found
    return part


def first_line(function: PythonPart) -> int:
    """Where it stands in its file; 1 for what is called like a function and is none."""
    code = getattr(function, "__code__", None)
    return 1 if code is None else int(code.co_firstlineno)


def python_options(migration: Migration) -> MigrationOptions:
    """Of the comments before the first line of code. Raises BadMigration."""
    head: list[str] = []
    try:
        for token in tokenize.tokenize(BytesIO(Path(migration.path).read_bytes()).readline):
            if token.type == tokenize.COMMENT:
                head.append("--" + token.string.lstrip("#"))
            elif token.type not in (tokenize.ENCODING, tokenize.NL, tokenize.NEWLINE):
                break
    except (SyntaxError, tokenize.TokenError) as problem:
        raise BadMigration(f"{migration.path} is not Python: {problem}", "mend it") from None
    return read_options("\n".join(head), migration.path)


def _module(migration: Migration) -> ModuleType:
    name = f"dbwright_migration_{migration.version}"
    spec = importlib.util.spec_from_file_location(name, migration.path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for the module that they are defined in
    try:
        spec.loader.exec_module(module)
    except (
        Exception,
        SystemExit,
    ) as problem:  # whatever a file of somebody's raises while it is read
        raise BadMigration(
            f"{migration.path} can't be loaded: {type(problem).__name__}: {problem}", "mend it"
        ) from problem
    return module
