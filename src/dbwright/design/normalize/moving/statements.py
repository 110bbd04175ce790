"""The migration that moves the rows, and takes them back.

UP makes the parts, fills them, declares and validates what they refer to, lets a view take the old
table's name, and compares: it fails, and nothing is changed, where the view's rows are not exactly
the old table's. The old table stays under another name until somebody drops it. DOWN brings rows
that were written since back into it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.design.normalize.moving.parts import Decomposition, Part
from dbwright.design.normalize.moving.splits import Split, back_together, split_step
from dbwright.design.normalize.relation import Column, Relation
from dbwright.model.names import literal, qualify, quote
from dbwright.sql.migration_text import Step, migration_text

__all__ = ["Place", "difference", "migration", "original_table", "steps"]

WITHOUT_EQUALITY = ("json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle")
"""Types whose values the server can't compare: their texts are."""


class Place:
    """Where the table is, and what it is called before and after."""

    def __init__(self, relation: Relation) -> None:
        schema, _, name = split_name(relation.name) if relation.table else ("", "", relation.name)
        self.schema = schema
        self.name = name
        self.kept_name = f"{_cut(name, 56)}_before"

    def of(self, name: str) -> str:
        return qualify(self.schema, name) if self.schema else quote(name)

    @property
    def original(self) -> str:
        return self.of(self.name)

    @property
    def kept(self) -> str:
        return self.of(self.kept_name)


def split_name(qualified: str) -> tuple[str, str, str]:
    """Schema, dot and name, without quotes."""
    quoted = False
    for place, letter in enumerate(qualified):
        if letter == '"':
            quoted = not quoted
        elif letter == "." and not quoted:
            return _bare(qualified[:place]), ".", _bare(qualified[place + 1 :])
    return "", "", _bare(qualified)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def original_table(relation: Relation) -> str:
    """The table of a file, as CREATE TABLE."""
    columns = ",\n".join(f"    {quote(column.name)} {column.type}" for column in relation.columns)
    return f"CREATE TABLE {Place(relation).original} (\n{columns}\n);"


def migration(
    decomposition: Decomposition,
    apart: Sequence[Split] = (),
    notes: Sequence[str] = (),
    grants: Sequence[str] = (),
) -> str:
    """The file's text. `grants`: statements that let readers in to the view."""
    relation = decomposition.relation
    names = ", ".join(
        [*(part.name for part in decomposition.parts), *(split.name for split in apart)]
    )
    title = "\n".join([f"{relation.name} taken apart: {names}", *notes])
    done = steps(decomposition, apart)
    if grants:
        # The view takes them along when it goes.
        note = "Who may read the table may read the view."
        done.append(Step(note, "\n".join(grants), "-- Nothing to do: the view goes with them."))
    return migration_text(title, done, {"lock-timeout": "5s"})


def steps(decomposition: Decomposition, apart: Sequence[Split] = ()) -> list[Step]:
    """In their order; each is one or more statements."""
    place = Place(decomposition.relation)
    found: list[Step] = []
    for part in decomposition.parts:
        up = _filled(decomposition, part)
        note = f"{part.name}: {part.rows:,} rows when this was written."
        if not found:
            note = f"Nobody writes while rows are moved; reading goes on.\n{note}"
            up = f"LOCK TABLE {place.original} IN SHARE ROW EXCLUSIVE MODE;\n{up}"
        found.append(Step(note, up, f"DROP TABLE {place.of(part.name)};"))
    links = [pair for part in decomposition.parts for pair in _linked(decomposition, part)]
    if links:
        down = "\n".join(statement for _, statement in links)
        found.append(Step("What refers to what.", "\n".join(up for up, _ in links), down))
    for split in apart:
        found.append(
            split_step(
                split, decomposition.relation, place.of(split.name), place.of(split.owner.name)
            )
        )
    found.append(_swapped(decomposition, apart))
    return found


def _filled(decomposition: Decomposition, part: Part) -> str:
    relation = decomposition.relation
    place = Place(relation)
    lines = [f"    {quote(part.number)} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"] * bool(
        part.number
    )
    lines += [_declared(relation.column(name)) for name in part.columns]
    if part.key:
        lines.append(f"    PRIMARY KEY ({_list(part.key)})")
    body = ",\n".join(lines)
    table = place.of(part.name)
    create = f"CREATE TABLE {table} (\n{body}\n);"
    columns = _list(part.columns)
    if part is decomposition.base:
        rows = f"SELECT {columns} FROM {place.original}"
    else:
        known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in part.key)
        rows = (
            f"SELECT DISTINCT ON ({_list(part.key)}) {columns} FROM {place.original} WHERE {known}"
        )
    return f"{create}\nINSERT INTO {table} ({columns})\n{rows};"


def _declared(column: Column) -> str:
    required = " NOT NULL" if column.not_null else ""
    return f"    {quote(column.name)} {column.type}{required}"


