"""Statements that make extended statistics, and take them back."""

from __future__ import annotations

from collections.abc import Collection

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import qualify
from dbwright.sql.index_build import free_name
from dbwright.tune.statistics.trial import KINDS, Option, Relation, creation, targets

__all__ = ["MOST_TARGETS", "analyze_fix", "create_fix"]

MOST_TARGETS = 100
"""Partitions on which statistics are made one by one."""


def create_fix(
    catalog: Catalog,
    relation: Relation,
    option: Option,
    taken: set[tuple[str, str]],
) -> Fix | None:
    """CREATE STATISTICS and ANALYZE; on a partitioned table, for conditions, on each partition.

    `taken`: names (schema, name) that other advice has; those that are given here are added. None
    where there are more partitions than `MOST_TARGETS`.
    """
    wanted: dict[str, tuple[Relation, list[str]]] = {}
    for kind in option.kinds or ("",):
        for target in targets(catalog, relation, kind):
            wanted.setdefault(target.qualified, (target, []))[1].append(kind)
    if len(wanted) > MOST_TARGETS:
        return None
    known = {(one.schema, one.name) for one in catalog.extended_statistics}
    made: list[tuple[str, str]] = []
    for target, kinds in wanted.values():
        own = _name(catalog, target, option, known | taken)
        taken.add((target.schema, own))
        name = qualify(target.schema, own)
        ordered = tuple(kind for kind in KINDS if kind in kinds)
        made.append((name, creation(name, target, Option(option.members, ordered))))
    partitioned = len(wanted) > 1 or relation.qualified not in wanted
    return Fix(
        up="\n".join([f"{sql};" for _, sql in made] + [f"ANALYZE {relation.qualified};"]),
        down="\n".join(f"DROP STATISTICS {name};" for name, _ in made),
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        risk="a partition that is made later has none of them: make them with it"
        if partitioned
        else "",
    )


def analyze_fix(relation: Relation) -> Fix:
    """Filling statistics that are declared and were never computed."""
    return Fix(
        up=f"ANALYZE {relation.qualified};",
        down="",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        risk="the columns' statistics are replaced as well; nothing brings the old ones back",
    )


def _name(
    catalog: Catalog, target: Relation, option: Option, known: Collection[tuple[str, str]]
) -> str:
    words = [word for member in option.members for word in _words(member)]
    return free_name(catalog, target.schema, "_".join([target.name, *words, "stats"]), known)


def _words(member: str) -> list[str]:
    """`lower(email)` as lower, email."""
    letters = "".join(c if c.isalnum() or c == "_" else " " for c in member.replace('"', ""))
    return letters.split()
