"""Schemas made at random, as DDL: two of them share names, and differ in anything else."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

__all__ = ["ddl"]

PLACES = ("public", "aux", '"Big ""Q"" S"')
TYPES = {
    "integer": ("0", "41", "(1 + 2)"),
    "bigint": ("7", "0"),
    "smallint": ("3",),
    "text": ("'x'", "'it''s'", "upper('u')"),
    "varchar(20)": ("'v'",),
    "varchar(40)": ("'v'",),
    "numeric(10,2)": ("1.5",),
    "timestamptz": ("now()", "'2020-01-01'"),
    "date": ("'2020-01-01'",),
    "jsonb": ("'{}'",),
    "text[]": ("'{}'",),
    "boolean": ("true",),
    "uuid": ("'00000000-0000-0000-0000-000000000001'",),
}
"""With defaults."""
COLUMNS = ('"Mixed Case"', '"select"', "b", "c", '"quo""te"')
LABELS = ("new", "it's", "Paid", "sent", "x y")


@dataclass
class Drawn:
    """What is there so far, for what may refer to it."""

    statements: list[str] = field(default_factory=list)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    domains: list[str] = field(default_factory=list)
    composites: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    """Columns and their types."""
    keyed: list[str] = field(default_factory=list)


@st.composite
def ddl(draw: st.DrawFn, major: int = 18) -> list[str]:
    """The statements of one schema."""
    found = Drawn()
    for place in PLACES[1:]:
        found.statements.append(f"CREATE SCHEMA {place}")
    _types(draw, found)
    _functions(draw, found)
    for number in range(4):
        if draw(st.integers(0, 5)):
            _table(draw, found, number, major)
    if draw(st.booleans()):
        _partitions(draw, found)
    if draw(st.booleans()):
        _heirs(draw, found)
    _views(draw, found)
    return found.statements


def _some(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 2)) == 0


def _place(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(PLACES))


def _types(draw: st.DrawFn, found: Drawn) -> None:
    add = found.statements.append
    for name in ('aux."State"', "public.level"):
        if draw(st.booleans()):
            labels = tuple(draw(st.permutations(LABELS))[: draw(st.integers(1, 5))])
            if draw(st.booleans()):
                labels = tuple(label for label in LABELS if label in labels)
            listed = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
            add(f"CREATE TYPE {name} AS ENUM ({listed})")
            found.enums[name] = labels
            if _some(draw):
                add(f"COMMENT ON TYPE {name} IS 'a state'")
    if draw(st.booleans()):
        base = draw(st.sampled_from(("integer", "text", "bigint")))
        tail = " NOT NULL" if _some(draw) else ""
        if _some(draw):
            tail += " DEFAULT " + TYPES[base][0]
        if _some(draw):
            tail += f" CONSTRAINT {draw(st.sampled_from(('ok', 'fine')))} CHECK (VALUE IS NOT NULL)"
        add(f'CREATE DOMAIN aux."Dom" AS {base}{tail}')
        found.domains.append('aux."Dom"')
    if draw(st.booleans()):
        kinds = [*list(TYPES)[:5], *found.enums, *found.domains]
        names = draw(st.permutations(COLUMNS))[: draw(st.integers(1, 3))]
        parts = ", ".join(f"{name} {draw(st.sampled_from(kinds))}" for name in names)
        add(f"CREATE TYPE aux.comp AS ({parts})")
        found.composites.append("aux.comp")
    if _some(draw):
        subtype = draw(st.sampled_from(("float8", "date", "integer")))
        add(f"CREATE TYPE public.span AS RANGE (subtype = {subtype})")


def _functions(draw: st.DrawFn, found: Drawn) -> None:
    add = found.statements.append
    for name in ("aux.twice", '"Big ""Q"" S"."F"'):
        if draw(st.booleans()):
            argument = draw(st.sampled_from(("x", "y")))
            body = draw(st.sampled_from((f"SELECT {argument} * 2", f"SELECT 2 * {argument}")))
            more = draw(st.sampled_from(("", " STRICT", " PARALLEL SAFE", " COST 5")))
            default = " DEFAULT 1" if _some(draw) else ""
            add(
                f"CREATE FUNCTION {name}({argument} integer{default}) RETURNS integer "
                f"LANGUAGE sql IMMUTABLE{more} AS $f$ {body} $f$"
            )
            found.functions.append(name)
            if _some(draw):
                add(f"COMMENT ON FUNCTION {name}(integer) IS 'doubles'")
            if _some(draw):
                add(f"REVOKE EXECUTE ON FUNCTION {name}(integer) FROM PUBLIC")
    add(
        "CREATE FUNCTION aux.touch() RETURNS trigger LANGUAGE plpgsql AS "
        "$f$ BEGIN RETURN new; END $f$"
    )
    if _some(draw):
        kind = draw(st.sampled_from(("integer", "bigint")))
        plus = "int4pl" if kind == "integer" else "int8pl"
        add(f"CREATE AGGREGATE aux.total({kind}) (SFUNC = {plus}, STYPE = {kind}, INITCOND = '0')")
    if _some(draw):
        step = draw(st.integers(1, 3))
        add(f'CREATE SEQUENCE aux."Num" INCREMENT {step} START 100{" CYCLE" if step == 2 else ""}')


def _columns(draw: st.DrawFn, found: Drawn) -> tuple[dict[str, str], list[str]]:
    """Their types, and their definitions."""
    own = [*found.enums, *found.domains, *found.composites]
    types: dict[str, str] = {}
    lines: list[str] = []
    for name in COLUMNS:
        if not draw(st.integers(0, 3)):
            continue
        kind = draw(st.sampled_from([*TYPES, *own, *(f"{one}[]" for one in found.enums)]))
        types[name] = kind
        line = f"{name} {kind}"
        if kind == "text" and _some(draw):
            line += ' COLLATE "C"'
        if kind in TYPES and draw(st.booleans()):
            line += f" DEFAULT {draw(st.sampled_from(TYPES[kind]))}"
        elif kind in found.enums and draw(st.booleans()):
            label = draw(st.sampled_from(found.enums[kind])).replace("'", "''")
            line += f" DEFAULT '{label}'"
        if _some(draw):
            line += " NOT NULL"
        lines.append(line)
    return types, lines


def _table(draw: st.DrawFn, found: Drawn, number: int, major: int) -> None:
    name = f'{PLACES[number % 3]}."T {number}"'
    add = found.statements.append
    types, lines = _columns(draw, found)
    lines.insert(0, "id " + draw(st.sampled_from(KEYS)) + " PRIMARY KEY")
    types = {"id": "integer", **types}
    numbers = [c for c, kind in types.items() if kind in ("integer", "bigint", "smallint")]
    if found.functions and _some(draw):
        lines.append(f"gen integer GENERATED ALWAYS AS ({found.functions[0]}(id::integer)) STORED")
        types["gen"] = "integer"
    for kind in ("text", "integer", "varchar(20)"):
        chosen = [
            column for column, of in types.items() if of == kind and column not in ("gen", "id")
        ]
        if chosen and _some(draw):
            lines.append(f"UNIQUE ({chosen[-1]}, id)")
    if _some(draw):
        lines.append(f'CONSTRAINT "a check" CHECK ({numbers[-1]} > {draw(st.integers(0, 3))})')
    add(f"CREATE {'UNLOGGED ' if _some(draw) else ''}TABLE {name} ({', '.join(lines)})")
    found.tables[name] = types
    plain = [c for c, kind in types.items() if kind not in ("jsonb", "aux.comp")]
    for index in range(2):
        if draw(st.booleans()):
            method = draw(st.sampled_from((" DESC NULLS LAST", "", "")))
            where = f" WHERE {numbers[0]} > 5" if _some(draw) else ""
            unique = "UNIQUE " if _some(draw) else ""
            include = " INCLUDE (id)" if _some(draw) else ""
            column = draw(st.sampled_from(plain))
            add(
                f'CREATE {unique}INDEX "i{number} {index}" ON {name} ({column}{method})'
                f"{include}{where}"
            )
    if found.functions and _some(draw):
        add(f"CREATE INDEX ON {name} ({found.functions[-1]}(id::integer))")
    if _some(draw):
        add(
            f"CREATE STATISTICS aux.st{number} ON id, {plain[-1] if len(plain) > 1 else 'id'}"
            f" FROM {name}"
        ) if len(plain) > 1 else None
    _beside(draw, found, name, plain)
    logged = "UNLOGGED" not in found.statements[-1]
    permanent = [one for one in found.keyed if logged]
    if permanent and draw(st.booleans()):
        other = draw(st.sampled_from(permanent))
        column = next((c for c in numbers if c != "id"), "id")
        action = draw(st.sampled_from(("", " ON DELETE CASCADE", " DEFERRABLE")))
        if not any(f"UNLOGGED TABLE {one} " in s for s in found.statements for one in (other,)):
            add(f"ALTER TABLE {name} ADD FOREIGN KEY ({column}) REFERENCES {other}{action}")
    found.keyed.append(name)


KEYS = (
    "integer",
    "bigint",
    "serial",
    "integer GENERATED ALWAYS AS IDENTITY",
    "bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 50)",
)


def _beside(draw: st.DrawFn, found: Drawn, name: str, plain: list[str]) -> None:
    """What is said of a table, and hangs on it."""
    add = found.statements.append
    if _some(draw):
        add(f"COMMENT ON TABLE {name} IS 'it''s a table'")
    if _some(draw):
        add(f"COMMENT ON COLUMN {name}.{plain[-1]} IS 'a column'")
    if _some(draw):
        add(f"GRANT {draw(st.sampled_from(('SELECT', 'INSERT, UPDATE')))} ON {name} TO PUBLIC")
    if _some(draw):
        add(f"GRANT SELECT ({plain[-1]}) ON {name} TO PUBLIC")
    if _some(draw):
        add(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        add(f'CREATE POLICY "p 1" ON {name} USING (id > {draw(st.integers(0, 2))})')
    if _some(draw):
        event = draw(st.sampled_from(("INSERT", f"UPDATE OF {plain[-1]}", "DELETE OR INSERT")))
        add(
            f'CREATE TRIGGER "t 1" BEFORE {event} ON {name} '
            "FOR EACH ROW EXECUTE FUNCTION aux.touch()"
        )
        if _some(draw):
            add(f'ALTER TABLE {name} DISABLE TRIGGER "t 1"')
    if _some(draw):
        add(f"ALTER TABLE {name} SET (fillfactor = {draw(st.sampled_from((70, 80)))})")
    if _some(draw):
        add(f"ALTER TABLE {name} ALTER id SET STATISTICS {draw(st.sampled_from((10, 500)))}")
    if _some(draw):
        add(f"ALTER TABLE {name} REPLICA IDENTITY {draw(st.sampled_from(('FULL', 'NOTHING')))}")
    if _some(draw):
        add(f"CREATE RULE r AS ON DELETE TO {name} DO ALSO SELECT {draw(st.integers(0, 2))}")


def _partitions(draw: st.DrawFn, found: Drawn) -> None:
    add = found.statements.append
    types, lines = _columns(draw, found)
    strategy = draw(st.sampled_from(("RANGE", "LIST")))
    key = " PRIMARY KEY" if draw(st.booleans()) else " NOT NULL"
    add(
        f"CREATE TABLE aux.parts ({', '.join([f'id integer{key}', *lines])}) "
        f"PARTITION BY {strategy} (id)"
    )
    for number in range(3):
        if draw(st.booleans()):
            bound = (
                f"FROM ({number * 10}) TO ({number * 10 + 10})"
                if strategy == "RANGE"
                else f"IN ({number}, {number + 10})"
            )
            add(f"CREATE TABLE aux.part_{number} PARTITION OF aux.parts FOR VALUES {bound}")
    if _some(draw):
        add("CREATE TABLE public.part_rest PARTITION OF aux.parts DEFAULT")
    plain = [c for c, kind in types.items() if kind not in ("jsonb", "aux.comp")]
    if plain and draw(st.booleans()):
        add(f"CREATE INDEX parts_i ON aux.parts ({plain[0]})")
    if _some(draw):
        add("CREATE TRIGGER pt AFTER INSERT ON aux.parts FOR EACH ROW EXECUTE FUNCTION aux.touch()")
    if found.keyed and _some(draw):
        other = found.keyed[0]
        if not any(f"UNLOGGED TABLE {other} " in statement for statement in found.statements):
            add(f"ALTER TABLE aux.parts ADD CONSTRAINT pf FOREIGN KEY (id) REFERENCES {other}")


def _heirs(draw: st.DrawFn, found: Drawn) -> None:
    add = found.statements.append
    _, lines = _columns(draw, found)
    check = ", CONSTRAINT bc CHECK (n > 0)" if draw(st.booleans()) else ""
    add(f"CREATE TABLE aux.base ({', '.join(['n integer DEFAULT 3', *lines])}{check})")
    add("CREATE TABLE public.child (more text DEFAULT 'm') INHERITS (aux.base)")
    if _some(draw):
        add("ALTER TABLE public.child ALTER n SET DEFAULT 4")


def _views(draw: st.DrawFn, found: Drawn) -> None:
    add = found.statements.append
    views: list[str] = []
    for number, (table, types) in enumerate(list(found.tables.items())[:3]):
        if not draw(st.booleans()):
            continue
        columns = draw(st.permutations(list(types)))[: draw(st.integers(1, 4))]
        listed = ", ".join(dict.fromkeys(["id", *columns]))
        extra = ", count(*) OVER () AS n" if _some(draw) else ""
        kind = "MATERIALIZED VIEW" if _some(draw) else "VIEW"
        name = f'aux."V {number}"'
        add(f"CREATE {kind} {name} AS SELECT {listed}{extra} FROM {table}")
        views.append(name)
        if kind == "MATERIALIZED VIEW":
            add(f'CREATE UNIQUE INDEX "mi {number}" ON {name} (id)')
        if _some(draw):
            add(f"COMMENT ON {kind} {name} IS 'shows'")
        if _some(draw):
            add(f"GRANT SELECT ON {name} TO PUBLIC")
    if views and draw(st.booleans()):
        add(f"CREATE VIEW public.over AS SELECT id FROM {views[-1]} WHERE id > 1")
    for table in list(found.tables)[:1]:
        if _some(draw):
            add(f"CREATE VIEW public.grouped AS SELECT * FROM {table} GROUP BY id")
        if _some(draw):
            add(
                f"CREATE FUNCTION public.rows() RETURNS SETOF {table} LANGUAGE sql STABLE AS "
                f"$f$ SELECT * FROM {table} $f$"
            )
