"""The tool `rehearse`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import rehearse as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.rehearse,
    name="rehearse",
    when="a migration is to be run: it is tried on a copy, up and down",
    arguments=("target", "version", "dir", "replay", "rows", "max_wait", "accept"),
)
