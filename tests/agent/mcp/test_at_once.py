"""Many calls at a time, from the very first on; and a program that can't load its tools says so."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp import Client

from dbwright.agent.mcp import server as module
from dbwright.agent.mcp.server import server
from dbwright.agent.tool.context import Context

CALLS = 20


def at_once(context: Context, number: int) -> list[Any]:
    found: list[Any] = []

    async def run() -> None:
        async with Client(server(context)) as client:

            async def call() -> None:
                found.append(await client.call_tool("check", {}))

            async with anyio.create_task_group() as group:
                for _ in range(number):
                    group.start_soon(call)

    anyio.run(run)
    return found


def test_every_one_of_many_calls_is_answered(context: Context) -> None:
    found = at_once(context, CALLS)
    assert len(found) == CALLS
    assert [one.content[0].text for one in found if one.is_error] == []
    assert len({str(one.structured_content["items"]) for one in found}) == 1


def test_tools_that_cannot_be_loaded_are_an_answer(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**options: bool) -> Any:
        raise ImportError("/a/path/of/this/machine")

    monkeypatch.setattr(module, "tools_for", broken)
    (found,) = at_once(context, 1)
    assert found.is_error
    assert "ImportError" in found.content[0].text and "path" not in found.content[0].text
