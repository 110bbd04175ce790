"""Statements over the tables of `queries/letters.schema.sql`, most of them valid."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

__all__ = ["TABLES", "selections", "statements"]

TABLES = {
    "a": ["id", "x", "y"],
    "b": ["id", "x", "z"],
    "c": ["id", "y", "z", "w"],
    '"D"': ['"Id"', "x", '"W"'],
}
NAMES = ["id", "x", "y", "z", "w", '"Id"', "k"]
ALIASES = ["a", "b", "c", "t", "u", '"D"', '"T"']


@dataclass
class Level:
    """What a generated query level has in scope: aliases with their columns."""

    outer: Level | None = None
    items: list[tuple[str, list[str]]] = field(default_factory=list)
    ctes: dict[str, list[str]] = field(default_factory=dict)

    def cte(self, name: str) -> list[str] | None:
        level: Level | None = self
        while level is not None:
            if name in level.ctes:
                return level.ctes[name]
            level = level.outer
        return None


class Writer:
    """Writes one statement with the choices that `draw` makes."""

    def __init__(
        self, draw: st.DrawFn, tables: dict[str, list[str]] = TABLES, constants: int = 0
    ) -> None:
        self.draw = draw
        self.tables = tables
        self.constants = constants
        """Percent of conditions that compare a column with a constant, besides the others."""

    def one(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    def column(self, level: Level) -> str:
        if self.chance(3):
            return self.one(NAMES)
        seen: Level | None = level
        while seen is not None:
            if seen.items and (seen.outer is None or self.chance(75)):
                alias, columns = self.draw(st.sampled_from(seen.items))
                if columns:
                    return f"{alias}.{self.one(columns)}" if self.chance(92) else self.one(columns)
            seen = seen.outer
        return "1"

    def expression(self, level: Level, depth: int) -> str:
        kind = self.draw(st.integers(0, 9))
        if kind <= 5 or depth <= 0:
            return self.column(level)
        if kind == 6:
            return f"{self.expression(level, depth - 1)} + {self.column(level)}"
        if kind == 7:
            return f"coalesce({self.column(level)}, {self.draw(st.integers(0, 9))})"
        if kind == 8:
            return f"(SELECT max({self.inner_column(level, depth)}"
        return str(self.draw(st.integers(0, 9)))

    def inner_column(self, level: Level, depth: int) -> str:
        inner = Level(level)
        sources = self.sources(inner, depth - 1)
        column = self.column(inner)
        return f"{column}) FROM {sources} WHERE {self.condition(inner, depth - 1)})"

    def condition(self, level: Level, depth: int) -> str:
        if self.constants and self.chance(self.constants):
            return self.with_constant(level)
        kind = self.draw(st.integers(0, 9))
        if kind <= 4 or depth <= 0:
            operator = self.one(["=", "<", "<>", ">="])
            return f"{self.expression(level, depth - 1)} {operator} {self.expression(level, depth - 1)}"
        if kind == 5:
            word = self.one(["AND", "OR"])
            return f"({self.condition(level, depth - 1)} {word} {self.condition(level, depth - 1)})"
        if kind == 6:
            return f"NOT ({self.condition(level, depth - 1)})"
        if kind == 7:
            return f"EXISTS ({self.query(level, depth - 1, 1)})"
        if kind == 8:
            return f"{self.column(level)} IN ({self.query(level, depth - 1, 1)})"
        return f"{self.column(level)} IS NULL"

    def with_constant(self, level: Level) -> str:
        column, number = self.column(level), self.draw(st.integers(0, 3))
        forms = ["= {}", "< {}", ">= {}", "<> {}", "IN ({}, 1)", "IS NULL", "IS NOT NULL"]
        return f"{column} {self.one(forms).format(number)}"

    def sources(self, level: Level, depth: int) -> str:
        parts = [self.source(level, depth)]
        for _ in range(self.draw(st.integers(0, 2))):
            if self.chance(40):
                parts[-1] += self.join(level, depth)
            else:
                parts.append(self.source(level, depth))
        return ", ".join(parts)

    def join(self, level: Level, depth: int) -> str:
        word = self.one(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        left = level.items[-1]
        right = self.source(level, depth)
        pair = [left, level.items[-1]]
        both = [name for name in pair[0][1] if name in pair[1][1]]
        kind = self.draw(st.integers(0, 3))
        if kind == 0 and both:
            return f" {word} {right} USING ({self.one(both)})"
        if kind == 1:
            return f" NATURAL {word} {right}"
        inner = Level(level.outer, pair)
        return f" {word} {right} ON {self.column(inner)} = {self.column(inner)}"

    def source(self, level: Level, depth: int) -> str:
        taken = [alias for alias, _ in level.items]
        free = [alias for alias in ALIASES if alias not in taken] or ["v1", "v2"]
        if depth > 0 and self.chance(25):
            lateral = self.chance(40)
            seen = Level(level.outer, list(level.items)) if lateral else level.outer
            width = self.draw(st.integers(1, 2))
            text = self.query(seen, depth - 1, width)
            alias = self.one(free)
            names = [f"k{place}" for place in range(width)]
            level.items.append((alias, names))
            word = "LATERAL " if lateral else ""
            return f"{word}({text}) AS {alias} ({', '.join(names)})"
        name = self.one(list(self.tables) if self.chance(80) else ["k", "a", "t"])
        columns = level.cte(name)
        if columns is None:
            name = name if name in self.tables else next(iter(self.tables))
            columns = level.cte(name) or self.tables[name]
        if self.chance(50) or name in taken:
            alias = self.one(free)
            if self.chance(20):
                level.items.append((alias, ["k", *columns[1:]]))
                return f"{name} AS {alias} (k)"
            level.items.append((alias, columns))
            return f"{name} {alias}"
        level.items.append((name, columns))
        return name

    def query(self, outer: Level | None, depth: int, width: int) -> str:
        if depth > 0 and self.chance(12):
            word = self.one(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
            first, second = (self.query(outer, depth - 1, width) for _ in range(2))
            return f"({first}) {word} ({second}) ORDER BY 1"
        level = Level(outer)
        text = ""
        if depth > 0 and self.chance(15):
            name = self.one(["k", "a", "t"])
            text = f"WITH {name} (p, x) AS ({self.query(outer, depth - 1, 2)}) "
            level.ctes[name] = ["p", "x"]
        sources = self.sources(level, depth)
        grouped = self.chance(15)
        targets = [self.expression(level, depth) for _ in range(width)]
        if grouped:
            targets = [self.column(level) for _ in range(width)]
        shown = [
            f"{target} AS {self.one(NAMES)}" if self.chance(30) else target for target in targets
        ]
        text += f"SELECT {', '.join(shown)} FROM {sources}"
        if self.chance(60):
            text += f" WHERE {self.condition(level, depth)}"
        if grouped:
            text += f" GROUP BY {', '.join(targets)}"
        if self.chance(25):
            order = self.one(["1", "1", targets[0], self.one(NAMES)])
            text += f" ORDER BY {order}"
        if self.chance(15):
            text += " LIMIT 3"
        return text


@st.composite
def selections(draw: st.DrawFn, tables: dict[str, list[str]]) -> str:
    """A query over the tables with many constants."""
    return Writer(draw, tables, 40).query(None, 3, 2)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A query, or a statement that changes rows."""
    writer = Writer(draw)
    kind = draw(st.integers(0, 9))
    if kind < 7:
        text = writer.query(None, 3, 2)
        return text if draw(st.integers(0, 5)) else f"SELECT * FROM ({text}) AS whole"
    level = Level(None, [("a", TABLES["a"])])
    if kind == 7:
        sources = writer.sources(level, 2)
        where, value = writer.condition(level, 2), writer.expression(level, 2)
        return f"UPDATE a SET x = {value} FROM {sources} WHERE {where} RETURNING *"
    if kind == 8:
        return f"DELETE FROM a WHERE {writer.condition(level, 3)} RETURNING {writer.column(level)}"
    return f"INSERT INTO a (id, x) {writer.query(None, 2, 2)}"
