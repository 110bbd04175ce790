"""Dependencies without data: keys, cover, forms, and the relation taken apart both ways."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.design.normalize.forms.decompose import boyce_codd, synthesis
from dbwright.design.normalize.forms.theory import (
    FD,
    attributes_of,
    candidate_keys,
    minimal_cover,
)
from dbwright.design.normalize.forms.violations import form_of, violations
from dbwright.design.normalize.page import escaped, table
from dbwright.design.normalize.told import fd_data, scheme_data
from dbwright.model.document import Document

__all__ = ["theory"]


def theory(dependencies: Sequence[FD]) -> Document:
    """What follows from them alone; there are no rows that could say otherwise."""
    names = attributes_of(dependencies)
    cover = minimal_cover(dependencies)
    keys = candidate_keys(names, cover)
    broken = violations(names, cover, keys)
    third = synthesis(names, cover, keys)
    schemes, lost = boyce_codd(names, cover)
    form = str(form_of(broken))
    lines = [
        f"## {escaped(', '.join(names))}",
        "",
        f"In {form}; nothing but what was given is known, no data was looked at.",
        "",
        *(f"- key: {escaped(', '.join(key))}" for key in keys),
        *(f"- cover: {escaped(str(one))}" for one in cover),
        *(f"- **{one.breaks}**: {escaped(f'{one.dependency}: {one.why}')}" for one in broken),
        "",
        "### 3NF",
        "",
        *table(("columns", "key"), [(", ".join(s.columns), ", ".join(s.key)) for s in third]),
        "",
        "No row and no dependency is lost.",
        "",
        "### BCNF",
        "",
        *table(("columns", "key"), [(", ".join(s.columns), ", ".join(s.key)) for s in schemes]),
        "",
        "No row is lost" + ("." if lost else ", and no dependency."),
        *(f"Lost: {escaped(str(one))}." for one in lost),
    ]
    data = {
        "columns": list(names),
        "form": form,
        "keys": [list(key) for key in keys],
        "cover": [fd_data(one) for one in cover],
        "violations": [
            {**fd_data(one.dependency), "breaks": str(one.breaks), "why": one.why} for one in broken
        ],
        "third_form": [scheme_data(scheme) for scheme in third],
        "boyce_codd": [scheme_data(scheme) for scheme in schemes],
        "lost": [fd_data(one) for one in lost],
    }
    return Document("design normalize", "\n".join(lines) + "\n", data)
