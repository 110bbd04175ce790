"""Where values of secret columns go in a query, by the server's own tree of it.

A secret may go as it is from a table through views, subqueries, CTEs and UNION ALL into a column of
the result: there it is masked. Every other use would tell something of it (a comparison, an order,
a function, an error message) and is refused. A view's own query may do with it what its owner
wrote; what it makes of a secret is one as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from dbwright.agent.safe_sql.secrets import How, Labels
from dbwright.engines.postgresql.node_tree import NodeTree, Value
from dbwright.errors import QueryRefused

__all__ = ["Lineage"]

RELATION, SUBQUERY, JOIN, FUNCTION, TABLE_FUNCTION, VALUES, CTE, GROUP = 0, 1, 2, 3, 4, 5, 6, 9
"""Numbers of RTEKind (parsenodes.h)."""
EXISTS = 0
"""Of SubLinkType (primnodes.h)."""
UNION = 1
"""Of SetOperation (parsenodes.h)."""
DEEPEST = 100
"""Queries in queries."""
MOST = 5000
"""Queries that are followed; a recursive one several times, and so those in it each time."""
NONE: Labels = frozenset()
WITHOUT_EXPRESSIONS = frozenset(("targetList", "rtable", "cteList", "setOperations"))


class Known(Protocol):
    """Which columns are secret."""

    def column(self, relation: int, number: int) -> Labels: ...
    def whole(self, relation: int) -> Labels: ...
    def view_column(self, view: int, number: int) -> Labels: ...
    def type_labels(self, type_oid: int) -> Labels: ...
    def function_columns(self, function: int) -> list[Labels]: ...


@dataclass(eq=False, slots=True)
class _Scope:
    """One query, and what is known of the relations in it."""

    query: NodeTree
    relations: list[NodeTree]
    strict: bool
    outputs: dict[int, list[Labels]] = field(default_factory=dict)
    """Of the subqueries in FROM, by their number."""
    ctes: dict[str, list[Labels]] = field(default_factory=dict)
    open_ctes: set[str] = field(default_factory=set)


_Scopes = tuple[_Scope, ...]


class Lineage:
    """Follows secrets through one tree."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._followed = 0

    def of_query(self, tree: NodeTree) -> list[Labels]:
        """The labels of each column of the result. Raises QueryRefused."""
        return self._query(tree, (), strict=True)

    def of_view(self, tree: NodeTree) -> list[Labels]:
        """The same of a view's own query, which may do what it likes."""
        return self._query(tree, (), strict=False)

    def _query(self, query: NodeTree, above: _Scopes, strict: bool) -> list[Labels]:
        if len(above) > DEEPEST:
            raise QueryRefused("its queries are nested too deeply", "flatten it")
        self._followed += 1
        if self._followed > MOST:
            raise QueryRefused("there are too many queries in it to follow", "ask for less")
        scope = _Scope(query, query.nodes("rtable"), strict)
        scopes = (*above, scope)
        for cte in query.nodes("cteList"):
            self._cte(scopes, cte.text("ctename"))
        for number, relation in enumerate(scope.relations, start=1):
            self._check_relation(scopes, number, relation)
        for name, values in query.fields.items():
            if name not in WITHOUT_EXPRESSIONS:
                self._require_free(scopes, values, "in a condition, a grouping or a limit")
        outputs = [self._target(scopes, one) for one in query.nodes("targetList")]
        found = [labels for labels in outputs if labels is not None]
        operation = query.node("setOperations")
        return found if operation is None else self._union(scopes, operation, found)

    def _target(self, scopes: _Scopes, entry: NodeTree) -> Labels | None:
        """The labels of one column of the result; None for what only sorts or groups."""
        scope = scopes[-1]
        expression = entry.node("expr")
        bare = _bare(expression)
        if bare is not None and bare.number("varattno") != 0:
            labels = self._variable(scopes, bare)
            if labels and scope.strict and entry.number("ressortgroupref"):
                raise _refused(labels, "to sort, to group or to find what is distinct")
        else:
            labels = self._labels(scopes, [expression] if expression else [])
            if labels and scope.strict:
                what = "as a part of a whole row" if bare is not None else "in an expression"
                raise _refused(labels, what)
        return None if entry.is_true("resjunk") else labels

    def _union(self, scopes: _Scopes, operation: NodeTree, first: list[Labels]) -> list[Labels]:
        scope = scopes[-1]
        leaves: list[int] = []
        all_rows = True
        pending = [operation]
        while pending:
            one = pending.pop()
            if one.kind == "RANGETBLREF":
                leaves.append(one.number("rtindex"))
                continue
            all_rows = all_rows and one.number("op") == UNION and one.is_true("all")
            pending += [side for name in ("larg", "rarg") if (side := one.node(name))]
        branches = [self._subquery(scopes, number) for number in leaves]
        found = [
            labels.union(*(branch[place] for branch in branches if place < len(branch)))
            for place, labels in enumerate(first)
        ]
        if scope.strict:
            for labels in found:
                if labels and not all_rows:
                    raise _refused(labels, "in UNION, INTERSECT or EXCEPT, which compares rows")
            self._require_unsorted(scope, found)
        return found

    def _require_unsorted(self, scope: _Scope, found: list[Labels]) -> None:
        targets = (t for t in scope.query.nodes("targetList") if not t.is_true("resjunk"))
        for labels, entry in zip(found, targets, strict=False):
            if labels and entry.number("ressortgroupref"):
                raise _refused(labels, "to sort")

    def _check_relation(self, scopes: _Scopes, number: int, relation: NodeTree) -> None:
        kind = relation.number("rtekind")
        if kind == SUBQUERY:
            self._subquery(scopes, number)
        elif kind == FUNCTION:
            for part in relation.nodes("functions"):
                call = part.node("funcexpr")
                # What it gives is labelled column by column.
                inner = call.fields.get("args", []) if call and call.kind == "FUNCEXPR" else [call]
                self._require_free(scopes, [one for one in inner if one], "for a function")
        else:
            for name in ("tablefunc", "values_lists", "tablesample", "groupexprs"):
                if name in relation.fields:
                    self._require_free(scopes, relation.fields[name], "in an expression")

    def _require_free(self, scopes: _Scopes, values: list[Value], where: str) -> None:
        labels = self._labels(scopes, values)
        if labels and scopes[-1].strict:
            raise _refused(labels, where)

    def _labels(self, scopes: _Scopes, values: list[Value]) -> Labels:
        """Of all that an expression reads."""
        found: set[Labels] = set()
        for node, counts in _expression(values):
            if node.kind == "VAR":
                found.add(self._variable(scopes, node))
            elif node.kind == "QUERY":
                outputs = self._query(node, scopes, scopes[-1].strict)
                if counts:
                    found.update(outputs)
            elif node.kind == "FUNCEXPR":
                found.add(self._known.type_labels(node.number("funcresulttype")))
                found.update(self._known.function_columns(node.number("funcid")))
        return NONE.union(*found)

    def _variable(self, scopes: _Scopes, variable: NodeTree) -> Labels:
        above = variable.number("varlevelsup")
        if above >= len(scopes):
            return NONE
        return self._column(
            scopes[: len(scopes) - above], variable.number("varno"), variable.number("varattno")
        )

    def _column(self, scopes: _Scopes, number: int, column: int) -> Labels:
        scope = scopes[-1]
        if not 1 <= number <= len(scope.relations):
            return NONE
        relation = scope.relations[number - 1]
        kind = relation.number("rtekind")
        if kind == RELATION:
            oid = relation.number("relid")
            return self._known.column(oid, column) if column else self._known.whole(oid)
        if kind in (SUBQUERY, CTE, FUNCTION):
            outputs = (
                self._subquery(scopes, number)
                if kind == SUBQUERY
                else self._cte_of(scopes, relation)
                if kind == CTE
                else self._function(scopes, relation)
            )
            if column == 0:
                return NONE.union(*outputs)
            return outputs[column - 1] if column <= len(outputs) else NONE
        if kind in (JOIN, GROUP):
            listed = relation.fields.get("joinaliasvars" if kind == JOIN else "groupexprs", [[]])[0]
            if not isinstance(listed, list):
                return NONE
            return self._labels(scopes, listed if column == 0 else listed[column - 1 : column])
        return self._labels(
            scopes, [v for n in ("tablefunc", "values_lists") for v in relation.fields.get(n, [])]
        )

    def _function(self, scopes: _Scopes, relation: NodeTree) -> list[Labels]:
        """What it is given may be in all that it gives."""
        found: list[Labels] = []
        for part in relation.nodes("functions"):
            call = part.node("funcexpr")
            known: list[Labels] = []
            given: list[Value] = [call] if call else []
            if call is not None and call.kind == "FUNCEXPR":
                known = self._known.function_columns(call.number("funcid"))
                given = call.fields.get("args", [])
            of_all = self._labels(scopes, given)
            for place in range(part.number("funccolcount")):
                found.append(of_all | known[place] if place < len(known) else of_all)
        return found

    def _subquery(self, scopes: _Scopes, number: int) -> list[Labels]:
        scope = scopes[-1]
        if number not in scope.outputs:
            relation = scope.relations[number - 1]
            query = relation.node("subquery")
            assert query is not None
            view = _view(relation, query)
            found = self._query(query, scopes, scope.strict and not view)
            if view:
                found = [
                    labels | self._known.view_column(view, place)
                    for place, labels in enumerate(found, start=1)
                ]
            scope.outputs[number] = found
        return scope.outputs[number]

    def _cte_of(self, scopes: _Scopes, relation: NodeTree) -> list[Labels]:
        above = relation.number("ctelevelsup")
        if above >= len(scopes):
            return []
        return self._cte(scopes[: len(scopes) - above], relation.text("ctename"))

    def _cte(self, scopes: _Scopes, name: str) -> list[Labels]:
        """Of a recursive one until nothing more is found: labels only come, they never go."""
        scope = scopes[-1]
        if name in scope.open_ctes:
            return scope.ctes.get(name, [])
        if name not in scope.ctes:
            (cte,) = [c for c in scope.query.nodes("cteList") if c.text("ctename") == name][:1]
            query = cte.node("ctequery")
            assert query is not None
            scope.open_ctes.add(name)
            scope.ctes[name] = []
            while True:
                found = self._query(query, scopes, scope.strict)
                unchanged = found == scope.ctes[name]
                scope.ctes[name] = found
                if unchanged or not cte.is_true("cterecursive"):
                    break
            scope.open_ctes.discard(name)
        return scope.ctes[name]


