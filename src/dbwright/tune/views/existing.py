"""Materialized views that are there already and hold what queries ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.sql.parse import Node
from dbwright.tune.views.normal import text_of
from dbwright.tune.views.shape import Shape, shape_of

__all__ = ["existing_view"]


def existing_view(shapes: Sequence[Shape], catalog: Catalog) -> str | None:
    """The qualified name of a view that has the groups and the sums of these queries, which are
    alike; None where there is none."""
    wanted = {text for shape in shapes for text in _texts(shape.needed)}
    for view in catalog.materialized_views:
        if view.definition is None or not set(view.depends_on) >= set(shapes[0].tables):
            continue
        query = replace(shapes[0].weighted.query, text=view.definition, example=view.definition)
        weighted = replace(shapes[0].weighted, statement=view.definition, query=query)
        held = shape_of(weighted, catalog)
        if held is None or held.conditions or held.combines:
            continue
        if _reads(held) == _reads(shapes[0]) and wanted <= set(_texts(held.needed)):
            return view.qualified
    return None


def _reads(shape: Shape) -> tuple[object, ...]:
    groups = {**shape.groups, **shape.lifted}
    return shape.relations, frozenset(_texts(shape.kept)), frozenset(_texts(groups))


def _texts(nodes: Mapping[str, Node]) -> list[str | None]:
    """As they would be without the types that the server writes at constants."""
    return [text_of(_without_types(node)) for node in nodes.values()]


def _without_types(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_types(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    if "TypeCast" in node and "A_Const" in node["TypeCast"]["arg"]:
        return node["TypeCast"]["arg"]
    return {name: _without_types(child) for name, child in node.items()}
