"""Where values of secret columns go in a query, by the server's own tree of it.

A secret may go as it is from a table through views, subqueries, CTEs and UNION ALL into a column of
the result: there it is masked. Every other use would tell something of it (a comparison, an order,
a function, an error message) and is refused. A view's own query may do with it what its owner
wrote; what it makes of a secret is one as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dbwright.agent.safe_sql.secrets import How, Labels
from dbwright.agent.safe_sql.settings import SettingsUsed
from dbwright.engines.postgresql.analysed import constant_text
from dbwright.engines.postgresql.node_tree import NodeTree, Value, walk_nodes
from dbwright.errors import QueryRefused

__all__ = ["Lineage"]

RELATION, SUBQUERY, JOIN, FUNCTION, TABLE_FUNCTION, VALUES, CTE, GROUP = 0, 1, 2, 3, 4, 5, 6, 9
"""Numbers of RTEKind (parsenodes.h)."""
EXISTS = 0
"""Of SubLinkType (primnodes.h)."""
SCALAR = 4
"""Another of SubLinkType: EXPR_SUBLINK."""
UNION = 1
"""Of SetOperation (parsenodes.h)."""
DEEPEST = 100
"""Queries in queries."""
MOST = 5000
"""Queries that are followed; a recursive one several times, and so those in it each time."""
NONE: Labels = frozenset()
CASES = frozenset(("CASEEXPR", "CASE"))
"""The second one before 16."""
TEXT_EQUALS = 98
"""The oid of = of texts."""
EXTERNAL = 0
"""Of ParamKind (primnodes.h): `$1`."""
COMPARISONS = frozenset(("OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR"))
MADE = frozenset(("returningList", "onConflict", "mergeActionList", "withCheckOptions"))
"""Parts of a statement that say what is made of rows, not which."""
WITHOUT_EXPRESSIONS = frozenset(("targetList", "rtable", "cteList", "setOperations"))


class Known(Protocol):
    """Which columns are secret."""

    def column(self, relation: int, number: int) -> Labels: ...
    def whole(self, relation: int) -> Labels: ...
    def view_column(self, view: int, number: int) -> Labels: ...
    def type_labels(self, type_oid: int) -> Labels: ...
    def function_columns(self, function: int) -> list[Labels]: ...
    def is_text(self, function: int) -> bool: ...
    def secret_setting_names(self, view: int) -> frozenset[str] | None: ...


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

    def __init__(self, known: Known, *, runs: bool = True) -> None:
        """`runs`: is the query run, or planned alone? A plan shows no values: what it makes of a
        secret is free, and what it asks of one is not, for an estimate is an answer."""
        self._known = known
        self._runs = runs
        self._followed = 0
        self._once: frozenset[int] = frozenset()
        """Parameters that stand in one place only."""

    def of_query(self, tree: NodeTree) -> list[Labels]:
        """The labels of each column of the result. Raises QueryRefused."""
        return self._query(tree, (), strict=True)

    def of_plan(self, trees: Sequence[NodeTree]) -> None:
        """The same of a statement that is planned alone: of more trees than one where rules add
        to it. Raises QueryRefused."""
        counts = Counter(
            node.number("paramid")
            for tree in trees
            for node in walk_nodes(tree)
            if node.kind == "PARAM" and node.number("paramkind") == EXTERNAL
        )
        self._once = frozenset(number for number, count in counts.items() if count == 1)
        for tree in trees:
            self._query(tree, (), strict=True)

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
            if not self._runs and name in MADE:
                self._labels(scopes, values)
            elif name not in WITHOUT_EXPRESSIONS:
                self._require_free(scopes, values, "in a condition, a grouping or a limit")
        if not self._runs:
            for values in _conditions_of_changes(query):
                self._require_free(scopes, values, "in a condition")
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
            if labels and self._runs and scope.strict and entry.number("ressortgroupref"):
                raise _refused(labels, "to sort, to group or to find what is distinct")
        else:
            labels = self._labels(scopes, [expression] if expression else [])
            if labels and self._is_whole(expression) and not entry.number("ressortgroupref"):
                return None if entry.is_true("resjunk") else labels
            if labels and self._runs and scope.strict:
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

        def is_open(node: NodeTree) -> bool:
            return self._is_open(node) or self._is_masked_setting(scopes, node)

        for node, counts in _expression(values, is_open, self._is_text):
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

    def _is_text(self, node: NodeTree) -> bool:
        """What it is given is a tree, or a number: what it gives is labelled instead."""
        return node.kind == "FUNCEXPR" and self._known.is_text(node.number("funcid"))

    def _is_whole(self, expression: NodeTree | None) -> bool:
        """Is it a text as a function gives it, or one row of a query for that? Then what is secret
        in it can be told when it comes."""
        expression = _unlabelled(expression)
        if expression is not None and expression.kind == "SUBLINK":
            query = expression.node("subselect")
            kind = expression.number("subLinkType")
            targets = query.nodes("targetList") if query is not None and kind == SCALAR else []
            if query is None or query.node("setOperations") or len(targets) != 1:
                return False
            expression = _unlabelled(targets[0].node("expr"))
        return (
            expression is not None
            and expression.kind == "FUNCEXPR"
            and self._known.is_text(expression.number("funcid"))
        )

    def _is_open(self, node: NodeTree) -> bool:
        """Does it tell nothing of a secret? Whether a column is null is none; and a comparison with
        a parameter that stands nowhere else is planned for no value at all."""
        tested = node.node("arg") if node.kind == "NULLTEST" else None
        if tested is not None and tested.kind == "VAR" and tested.number("varattno"):
            return True
        if self._runs or node.kind not in COMPARISONS:
            return False
        sides = [_unlabelled(side) for side in node.nodes("args")]
        kinds = [side.kind for side in sides if side is not None]
        return sorted(kinds) == ["PARAM", "VAR"] and all(
            side.number("paramkind") == EXTERNAL and side.number("paramid") in self._once
            if side.kind == "PARAM"
            else side.number("varattno") > 0
            for side in sides
            if side is not None
        )

    def _is_masked_setting(self, scopes: _Scopes, node: NodeTree) -> bool:
        """Is it `CASE WHEN name = '…' THEN '…' ELSE setting END` over pg_settings, with a WHEN for
        every setting that holds a secret? (See `settings`.)"""
        value = node.node("defresult") if node.kind in CASES else None
        if value is None or value.kind != "VAR" or value.number("varlevelsup") or node.node("arg"):
            return False
        relations, number = scopes[-1].relations, value.number("varno")
        relation = relations[number - 1] if 1 <= number <= len(relations) else None
        query = relation.node("subquery") if relation is not None else None
        view = _view(relation, query) if relation is not None and query is not None else 0
        names = self._known.secret_setting_names(view) if view else None
        if names is None:
            return False
        found: set[str] = set()
        for when in node.nodes("args"):
            test, result = when.node("expr"), when.node("result")
            if test is None or result is None or result.kind != "CONST":
                return False
            sides = test.nodes("args")
            if test.kind != "OPEXPR" or test.number("opno") != TEXT_EQUALS or len(sides) != 2:
                return False
            name = constant_text(sides[1])
            of_name = (sides[0].number("varno"), sides[0].number("varattno")) == (number, 1)
            if sides[0].kind != "VAR" or not of_name or name is None:
                return False
            found.add(name)
        return names <= found

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
    expression = _unlabelled(expression)
    return expression if expression is not None and expression.kind == "VAR" else None


def _unlabelled(expression: NodeTree | None) -> NodeTree | None:
    while expression is not None and expression.kind == "RELABELTYPE":
        expression = expression.node("arg")
    return expression


def _conditions_of_changes(query: NodeTree) -> Iterator[list[Value]]:
    """Those of ON CONFLICT and of MERGE, which stand among what is made."""
    conflict = query.node("onConflict")
    if conflict is not None:
        yield conflict.fields.get("onConflictWhere", [])
    for action in query.nodes("mergeActionList"):
        yield action.fields.get("qual", [])


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


def _expression(
    values: list[Value],
    is_open: Callable[[NodeTree], bool],
    is_text: Callable[[NodeTree], bool],
) -> Iterator[tuple[NodeTree, bool]]:
    """The nodes of an expression, without those that are open; queries and texts are not entered,
    and say whether their values count: EXISTS asks for none."""
    pending: list[tuple[Value, bool]] = [(value, True) for value in reversed(values)]
    while pending:
        one, counts = pending.pop()
        if isinstance(one, list):
            pending += [(value, counts) for value in reversed(one)]
        elif isinstance(one, NodeTree):
            if is_open(one):
                continue
            yield one, counts
            if one.kind != "QUERY" and not is_text(one):
                inner = not (one.kind == "SUBLINK" and one.number("subLinkType") == EXISTS)
                pending += [(value, inner) for value in reversed(list(one.fields.values()))]


def _refused(labels: Labels, where: str) -> QueryRefused:
    origin = min(label.origin for label in labels)
    if all(label.how is How.SETTINGS for label in labels):
        return SettingsUsed(
            f"it uses {origin}, which holds secrets of other settings, {where}",
            "current_setting('name') gives one setting's value, to calculate with as well",
        )
    return QueryRefused(
        f"it uses {origin}, which is secret, {where}",
        "leave the column out; as it is it may be selected (its values are masked), "
        "and IS NULL may be asked",
    )
