"""The second column: how it is added, filled and dropped, and what keeps it in step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbwright.migrate.plan.columns import add_column, attributes, drop_column
from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.shadow.exchange import Exchange
from dbwright.migrate.plan.shadow.members import Pair, filled, with_triggers
from dbwright.migrate.plan.shadow.sides import Side
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.time_zone import depends_on_zone
from dbwright.migrate.plan.triggers import (
    Kept,
    around,
    body_of,
    function_name,
    function_text,
    made,
    value_of,
)
from dbwright.migrate.plan.using import using_back
from dbwright.model.catalog import Table
from dbwright.model.names import quote

__all__ = ["Beside", "beside_of"]


@dataclass(frozen=True, slots=True)
class Beside:
    """A second column beside one whose type changes."""

    situation: Situation
    pairs: tuple[Pair, ...]
    using: str | None
    """Of the statement."""
    given: str | None
    """What the file's own DOWN says."""
    new: str
    """Its name until it has the place."""
    old: str
    """The name of the first one from then on."""
    function: str
    settings: Mapping[str, str]
    """Those in which the expressions were meant."""

    @property
    def table(self) -> Table:
        return self.pairs[0].table

    @property
    def name(self) -> str:
        return self.pairs[0].here.column.name

    @property
    def place(self) -> str:
        return f"{self.table.qualified}.{quote(self.name)}"

    @property
    def words(self) -> str:
        return f"{self.table.name} {self.name}"

    @property
    def forth(self) -> str:
        return _body(self.table, self.new, self.name, self.using, lenient=False)

    @property
    def back(self) -> str:
        return _body(self.table, self.old, self.name, self.given, lenient=True)

    def exchanges(self) -> tuple[Exchange, Exchange]:
        """There, and back."""
        backwards = tuple(pair.back for pair in self.pairs)
        back, forth = (
            function_text(self.table, self.function, body, self.settings)
            for body in (self.back, self.forth)
        )
        return (
            Exchange(self.situation, self.pairs, self.new, self.old, back, "new"),
            Exchange(self.situation, backwards, self.old, self.new, forth, "old"),
        )

    def added(self) -> Move:
        kept = self._kept(self.forth)
        return Move(
            f"A second column for {self.place}, which a trigger keeps in step. A value that the "
            "new type does not take is refused from now on.",
            (*_added([pair.there for pair in self.pairs], self.new), *kept.up),
            (*kept.down, drop_column(self.table.qualified, self.new)),
            table=self.table.qualified,
            words=f"second {self.words}",
        )

    def filled(self) -> Iterator[Move]:
        settings = [f"SET {one} = {value_of(one, text)}" for one, text in self.settings.items()]
        for pair, rows in filled(self.pairs):
            yield Move(
                "Rows that were there get their value in the second column, some at a time.",
                (*settings, _fill(rows, self.new, self.name, self.using)),
                (),
                Manner.ROWS,
                pair.name,
                f"fill {pair.table.name} {self.name}",
            )

    def filled_again(self) -> Iterator[Move]:
        for pair, rows in filled(self.pairs):
            text = _refill(rows, self.old, self.name, self.given)
            yield Move(
                "Nothing to do here but on the way back, where the first column is filled again.",
                (text,),
                (text,),
                Manner.ROWS,
                pair.name,
                f"way back {pair.table.name} {self.name}",
            )

    def dropped(self) -> Move:
        kept = self._kept(self.back)
        lost = f"values of {self.place} that its new type does not give back"
        return Move(
            "The first column goes, and what kept it in step. From here on the way back fills it "
            "anew.",
            (*kept.down, drop_column(self.table.qualified, self.old)),
            (*_added([pair.here for pair in self.pairs], self.old), *kept.up),
            table=self.table.qualified,
            words=f"drop old {self.words}",
            lost=lost if self.using and not self.given else "",
        )

    def _kept(self, body: str) -> Kept:
        on = with_triggers(self.situation.major, self.pairs)
        return made(self.table, self.function, body, self.settings, on)


def beside_of(situation: Situation, pairs: tuple[Pair, ...], using: str | None) -> Beside:
    """With names that are free."""
    here, there = pairs[0].here, pairs[0].there
    table, name = here.table, here.column.name
    # A name that one of the heirs has would be taken for the same column.
    whole = replace(
        table,
        columns=tuple(one for pair in pairs for one in pair.table.columns),
        triggers=tuple(one for pair in pairs for one in pair.table.triggers),
    )
    given = using_back(situation, table, name)
    return Beside(
        situation,
        pairs,
        using,
        given,
        situation.free_column(whole, name, "_new"),
        situation.free_column(whole, name, "_old"),
        function_name(situation, whole, name),
        _settings(situation, here, there, using or given),
    )


def _added(sides: list[Side], name: str) -> list[str]:
    """The column, for a table and all below it, with what each of them says of it."""
    first = sides[0]
    lines = [add_column(first.table.qualified, first.column, name=name, bare=True)]
    for side in sides:
        column = side.column
        lines += attributes(side.table, column, name, column.type_storage or column.storage)
    return lines


def _settings(
    situation: Situation, here: Side, there: Side, using: str | None
) -> Mapping[str, str]:
    """On which the new value depends: those of the file's session hold, not those of whoever
    writes a row."""
    session = situation.statement.session
    names = ["search_path", "TimeZone"] if using is not None else []
    if not names and depends_on_zone(here.column, there.column):
        names = ["TimeZone"]
    return {name: session[name] for name in names if name in session}


def _body(table: Table, to: str, source: str, using: str | None, *, lenient: bool) -> str:
    """What keeps one column in step. Without USING the value is assigned, as ALTER TYPE does it:
    what is too long is refused, not cut off."""
    if using is not None:
        return body_of(to, using, alias=table.name, lenient=lenient)
    place = f"NEW.{quote(to)}"
    return around(f"{place} := NEW.{quote(source)};", place, lenient=lenient)


def _fill(rows: str, new: str, name: str, using: str | None) -> str:
    value = quote(name) if using is None else using
    there = f" AND {quote(name)} IS NOT NULL" if using is None else ""
    return f"UPDATE {rows} SET {quote(new)} = {value} WHERE {quote(new)} IS NULL{there}"


def _refill(rows: str, old: str, name: str, given: str | None) -> str:
    """The trigger puts the value in, whatever is said here."""
    there = f" AND {quote(name)} IS NOT NULL" if given is None else ""
    return f"UPDATE {rows} SET {quote(old)} = NULL WHERE {quote(old)} IS NULL{there}"
