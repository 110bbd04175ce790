"""A database, its snapshot, and the index advice for a workload on a twin of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import IndexDrop, Tuning
from dbwright.model.workload import Query
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.search import Effort
from dbwright.tune.workload.weighted import weighted

__all__ = ["Advised", "advised", "snapshot_of"]


@dataclass(frozen=True)
class Advised:
    tuning: Tuning
    candidates: tuple[CandidateIndex, ...]
    skipped: tuple[Skipped, ...]

    @property
    def drops(self) -> dict[str, IndexDrop]:
        return {drop.name: drop for drop in self.tuning.drops}

    @property
    def definitions(self) -> set[str]:
        return {f"{index.table} {index.definition}" for index in self.tuning.indexes}


def snapshot_of(url: str) -> Snapshot:
    with Session.open(url, 60) as session:
        return read(session, values=None)


def advised(
    snapshot: Snapshot, texts: Sequence[tuple[int, str]], options: IndexOptions | None = None
) -> Advised:
    """Advice for statements with their numbers of calls; none of them may be left out."""
    queries = [
        Query(text=text, fingerprint=fingerprint(text), calls=calls, example=text)
        for calls, text in texts
    ]
    with twin(snapshot) as copy:
        with copy.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        assert not left, left
        given = options or IndexOptions(effort=Effort(2000, 60))
        return Advised(*advise_indexes(snapshot, statements, copy, given))
