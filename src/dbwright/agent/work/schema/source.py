"""What the schema is made of: a folder of migrations, or files of SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbwright.agent.paths import Outside, inside
from dbwright.agent.work.project.files import FileKind, ProjectFile, ProjectFiles
from dbwright.errors import BadMigration, UsageError
from dbwright.migrate.files.find import Found, read_all
from dbwright.render.text import plural
from dbwright.sandbox.sql_files import sql_files

__all__ = ["Chosen", "Source", "choose_source"]

WHOLE = ("structure.sql", "schema.sql", "init.sql", "database.sql", "db.sql")
"""Files of which one alone is the whole schema, by these names."""
OF_ONE_FILE = "alembic"
DUMP = "pg_dump --schema-only --no-owner > schema.sql"
PRISMA = "npx prisma migrate diff --from-empty --to-schema-datamodel {path} --script > schema.sql"
MODELS = {
    "django": "python manage.py migrate, on a scratch database, and then "
    "pg_dump --schema-only --no-owner DATABASE > schema.sql",
    "sqlalchemy": "alembic upgrade head --sql > schema.sql",
    "sqlmodel": "alembic upgrade head --sql > schema.sql",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the schema comes from."""

    shown: str
    """From the root."""
    migrations: Found | None = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The source; why it is this one, and what was left out. None: there is none, and `needs` says
    what would make one."""

    source: Source | None
    notes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def choose_source(project: ProjectFiles, named: Path | None) -> Chosen:
    """Migrations before files, those nearest to the root first; of equals those with most files.

    The root is the working folder. Raises UsageError where what is named can't be used,
    FileUnreadable, BadMigration.
    """
    if named is not None:
        return Chosen(_named(project.root, named), (f"{named}: named with --schema",))
    folders = [one for one in project.of(FileKind.MIGRATIONS) if not one.unread and one.holds]
    files = [one for one in project.of(FileKind.SCHEMA) if not one.unread]
    if folders:
        folders.sort(key=lambda one: (one.path.count("/"), -len(one.holds), one.path))
        first, *others = folders
        found = read_all(Path(first.path))
        notes = (
            f"{first.path}: {plural(len(first.holds), 'migration')}",
            *(
                f"{one.path}: not examined, one database a run: --schema {one.path}"
                for one in others
            ),
            *(f"{one.path}: not loaded, the migrations make the schema" for one in files),
        )
        return Chosen(Source(first.path, found), notes)
    if files:
        return _of_files(project, files)
    return Chosen(None, needs=tuple(dict.fromkeys(_needs(project))))


def _named(root: Path, named: Path) -> Source:
    try:
        path = inside(root, named)
    except Outside as problem:
        raise UsageError(f"--schema {named}: {problem}", "name what is in the repository") from None
    shown = path.relative_to(root).as_posix()
    if path.is_dir():
        try:
            return Source(shown, read_all(Path(shown)))
        except BadMigration:
            return Source(shown, files=sql_files(Path(shown)))
    files = sql_files(Path(shown))
    return Source(shown, _revisions(files), files)


def _revisions(files: Sequence[Path]) -> Found | None:
    """The migrations that one file holds, as alembic writes them; None where it holds none."""
    if len(files) != 1:
        return None
    found = read_all(files[0])
    return found if found.layout.name == OF_ONE_FILE else None


def _of_files(project: ProjectFiles, files: Sequence[ProjectFile]) -> Chosen:
    by_name = {
        name: one for one in reversed(files) for name in WHOLE if one.path.lower().endswith(name)
    }
    whole = next((by_name[name] for name in WHOLE if name in by_name), None)
    if whole is not None:
        chosen = [whole]
    else:
        folder = min(
            (one.path.rpartition("/")[0] for one in files), key=lambda p: (p.count("/"), p)
        )
        chosen = [one for one in files if one.path.rpartition("/")[0] == folder]
    paths = tuple(Path(one.path) for one in chosen)
    shown = ", ".join(one.path for one in chosen)
    left = [f"{one.path}: not loaded" for one in files if one not in chosen]
    migrations = _revisions(paths)
    what = "the schema as it is written"
    if migrations is not None:
        what = f"{plural(len(migrations.migrations), 'revision')} of alembic"
    return Chosen(Source(shown, migrations, paths), (f"{shown}: {what}", *left))


def _needs(project: ProjectFiles) -> Iterator[str]:
    """What would let the work go on, one thing each."""
    for one in project.of(FileKind.MIGRATIONS, FileKind.SCHEMA):
        if one.unread:
            yield f"{one.path}: {one.unread}" + (f"; {one.remedy}" if one.remedy else "")
    for one in project.of(FileKind.PRISMA):
        yield f"the schema of {one.path} as SQL: {PRISMA.format(path=one.path)}"
    for one in project.of(FileKind.MODELS):
        how = MODELS.get(one.tool, DUMP)
        yield f"the tables of {one.path} ({one.tool or 'models'}) as SQL: {how}"
    if not any(project.of(FileKind.MIGRATIONS, FileKind.SCHEMA, FileKind.PRISMA, FileKind.MODELS)):
        yield f"the schema: migrations or a file of SQL in the repository ({DUMP})"
