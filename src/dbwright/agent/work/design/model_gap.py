"""Tables that models declare and the schema has not, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.agent.work.history_tables import is_history
from dbwright.agent.work.project.files import FileKind, ProjectFiles
from dbwright.model.catalog import Catalog

__all__ = ["ModelGap", "model_gap"]


@dataclass(frozen=True, slots=True)
class ModelGap:
    tools: tuple[str, ...]
    only_models: tuple[str, ...]
    only_schema: tuple[str, ...]


def model_gap(project: ProjectFiles, catalog: Catalog) -> ModelGap | None:
    """None where no model names its tables by itself: Django's classes do not."""
    files = [
        one
        for one in project.of(FileKind.MODELS, FileKind.PRISMA)
        if one.tool in ("sqlalchemy", "sqlmodel", "prisma") and one.holds
    ]
    if not files:
        return None
    declared = {name.rpartition(".")[2] for one in files for name in one.holds}
    views = {view.name for view in catalog.views}
    views |= {view.name for view in catalog.materialized_views}
    tables = {one.name for one in catalog.tables if not one.is_partition}
    return ModelGap(
        tuple(dict.fromkeys(one.tool for one in files)),
        tuple(sorted(declared - tables - views)),
        tuple(sorted(name for name in tables - declared if not is_history(name))),
    )
