"""Whether a statement in batches goes on where an earlier run left it."""

from __future__ import annotations

from dbwright.errors import BadMigration
from dbwright.migrate.backfill.backfill import checksum_of
from dbwright.migrate.runner.work import CutOff, Work
from dbwright.model.batches import BatchMark
from dbwright.model.migration import Applied

__all__ = ["going_on"]


def going_on(
    work: Work, number: int, before: Applied | None, cut_off: CutOff | None
) -> BatchMark | None:
    """The mark to go on from; None to begin with the first row.

    Raises BadMigration where its first batches were run with another text, and `cut_off` does not
    say what to do.
    """
    mark = None if before is None else before.batches
    if before is None or mark is None or not mark.batches:
        return None
    if before.direction != work.direction or before.statements_done != number:
        return None
    if cut_off is CutOff.AGAIN:
        return None
    statement = work.statements[number]
    changed = mark.checksum != checksum_of(statement.text)
    if number in work.in_batches and (not changed or cut_off is CutOff.DONE):
        return mark
    where = f"{work.migration.path}, line {statement.line}"
    if number in work.in_batches:
        raise BadMigration(
            f"{where}: another text of it was run for {mark.words}",
            "put it back; or let the new one do the rest with --cut-off done, or all rows from the "
            "first one with --cut-off again",
        )
    raise BadMigration(
        f"{where}: it does not run in batches, and what stood here was run for {mark.words}",
        "put it back; or run the new one as it is with --cut-off again",
    )
