"""From the files of a repository to what concerns a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from dbwright.agent.work.project.files import FileKind, ProjectFile, ProjectFiles, text_of
from dbwright.agent.work.project.frameworks import framework_file
from dbwright.agent.work.project.others import engine_of, other_file
from dbwright.agent.work.project.prisma import prisma_schema
from dbwright.agent.work.project.python_models import python_models
from dbwright.agent.work.project.sql_files import migrations_in, sql_file
from dbwright.agent.work.project.walk import CODE, MOST_FILES, OTHER_CODE, is_test, walk
from dbwright.progress import Progress

__all__ = ["find_project"]

MODEL_WORDS = ("models", "Base", "SQLModel", "Table(", "__tablename__")
"""One of these stands in each file that declares a model: others are not parsed for them."""


def find_project(root: Path, progress: Progress) -> ProjectFiles:
    """Everything that is found by reading; what could not be read is told with its reason."""
    progress("looking for the database's files")
    paths = list(walk(root))
    folders = {path.parent for path in paths}
    # Prisma and Diesel have a folder for each migration.
    folders |= {folder.parent for folder in folders if folder != root}
    migrations = list(migrations_in(root, folders))
    taken = [root / one.path for one in migrations]
    found = list(migrations)
    code: list[Path] = []
    tests = 0
    others: Counter[str] = Counter()
    for path in paths:
        if any(folder in path.parents for folder in taken):
            continue
        shown = path.relative_to(root).as_posix()
        found += _of_file(path, shown, is_test(root, path))
        if path.suffix in CODE:
            if is_test(root, path):
                tests += 1
            else:
                code.append(path)
        elif path.suffix.lower() in OTHER_CODE:
            others[path.suffix.lower()] += 1
    notes = []
    if others:
        endings = ", ".join(f"{count:,} of {ending}" for ending, count in sorted(others.items()))
        notes.append(f"code in languages that are not read for queries: {endings}")
    if tests:
        notes.append(f"{tests:,} files of tests: their queries are not the application's")
    if len(paths) >= MOST_FILES:
        notes.append(f"what comes after {MOST_FILES:,} files")
    return ProjectFiles(root, tuple(_together(found)), tuple(code), tuple(notes))


def _of_file(path: Path, shown: str, is_test: bool) -> Iterator[ProjectFile]:
    if path.suffix in (".sql", ".ddl", ".psql"):
        one = None if is_test else sql_file(path, shown)
        if one is not None:
            yield one
    elif path.suffix == ".prisma":
        yield _prisma(path, shown)
    elif path.suffix == ".py" and not is_test:
        yield from _models(path, shown)
        yield from framework_file(path, shown)
    else:
        yield from other_file(path, shown)
        yield from framework_file(path, shown)


def _prisma(path: Path, shown: str) -> ProjectFile:
    try:
        schema = prisma_schema(text_of(path))
    except (ValueError, OSError) as problem:
        return ProjectFile(shown, FileKind.PRISMA, "prisma", unread=str(problem))
    return ProjectFile(shown, FileKind.PRISMA, "prisma", schema.tables, engine_of(schema.provider))


def _models(path: Path, shown: str) -> Iterator[ProjectFile]:
    try:
        text = text_of(path)
        if not any(word in text for word in MODEL_WORDS):
            return
        models = python_models(text)
    except SyntaxError as problem:
        yield ProjectFile(shown, FileKind.MODELS, unread=f"line {problem.lineno}: {problem.msg}")
        return
    except (ValueError, OSError, RecursionError) as problem:
        yield ProjectFile(shown, FileKind.MODELS, unread=str(problem) or "it can't be read")
        return
    for tool, group in groupby(sorted(models, key=lambda one: one.tool), key=lambda m: m.tool):
        names = tuple(one.table or one.name for one in group)
        yield ProjectFile(shown, FileKind.MODELS, tool, names)


def _together(found: list[ProjectFile]) -> list[ProjectFile]:
    order = list(FileKind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.path, one.tool, one.holds))