def _linked(decomposition: Decomposition, part: Part) -> list[tuple[str, str]]:
    """Of each link what declares it, and what takes that back: those to other parts, and those that
    the table declares itself."""
    place = Place(decomposition.relation)
    links = [(link.columns, place.of(link.part)) for link in part.links]
    links += [
        (one.columns, f"{one.table} ({_list(one.referenced)})")
        for one in decomposition.relation.references
        if set(one.columns) <= set(part.columns) and one.table != decomposition.relation.name
    ]
    found: list[tuple[str, str]] = []
    used: set[str] = set()
    indexed = [part.key]
    for columns, target in links:
        table = place.of(part.name)
        name = _cut(f"{part.name}_{'_'.join(columns)}", 55) + "_fkey"
        while name in used:
            name += "1"
        used.add(name)
        up = ""
        if not any(one[: len(columns)] == columns for one in indexed):
            up = f"CREATE INDEX ON {table} ({_list(columns)});\n"
            indexed.append(columns)
        up += (
            f"ALTER TABLE {table} ADD CONSTRAINT {quote(name)} FOREIGN KEY ({_list(columns)}) "
            f"REFERENCES {target} NOT VALID;\n"
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {quote(name)};"
        )
        found.append((up, f"ALTER TABLE {table} DROP CONSTRAINT {quote(name)};"))
    return found


def _cut(name: str, most: int) -> str:
    """At most so many bytes of it."""
    return name.encode()[:most].decode(errors="ignore")


def _swapped(decomposition: Decomposition, apart: Sequence[Split]) -> Step:
    relation = decomposition.relation
    place = Place(relation)
    up = [
        f"ALTER TABLE {place.original} RENAME TO {quote(place.kept_name)};",
        f"CREATE VIEW {place.original} AS\n{_joined(decomposition, apart)};",
    ]
    written = [column for column in relation.columns if not column.generated]
    columns = ", ".join(quote(column.name) for column in written)
    key = decomposition.base.key
    if key and all(_compares(column) for column in relation.columns):
        equal = " AND ".join(f"old.{quote(name)} = gone.{quote(name)}" for name in key)
        down = [
            f"DELETE FROM {place.kept} AS old USING (\n"
            f"    SELECT {columns} FROM {place.kept}\n"
            f"    EXCEPT ALL SELECT {columns} FROM {place.original}\n) AS gone WHERE {equal};",
            f"INSERT INTO {place.kept} ({columns}) OVERRIDING SYSTEM VALUE\n"
            f"SELECT {columns} FROM {place.original}\n"
            f"EXCEPT ALL SELECT {columns} FROM {place.kept};",
        ]
    else:
        down = [
            f"DELETE FROM {place.kept};",
            f"INSERT INTO {place.kept} ({columns}) OVERRIDING SYSTEM VALUE\n"
            f"SELECT {columns} FROM {place.original};",
        ]
    down += [
        f"DROP VIEW {place.original};",
        f"ALTER TABLE {place.kept} RENAME TO {quote(place.name)};",
    ]
    up.append(_compared(decomposition))
    note = "A view takes the table's name; the table stays.\nExactly its rows, or nothing changes."
    return Step(note, "\n".join(up), "\n".join(down))


def _joined(decomposition: Decomposition, apart: Sequence[Split]) -> str:
    """SELECT of the original's columns from the parts."""
    place = Place(decomposition.relation)
    base = decomposition.base
    source = dict.fromkeys(base.columns, "p0")
    lines = [f"FROM {place.of(base.name)} AS p0"]
    for number, join in enumerate(decomposition.joins, 1):
        alias = f"p{number}"
        on = " AND ".join(
            f"{alias}.{quote(name)} = {source[name]}.{quote(name)}" for name in join.by
        )
        lines.append(f"LEFT JOIN {place.of(join.part.name)} AS {alias} ON {on}")
        for name in join.part.columns:
            source.setdefault(name, alias)
    split = {column: one for one in apart for column in one.columns}
    wanted = ",\n    ".join(
        back_together(split[name], name, place.of(split[name].name), source[name])
        if name in split
        else f"{source[name]}.{quote(name)}"
        for name in decomposition.relation.names
    )
    return "\n".join([f"SELECT {wanted}", *lines])


def _compared(decomposition: Decomposition) -> str:
    place = Place(decomposition.relation)
    first = difference(decomposition.relation, place.kept, place.original)
    second = difference(decomposition.relation, place.original, place.kept)
    message = literal(f"the parts of {decomposition.relation.name} do not give its rows back")
    return (
        "DO $compare$\nBEGIN\n"
        f"    IF EXISTS ({first}) OR EXISTS ({second}) THEN\n"
        f"        RAISE EXCEPTION USING MESSAGE = {message};\n"
        "    END IF;\nEND\n$compare$;"
    )


def difference(relation: Relation, one: str, other: str) -> str:
    """The rows of one that the other does not have, as often."""
    columns = ", ".join(
        quote(column.name) + ("" if _compares(column) else "::text") for column in relation.columns
    )
    return f"SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other}"


def _compares(column: Column) -> bool:
    return column.type.removesuffix("[]").partition("(")[0] not in WITHOUT_EQUALITY


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names))
