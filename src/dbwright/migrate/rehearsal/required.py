"""Asking for proofs before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dbwright.errors import UnprovenMigration
from dbwright.migrate.rehearsal.evidence import (
    SCHEMA_VERSION,
    Evidence,
    earlier_checksum,
    proof_path,
    read_proof,
)
from dbwright.model.migration import Migration

__all__ = ["require_proofs"]


def require_proofs(
    wanted: Iterable[Migration], every: Sequence[Migration], major: int
) -> tuple[str, ...]:
    """What is to be known of the proofs, one sentence each. `every`: the whole folder; `major`: of
    the server that they are to run on.

    Raises UnprovenMigration where a proof is missing, of another file or after other ones, or says
    that it failed; FileUnreadable.
    """
    return tuple(note for one in wanted for note in _notes(one, every, major))


def _notes(one: Migration, every: Sequence[Migration], major: int) -> Iterator[str]:
    found = read_proof(one)
    if found is None:
        raise _refused(f"{one} was not rehearsed: there is no {proof_path(one)}")
    if found.schema_version != SCHEMA_VERSION:
        raise _refused(f"{proof_path(one)} was written by another version of dbwright")
    if found.migration.checksum != one.checksum:
        raise _refused(f"{one} was changed since it was rehearsed")
    if found.migration.earlier != earlier_checksum(one, every):
        raise _refused(f"files before {one} were changed or added since it was rehearsed")
    if not found.passed:
        raise _refused(f"the rehearsal of {one} failed: {', '.join(found.failed) or 'see there'}")
    yield from _said(one, found, major)


def _said(one: Migration, found: Evidence, major: int) -> Iterator[str]:
    if found.server.major != major:
        yield (
            f"{one} was rehearsed on PostgreSQL {found.server.major}, and this server is {major}"
        )
    if found.rows.generated:
        yield f"{one} was rehearsed on rows that were made up"


def _refused(message: str) -> UnprovenMigration:
    return UnprovenMigration(
        message, "rehearse it: dbwright migrate rehearse; or run it without --require-proof"
    )
