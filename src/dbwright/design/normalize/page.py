"""All that is told of the relations, for people: Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.design.normalize.mining.found import Dependency
from dbwright.design.normalize.moving.trial import Trial
from dbwright.design.normalize.normalized import Normalized
from dbwright.design.normalize.ranking.judge import worth_mending
from dbwright.design.normalize.ranking.judged import Judged, Verdict
from dbwright.design.normalize.ranking.references import JudgedInclusion
from dbwright.design.normalize.told import NULL_RULE, first_text

__all__ = ["escaped", "inclusions_text", "relation_text", "table"]

MOST = 40
"""Dependencies of one kind that are shown; JSON has all."""
FEW = 8
"""Of what most likely means nothing."""


def relation_text(one: Normalized) -> str:
    """Everything of one relation."""
    judgement = one.judgement
    relation = judgement.relation
    lines = [
        f"## {escaped(relation.name)}",
        "",
        f"{relation.rows:,} rows, {len(relation.columns)} columns, {_form(one)}.",
        f"{NULL_RULE}.",
        *(f"Note: {note}." for note in (*relation.notes, *judgement.mined.notes)),
        "",
        "### Columns",
        "",
        *table(
            ("column", "type", "different", "NULL"),
            [
                (column.name, column.type, f"{column.distinct:,}", f"{column.nulls:,}")
                for column in relation.columns
            ],
        ),
        "",
        "### Keys",
        "",
        *_keys(one),
        "",
        "### Dependencies",
        "",
        *_dependencies(one),
        *_forms(one),
        *_tables(one),
    ]
    return "\n".join(lines) + "\n"


def _form(one: Normalized) -> str:
    return one.form if one.first else f"in {one.form}"


def _keys(one: Normalized) -> list[str]:
    judgement, mined = one.judgement, one.judgement.mined
    if judgement.key:
        lines = [f"- **{_names(judgement.key)}**: {judgement.key_why}"]
    else:
        lines = [f"- none is fit: {judgement.key_why}"]
    if mined.duplicates:
        lines.append(f"- {mined.duplicates:,} rows are equal to another in every column")
    others = [key for key in mined.keys if key.columns != judgement.key]
    for key in others[:FEW]:
        nulls = f" ({key.nulls:,} rows have a NULL in it)" if key.nulls else ""
        lines.append(f"- also unique in these rows: {_names(key.columns)}{nulls}")
    lines += _more(len(others), FEW)
    for key in mined.near_keys:
        shown = "; ".join(
            f"row {twin.row} repeats row {twin.first_row} ({_values(twin.values)})"
            for twin in key.examples
        )
        lines.append(f"- {_names(key.columns)} would be one but for {_rows(key.errors)}: {shown}")
    for group in judgement.equivalent:
        lines.append(f"- one to one: {_names(group)}; {escaped(group[0])} stands for them")
    if mined.constants:
        lines.append(f"- the same in every row: {_names(mined.constants)}")
    return lines


def _dependencies(one: Normalized) -> list[str]:
    judgement = one.judgement
    lines: list[str] = []
    for verdict in Verdict:
        found = judgement.of(verdict)
        if not found:
            continue
        lines += [f"**{verdict}** ({len(found)})", ""]
        most = FEW if verdict is Verdict.ACCIDENTAL else MOST
        texts = _grouped(sorted(found, key=lambda one: len(one.dependency.left)))
        lines += [f"- {text}" for text in texts[:most]]
        lines += [*_more(len(texts), most), ""]
    mended = worth_mending(judgement)
    for near in mended[:MOST]:
        lines.append(f"- {_arrow(near)} holds except for {_rows(near.errors)}: {_examples(near)}")
    if mended:
        lines += [
            *_more(len(mended)),
            "",
            "No table is made of what has exceptions: mend the rows, and run it again.",
            "",
        ]
    if not lines:
        lines = ["No column depends on others than those of a key.", ""]
    return lines


def _grouped(found: Sequence[Judged]) -> list[str]:
    """Those with the same left side and reason in one line."""
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for one in found:
        groups.setdefault((one.dependency.left, one.why), []).append(one.dependency.right)
    return [
        f"{_names(left)} → {_names(rights)}: {escaped(why)}"
        for (left, why), rights in groups.items()
    ]


def _arrow(one: Dependency) -> str:
    return f"{_names(one.left)} → {escaped(one.right)}"


def _examples(one: Dependency) -> str:
    return "; ".join(
        f"row {broken.row} has {_value(broken.value)} for {_values(broken.left)}, "
        f"row {broken.usual_row} {_value(broken.usual)}"
        for broken in one.examples
    )


def _forms(one: Normalized) -> list[str]:
    lines = ["### Normal forms", ""]
    for broken in one.first:
        lines.append(f"- **1NF**: {escaped(first_text(broken, one.judgement.key))}")
    for violation in one.violations:
        left, right = sorted(violation.dependency.left), sorted(violation.dependency.right)
        lines.append(
            f"- **{violation.breaks}**: {_names(left)} → {_names(right)}: {escaped(violation.why)}"
        )
    if not one.first and not one.violations:
        lines.append("Nothing breaks one.")
    return [*lines, ""]


def _tables(one: Normalized) -> list[str]:
    found = one.decomposition
    if found is None:
        return ["The table stays as it is.", ""]
    lines = ["### Tables instead (3NF)", ""]
    rows = []
    for part in found.parts:
        own = one.columns_of(part)
        refers = [f"{', '.join(link.columns)} → {link.part}" for link in part.links]
        key = ", ".join(part.key) or part.number
        rows.append((part.name, ", ".join(own), key, "; ".join(refers), f"{part.rows:,}"))
    for split in one.splits:
        columns = ", ".join((*split.key, split.position, split.value))
        key = ", ".join((*split.key, split.position))
        to = f"{', '.join(split.key)} → {split.owner.name}"
        rows.append((split.name, columns, key, to, f"{split.rows:,}"))
    lines += table(("table", "columns", "key", "refers", "rows"), rows)
    for split in one.splits:
        lines += ["", f"{_names(split.columns)} of {escaped(split.owner.name)} is split."]
    before, after = found.cells_before, one.cells_after
    change = f"{abs(1 - after / before):.0%} {'fewer' if after <= before else 'more'}"
    lines += ["", f"{before:,} cells become {after:,}: {change}.", ""]
    for kept in one.kept:
        lines.append(
            f"{escaped(kept.column)} stays with the rows on purpose: {kept.cells:,} cells instead "
            f"of {kept.cells_apart:,}; a change of one {_names(kept.determined_by)} touches "
            f"{kept.rows_per_change:,.1f} rows on average, and nothing makes them agree."
        )
    lines += [""] * bool(one.kept)
    lines += _boyce_codd(one)
    if one.trial is not None:
        lines += _proof(one.trial)
    if one.left_behind:
        lines += ["### What the migration leaves to you", ""]
        lines += [*(f"- {escaped(said)}" for said in one.left_behind), ""]
    return lines


def _boyce_codd(one: Normalized) -> list[str]:
    if not one.boyce_codd:
        return []
    schemes = "; ".join(
        f"({_names(scheme.columns)}), key {_names(scheme.key)}" for scheme in one.boyce_codd
    )
    lines = [f"In BCNF instead: {schemes}.", ""]
    for fd in one.lost:
        lines.append(
            f"That loses {_names(sorted(fd.left))} → {_names(sorted(fd.right))}: no table could "
            "hold it any more; a trigger that looks into the join would have to."
        )
    return [*lines, ""]


def _proof(trial: Trial) -> list[str]:
    lines = [f"### Tried on PostgreSQL {trial.server}", ""]
    if trial.refused:
        return [*lines, f"**Refused**: {escaped(trial.refused)}", ""]
    counts = ", ".join(f"{escaped(name)} {rows:,}" for name, rows in trial.parts)
    return [
        *lines,
        f"- up: {counts}",
        f"- rows of the original ({trial.rows:,}) that the join lacks (EXCEPT ALL): "
        f"{trial.missing:,}",
        f"- rows of the join that the original lacks (EXCEPT ALL): {trial.surplus:,}",
        "- down: "
        + ("the table is as it was" if trial.restored else "**the table is not as it was**"),
        "",
    ]


def inclusions_text(found: Sequence[JudgedInclusion]) -> str:
    """Those that are no accident, and how many are."""
    meant = [one for one in found if one.verdict is not Verdict.ACCIDENTAL]
    lines = ["## References", ""]
    rows = []
    for one in meant[:MOST]:
        what = one.inclusion
        orphans = (
            "none"
            if not what.orphans
            else f"{what.orphans:,}: "
            + "; ".join(f"row {row} has {_value(value)}" for row, value in what.examples)
        )
        rows.append(
            (
                f"{what.table}.{what.column}",
                f"{what.referenced_table}.{what.referenced_column}",
                str(one.verdict),
                orphans,
                ", ".join(one.why),
            )
        )
    lines += table(("column", "refers to", "", "orphans", "why"), rows) if rows else []
    lines += [*_more(len(meant))]
    rest = len(found) - len(meant)
    if rest:
        lines += ["", f"{rest} more inclusions are accidents by their names and values."]
    return "\n".join(lines) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [
        f"| {' | '.join(heads)} |",
        f"| {' | '.join('---' for _ in heads)} |",
        *(f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows),
    ]


def escaped(text: str) -> str:
    """What may stand in a line of Markdown and in a cell of a table."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    for mark in ("\\", "|", "*", "_", "`", "<"):
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _names(names: Sequence[str]) -> str:
    return escaped(", ".join(names))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _value(value: str | None) -> str:
    return "NULL" if value is None else escaped(repr(value[:60]))


def _values(values: Sequence[str | None]) -> str:
    return ", ".join(_value(value) for value in values)


def _more(count: int, most: int = MOST) -> list[str]:
    return [f"- and {count - most} more: --format json has all"] if count > most else []
