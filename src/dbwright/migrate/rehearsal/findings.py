"""From what was seen to what it means: which change was meant, and which fails the proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dbwright.migrate.rehearsal.between import Written
from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.meant import Meant, Words
from dbwright.migrate.rehearsal.rules import RULE_OF, why
from dbwright.migrate.rehearsal.sentences import said
from dbwright.migrate.rehearsal.sequences import Behind
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Location,
    ObjectRef,
    Proof,
    ProofLevel,
    Severity,
)
from dbwright.model.migration import Migration
from dbwright.model.names import literal, quote

__all__ = [
    "Meaning",
    "finding",
    "of_changes",
    "of_lacking",
    "of_order",
    "of_sequences",
    "of_what_stays",
    "of_writes",
]

Kind = ChangeKind


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is needed to tell what a change means."""

    migration: Migration
    meant: Meant
    """What the file says, and the schemas before and after it."""
    left: tuple[Change, ...] | None
    """What DOWN leaves as it is; None where it was not run."""
    sampled: bool = False

    def brought_back(self, change: Change) -> bool:
        """Is it as it was, after DOWN?"""
        if self.left is None:
            return False
        return all(
            (one.table, one.column) != (change.table, change.column)
            for one in self.left
            if one.kind is not ChangeKind.ADDED_ROWS
        )


def of_changes(changes: Iterable[Change], meaning: Meaning) -> Iterator[Finding]:
    """What a migration did to rows that were there."""
    for found in changes:
        change = found
        if found.rounded and meaning.meant.words(found) is Words.RETYPED:
            change = replace(found, kind=Kind.CHANGED_PRECISION)
        severity = _severity(change, meaning)
        advice = _advice(change, severity) or _about(change, severity, meaning)
        yield _of_change(change, RULE_OF[change.kind], severity, meaning, said(change), advice)


def of_what_stays(changes: Iterable[Change], meaning: Meaning) -> Iterator[Finding]:
    """What is not as it was, after UP and DOWN."""
    rule = "migrate/down-does-not-bring-back"
    for change in changes:
        more = change.kind is Kind.ADDED_ROWS
        severity = Severity.WARNING if more else Severity.ERROR
        message = f"after UP and DOWN, {said(change)}"
        advice = "" if more else "keep what UP removes (in a table of its own) until it is sure"
        yield _of_change(change, rule, severity, meaning, message, advice)


def of_writes(lost: Iterable[Written], migration: Migration) -> Iterator[Finding]:
    """What was written between UP and DOWN, and is not there; one finding a table."""
    tables: dict[str, list[Written]] = {}
    for one in lost:
        tables.setdefault(one.table, []).append(one)
    for table, every in tables.items():
        yield finding(
            "migrate/down-loses-writes",
            Severity.ERROR,
            migration,
            f"what is written to {table} after UP is lost by DOWN: {'; '.join(map(_lost, every))}",
            object=ObjectRef("table", table),
            advice="keep what DOWN brings back in step until then, by a trigger",
        )


def _lost(one: Written) -> str:
    if one.what == "changed":
        names = ", ".join(quote(name) for name, _ in one.columns)
        return f"a row that was changed has its old values again ({names})"
    return f"a row that was {one.what} is {'gone' if one.what == 'added' else 'there again'}"


def of_sequences(every: Iterable[Behind], migration: Migration, after: str) -> Iterator[Finding]:
    """`after`: what was run, such as UP."""
    for one in every:
        place = f"{one.table}.{quote(one.column)}"
        yield finding(
            "migrate/sequence-behind",
            Severity.ERROR,
            migration,
            f"after {after}, the sequence of {place} gives {one.gives:,} next, and rows have "
            f"numbers up to {one.highest:,}",
            object=ObjectRef("column", place),
            detail=after,
            evidence={"gives": one.gives, "highest": one.highest},
            advice=f"SELECT setval(pg_get_serial_sequence({literal(one.table)}, "
            f"{literal(one.column)}), max({quote(one.column)})) FROM {one.table};",
        )


def of_lacking(every: Iterable[tuple[Table, str]], migration: Migration) -> Iterator[Finding]:
    """Tables that were made anew, and what they lack."""
    for table, what in every:
        yield finding(
            "migrate/made-anew-without",
            Severity.WARNING,
            migration,
            f"{table.qualified} is another table after UP, without {what}",
            object=table.ref,
            advice="make them on the new table before it takes the name",
        )


