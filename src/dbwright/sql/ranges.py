"""An UPDATE, DELETE or INSERT … SELECT over one table, cut by ranges of that table's key.

Run once for each of the ranges that cover the table, it has to do what it does when run once. That
holds where it does to each row of the table what it does whatever the other rows are: a statement
of which that can't be seen is refused, with the reason. Its text stays as the person wrote it, with
one more condition; the tree of the new text proves that nothing else has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.model.names import quote
from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, ParsedStatement, SyntaxProblem, Tree, parse, walk

__all__ = ["NotInRanges", "RangedStatement", "ranged"]

CHANGES = frozenset(("UpdateStmt", "DeleteStmt", "InsertStmt", "MergeStmt"))
FIRST_WORDS = frozenset(("update", "delete", "insert", "merge", "with"))
OF_THE_WHOLE = {
    "groupClause": "GROUP BY",
    "havingClause": "HAVING",
    "distinctClause": "DISTINCT",
    "windowClause": "WINDOW",
    "limitCount": "LIMIT",
    "limitOffset": "OFFSET",
    "sortClause": "ORDER BY",
    "lockingClause": "FOR UPDATE or FOR SHARE",
}
"""What of a SELECT means all of its rows together."""
SAMPLE = "true IS NOT DISTINCT FROM true"
"""A condition, to try the cut with."""
BOTH_SIDES = {"JOIN_INNER": ("larg", "rarg"), "JOIN_LEFT": ("larg",), "JOIN_RIGHT": ("rarg",)}
"""Where a table may stand in a join whose rows a condition on that table only makes fewer."""


class NotInRanges(ValueError):
    """Why a statement can't be cut, in words that follow `it `."""


@dataclass(frozen=True, slots=True)
class RangedStatement:
    """A statement that can be run for a range of its table's key at a time."""

    text: str
    relation: tuple[str | None, str]
    """The table's schema, where the statement names it, and its name."""
    alias: str
    """What the statement calls the table."""
    only: bool
    """Without the tables that inherit from it?"""
    kind: str
    """`UPDATE`, `DELETE` or `INSERT`."""
    changes: frozenset[str]
    """The columns of the table that it sets."""
    others: frozenset[tuple[str | None, str]]
    """The other relations that it names."""
    places: tuple[int, int]
    """In the text: where its condition begins (or would), and where it ends."""
    has_condition: bool

    def within(self, condition: str) -> str:
        """The statement for the rows that fulfil the condition too, which is SQL."""
        start, end = self.places
        before, own, after = self.text[:start], self.text[start:end], self.text[end:]
        # Line ends, for a comment may end the text before.
        if not self.has_condition:
            return f"{before}\nWHERE {condition}\n{after}".rstrip()
        return f"{before} ({own.strip()}\n) AND {condition}\n{after}".rstrip()

    def column(self, name: str) -> str:
        """A column of the table as the statement can name it, as SQL."""
        return f"{quote(self.alias)}.{quote(name)}"


def ranged(text: str, table: tuple[str | None, str]) -> RangedStatement | None:
    """The statement, to be run in ranges of that table (schema or None, name); None where it
    changes no rows, or has nothing to do with the table.

    Raises NotInRanges where it has, and can't be cut.
    """
    first = next(significant(text), None)
    if first is None or first.lower not in FIRST_WORDS:
        return None
    try:
        tree = parse(text)
        (parsed,) = tree.statements
    except (SyntaxProblem, ValueError) as problem:
        raise NotInRanges(f"can't be parsed ({problem})") from None
    named = [node for node in _relations(parsed.node) if _is_table(node, table)]
    if not named or _is_insert_of_values(parsed) or not _changes_rows(parsed):
        return None
    found = _cut(tree, parsed, table)
    _require_once(parsed, named, table[1])
    _require_same_meaning(found, parsed)
    return found


def _changes_rows(parsed: ParsedStatement) -> bool:
    return parsed.kind in CHANGES or any(kind in CHANGES for kind, _ in walk(parsed.node))


def _cut(tree: Tree, parsed: ParsedStatement, table: tuple[str | None, str]) -> RangedStatement:
    node, kind = parsed.node, parsed.kind
    _require_no_changes_within(node)
    if "returningClause" in node or "returningList" in node:
        raise NotInRanges("has RETURNING, and nobody reads what it returns: leave it out")
    if kind == "MergeStmt":
        raise NotInRanges("is a MERGE: write it as UPDATE, DELETE or INSERT … SELECT")
    end = len(tree.text)
    if kind == "InsertStmt":
        if "onConflictClause" in node:
            end = tree.character(node["onConflictClause"]["location"])
        query: Node = node["selectStmt"]["SelectStmt"]
        relation = _source(query, table)
    else:
        query, relation = node, node["relation"]
        if not _is_table(relation, table):
            raise NotInRanges(
                f"changes {relation['relname']}, not {table[1]}: the table whose rows are changed "
                "is the one to name behind `batches:`"
            )
    has_condition = "whereClause" in query
    if "CurrentOfExpr" in query.get("whereClause", {}):
        raise NotInRanges("has WHERE CURRENT OF, which means one row of a cursor")
    if "colnames" in relation.get("alias", {}):
        raise NotInRanges("gives the table's columns other names: leave them out")
    start = _behind_where(tree.text, end) if has_condition else end
    return RangedStatement(
        text=tree.text,
        relation=_name(relation),
        alias=relation.get("alias", {}).get("aliasname", relation["relname"]),
        only=not relation.get("inh", False),
        kind=kind.removesuffix("Stmt").upper(),
        changes=_set_columns(node) if kind == "UpdateStmt" else frozenset(),
        others=frozenset(_name(one) for one in _relations(node) if one is not relation),
        places=(start, end),
        has_condition=has_condition,
    )


