"""Asking for proofs before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.errors import UnprovenMigration
from dbwright.migrate.place import Place
from dbwright.migrate.rehearsal.evidence import (
    SCHEMA_VERSION,
    Evidence,
    earlier_checksum,
    proof_path,
    read_proof,
)
from dbwright.migrate.rehearsal.fingerprint import fingerprint
from dbwright.model.migration import Migration

__all__ = ["require_proofs", "schema_of"]

READ_SECONDS = 120.0


def require_proofs(
    wanted: Sequence[Migration],
    every: Sequence[Migration],
    major: int,
    schema: Callable[[], str] | None = None,
) -> tuple[str, ...]:
    """What is to be known of the proofs, one sentence each. `every`: the whole folder; `major`: of
    the server that they are to run on; `schema`: reads the fingerprint that its schema has (None
    where some of the first one is done there already).

    Raises UnprovenMigration where a proof is missing, of another file or after other ones, of
    another schema, changed by hand, or says that it failed; FileUnreadable.
    """
    proofs = [_holding(one, every) for one in wanted]
    pairs = zip(wanted, proofs, strict=True)
    notes = [note for one, found in pairs for note in _said(one, found, major)]
    if proofs and schema is not None and proofs[0].server.major == major:
        notes += _of_schema(wanted[0], proofs[0], schema)
    return tuple(notes)


def _holding(one: Migration, every: Sequence[Migration]) -> Evidence:
    found = read_proof(one)
    if found is None:
        raise _refused(f"{one} was not rehearsed: there is no {proof_path(one)}")
    if found.schema_version != SCHEMA_VERSION:
        raise _refused(f"{proof_path(one)} was written by another version of dbwright")
    if not found.sealed:
        raise _refused(f"{proof_path(one)} was changed since it was written")
    if found.migration.checksum != one.checksum:
        raise _refused(f"{one} was changed since it was rehearsed")
    if found.migration.earlier != earlier_checksum(one, every):
        raise _refused(f"files before {one} were changed or added since it was rehearsed")
    if not found.passed:
        raise _refused(f"the rehearsal of {one} failed: {', '.join(found.failed) or 'see there'}")
    return found


def schema_of(place: Place) -> str:
    """Its fingerprint as it is now. Raises TargetError, Unreadable."""
    with Session.open(place.url, READ_SECONDS) as session:
        return fingerprint(introspect(session), place.history.table)


def _of_schema(one: Migration, found: Evidence, schema: Callable[[], str]) -> Iterator[str]:
    """Is it the schema that it was rehearsed on? A copy must be a copy of this; of made rows it is
    only told."""
    before = found.migration.schema_before
    if not before or before == schema():
        return
    if not found.rows.generated:
        raise _refused(
            f"the schema is not the one that {one} was rehearsed on ({found.rows.source})"
        )
    yield f"{one} was rehearsed on a schema that is not quite this one"


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
