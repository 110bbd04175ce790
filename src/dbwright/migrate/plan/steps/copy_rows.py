"""Rows of a table in use are copied into a new one, which is to take its place: the table becomes
partitioned, or another one altogether."""

from __future__ import annotations

from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.triggers import always_fires, function_name
from dbwright.model.catalog import Table
from dbwright.model.names import qualify, quote

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    if situation.kind != "InsertStmt":
        return None
    into = situation.named(situation.node["relation"])
    source = _source(situation)
    if into is None or source is None or situation.is_used(into) or not situation.is_busy(source):
        return None
    if was := _name_before(situation, source):
        told = (
            f"the application finds none of its rows in {was} until they are copied: make the new "
            f"table under another name, copy the rows of {was}, and rename both at the end"
        )
        return Sequence((passed(situation),), left=(told,))
    columns = [column.name for column in into.columns if not column.generated]
    if why := _why_not(situation, source, into, columns):
        told = f"what others write to {source.qualified} while it is copied is missing then: {why}"
        return Sequence((passed(situation),), left=(told,))
    name = function_name(situation, source, "copy")
    function, trigger = _mirror(source, into, columns, name)
    gone = (
        f"DROP TRIGGER {quote(name)} ON {source.qualified}",
        f"DROP FUNCTION {qualify(source.schema, name)}()",
    )
    touched = quote(_touched(source) or "")
    moves = (
        Move(
            f"What is written to {source.qualified} from now on goes to {into.qualified} too.",
            (function, trigger, always_fires(source, name)),
            gone,
            table=source.qualified,
            words=f"mirror {source.name}",
        ),
        Move(
            "Rows that were there are touched, some at a time, so that the trigger copies them: "
            "then none that changes meanwhile is missed.",
            (f"UPDATE {source.qualified} SET {touched} = {touched}",),
            (),
            Manner.ROWS,
            source.qualified,
            f"copy {source.name}",
        ),
    )
    return Sequence(moves)


def _name_before(situation: Situation, source: Table) -> str:
    """That of a table that the file has renamed already; empty for others."""
    start = situation.run.migrations[0].before.tables
    known = (one.qualified for one in start if one.oid == source.oid)
    return next((name for name in known if name != source.qualified), "")


def _source(situation: Situation) -> Table | None:
    """The one table whose rows are copied, all of them."""
    select = situation.node.get("selectStmt", {}).get("SelectStmt", {})
    tables = [one.get("RangeVar") for one in select.get("fromClause", ())]
    if len(tables) != 1 or tables[0] is None:
        return None
    return situation.named(tables[0])


def _why_not(situation: Situation, source: Table, into: Table, columns: list[str]) -> str:
    """Empty where a trigger can do it."""
    select = situation.node["selectStmt"]["SelectStmt"]
    if any(select.get(part) for part in ("whereClause", "groupClause", "limitCount", "withClause")):
        return "the SELECT takes not all rows as they are"
    fields = [one["ResTarget"]["val"].get("ColumnRef", {}) for one in select["targetList"]]
    names = [one.get("fields", [{}])[-1] for one in fields]
    given = [one["ResTarget"]["name"] for one in situation.node.get("cols", ())]
    said = [one.get("String", {}).get("sval") for one in names]
    known = [column.name for column in source.columns]
    everything = len(names) == 1 and "A_Star" in names[0]
    if everything and (known != columns or (given and given != columns)):
        return "the two tables have other columns, or another order of them"
    if not everything and (set(said) != set(columns) or said != (given or columns)):
        return "the SELECT computes values, or leaves columns out"
    if source.primary_key is None or not into.keys:
        return "both tables need a primary key, by which rows are found"
    if not set(source.primary_key.columns) <= set(columns) or _touched(source) is None:
        return "there is no column beside the key"
    return ""


def _touched(source: Table) -> str | None:
    """A column that can be set to what it is."""
    key = () if source.primary_key is None else source.primary_key.columns
    plain = (one for one in source.columns if not one.generated and one.identity != "always")
    return next((one.name for one in plain if one.name not in key), None)


def _mirror(source: Table, into: Table, columns: list[str], name: str) -> tuple[str, str]:
    """A row's change is made in the other table as its going and coming, for it may belong to
    another partition then."""
    key = () if source.primary_key is None else source.primary_key.columns
    same = " AND ".join(f"{quote(column)} = OLD.{quote(column)}" for column in key)
    listed = ", ".join(quote(column) for column in columns)
    values = ", ".join(f"NEW.{quote(column)}" for column in columns)
    always = any(column.identity == "always" for column in into.columns)
    overriding = " OVERRIDING SYSTEM VALUE" if always else ""
    function = qualify(source.schema, name)
    body = "\n".join(
        (
            "#variable_conflict use_column",
            "BEGIN",
            "  IF TG_OP <> 'INSERT' THEN",
            f"    DELETE FROM {into.qualified} WHERE {same};",
            "  END IF;",
            "  IF TG_OP <> 'DELETE' THEN",
            f"    INSERT INTO {into.qualified} ({listed}){overriding} VALUES ({values});",
            "  END IF;",
            "  RETURN NULL;",
            "END",
        )
    )
    tag = dollars("sync", body)
    return (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
        f"AS {tag}\n{body}\n{tag}",
        f"CREATE TRIGGER {quote(name)} AFTER INSERT OR UPDATE OR DELETE ON {source.qualified} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()",
    )


FORM = Form("a table's rows are copied into one that takes its place", _plan)