def _bare(expression: NodeTree | None) -> NodeTree | None:
    """The column that an expression is, with or without a cast that changes nothing."""
    while expression is not None and expression.kind == "RELABELTYPE":
        expression = expression.node("arg")
    return expression if expression is not None and expression.kind == "VAR" else None


def _view(relation: NodeTree, query: NodeTree) -> int:
    """The oid of the view that a subquery stands for; 0 where somebody wrote it."""
    if relation.number("relid"):
        return relation.number("relid")
    for inner in query.nodes("rtable"):  # before 16: the rule's own OLD
        alias = inner.node("alias")
        is_view = inner.number("rtekind") == RELATION and inner.text("relkind") == "v"
        if is_view and alias is not None and alias.text("aliasname") == "old":
            return inner.number("relid")
    return 0


def _expression(values: list[Value]) -> Iterator[tuple[NodeTree, bool]]:
    """The nodes of an expression; queries are not gone into, and say whether their values count:
    EXISTS asks for none. Whether a column is null is no secret."""
    pending: list[tuple[Value, bool]] = [(value, True) for value in reversed(values)]
    while pending:
        one, counts = pending.pop()
        if isinstance(one, list):
            pending += [(value, counts) for value in reversed(one)]
        elif isinstance(one, NodeTree):
            tested = one.node("arg") if one.kind == "NULLTEST" else None
            if tested is not None and tested.kind == "VAR" and tested.number("varattno"):
                continue
            yield one, counts
            if one.kind != "QUERY":
                inner = not (one.kind == "SUBLINK" and one.number("subLinkType") == EXISTS)
                pending += [(value, inner) for value in reversed(list(one.fields.values()))]


def _refused(labels: Labels, where: str) -> QueryRefused:
    origin = min(label.origin for label in labels)
    if all(label.how is How.SETTINGS for label in labels):
        return QueryRefused(
            f"it uses {origin}, which holds secrets of other settings, {where}",
            "current_setting('name') gives one setting's value, to calculate with as well",
        )
    return QueryRefused(
        f"it uses {origin}, which is secret, {where}",
        "leave the column out; as it is it may be selected (its values are masked), "
        "and IS NULL may be asked",
    )
