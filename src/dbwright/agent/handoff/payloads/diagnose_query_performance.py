"""`diagnose_query_performance`: from a debugging agent, for the reason why something is slow."""

from __future__ import annotations

from typing import Any

from pydantic import Field, StrictStr

from dbwright.agent.handoff.parts import Amount, Part, Text

__all__ = ["DIAGNOSTICS", "PAYLOAD", "Diagnosis", "Suspected"]

DIAGNOSTICS = ("slow_queries", "missing_indexes", "pool_state", "explained_plans")
"""What can be asked for; of another the answer says that it is not known."""


class Suspected(Part):
    """A query that might be at fault."""

    sql: Text
    where: StrictStr = ""
    """The place in the code that sends it."""
    mean_ms: Amount | None = None
    calls: Amount | None = None


class Diagnosis(Part):
    """What was seen to be slow, with which figures, what is suspected, and what is needed to know
    more."""

    symptom: Text
    metrics: dict[str, Any] = Field(default_factory=dict)
    """Figures by name, in the words of who measured them."""
    suspected_queries: tuple[Suspected | Text, ...] = ()
    diagnostics_needed: tuple[Text, ...] = ()
    """All of them where none is named."""
    target: StrictStr = ""
    """A name in dbwright.toml, or a snapshot in the repository."""


PAYLOAD = Diagnosis
