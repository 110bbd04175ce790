"""Who holds back vacuum: the oldest snapshots and transactions that rows are kept for."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.activity import Activity, Session
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef

__all__ = ["Holder", "holders"]

# Vacuum leaves out the transactions of other vacuums when it reckons what may go.
IGNORED = ("autovacuum worker", "autovacuum launcher")


@dataclass(frozen=True, slots=True)
class Holder:
    """A session, a replication slot or a prepared transaction."""

    ref: ObjectRef
    age: int
    """In transactions."""
    text: str
    session: Session | None = None
    own_rule: bool = False
    """An idle slot or a prepared transaction: a rule of its own tells it."""


def holders(catalog: Catalog, activity: Activity | None) -> tuple[Holder, ...]:
    """What vacuum of this database must wait for, oldest first."""
    found: list[Holder] = []
    database = catalog.server.database
    if activity is not None:
        vacuuming = {vacuum.pid for vacuum in activity.vacuums}
        for session in activity.sessions:
            everywhere = session.kind == "walsender" or session.database is None
            if session.kind in IGNORED or session.pid in vacuuming:
                continue
            age = max(session.xid_age or 0, session.xmin_age or 0)
            if age and (everywhere or session.database == database):
                found.append(Holder(session.ref, age, _session(session), session))
        for prepared in activity.prepared_transactions:
            if prepared.database == database:
                text = f"the prepared transaction {prepared.name}"
                found.append(Holder(prepared.ref, prepared.xid_age, text, own_rule=True))
    for slot in catalog.slots:
        age = max(slot.xmin_age or 0, slot.catalog_xmin_age or 0)
        if age and not (slot.kind == "logical" and slot.xmin_age is None and slot.active):
            text = f"the replication slot {slot.name}" + ("" if slot.active else " (not in use)")
            found.append(Holder(slot.ref, age, text, own_rule=not slot.active))
    return tuple(sorted(found, key=lambda holder: (-holder.age, holder.ref)))


def _session(session: Session) -> str:
    who = " ".join(filter(None, (session.user, session.application)))
    text = f"pid {session.pid}" + (f" ({who})" if who else "")
    return f"{text}, for a standby's queries" if session.kind == "walsender" else text
