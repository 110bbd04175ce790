"""What the .sql files of a repository are: migrations, schemas, queries, rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from dbwright.agent.work.project.files import FileKind, ProjectFile, text_of
from dbwright.agent.work.queries.sql_files import query_name
from dbwright.errors import DbwrightError
from dbwright.migrate.files.find import all_layouts
from dbwright.migrate.files.layout import Layout
from dbwright.sql.parse import parse_alone
from dbwright.sql.split import split

__all__ = ["migrations_in", "sql_file"]

NO_MIGRATIONS = frozenset("schema seed seeds query queries fixtures data".split())
"""Folders whose numbered files would be something else."""
DDL = ("CreateStmt", "CreateSchemaStmt", "ViewStmt", "CreateEnumStmt", "CreateFunctionStmt")
READS = ("SelectStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
LOOKED_AT = 400
"""Statements of a file: enough to tell what it is."""
BELOW = "flyway"
"""Its layout reads all folders below."""
GENERATED_NODES = ("knex", "exports.up", "module.exports", "queryInterface", "MigrationInterface")


def migrations_in(root: Path, folders: Iterable[Path]) -> Iterator[ProjectFile]:
    """The folders among these that are migrations of a tool."""
    taken: set[Path] = set()
    for folder in sorted(folders, key=lambda one: len(one.parts)):
        if folder == root or any(parent in taken for parent in folder.parents):
            continue
        layout = _layout(folder)
        if layout is None:
            one = _of_script(root, folder)
            if one is not None:
                taken.add(folder)
                yield one
            continue
        if layout.last and folder.name.lower() in NO_MIGRATIONS:
            continue
        if layout.last and not _is_migrations_by_name(folder):
            continue
        taken.add(folder)
        yield _read(root, folder, layout)


def _layout(folder: Path) -> Layout | None:
    for layout in all_layouts():
        try:
            if layout.name == BELOW and not _holds_them(folder):
                continue
            if not layout.of_files and layout.claims(folder):
                return layout
        except OSError:
            return None
    return None


def _holds_them(folder: Path) -> bool:
    """Is it the folder of the files, rather than one far above, which holds the code as well?"""
    return "migrat" in folder.name.lower() or any(folder.glob("*__*.sql"))


def _is_migrations_by_name(folder: Path) -> bool:
    """Numbered files of SQL stand in many folders; of plain ones the name has to say it, too."""
    names = [part.lower() for part in folder.parts[-2:]]
    return any("migrat" in name or name in ("versions", "deploy", "changes") for name in names)


def _read(root: Path, folder: Path, layout: Layout) -> ProjectFile:
    shown = folder.relative_to(root).as_posix()
    try:
        found = layout.read(folder)
    except DbwrightError as problem:
        return ProjectFile(
            shown,
            FileKind.MIGRATIONS,
            _tool(layout, problem.next_step),
            unread=problem.message.replace(str(root) + "/", ""),
            remedy=problem.next_step.replace(str(root) + "/", ""),
        )
    if found and all(one.migration.is_python for one in found):
        return ProjectFile(
            shown,
            FileKind.MIGRATIONS,
            unread="they are Python, which is not run",
            remedy="let their framework write them as SQL",
        )
    names = tuple(str(one.migration) for one in found)
    tool = "numbered files" if layout.last else layout.name
    return ProjectFile(shown, FileKind.MIGRATIONS, tool, names)


def _tool(layout: Layout, step: str) -> str:
    """Of files that could not be read; of those that are no SQL, by what is to be done."""
    words = {"sqlmigrate": "django", "alembic": "alembic", "Rails": "rails"}
    if layout.name != "elsewhere":
        return "" if layout.name == "plain" else layout.name
    return next((tool for word, tool in words.items() if word in step), "")


def _of_script(root: Path, folder: Path) -> ProjectFile | None:
    """Migrations of knex, Sequelize and TypeORM: programs, which are not run."""
    if "migrat" not in folder.name.lower():
        return None
    scripts = [p for p in sorted(folder.iterdir()) if p.suffix in (".js", ".ts", ".cjs", ".mjs")]
    for path in scripts[:3]:
        try:
            text = text_of(path)
        except (ValueError, OSError):
            continue
        tool = next((word for word in GENERATED_NODES if word in text), None)
        if tool is not None:
            names = {"queryInterface": "sequelize", "MigrationInterface": "typeorm"}
            return ProjectFile(
                folder.relative_to(root).as_posix(),
                FileKind.MIGRATIONS,
                names.get(tool, "knex" if "knex" in text else ""),
                unread="they are programs, which are not run",
                remedy=f"run them on a scratch database and write its schema: pg_dump -s > "
                f"{folder.parent.relative_to(root).as_posix()}/schema.sql",
            )
    return None


def sql_file(path: Path, shown: str) -> ProjectFile | None:
    """What a .sql file is by its statements; None where it is nothing of these."""
    try:
        source = text_of(path)
    except (ValueError, OSError) as problem:
        return ProjectFile(shown, FileKind.SCHEMA, unread=str(problem))
    kinds: Counter[str] = Counter()
    tables: list[str] = []
    named = end = 0
    for number, statement in enumerate(split(source)):
        if number >= LOOKED_AT:
            break
        if statement.kind != "sql":
            continue
        named += bool(query_name(source[end : statement.offset]))
        end = statement.offset + len(statement.text)
        parsed = parse_alone(statement.text)
        if parsed is not None:
            kinds[parsed.kind] += 1
            if parsed.kind == "CreateStmt":
                tables.append(parsed.node["relation"]["relname"])
    if any(kinds[kind] for kind in DDL):
        return ProjectFile(shown, FileKind.SCHEMA, holds=tuple(tables))
    if named or any(kinds[kind] for kind in READS):
        return ProjectFile(shown, FileKind.QUERIES)
    if kinds["InsertStmt"] or kinds["CopyStmt"]:
        return ProjectFile(shown, FileKind.ROWS)
    return None
