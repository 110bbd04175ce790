"""The labels of columns of relations, functions and types, read from the catalog when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg

from dbwright.agent.safe_sql.cells import without_passwords
from dbwright.agent.safe_sql.limits import Policy
from dbwright.agent.safe_sql.secrets import (
    SECRET_COLUMNS,
    SECRET_RESULTS,
    SECRET_TEXTS,
    STATISTICS,
    How,
    Label,
    Labels,
    is_secret_column,
    is_secret_name,
    is_secret_setting,
)
from dbwright.agent.safe_sql.settings import VIEW
from dbwright.engines.postgresql.analysed import constant_text
from dbwright.engines.postgresql.function_facts import FunctionFacts
from dbwright.engines.postgresql.node_tree import node_trees, walk_nodes
from dbwright.engines.postgresql.query_facts import (
    secret_expressions,
    visible_settings,
    visible_statements,
)
from dbwright.engines.postgresql.relation_facts import (
    ColumnFacts,
    RelationFacts,
    columns_of,
    holders_of_rows,
    may_read_any,
    own_columns,
    relations_of,
    sensitive_views,
    view_query,
)

__all__ = ["Origins", "names_of_secret_settings"]

NONE: Labels = frozenset()
VIEWS = frozenset("vm")
DEEPEST = 40
SHORTEST = 4
"""Characters of a literal: what is shorter stands everywhere."""
NO_VALUE = frozenset(("(disabled)", "on", "off"))


class Origins:
    """Answers which columns are secret, within one transaction."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        policy: Policy,
        functions: Mapping[int, FunctionFacts],
        row_types: Mapping[int, int],
    ) -> None:
        """`row_types`: relations by the types of their rows, of all types in the query."""
        self._connection = connection
        self._policy = policy
        self._functions = functions
        self._row_types = row_types
        self._relations: dict[int, RelationFacts] = {}
        self._columns: dict[int, dict[int, Labels]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._open: list[int] = []
        self._sensitive: tuple[frozenset[int], frozenset[str]] | None = None
        self._settings: frozenset[str] | None = None
        self._literals: frozenset[str] | None = None
        self._told: bool | None = None
        self._statistics: bool | None = None

    def learn(self, relations: Iterable[RelationFacts]) -> None:
        """Relations that were read already; their columns are, all at once."""
        self._relations.update((one.oid, one) for one in relations)
        if self._relations:
            self._load(list(self._relations))

    def relation(self, oid: int) -> Mapping[int, Labels]:
        """The labelled columns of a relation, by number."""
        if oid not in self._columns:
            self._load([oid])
        return self._columns.get(oid, {})

    def column(self, relation: int, number: int) -> Labels:
        return self.relation(relation).get(number, NONE)

    def whole(self, relation: int) -> Labels:
        """Of a whole row."""
        return frozenset().union(*self.relation(relation).values())

    def view_column(self, view: int, number: int) -> Labels:
        """What the name of a view's column says; not what it is made of."""
        self._facts([view])
        facts = self._relations.get(view)
        if facts is None:
            return NONE
        return frozenset(
            Label(How.ALL, f"{facts.schema}.{facts.name}.{column.name}")
            for column in columns_of(self._connection, [view])
            if column.number == number and is_secret_column(facts, column, self._policy)
        )

    def type_labels(self, type_oid: int) -> Labels:
        """Of a value that is a row, or an array of rows."""
        relation = self._row_types.get(type_oid)
        return self.whole(relation) if relation else NONE

    def function_columns(self, function: int) -> list[Labels]:
        """Of what a function gives as columns."""
        facts = self._functions.get(function)
        if facts is None:
            return []
        text = None if facts.own else self._in_use(SECRET_TEXTS.get(facts.name))
        if text is not None:
            return [frozenset((Label(text, f"{facts.name}()"),))]
        if facts.columns:
            return [self._result(facts, name) for name in facts.columns]
        relation = self._row_types.get(facts.result_type)
        if not relation:
            return []
        labelled = self.relation(relation)
        return [labelled.get(number, NONE) for number in range(1, max(labelled, default=0) + 1)]

    def sensitive(self) -> tuple[frozenset[int], frozenset[str]]:
        """Relations of the database that hold secrets, and views of them: oids, and names in lower
        case."""
        if self._sensitive is None:
            self._sensitive = self._find_sensitive()
        return self._sensitive

    def _reads_statistics(self) -> bool:
        """May this user see statistics, and so values, of a column that is secret?"""
        if self._statistics is None:
            pairs = [(oid, number) for oid in self.sensitive()[0] for number in self.relation(oid)]
            self._statistics = may_read_any(self._connection, pairs)
        return self._statistics

    def secret_settings(self) -> frozenset[str]:
        """Values of settings that are secrets, as far as this user may see them."""
        if self._settings is None:
            self._settings = _secret_values(visible_settings(self._connection))
        return self._settings

    def is_text(self, function: int) -> bool:
        """Is it a function that gives a text, secrets of which are told by what they are?"""
        facts = self._functions.get(function)
        return facts is not None and not facts.own and facts.name in SECRET_TEXTS

    def secret_setting_names(self, view: int) -> frozenset[str] | None:
        """Settings that are secrets or hold them; None where the view is not pg_settings."""
        facts = self._relations.get(view)
        if facts is None or facts.own or facts.name != VIEW:
            return None
        return names_of_secret_settings(self._connection)

    def secret_literals(self) -> frozenset[str]:
        """What stands in defaults and CHECKs of secret columns."""
        if self._literals is None:
            self._literals = frozenset(self._find_literals())
        return self._literals

    def _find_literals(self) -> Iterator[str]:
        pairs = [
            (relation.oid, column.number)
            for relation, column in own_columns(self._connection)
            if is_secret_column(relation, column, self._policy)
        ]
        for text in secret_expressions(self._connection, pairs):
            for tree in node_trees(text):
                for node in walk_nodes(tree):
                    literal = constant_text(node)
                    if literal is not None and len(literal) >= SHORTEST:
                        yield literal
                        yield literal.replace("'", "''")

    def _tells_passwords(self) -> bool:
        """Does a statement of somebody's, as far as this user sees it, hold a password? What the
        server tells of sessions stays the same until the transaction ends."""
        if self._told is None:
            texts = visible_statements(self._connection)
            self._told = any(without_passwords(text) != text for text in texts)
        return self._told

    def _in_use(self, how: How | None) -> How | None:
        """Is there anything that it would hide? Else nothing need be refused for it."""
        if (
            (how is How.SETTINGS and not self.secret_settings())
            or (how is How.LITERALS and not self.secret_literals())
            or (how is How.STATEMENTS and not self._tells_passwords())
        ):
            return None
        return how

    def _result(self, facts: FunctionFacts, name: str) -> Labels:
        known = not facts.own or facts.extension == "pg_stat_statements"
        how = self._in_use(SECRET_RESULTS.get((facts.name, name)) if known else None)
        if how is None and facts.own and is_secret_name(name):
            how = How.ALL
        return NONE if how is None else frozenset((Label(how, f"{facts.name}.{name}"),))

    def _facts(self, oids: Iterable[int]) -> None:
        new = [oid for oid in oids if oid not in self._relations]
        if new:
            found = relations_of(self._connection, new)
            self._relations.update((one.oid, one) for one in found)

    def _load(self, oids: list[int]) -> None:
        self._facts(oids)
        for oid in oids:
            self._columns[oid] = {}
        for column in columns_of(self._connection, oids):
            labels = self._label(self._relations[column.relation], column)
            if labels:
                self._columns[column.relation][column.number] = labels
        for oid in oids:
            facts = self._relations.get(oid)
            if facts is not None and facts.kind in VIEWS:
                self._label_view(facts)

    def _label(self, facts: RelationFacts, column: ColumnFacts) -> Labels:
        origin = f"{facts.schema}.{facts.name}.{column.name}"
        if not facts.own:
            how = self._in_use(SECRET_COLUMNS.get((facts.name, column.name)))
            if how is How.LITERALS:
                how = How.ALL  # a tree has its constants byte by byte
            if how is None and (facts.name, column.name) in STATISTICS:
                how = How.ALL if self._reads_statistics() else None
            if how is not None:
                return frozenset((Label(how, origin),))
        if is_secret_column(facts, column, self._policy):
            return frozenset((Label(How.ALL, origin),))
        if facts.own and column.row_type_of and column.row_type_of != facts.oid:
            return self.whole(column.row_type_of)
        if column.generated:
            numbers = {
                node.number("varattno")
                for tree in node_trees(column.generated)
                for node in walk_nodes(tree)
                if node.kind == "VAR"
            }
            return frozenset().union(*(self._labels_by_number(facts, number) for number in numbers))
        return NONE

    def _labels_by_number(self, facts: RelationFacts, number: int) -> Labels:
        return frozenset(
            Label(How.ALL, f"{facts.schema}.{facts.name}.{one.name}")
            for one in columns_of(self._connection, [facts.oid])
            if number in (one.number, 0) and is_secret_column(facts, one, self._policy)
        )

    def _label_view(self, facts: RelationFacts) -> None:
        """What the columns of a (materialized) view are made of."""
        from dbwright.agent.safe_sql.lineage import Lineage

        if facts.oid in self._open or len(self._open) > DEEPEST:
            return
        self._open.append(facts.oid)
        try:
            for tree in node_trees(view_query(self._connection, facts.oid)):
                for number, labels in enumerate(Lineage(self).of_view(tree), start=1):
                    if labels:
                        known = self._columns[facts.oid].get(number, NONE)
                        self._columns[facts.oid][number] = known | labels
        finally:
            self._open.pop()

    def _find_sensitive(self) -> tuple[frozenset[int], frozenset[str]]:
        found: dict[int, set[int]] = {}
        names = {relation for relation, _ in (*SECRET_COLUMNS, *STATISTICS)}
        for relation, column in own_columns(self._connection):
            if is_secret_column(relation, column, self._policy):
                found.setdefault(relation.oid, set()).add(column.number)
                names.add(relation.name.lower())
        pairs = [(oid, number) for oid, numbers in found.items() for number in numbers]
        views = sensitive_views(self._connection, pairs, sorted(names))
        views += holders_of_rows(self._connection, [*found, *(oid for oid, _ in views)])
        names |= {name.lower() for _, name in views}
        return frozenset([*found, *(oid for oid, _ in views)]), frozenset(names)


def names_of_secret_settings(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Settings that are secrets, and those whose values hold the value of one."""
    known = visible_settings(connection)
    secret = _secret_values(known)
    return frozenset(
        name
        for name, values in known
        if is_secret_setting(name.lower())
        or any(one in value for value in values for one in secret)
    )


def _secret_values(known: Iterable[tuple[str, list[str]]]) -> frozenset[str]:
    return frozenset(
        value
        for name, values in known
        if is_secret_setting(name.lower())
        for value in values
        if value and value not in NO_VALUE
    )
