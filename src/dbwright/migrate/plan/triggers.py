"""Functions and triggers that keep one column in step with others while rows are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Column, Table
from dbwright.model.names import literal, qualify, quote

__all__ = [
    "Kept",
    "always_fires",
    "body_of",
    "function_name",
    "function_text",
    "kept_by_trigger",
    "made",
    "value_of",
]

FIRST = "zz"
"""Triggers of one kind fire in the order of their names: this one is to see what others made."""
MOST_Z = 9
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """A trigger and its function."""

    name: str
    """Of both."""
    up: tuple[str, ...]
    down: tuple[str, ...]


def function_name(situation: Situation, table: Table, column: str) -> str:
    """One that neither a function of the schema nor a trigger of the table has, and behind all of
    those by the order of names."""
    taken = {one.name for one in situation.before.functions if one.schema == table.schema}
    taken |= {one.name for one in table.triggers}
    wanted = f"{_first(one.name for one in table.triggers)}_{table.name}_{column}"
    name, number = wanted.encode()[:60].decode(errors="ignore"), 1
    while name in taken:
        number += 1
        name = f"{wanted.encode()[:57].decode(errors='ignore')}_{number}"
    return name


def _first(names: Iterable[str]) -> str:
    """What a name begins with that comes behind all of these: triggers fire by the order of their
    names, and what fires later may change the row once more."""
    last = max(names, key=str.encode, default="")
    for count in range(len(FIRST), MOST_Z):
        if f"{'z' * count}_".encode() > last.encode():
            return "z" * count
    return f"{chr(ord(last[0]) + 1)}{FIRST}"


def kept_by_trigger(situation: Situation, table: Table, column: Column) -> Kept:
    """A column that is computed by its own expression (`column.default`) whenever a row is
    written."""
    name = function_name(situation, table, column.name)
    body = body_of(column.name, column.default or "NULL")
    return made(table, name, body)


def made(
    table: Table,
    name: str,
    body: str,
    settings: Mapping[str, str] = NONE,
    on: Sequence[Table] = (),
) -> Kept:
    """A trigger before each row that is written, with its function. `on`: the tables that have it,
    where it is not the table itself: its partitions."""
    function = qualify(table.schema, name)
    tables = on or (table,)
    up = [function_text(table, name, body, settings)]
    for one in tables:
        up += [
            f"CREATE TRIGGER {quote(name)} BEFORE INSERT OR UPDATE ON {one.qualified} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()",
            always_fires(one, name),
        ]
    down = [f"DROP TRIGGER {quote(name)} ON {one.qualified}" for one in tables]
    return Kept(name, tuple(up), (*down, f"DROP FUNCTION {function}()"))


def always_fires(table: Table, name: str) -> str:
    """Also for rows that replication brings, or a session that has switched triggers off."""
    return f"ALTER TABLE {table.qualified} ENABLE ALWAYS TRIGGER {quote(name)}"


def function_text(table: Table, name: str, body: str, settings: Mapping[str, str] = NONE) -> str:
    """CREATE OR REPLACE FUNCTION. `settings`: those in which the body was meant, by their names."""
    setting = "".join(f" SET {name} = {value_of(name, text)}" for name, text in settings.items())
    tag = dollars("sync", body)
    return (
        f"CREATE OR REPLACE FUNCTION {qualify(table.schema, name)}() RETURNS trigger "
        f"LANGUAGE plpgsql{setting} AS {tag}\n{body}\n{tag}"
    )


def body_of(column: str, expression: str, *, alias: str = "this", lenient: bool = False) -> str:
    """What sets the column of the new row. The expression reads the row's other columns by their
    names. `lenient`: a value that the type can't hold becomes NULL."""
    place = f"NEW.{quote(column)}"
    row = f"(SELECT NEW.*) AS {quote(alias)}"
    step = f"{place} := (SELECT {expression} FROM {row});"
    return around(step, place, lenient=lenient)


def around(step: str, place: str, *, lenient: bool) -> str:
    """A function's body around one assignment."""
    lines = ["#variable_conflict use_column", "BEGIN"]
    if lenient:
        lines += ["  BEGIN", f"    {step}"]
        lines += [f"  EXCEPTION WHEN data_exception THEN {place} := NULL;", "  END;"]
    else:
        lines.append(f"  {step}")
    return "\n".join([*lines, "  RETURN NEW;", "END"])


def value_of(setting: str, text: str) -> str:
    """As SET takes it."""
    return _listed(text) if setting == "search_path" else literal(text)


def _listed(path: str) -> str:
    """A search_path as SET takes it."""
    names = [part.strip() for part in path.split(",") if part.strip()]
    return ", ".join(part if part.startswith('"') else quote(part) for part in names) or literal("")
