"""ALTER TABLE … SET (storage parameters), and the way back."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.autovacuum import Stored
from dbwright.model.catalog import Table
from dbwright.model.finding import Fix, LockMode

__all__ = ["change_options"]


def change_options(relation: Stored, wanted: Mapping[str, str | None], *, risk: str = "") -> Fix:
    """Set storage parameters (None: reset), and back to what they were."""
    now = dict(relation.options)
    if isinstance(relation, Table):
        now |= {f"toast.{name}": value for name, value in relation.toast_options}
    before = {name: now.get(name) for name in wanted}
    return Fix(
        up=_alter(relation, wanted),
        down=_alter(relation, before),
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        risk=risk,
    )


def _alter(relation: Stored, options: Mapping[str, str | None]) -> str:
    word = "TABLE" if isinstance(relation, Table) else "MATERIALIZED VIEW"
    head = f"ALTER {word} {relation.qualified}"
    values = [f"{name} = {value}" for name, value in options.items() if value is not None]
    gone = [name for name, value in options.items() if value is None]
    lines = [f"{head} SET ({', '.join(values)});"] if values else []
    lines += [f"{head} RESET ({', '.join(gone)});"] if gone else []
    return "\n".join(lines)
