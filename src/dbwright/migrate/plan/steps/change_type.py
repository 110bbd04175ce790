"""The type of a column changes, and the server writes, builds or reads the table with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbwright.migrate.plan.in_place import around_indexes, by_time_zone
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.published import published
from dbwright.migrate.plan.shadow.beside import beside_of
from dbwright.migrate.plan.shadow.exchange import Exchange
from dbwright.migrate.plan.shadow.members import Pair, filled, pairs_of
from dbwright.migrate.plan.shadow.sides import Side, Unmovable, unmovable
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.time_zone import unknown_zone
from dbwright.migrate.plan.using import using_of
from dbwright.model.catalog import Table
from dbwright.model.names import quote

__all__ = ["FORM"]

FIXED = " Make no partition between this plan and its end: the exchange would refuse."


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_AlterColumnType")
    if command is None or (altered := situation.altered()) is None:
        return None
    table, later = altered
    if all(column.name != command["name"] for column in table.columns):
        return None  # the file itself has made it
    before, after = table.column(command["name"]), later.column(command["name"])
    if using_of(command) is None and (told := unknown_zone(situation, before, after)):
        return Sequence((passed(situation),), left=(told,))
    heavy = situation.rewrites(table) or situation.scans(table) or situation.builds(table)
    if not heavy and not situation.effects.validated:
        return None
    here, there = Side(situation.before, table, before), Side(situation.after, later, after)
    using = using_of(command)
    if (light := _light(situation, here, there, command)) is not None:
        return light
    try:
        return _shadow(situation, pairs_of(here, there), using)
    except Unmovable as problem:
        return _as_it_is(situation, table, str(problem))


def _light(
    situation: Situation, here: Side, there: Side, command: Mapping[str, Any]
) -> Sequence | None:
    """Without a second column; None where there is no such way. Indexes of partitions can't be
    taken away beside running work."""
    if situation.before.children(here.table):
        return None
    if (zoned := by_time_zone(situation, here, command)) is not None:
        return zoned
    if situation.rewrites(here.table) or situation.effects.validated:
        return None
    return around_indexes(situation, here, there)


def _as_it_is(situation: Situation, table: Table, why: str) -> Sequence:
    move = replace(passed(situation), table=table.qualified, words=f"type {table.name}")
    told = f"{table.qualified} is written anew while all others wait: {why}"
    return Sequence((move,), left=(told,))


def _shadow(situation: Situation, pairs: tuple[Pair, ...], using: str | None) -> Sequence:
    """A second column, kept in step and filled, that takes the place of the first one."""
    for pair, _ in filled(pairs):
        if why := unmovable(pair.here) or unmovable(pair.there):
            raise Unmovable(why)
    beside = beside_of(situation, pairs, using)
    exchange, back = beside.exchanges()
    place = beside.place
    moves = (
        beside.added(),
        *beside.filled(),
        Move(
            "All that hangs on the column is made for the second one, while others work; then the "
            "two change places, in a moment. The first one is kept in step from then on."
            + (FIXED if len(pairs) > 1 else ""),
            exchange.statements(),
            back.statements(),
            Manner.ALONE,
            beside.table.qualified,
            f"exchange {beside.words}",
        ),
        *beside.filled_again(),
        beside.dropped(),
    )
    differs = (f"{place} is the table's last column now: name the columns in INSERT and SELECT",)
    what = f"{place} has a second column beside it meanwhile"
    left = [text for pair in pairs for text in published(situation, pair.table, what)]
    return Sequence(moves, differs, (*left, *_excluded(exchange)))


def _excluded(exchange: Exchange) -> list[str]:
    return [
        f"{pair.name} is locked while the index of its EXCLUDE constraint {quote(one.name)} is "
        "built for the second column, which has no form beside running work: all else is done "
        "before"
        for pair in exchange.pairs
        for one in pair.there.exclusions
    ]


FORM = Form("the type of a column changes", _plan)
