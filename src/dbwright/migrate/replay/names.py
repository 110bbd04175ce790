"""Which tables a run found, whatever they are called by now, and which it made itself.

Told by their oids: a file may rename a table, or drop it and make another one of its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.sandbox.judge.relations import Relation

__all__ = ["Names"]

KINDS = ("table", "materialized view")


class Names:
    """Of one run; `look` is called whenever something may have been made or renamed."""

    def __init__(self) -> None:
        self._found: dict[int, str] | None = None
        self.new: frozenset[str] = frozenset()
        """Those that the run made, qualified."""
        self.renamed: Mapping[str, str] = {}
        """The others whose name is not the one under which they were found: now and then."""

    def look(self, relations: Mapping[int, Relation]) -> None:
        """All relations, by oid. Those of the first look were found."""
        now = {oid: one.object.name for oid, one in relations.items() if one.object.kind in KINDS}
        if self._found is None:
            self._found = now
        found = self._found
        self.new = frozenset(name for oid, name in now.items() if oid not in found)
        self.renamed = {
            name: found[oid] for oid, name in now.items() if found.get(oid, name) != name
        }
