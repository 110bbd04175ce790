"""Every tool that there is."""

from __future__ import annotations

from functools import cache

from dbwright.agent import tools
from dbwright.agent.tool.tool import Tool
from dbwright.discovery import declared_in
from dbwright.operation import Effect

__all__ = ["all_tools", "tools_for"]


@cache
def all_tools() -> tuple[Tool, ...]:
    """By name."""
    return tuple(sorted(declared_in(tools, Tool), key=lambda tool: tool.name))


def tools_for(*, allow_write: bool) -> tuple[Tool, ...]:
    """Those that a server offers: what writes to a target is there only where that was allowed."""
    return tuple(tool for tool in all_tools() if allow_write or tool.effect is not Effect.WRITES)
