"""What is said of indexes, constraints and statistics once they have their lasting names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.migrate.plan.shadow.members import Pair
from dbwright.migrate.plan.shadow.sides import Side
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import ExtendedStatistics
from dbwright.model.names import literal, quote

__all__ = ["compiled_anew", "settled"]

KINDS = ("ndistinct", "dependencies", "mcv")


def settled(there: Side) -> Iterator[str]:
    """Of one table."""
    table = there.table.qualified
    for index in there.table.indexes:
        if there.touches(index) and index.replica_identity:
            yield f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {quote(index.name)}"
        if there.touches(index) and index.clustered:
            yield f"ALTER TABLE {table} CLUSTER ON {quote(index.name)}"
        if there.touches(index) and index.comment is not None:
            yield f"COMMENT ON INDEX {index.qualified} IS {literal(index.comment)}"
    yield from _comments(there)
    for statistics in there.statistics:
        yield from _statistics(statistics)


def compiled_anew(situation: Situation, pairs: Sequence[Pair]) -> Iterator[str]:
    """Sessions keep what functions of triggers were compiled to, with the type of before, and
    refuse each row then: a function that was altered in nothing is compiled anew."""
    called = {one.function: pair.there.table for pair in pairs for one in pair.there.table.triggers}
    for function in situation.before.functions:
        if function.language != "plpgsql" or function.qualified not in called:
            continue
        if situation.has_same_owner(function, called[function.qualified]):
            words = "STRICT" if function.strict else "CALLED ON NULL INPUT"
            yield f"ALTER FUNCTION {function.signature} {words}"


def _comments(there: Side) -> Iterator[str]:
    table = there.table
    own = [(key.name, key.comment) for key in there.keys]
    own += [(check.name, check.comment) for check in there.checks]
    own += [(exclusion.name, exclusion.comment) for exclusion in there.exclusions]
    for name, comment in own:
        if comment is not None:
            place = f"{quote(name)} ON {table.qualified}"
            yield f"COMMENT ON CONSTRAINT {place} IS {literal(comment)}"
    for child, key in there.foreign_keys:
        if key.comment is not None:
            place = f"{quote(key.name)} ON {child.qualified}"
            yield f"COMMENT ON CONSTRAINT {place} IS {literal(key.comment)}"


def _statistics(statistics: ExtendedStatistics) -> Iterator[str]:
    """All kinds are meant where none is named; one expression alone takes no kinds."""
    chosen = [kind for kind in KINDS if kind in statistics.kinds]
    kinds = f" ({', '.join(chosen)})" if 0 < len(chosen) < len(KINDS) else ""
    parts = [quote(column) for column in statistics.columns]
    parts += [statistics.expressions] if statistics.expressions else []
    yield (
        f"CREATE STATISTICS {statistics.qualified}{kinds} ON {', '.join(parts)} "
        f"FROM {statistics.table}"
    )
    if statistics.statistics_target is not None:
        target = statistics.statistics_target
        yield f"ALTER STATISTICS {statistics.qualified} SET STATISTICS {target}"
    if statistics.comment is not None:
        comment = literal(statistics.comment)
        yield f"COMMENT ON STATISTICS {statistics.qualified} IS {comment}"
