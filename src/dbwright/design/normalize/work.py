"""Relations taken apart, with their migrations, and tried on throw-away servers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from dbwright.design.normalize.moving.behind import left_behind, select_grants
from dbwright.design.normalize.moving.statements import Place, original_table
from dbwright.design.normalize.moving.statements import migration as migration_of
from dbwright.design.normalize.moving.trial import Trial, on_copy, on_rows, tried
from dbwright.design.normalize.normalized import Normalized, normalized
from dbwright.design.normalize.ranking.judged import Judgement
from dbwright.design.normalize.ranking.said import Said
from dbwright.design.normalize.reading.sources import Sources
from dbwright.design.normalize.relation import Relation
from dbwright.errors import UsageError
from dbwright.progress import Progress
from dbwright.sandbox import Server, start

__all__ = ["all_tried", "taken_apart"]


def taken_apart(
    one: Judgement, found: Sources, said: Said, keep: Sequence[str], split: Sequence[str]
) -> Normalized:
    relation = one.relation
    unknown = [name for name in keep if not any(name in r.names for r in found.relations)]
    if unknown:
        raise UsageError(f"there is no column {unknown[0]!r}", "mend --keep")
    taken: list[str] = []
    if relation.source in found.databases:
        catalog = found.databases[relation.source].snapshot.catalog
        taken = [each.name for each in catalog.relations()]
    mine_ = [name for name in keep if name in relation.names]
    apart = [name for name in split if len(found.relations) == 1 or _has(relation, name)]
    tables = said.of(relation.name).tables
    result = normalized(one, keep=mine_, split=apart, taken=taken, names=tables)
    if result.decomposition is None:
        return result
    return _migration(result, found)


def _already(result: Normalized, relation: Relation) -> tuple[str, ...]:
    """Parts whose key refers to a table that is there: what they hold may belong in it."""
    parts = result.decomposition.parts if result.decomposition else ()
    return tuple(
        f"{', '.join(part.key)} refers to {one.table} already: {part.name} may belong in it"
        for part in parts
        for one in relation.references
        if set(one.columns) == set(part.key)
    )


def _has(relation: Relation, name: str) -> bool:
    return name in relation.names or any(each.startswith(name) for each in relation.names)


def _migration(result: Normalized, found: Sources) -> Normalized:
    """With its text, and what it leaves behind."""
    assert result.decomposition is not None
    relation = result.judgement.relation
    if not relation.table:
        notes = ["For these rows in a table such as this:", original_table(relation)]
        text = migration_of(result.decomposition, result.splits, notes)
        return replace(result, migration=text)
    catalog = found.databases[relation.source].snapshot.catalog
    table = catalog.table(relation.name)
    left = (*_already(result, relation), *left_behind(catalog, table))
    grants = select_grants(table, Place(relation).original)
    return replace(
        result,
        left_behind=left,
        migration=migration_of(result.decomposition, result.splits, left, grants),
    )


def all_tried(results: list[Normalized], found: Sources, progress: Progress) -> list[Normalized]:
    """Each that is taken apart: tables on a copy of their database, files on an empty server."""
    told: list[Normalized] = []
    with ExitStack() as stack:
        server: Server | None = None
        for number, one in enumerate(results):
            if one.decomposition is None:
                told.append(one)
                continue
            relation = one.judgement.relation
            if relation.table:
                source = found.databases[relation.source]
                with on_copy(source, relation, progress) as connection:
                    trial = tried(connection, one.decomposition, progress, one.splits)
            else:
                server = server or stack.enter_context(
                    start(settings={"autovacuum": "off"}, progress=progress)
                )
                trial = _on_rows(server, one, relation, number, progress)
            told.append(replace(one, trial=trial))
    return told


def _on_rows(
    server: Server, one: Normalized, relation: Relation, number: int, progress: Progress
) -> Trial:
    assert one.decomposition is not None
    with on_rows(server, relation, number, progress) as connection:
        return tried(connection, one.decomposition, progress, one.splits)
