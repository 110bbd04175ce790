"""Which columns of a relation must be fetched for the statement's result?

Those of a subquery's target list only where something around the subquery reads them: the planner
leaves out the others. An index that holds all needed columns can answer alone (INCLUDE).
"""

from __future__ import annotations

from dbwright.sql.scope.nouns import WHOLE_ROW, RelationUse, Role
from dbwright.sql.scope.statement import Distinct, Scope, ScopeKind, Statement

__all__ = ["needed_columns"]


def needed_columns(statement: Statement, relation: RelationUse) -> tuple[str, ...]:
    """The needed columns of a relation use, in the relation's order; WHOLE_ROW first where the
    whole row is. System columns count."""
    found = _Needed(statement).columns(relation)
    order = {name: place for place, name in enumerate(relation.columns or ())}
    return tuple(sorted(found, key=lambda name: (order.get(name, -1), name)))


class _Needed:
    """Remembers what was found, for subqueries in subqueries."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.known: dict[int, frozenset[int] | None] = {}
        """By scope: the places of its outputs that are read; None: all."""
        self.readers: dict[int, list[RelationUse]] = {}
        for use in statement.relations:
            if use.source is not None:
                self.readers.setdefault(use.source, []).append(use)
        self.arms = {arm: s.number for s in statement.scopes for arm in s.arms}

    def columns(self, relation: RelationUse) -> set[str]:
        scope = self.statement.scope_of(relation)
        found: set[str] = set()
        for reference in scope.references:
            if reference.relation.number == relation.number:
                others = reference.roles - {Role.OUTPUT}
                if others or self._in_output(scope, relation, reference.column):
                    found.add(reference.column)
        return found

    def _in_output(self, scope: Scope, relation: RelationUse, column: str) -> bool:
        """Is the column part of an output that is read?"""
        read = self.read(scope)
        if read is None:
            return True
        return any(
            use.relation.number == relation.number and use.column in (column, WHOLE_ROW)
            for place in read
            if place < len(scope.output)
            for use in scope.output[place].uses
        )

    def read(self, scope: Scope) -> frozenset[int] | None:
        """The places of the scope's outputs that are read around it; None: all."""
        if scope.number not in self.known:
            self.known[scope.number] = None  # of a recursive CTE: all
            self.known[scope.number] = self._read(scope)
        return self.known[scope.number]

    def _read(self, scope: Scope) -> frozenset[int] | None:
        if scope.kind is ScopeKind.EXISTS:
            return frozenset()
        distinct = scope.distinct is Distinct.ALL
        if distinct or (scope.set_operation and not scope.set_operation_all) or scope.changes_rows:
            return None
        if scope.kind is ScopeKind.ARM:
            return self.read(self.statement.scopes[self.arms[scope.number]])
        readers = self.readers.get(scope.number)
        if scope.kind not in (ScopeKind.SUBQUERY, ScopeKind.CTE, ScopeKind.VIEW) or not readers:
            return None
        places: set[int] = set()
        for reader in readers:
            names = self.columns(reader)
            if WHOLE_ROW in names or reader.columns is None:
                return None
            places |= {place for place, name in enumerate(reader.columns) if name in names}
        # What sorts the rows inside is marked with that role, and needed anyway.
        return frozenset(places)
