"""The page of the reference that has the whole lock table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.migrate.locks.safe_ways import SAFE_WAYS
from dbwright.migrate.locks.table import TOPICS
from dbwright.model.lock_fact import LockFact, LockRole

__all__ = ["locks_page"]

_HEAD = """# What statements lock

Each row was run on servers of all majors from 12 to 18, and is again with each change of dbwright:
what it locks, whether it writes all rows anew (rewrites), reads them all (scans) or builds indexes.
What is not named is not locked.

ACCESS EXCLUSIVE blocks reads and writes; EXCLUSIVE, SHARE ROW EXCLUSIVE and SHARE block writes; all
others block neither. Each lock is held to the end of the transaction. A statement that waits for a
lock makes all wait that come after it, however short its own work is: so set `lock_timeout` to less
than a second, and try again.

The statements of a safe way are a transaction each, and were tried too. A column is filled by its
UPDATE again and again, from key to key.
"""
_COLUMNS = ("statement", "locks", "work", "versions", "safe way")


def locks_page() -> str:
    """Markdown; each row can be linked to by its id."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for topic, facts in TOPICS.items():
        yield f"## {topic}\n"
        yield _row(_COLUMNS)
        yield _row("---" for _ in _COLUMNS)
        for fact in facts:
            yield _row(_cells(fact))
        yield ""


def _cells(fact: LockFact) -> Iterator[str]:
    yield f'<span id="{fact.id}"></span>**{fact.form}**<br>{fact.why}'
    if fact.refused:
        yield "refused"
        yield f"SQLSTATE {fact.refused}"
    else:
        yield (
            "<br>".join(
                f"{role}: {mode.name.replace('_', ' ')}" for role, mode in fact.locks.items()
            )
            or "none"
        )
        yield "<br>".join(_work(fact)) or "none"
    yield _versions(fact)
    steps = "".join(f"<br>`{step}`" for step in SAFE_WAYS.get(fact.id, ()))
    yield f"{fact.safe}{steps}" if fact.safe else "as it is"


def _work(fact: LockFact) -> Iterator[str]:
    for verb, roles in (
        ("rewrites", fact.rewrites),
        ("empties", fact.empties),
        ("scans", fact.scans),
        ("builds indexes of", fact.builds),
    ):
        if roles:
            yield f"{verb} {_named(roles)}"
    if fact.waits:
        yield "waits for older transactions"
    if not fact.transactional:
        yield "not in a transaction"


def _named(roles: Iterable[LockRole]) -> str:
    wanted = set(roles)
    return ", ".join(role for role in LockRole if role in wanted)


def _versions(fact: LockFact) -> str:
    if fact.before is not None:
        return f"to {fact.before - 1}"
    return f"from {fact.since}" if fact.since > 12 else "all"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
