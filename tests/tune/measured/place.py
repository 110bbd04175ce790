"""A database with rows, a copy of it, and advice as a search would have given it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason, IndexAdvice, IndexDrop, Tuning
from dbwright.model.workload import Query
from dbwright.sandbox.copy.copy import Copy, copy
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.workload.weighted import Weighted

__all__ = ["STAGE", "Advised", "advised", "copied", "queries", "snapshot_of", "tables_of"]

STAGE = Path(__file__).with_name("stage.sql")


def snapshot_of(url: str) -> Snapshot:
    with Session.open(url, 60) as session:
        return read(session, values=None)


@contextmanager
def copied(url: str, tables: Sequence[str], rows: int | None = None) -> Iterator[Copy]:
    with copy(snapshot_of(url), url, tables, rows=rows) as made:
        yield made


def tables_of(copy: Copy, tables: Sequence[str]) -> list[object]:
    """All rows of the tables, their indexes, and the schemas."""
    with copy.connect() as connection:
        found: list[object] = [
            connection.execute(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t".encode()
            ).fetchone()
            for table in tables
        ]
        found += connection.execute("SELECT indexname FROM pg_indexes ORDER BY 1").fetchall()
        found += connection.execute("SELECT nspname FROM pg_namespace ORDER BY 1").fetchall()
    return found


def queries(snapshot: Snapshot, *texts: str, calls: int = 1) -> list[Weighted]:
    relations = CatalogRelations(snapshot.catalog)
    return [
        Weighted(
            statement=text,
            query=Query(text, fingerprint(text), calls=calls),
            scoped=analyse(text, relations),
            weight=calls,
        )
        for text in texts
    ]


@dataclass(frozen=True, slots=True)
class Advised:
    tuning: Tuning
    candidates: tuple[CandidateIndex, ...]


def advised(
    snapshot: Snapshot,
    *indexes: str,
    saved: Sequence[float] = (),
    drops: Mapping[str, str | None] | None = None,
) -> Advised:
    """Indexes as `shop.events (created)`; `saved`: what each is said to save; `drops`: existing
    ones (qualified) and what does their work."""
    candidates = tuple(asked_index(text, snapshot.catalog) for text in indexes)
    worth = [*saved, *[1000.0] * (len(indexes) - len(saved))]
    return Advised(
        Tuning(
            source="a test",
            before=100000.0,
            after=100.0,
            within_share=0.0,
            tried=len(indexes),
            planner_calls=1,
            complete=True,
            drops=tuple(_drop(name, keeper) for name, keeper in (drops or {}).items()),
            indexes=tuple(
                IndexAdvice(
                    name=f"advised_{number}_idx",
                    table=candidate.qualified,
                    definition=candidate.signature.removeprefix(candidate.qualified).strip(),
                    bytes=1_000_000,
                    saved_alone=own,
                    saved_last=own,
                    queries=(),
                    build_seconds=0.1,
                    replaces=tuple(
                        name
                        for name, keeper in (drops or {}).items()
                        if keeper == f"{candidate.schema}.advised_{number}_idx"
                    ),
                )
                for number, (candidate, own) in enumerate(zip(candidates, worth, strict=True))
            ),
        ),
        candidates,
    )


def _drop(name: str, keeper: str | None) -> IndexDrop:
    return IndexDrop(
        name=name,
        table="shop.events",
        reason=DropReason.UNUSED if keeper is None else DropReason.REPLACED,
        keeper=keeper,
        bytes=None,
        scans=None,
        cost_before=0.0,
        cost_after=0.0,
        queries=0,
    )