def _source(query: Node, table: tuple[str | None, str]) -> Node:
    """The table among those that an INSERT's SELECT reads from."""
    if query.get("op", "SETOP_NONE") != "SETOP_NONE":
        raise NotInRanges("has UNION, INTERSECT or EXCEPT: write a statement for each part")
    for name, words in OF_THE_WHOLE.items():
        if name in query:
            raise NotInRanges(f"has {words}, which means all rows of its SELECT together")
    if any(name == "over" for name, _ in _of_this_level(query)):
        raise NotInRanges("has a window function, which means all rows of its SELECT together")
    for item in query.get("fromClause", ()):
        found = _in_from(item, table)
        if found is not None:
            return found
    raise NotInRanges(
        f"does not read {table[1]} in the FROM of its SELECT, by itself or in a join that keeps "
        "its rows: the table that is read is the one to name behind `batches:`"
    )


def _in_from(item: Node, table: tuple[str | None, str]) -> Node | None:
    if "RangeVar" in item:
        relation: Node = item["RangeVar"]
        return relation if _is_table(relation, table) else None
    join = item.get("JoinExpr")
    if join is None or "alias" in join:  # an alias of a join hides the names within
        return None
    sides = [_in_from(join[side], table) for side in BOTH_SIDES.get(join["jointype"], ())]
    return next((side for side in sides if side is not None), None)


def _require_no_changes_within(node: Node) -> None:
    if any(kind in CHANGES for kind, _ in walk(node)):
        raise NotInRanges(
            "has a WITH that changes rows: write each change as a statement of its own"
        )


def _require_once(parsed: ParsedStatement, named: Sequence[Node], table: str) -> None:
    for kind, node in walk(parsed.node):
        if kind == "CommonTableExpr" and node["ctename"] == table:
            raise NotInRanges(f"has a WITH of the table's own name, {table}")
    if len(named) > 1:
        raise NotInRanges(
            f"names {table} a second time, and would read there what earlier batches have changed: "
            "put what it reads there into a table of its own first"
        )


def _require_same_meaning(found: RangedStatement, parsed: ParsedStatement) -> None:
    """The tree of the text that is cut is the tree of the whole, with one more condition."""
    refused = NotInRanges(
        "can't be cut as it is written: write SELECT … FROM … WHERE, without parentheses around it"
    )
    try:
        (new,) = parse(found.within(SAMPLE)).statements
    except (SyntaxProblem, ValueError):
        raise refused from None
    (sample,) = parse(f"SELECT WHERE {SAMPLE}").statements
    before, conditions = _without_condition(parsed.node)
    after, more = _without_condition(new.node)
    if before != after or more != [*conditions, _bare(sample.node["whereClause"])]:
        raise refused


def _without_condition(node: Node) -> tuple[Any, list[Any]]:
    """The statement's tree without places and without its condition; and that, part by part."""
    bare = _bare(node)
    query = bare["selectStmt"]["SelectStmt"] if "selectStmt" in bare else bare
    condition = query.pop("whereClause", None)
    return bare, [] if condition is None else list(_parts(condition))


def _parts(condition: Any) -> Iterator[Any]:
    both = condition.get("BoolExpr", {})
    if both.get("boolop") != "AND_EXPR":
        yield condition
        return
    for part in both["args"]:
        yield from _parts(part)


def _bare(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {name: _bare(child) for name, child in node.items() if name != "location"}
    return [_bare(child) for child in node] if isinstance(node, list) else node


def _behind_where(text: str, end: int) -> int:
    """Behind the word WHERE that stands in no parentheses."""
    depth = 0
    for token in significant(text, 0, end):
        if token.kind == "punctuation":
            depth += (token.text == "(") - (token.text == ")")
        if token.kind == "word" and token.lower == "where" and depth == 0:
            return token.end
    raise NotInRanges("has its SELECT in parentheses: write it without them")


def _of_this_level(node: Node) -> Iterator[tuple[str, Node]]:
    """Every node below that is in no query of its own, with its kind."""
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            for name, child in current.items():
                if name not in ("SubLink", "RangeSubselect", "withClause"):
                    if isinstance(child, Mapping):
                        yield name, child
                    pending.append(child)
        elif isinstance(current, list):
            pending.extend(current)


def _relations(node: Node) -> Iterator[Node]:
    return (one for _, one in walk(node) if "relname" in one and "relpersistence" in one)


def _name(relation: Node) -> tuple[str | None, str]:
    return relation.get("schemaname"), relation["relname"]


def _is_table(relation: Node, table: tuple[str | None, str]) -> bool:
    """May it be that table? A schema that is not named may be any."""
    schema, name = _name(relation)
    return name == table[1] and (None in (schema, table[0]) or schema == table[0])


def _is_insert_of_values(parsed: ParsedStatement) -> bool:
    if parsed.kind != "InsertStmt":
        return False
    query = parsed.node.get("selectStmt", {}).get("SelectStmt", {})
    return "selectStmt" not in parsed.node or "valuesLists" in query


def _set_columns(node: Node) -> frozenset[str]:
    return frozenset(target["ResTarget"]["name"] for target in node["targetList"])
