"""The queries of a repository's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbwright.agent.work.project.files import FileKind, ProjectFiles, text_of
from dbwright.agent.work.queries.judge import FoundQuery, Unread, judged
from dbwright.agent.work.queries.literals import LANGUAGES, literals
from dbwright.agent.work.queries.python_ import python_texts
from dbwright.agent.work.queries.sql_files import sql_texts
from dbwright.agent.work.queries.text import Text
from dbwright.model.catalog import Catalog
from dbwright.progress import Progress

__all__ = ["FoundQueries", "find_queries"]

SYSTEM = ("pg_catalog", "information_schema")


@dataclass(frozen=True, slots=True)
class FoundQueries:
    """What stands in the code, sorted out."""

    queries: tuple[FoundQuery, ...] = ()
    """Those that name a table or view of the schema, or are surely sent to a database."""
    elsewhere: tuple[FoundQuery, ...] = ()
    """Those that name none, and may be for another database, or no query at all."""
    unread: tuple[Unread, ...] = ()
    """What looks like a query, and can't be read."""
    unread_files: Mapping[str, str] = field(default_factory=dict)
    """Files that could not be read, with the reason."""
    files: int = 0
    """How many were read."""

    @property
    def put_together(self) -> tuple[FoundQuery, ...]:
        return tuple(one for one in self.queries if one.is_put_together)


def find_queries(
    project: ProjectFiles, catalog: Catalog, progress: Progress, *, left_out: Sequence[str] = ()
) -> FoundQueries:
    """Read the project's code and its files of queries. `left_out`: paths from the root, of
    files that are a part of the schema."""
    found: list[FoundQuery | Unread] = []
    wrong: dict[str, str] = {}
    paths = [(path, False) for path in project.code]
    paths += [(project.path(one), True) for one in project.of(FileKind.QUERIES)]
    for number, (path, is_sql) in enumerate(paths):
        shown = path.relative_to(project.root).as_posix()
        if shown in left_out:
            continue
        progress("looking for queries", number, len(paths))
        try:
            for text in _texts(path, text_of(path), is_sql):
                one = judged(text, shown, python=path.suffix == ".py")
                found += [] if one is None else [one]
        except (OSError, ValueError, SyntaxError, RecursionError) as problem:
            wrong[shown] = _said(problem)
    known = _names(catalog)
    queries = [one for one in found if isinstance(one, FoundQuery) and not _is_system(one)]
    here = [one for one in queries if one.is_sent or _is_here(one, known)]
    return FoundQueries(
        queries=tuple(here),
        elsewhere=tuple(one for one in queries if one not in here),
        unread=tuple(one for one in found if isinstance(one, Unread)),
        unread_files=wrong,
        files=len(paths) - len(wrong),
    )


def _texts(path: Path, source: str, is_sql: bool) -> Iterable[Text]:
    if is_sql:
        return sql_texts(source)
    if path.suffix == ".py":
        return sorted(python_texts(source), key=lambda one: one.line)
    return literals(source, LANGUAGES[path.suffix])


def _said(problem: Exception) -> str:
    if isinstance(problem, SyntaxError):
        return f"line {problem.lineno}: {problem.msg}"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    return str(problem)


def _names(catalog: Catalog) -> frozenset[tuple[str | None, str]]:
    return frozenset(_every_name(catalog))


def _every_name(catalog: Catalog) -> Iterator[tuple[str | None, str]]:
    for one in catalog.relations():
        yield None, one.name
        yield one.schema, one.name


def _is_here(query: FoundQuery, known: frozenset[tuple[str | None, str]]) -> bool:
    return any(relation in known for relation in query.relations)


def _is_system(query: FoundQuery) -> bool:
    """Does it read nothing but the server's own catalogs?"""
    return all(
        schema in SYSTEM or (schema is None and name.startswith("pg_"))
        for schema, name in query.relations
    )
