"""A partition is made, attached or detached."""

from __future__ import annotations

from typing import Any

from dbwright.migrate.plan.bounds import condition
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed, way_back
from dbwright.migrate.plan.phrases import checked, drop_constraint, referenced
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Check, Table
from dbwright.model.names import quote
from dbwright.sql.ddl import check_definition

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    if situation.kind == "CreateStmt" and "partbound" in situation.node:
        return _create(situation)
    command = situation.command("AT_AttachPartition", "AT_DetachPartition")
    if command is None:
        return None
    parent = situation.named(situation.node["relation"])
    child = situation.named(command["def"]["PartitionCmd"]["name"])
    if parent is None or child is None or not situation.is_used(parent):
        return None
    if command["subtype"] == "AT_DetachPartition":
        return _detach(situation, parent, child, command["def"]["PartitionCmd"])
    return _attach(situation, parent, child)


def _create(situation: Situation) -> Sequence | None:
    """Made by itself and then attached: the parent is not locked against readers."""
    node = situation.node
    parent = situation.named(node["inhRelations"][0]["RangeVar"])
    made = situation.named(node["relation"], situation.after)
    if parent is None or made is None or not situation.is_busy(parent):
        return None
    if "partspec" in node or node.get("tableElts"):
        return None  # what it has of its own is lost by LIKE
    bound = made.partition_bound
    attach = f"ALTER TABLE {parent.qualified} ATTACH PARTITION {made.qualified} {bound}"
    create = f"CREATE TABLE {made.qualified} (LIKE {parent.qualified} INCLUDING ALL)"
    identity = any(column.identity for column in parent.columns)
    if identity:
        create = create.replace("INCLUDING ALL", "INCLUDING ALL EXCLUDING IDENTITY")
    moves = [
        Move(
            "The partition is a table of its own at first, and empty.",
            (create,),
            (f"DROP TABLE {made.qualified}",),
            table=made.qualified,
            words=f"create {made.name}",
        ),
        *_beside_default(situation, parent, made),
        Move(
            "It becomes a partition: the parent is read and written meanwhile.",
            (attach,),
            (f"ALTER TABLE {parent.qualified} DETACH PARTITION {made.qualified}",),
            table=parent.qualified,
            words=f"attach {made.name}",
        ),
    ]
    return Sequence((*moves, *_cleared(situation, parent)))


def _attach(situation: Situation, parent: Table, child: Table) -> Sequence | None:
    """The partition's rows are proven to be its own before it is attached."""
    if not situation.scans(child) and not _scans_default(situation, parent):
        keys = situation.effects.validated
        if not keys:
            return None
    later = situation.after.find_table(child.qualified)
    if later is None or not (situation.is_busy(child) or situation.is_busy(parent)):
        return None
    moves: list[Move] = []
    name = situation.free_constraint(child, "bound")
    bound = _bound(situation, later)
    if situation.scans(child) and situation.is_busy(child) and bound is None:
        told = f"the bounds of {child.qualified} can't be written as a check: its rows are read"
        return Sequence((passed(situation),), left=(told,))
    proven = situation.scans(child) and situation.is_busy(child) and bound is not None
    if proven:
        moves += checked(child, Check(name, bound))
    for key in later.foreign_keys:
        own = {one.name for one in child.foreign_keys}
        if key.name not in own and situation.is_busy(child):
            moves += referenced(situation, child, key)[-2:]
    moves += _beside_default(situation, parent, later)
    moves.append(
        Move(
            "It becomes a partition: what is proven is not read again.",
            (situation.statement.text,),
            (f"ALTER TABLE {parent.qualified} DETACH PARTITION {child.qualified}",),
            table=parent.qualified,
            words=f"attach {child.name}",
            verbatim=True,
        )
    )
    if proven:
        text = f"ALTER TABLE {child.qualified} ADD CONSTRAINT {quote(name)} "
        definition = check_definition(Check(name, bound, validated=False))
        moves.append(
            Move(
                "The check has done its work.",
                (drop_constraint(child.qualified, name),),
                (f"{text}{definition}",),
                table=child.qualified,
                words=f"drop check {name}",
            )
        )
    return Sequence((*moves, *_cleared(situation, parent)))


