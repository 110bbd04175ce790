"""What people say goes over what was found: in a file, on the command line, at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from dbwright.design.normalize.forms.theory import FD
from dbwright.design.normalize.mining.mine import looked_at
from dbwright.design.normalize.ranking.judge import stated
from dbwright.design.normalize.ranking.judged import Judged, Judgement, Verdict
from dbwright.design.normalize.ranking.said import Said
from dbwright.errors import UsageError
from dbwright.progress import Progress

__all__ = ["asked", "confirmed"]


def confirmed(one: Judgement, said: Said, given: Sequence[FD]) -> Judgement:
    """With what the file and --given say. Raises UsageError where it can't be."""
    of = said.of(one.relation.name)
    known = set(one.relation.names)
    unknown = [name for name in of.key if name not in known]
    unknown += [name for left, right, _ in of.dependencies for name in (*left, right)]
    unknown = [name for name in unknown if name not in known]
    if unknown:
        raise UsageError(
            f"{one.relation.name} has no column {unknown[0]!r}", "mend the file of --confirm"
        )
    told = [*of.dependencies]
    for fd in given:
        if fd.left | fd.right <= known:
            told += [
                (tuple(sorted(fd.left)), name, Verdict.ACCEPTED)
                for name in sorted(fd.right - fd.left)
            ]
    if of.key:
        one = _with_key(one, of.key)
    return stated(_with_named(one, told), told) if told else one


def _with_named(one: Judgement, told: Sequence[tuple[tuple[str, ...], str, Verdict]]) -> Judgement:
    """With those that were not found because their left sides are larger, or not minimal. Raises
    UsageError for one that does not hold: nothing can be made of it."""
    known = {(frozenset(each.dependency.left), each.dependency.right) for each in one.dependencies}
    added: list[Judged] = []
    for left, right, verdict in told:
        if verdict is not Verdict.ACCEPTED or (frozenset(left), right) in known:
            continue
        found = looked_at(one.relation, left, right)
        if found.errors:
            first = found.examples[0]
            raise UsageError(
                f"{found} does not hold in {one.relation.name}: {found.errors:,} rows break it; "
                f"row {first.row} has {first.value!r}, and row {first.usual_row} {first.usual!r}",
                "mend the rows, or say nothing of it",
            )
        added.append(Judged(found, verdict, ""))
    return replace(one, dependencies=(*one.dependencies, *added))


def _with_key(one: Judgement, key: tuple[str, ...]) -> Judgement:
    relation = one.relation
    rows = set(zip(*(relation.column(name).codes for name in key), strict=True))
    if len(rows) < relation.rows or any(relation.column(name).nulls for name in key):
        raise UsageError(
            f"({', '.join(key)}) is no key of {relation.name}: rows repeat it, or it has NULLs",
            "leave `key` out of the file of --confirm, or name another",
        )
    return replace(one, key=key, key_why="a person said so")


def asked(judgements: list[Judgement], progress: Progress) -> list[Judgement]:
    """A person at a terminal says what is meant; without one, questions stay open."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return judgements
    progress("asking")
    answered = []
    for one in judgements:
        told = []
        for judged in one.of(Verdict.ASKED):
            sys.stderr.write(
                f"{one.relation.name}: {judged.dependency}: {judged.why}\n"
                "Does it always hold? [y/N] "
            )
            sys.stderr.flush()
            yes = sys.stdin.readline().strip().lower() in ("y", "yes")
            verdict = Verdict.ACCEPTED if yes else Verdict.REJECTED
            told.append((judged.dependency.left, judged.dependency.right, verdict))
        answered.append(stated(one, told))
    return answered
