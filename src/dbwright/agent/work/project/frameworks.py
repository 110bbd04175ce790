"""Settings of frameworks that name a database: Spring, .NET, Django, Alembic; and Rails' schema.rb.

The engine and the names alone are taken: an address may hold a password.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dbwright.agent.work.project.files import FileKind, ProjectFile, text_of
from dbwright.agent.work.project.others import engine_of

__all__ = ["framework_file"]

SPRING = re.compile(r"(application|bootstrap)([-.][\w-]+)*\.(properties|ya?ml)", re.IGNORECASE)
DOTNET = re.compile(r"appsettings(\.[\w-]+)*\.json", re.IGNORECASE)
JDBC = re.compile(r"\b(?:jdbc|r2dbc)(?::pool)?:(\w+):")
CONNECTIONS = re.compile(r'"ConnectionStrings"\s*:\s*\{([^{}]*)\}')
NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"')
NPGSQL = re.compile(r"(?:^|;)\s*(?:Host|Port=5432|Username|SearchPath)\b", re.IGNORECASE)
SQLALCHEMY = re.compile(r"^\s*sqlalchemy\.url\s*=\s*([\w+]+):", re.MULTILINE)
DJANGO = "django.db.backends."
DJANGO_GIS = "django.contrib.gis.db.backends."
RUBY_TABLE = re.compile(r"^\s*create_table\s*\(?\s*[\":](\w[\w.]*)", re.MULTILINE)
DUMPED = "pg_dump --schema-only --no-owner DATABASE > {folder}structure.sql"


def framework_file(path: Path, shown: str) -> Iterator[ProjectFile]:
    """What the file tells, where it is one of these."""
    name = path.name
    try:
        if SPRING.fullmatch(name):
            yield from _spring(text_of(path), shown)
        elif DOTNET.fullmatch(name):
            yield from _dotnet(text_of(path), shown)
        elif name == "alembic.ini":
            found = SQLALCHEMY.search(text_of(path))
            engine = engine_of(found[1]) if found else ""
            yield ProjectFile(shown, FileKind.SETTINGS, "alembic", engine=engine)
        elif name == "schema.rb":
            yield _rails_schema(text_of(path), shown)
        elif path.suffix == ".py" and "settings" in shown.lower():
            yield from _django(text_of(path), shown)
    except (ValueError, OSError, SyntaxError, RecursionError) as problem:
        said = "it can't be read" if isinstance(problem, SyntaxError) else str(problem)
        yield ProjectFile(shown, FileKind.SETTINGS, unread=said)


def _spring(text: str, shown: str) -> Iterator[ProjectFile]:
    found = JDBC.search(text)
    if found is not None or "datasource" in text:
        engine = engine_of(found[1]) if found else ""
        yield ProjectFile(shown, FileKind.SETTINGS, "spring", engine=engine)


def _dotnet(text: str, shown: str) -> Iterator[ProjectFile]:
    """Npgsql says Host and Username where SQL Server says Server and User Id."""
    inside = CONNECTIONS.search(text)
    if inside is None:
        return
    pairs = NAMED.findall(inside[1])
    names = tuple(name for name, _ in pairs)
    is_ours = any(NPGSQL.search(value) for _, value in pairs)
    yield ProjectFile(shown, FileKind.SETTINGS, "dotnet", names, "postgresql" if is_ours else "")


def _django(text: str, shown: str) -> Iterator[ProjectFile]:
    if "django" not in text and "DATABASES" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for begin in (DJANGO, DJANGO_GIS):
                if node.value.startswith(begin):
                    engine = engine_of(node.value.removeprefix(begin))
                    yield ProjectFile(shown, FileKind.SETTINGS, "django", engine=engine)
                    return


def _rails_schema(text: str, shown: str) -> ProjectFile:
    folder = shown.removesuffix("schema.rb")
    return ProjectFile(
        shown,
        FileKind.SCHEMA,
        "rails",
        tuple(RUBY_TABLE.findall(text)),
        unread="it is Ruby, which is not run",
        remedy=DUMPED.format(folder=folder),
    )
