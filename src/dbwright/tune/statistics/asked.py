"""What the queries of a workload ask of one table alone: its conditions, and what they group by.

Only conditions that hold for every row of the result and that are known before a row is read are
taken: those are what the planner estimates from a table's statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.names import quote
from dbwright.sql.scope import CatalogRelations, Scope, Statement, analyse
from dbwright.sql.scope.nouns import Key, RelationUse
from dbwright.sql.scope.predicate import Clause, ComparedKind, Predicate, PredicateKind
from dbwright.sql.scope.statement import Distinct
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Asking", "Question", "Term", "expressions_asked", "questions"]

COMPARED = frozenset((ComparedKind.CONSTANT, ComparedKind.EXPRESSION))
ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition."""

    key: str
    """The column or expression, as SQL."""
    operator: str
    """`=`, `IN`, `>=`, `IS NULL` …"""
    condition: str
    """As SQL, of the table's own columns."""
    equality: bool = False

    @property
    def shown(self) -> str:
        """Without its constants."""
        if self.operator.startswith("IS"):
            return f"{self.key} {self.operator}"
        if self.operator == "NOT":
            return f"NOT {self.key}"
        return f"{self.key} {self.operator} {ANYTHING}" if self.operator else self.key


@dataclass(frozen=True, slots=True)
class Asking:
    """What one statement asks."""

    terms: tuple[Term, ...]
    asked: Weighted
    own: bool
    """Are its constants the query's own (and not made up)?"""


@dataclass(frozen=True, slots=True)
class Question:
    """What several statements ask of a table, each with constants of its own."""

    table: str
    """Qualified."""
    keys: tuple[str, ...]
    """Columns and expressions that are compared, or grouped by; each once, sorted."""
    groups: tuple[str, ...]
    """What is grouped by; empty where rows are asked for."""
    shown: str
    """The conditions without their constants, or the GROUP BY."""
    askings: tuple[Asking, ...]

    @property
    def weight(self) -> float:
        """Calls."""
        return sum(asking.asked.weight for asking in self.askings)


def questions(
    queries: Iterable[Weighted], catalog: Catalog, *, alone: bool = False
) -> tuple[Question, ...]:
    """What the queries ask, those of most calls first.

    `alone`: of each column and expression alone, and not of what is grouped by.
    """
    relations = CatalogRelations(catalog)
    found: dict[tuple[str, str, tuple[str, ...]], list[Asking]] = {}
    for query in queries:
        own = query.scoped.text == query.statement
        scoped = query.scoped if own else analyse(query.statement, relations)
        for table, terms, groups in _asked(scoped):
            whole = [(terms, ()), (terms, groups)] if groups else [(terms, ())]
            for part, grouped in [(one, ()) for one in _each_key(terms)] if alone else whole:
                if part or grouped:
                    shown = " AND ".join(sorted({term.shown for term in part}))
                    asking = Asking(part, query, own)
                    found.setdefault((table, shown, grouped), []).append(asking)
    made = (_question(*key, askings) for key, askings in found.items())
    return tuple(sorted(made, key=lambda one: (-one.weight, one.table, one.shown)))


def expressions_asked(queries: Sequence[Weighted], catalog: Catalog) -> tuple[Question, ...]:
    """What they ask of one expression alone, and what they group by one."""
    relations: tuple[Table | MaterializedView, ...] = catalog.tables + catalog.materialized_views
    columns = {one.qualified: {quote(column.name) for column in one.columns} for one in relations}
    every = (*questions(queries, catalog, alone=True), *questions(queries, catalog))
    found = {(one.table, one.shown): one for one in every if len(one.keys) == 1}
    return tuple(
        one for one in found.values() if one.keys[0] not in columns.get(one.table, one.keys)
    )


def _question(table: str, shown: str, groups: tuple[str, ...], askings: list[Asking]) -> Question:
    keys = groups or tuple(sorted({term.key for term in askings[0].terms}))
    if groups:
        where = f" of rows with {shown}" if shown else ""
        shown = f"GROUP BY {', '.join(groups)}{where}"
    return Question(table, keys, groups, shown, tuple(askings))


def _each_key(terms: tuple[Term, ...]) -> Iterator[tuple[Term, ...]]:
    for key in dict.fromkeys(term.key for term in terms):
        yield tuple(term for term in terms if term.key == key)


def _asked(scoped: Statement) -> Iterator[tuple[str, tuple[Term, ...], tuple[str, ...]]]:
    """Of each stored relation: its table, its conditions and what it is grouped by."""
    for scope in scoped.scopes:
        for relation in scope.relations:
            if not relation.stored or relation.qualified is None or relation.columns is None:
                continue
            terms = dict.fromkeys(
                term
                for predicate in scoped.predicates_on(relation)
                if (term := _term(predicate)) is not None
            )
            yield relation.qualified, tuple(terms), _groups(scope, relation)


def _groups(scope: Scope, relation: RelationUse) -> tuple[str, ...]:
    """What the scope's rows are grouped by, of this relation; sorted."""
    if scope.grouping_sets:
        return ()
    keys: Iterable[Key] = scope.group_by or scope.distinct_on
    found = {_key(key.column, key.expression) for key in keys if key.relation == relation}
    if not scope.group_by and scope.distinct is Distinct.ALL:
        sources = [column.source for column in scope.output]
        found = {_key(s.column, None) for s in sources if s and s.relation == relation}
    found.discard(None)
    return tuple(sorted(key for key in found if key is not None))


def _key(column: str | None, expression: str | None) -> str | None:
    if column is not None:
        return quote(column)
    return None if expression is None else expression


def _term(predicate: Predicate) -> Term | None:
    """None for what a table's statistics say nothing of."""
    key = _key(predicate.column, predicate.expression)
    if key is None or predicate.path or predicate.implied or predicate.row:
        return None
    if predicate.clause is Clause.HAVING or not predicate.restricts:
        return None
    side = key if predicate.column is not None else f"({key})"
    match predicate.kind:
        case PredicateKind.NULL_TEST:
            test = "IS NOT NULL" if predicate.negated else "IS NULL"
            return Term(key, test, f"{side} {test}")
        case PredicateKind.BOOLEAN:
            word = "NOT" if predicate.negated else ""
            return Term(key, word, f"{word} {side}".strip())
    compared = predicate.compared
    if not compared.before_scan or compared.parameter is not None or predicate.negated:
        return None
    if compared.kind is ComparedKind.LIST:
        operator = {PredicateKind.IN_LIST: "IN", PredicateKind.NOT_EQUAL: "NOT IN"}.get(
            predicate.kind, ""
        )
        if not operator or not all(compared.texts):
            return None
        return Term(key, operator, f"{side} {operator} ({', '.join(compared.texts)})")
    if compared.kind not in COMPARED or compared.text is None:
        return None
    match predicate.kind:
        case PredicateKind.EQUALITY:
            return Term(key, "=", f"{side} = {compared.text}", equality=True)
        case PredicateKind.RANGE | PredicateKind.NOT_EQUAL:
            operator = predicate.operator
            return Term(key, operator, f"{side} {operator} {compared.text}")
        case PredicateKind.ANY_ARRAY:
            return Term(key, "= ANY", f"{side} = ANY ({compared.text})")
    return None