def of_order(before: Catalog, after: Catalog, migration: Migration) -> Iterator[Finding]:
    """Tables that have the columns that they had, in another order."""
    for table in before.tables:
        other = after.find_table(table.qualified)
        names = [column.name for column in table.columns]
        now = [] if other is None else [column.name for column in other.columns]
        if other is not None and sorted(names) == sorted(now) and names != now:
            moved = next(one for one, two in zip(names, now, strict=True) if one != two)
            yield finding(
                "migrate/down-does-not-restore",
                Severity.NOTICE,  # a column that was dropped can't come back in its place
                migration,
                f"after UP and DOWN, the columns of {table.qualified} are in another order, from "
                f"{quote(moved)} on",
                object=table.ref,
                detail="order",
                advice="see that nothing counts on it: INSERT without names of columns, SELECT *",
            )


def finding(
    rule: str,
    severity: Severity,
    migration: Migration,
    message: str,
    *,
    object: ObjectRef | None = None,
    detail: str = "",
    evidence: Evidence | None = None,
    advice: str = "",
    line: int = 1,
) -> Finding:
    """A fault of a migration. `detail` tells several of one rule and object apart."""
    about = object or ObjectRef("migration", migration.version)
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        object=about,
        message=message,
        why=why(rule),
        key=":".join(filter(None, (rule, migration.version, about.name, detail))),
        evidence=evidence or {},
        advice=advice,
        proof=Proof(ProofLevel.MEASURED),
        location=Location(migration.path, line),
    )


def _severity(change: Change, meaning: Meaning) -> Severity:
    back = meaning.brought_back(change)
    told = Severity.NOTICE if back else Severity.WARNING
    kind, words = change.kind, meaning.meant.words(change)
    if kind in (Kind.LOST_TABLE, Kind.LOST_COLUMN, Kind.SET_ASIDE):
        return told
    if kind in (Kind.LOST_ROWS, Kind.COLLIDED_ROWS):
        return told if meaning.meant.removes(change) else Severity.ERROR
    if kind in (Kind.ADDED_ROWS, Kind.RENAMED_KEPT):
        return Severity.NOTICE
    if kind is Kind.UNKNOWN:
        return Severity.WARNING
    if kind in (Kind.CHANGED_VALUES, Kind.MOVED_VALUES):
        if change.replaced and words is not Words.SET:
            return Severity.ERROR if change.fewer else told
        if words in (Words.SET, Words.UNREAD):
            return Severity.NOTICE
        return Severity.ERROR if words is Words.NONE else told
    if kind is Kind.TRUNCATED_VALUES and not change.retyped:
        by_type = words in (Words.NONE, Words.RETYPED)
        return Severity.ERROR if by_type else Severity.WARNING
    return Severity.ERROR


def _advice(change: Change, severity: Severity) -> str:
    kind = change.kind
    if kind is Kind.RENAMED_LOST:
        what = "RENAME COLUMN" if change.column else "RENAME"
        return f"use ALTER TABLE … {what} … TO …, or copy the values before the drop"
    if kind is Kind.COLLIDED_ROWS:
        return "decide which of the rows stays, and delete the others by a statement of their own"
    if kind is Kind.TRUNCATED_VALUES and severity is Severity.ERROR:
        return "leave the cast out: the server then refuses what is too long"
    if kind is Kind.LOST_ROWS and severity is Severity.ERROR:
        return "no statement of the file deletes from it: look for cascades and triggers"
    return ""


def _about(change: Change, severity: Severity, meaning: Meaning) -> str:
    if change.kind is not Kind.CHANGED_VALUES or severity is Severity.NOTICE:
        return ""
    words = meaning.meant.words(change)
    if words is Words.BESIDE:
        return (
            "no statement of the file sets it: a trigger does; disable the trigger meanwhile, or "
            "let the file say it"
        )
    if words is Words.RETYPED:
        return "look at what USING makes of each value; nothing brings the old ones back"
    return ""


def _of_change(
    change: Change, rule: str, severity: Severity, meaning: Meaning, message: str, advice: str
) -> Finding:
    table = meaning.meant.before.find_table(change.table)
    name = f"{change.table}.{quote(change.column)}" if change.column else change.table
    kind = "column" if change.column else "table" if table is None else table.ref.kind
    evidence: dict[str, str | int] = {}
    if change.rows is not None:
        evidence["rows"] = change.rows
    confidence = "" if not meaning.sampled else " (of a sample of the rows)"
    return finding(
        rule,
        severity,
        meaning.migration,
        f"{message}{confidence}",
        object=ObjectRef(kind, name),
        detail=change.kind.value.replace(" ", "-"),
        evidence=evidence,
        advice=advice,
    )