def _detach(
    situation: Situation, parent: Table, child: Table, command: dict[str, Any]
) -> Sequence | None:
    if command.get("concurrent") or not situation.is_busy(parent):
        return None
    default = any(one.partition_bound == "DEFAULT" for one in situation.before.children(parent))
    if situation.major < 14 or default:
        why = "there is a default partition" if default else "that begins with version 14"
        told = (
            f"{child.qualified} can't be detached concurrently: {why}; the parent is locked for a "
            "moment"
        )
        return Sequence((passed(situation),), left=(told,))
    text = f"ALTER TABLE {parent.qualified} DETACH PARTITION {child.qualified} CONCURRENTLY"
    down, lost = way_back(situation)
    move = Move(
        "The partition leaves while others read and write.",
        (text,),
        down,
        Manner.ALONE,
        parent.qualified,
        f"detach {child.name}",
        lost=lost,
        verbatim=True,
    )
    return Sequence((move, *_without_bounds(situation, parent, child)))


def _without_bounds(situation: Situation, parent: Table, child: Table) -> list[Move]:
    """A concurrent DETACH leaves a check of the bounds, under the name that the server gives it."""
    key = parent.partition_key
    if key is None or len(key.columns) != 1 or key.columns[0] is None or key.strategy == "hash":
        return []
    name = situation.free_constraint(child, key.columns[0], "check")
    return [
        Move(
            "The check of its bounds, which leaving it concurrently left behind.",
            (drop_constraint(child.qualified, name),),
            table=child.qualified,
            words=f"drop check {name}",
        )
    ]


def _default(situation: Situation, parent: Table) -> Table | None:
    found = (one for one in situation.before.children(parent) if one.partition_bound == "DEFAULT")
    return next(found, None)


def _scans_default(situation: Situation, parent: Table) -> bool:
    default = _default(situation, parent)
    return default is not None and situation.scans(default)


def _beside_default(situation: Situation, parent: Table, made: Table) -> list[Move]:
    """The default partition is proven to have none of the rows."""
    default = _default(situation, parent)
    bound = _bound(situation, made)
    if default is None or bound is None or not situation.is_busy(default):
        return []
    if not situation.scans(default):
        return []
    name = situation.free_constraint(default, "without", made.name, "rows")
    return checked(default, Check(name, f"NOT ({bound})"))


def _cleared(situation: Situation, parent: Table) -> list[Move]:
    """The check of the default partition has done its work."""
    default = _default(situation, parent)
    if default is None or not situation.is_busy(default) or not situation.scans(default):
        return []
    made = situation.effects.created
    child = made[0].name.rpartition(".")[2].strip('"') if made else ""
    command = situation.command()
    if command is not None:
        child = command["def"]["PartitionCmd"]["name"]["relname"]
    name = situation.free_constraint(default, "without", child, "rows")
    bound_of = situation.named({"relname": child, "schemaname": parent.schema}, situation.after)
    bound = None if bound_of is None else _bound(situation, bound_of)
    definition = check_definition(Check(name, f"NOT ({bound})", validated=False))
    return [
        Move(
            "The check has done its work.",
            (drop_constraint(default.qualified, name),),
            (f"ALTER TABLE {default.qualified} ADD CONSTRAINT {quote(name)} {definition}",),
            table=default.qualified,
            words=f"drop check {name}",
        )
    ]


def _bound(situation: Situation, later: Table) -> str | None:
    """The partition's bounds as a condition; None where it is not known here (hash, default)."""
    parent = next((situation.after.find_table(name) for name in later.inherits), None)
    if parent is None or parent.partition_key is None or later.partition_bound is None:
        return None
    return condition(parent.partition_key, later.partition_bound)


FORM = Form("a partition is made, attached or detached", _plan)
