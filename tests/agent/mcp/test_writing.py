"""What writes: only where it was allowed, only what was rehearsed, only after a person's yes. And a
query that nobody waits for any more is ended on the server."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client

from dbwright.agent.mcp.server import server
from dbwright.agent.tool.context import Context
from servers.postgresql import Database


def run(context: Context, mode: str, answer: types.ElicitResult | None, *calls: str) -> list[Any]:
    """Calls the tools one after the other; the person gives that answer to every question."""
    asked: list[str] = []

    async def person(request: object, params: types.ElicitRequestParams) -> Any:
        asked.append(params.message)
        return answer

    async def work() -> list[Any]:
        options: dict[str, Any] = {"elicitation_callback": person} if answer is not None else {}
        async with Client(server(context), mode=mode, **options) as client:
            found = [await client.call_tool(name, {}) for name in calls]
        return [*found, asked]

    return anyio.run(work)


def indexes(shop: Database) -> int:
    ((number,),) = shop.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'")
    return int(number)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_a_rehearsed_migration_runs_after_a_persons_yes(
    mode: str, context: Context, shop: Database
) -> None:
    writing = replace(context, allow_write=True)
    yes = types.ElicitResult(action="accept", content={"go": True})
    early, asked = run(writing, mode, yes, "migrate_up")
    assert early.is_error and "001" in early.content[0].text  # there is no proof yet
    assert asked == ["Run the rehearsed migrations of migrations on the database shop?"]
    rehearsed, done, _ = run(writing, mode, yes, "rehearse", "migrate_up")
    assert not rehearsed.is_error and not done.is_error, done.content[0].text
    assert indexes(shop) == 2
    undone, _ = run(writing, mode, yes, "migrate_down")
    assert not undone.is_error
    assert indexes(shop) == 1


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (types.ElicitResult(action="decline"), "a person said no"),
        (types.ElicitResult(action="cancel"), "a person said no"),
        (types.ElicitResult(action="accept", content={"go": False}), "a person said no"),
        (types.ElicitResult(action="accept", content={}), "a person said no"),
        (None, "can't ask a person"),
    ],
)
def test_without_a_yes_nothing_is_done(
    mode: str, answer: types.ElicitResult | None, told: str, context: Context, shop: Database
) -> None:
    before = shop.execute("SELECT oid, relname FROM pg_class ORDER BY oid")
    found, _ = run(replace(context, allow_write=True), mode, answer, "migrate_down")
    assert found.is_error and told in found.content[0].text
    assert shop.execute("SELECT oid, relname FROM pg_class ORDER BY oid") == before


def test_a_yes_counts_for_the_call_that_was_asked_about(context: Context) -> None:
    """A client that answers by itself, or for another call, gets nothing done."""

    async def work() -> list[str]:
        found = []
        async with Client(server(replace(context, allow_write=True)), mode="2026-07-28") as client:
            yes = types.ElicitResult(action="accept", content={"go": True})
            capabilities = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
            for state in ("", "0.0", "made-up." + 64 * "0"):
                params = types.CallToolRequestParams(
                    name="migrate_up",
                    arguments={},
                    input_responses={"confirm": yes},
                    request_state=state,
                    _meta=capabilities,
                )
                request = types.CallToolRequest(params=params)
                answer = await client.session.send_request(request, types.CallToolResult)
                assert answer.is_error
                found.append(answer.content[0].text)
        return found

    for text in anyio.run(work):
        assert "another call" in text or "can't ask a person" in text


SLOW = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
CANCELLED: dict[str, tuple[dict[str, Any], str]] = {
    "query": ({"sql": SLOW, "seconds": 60}, "generate_series"),
    "explain": ({"sql": SLOW, "analyze": True, "seconds": 60}, "ANALYZE"),
    "sample": ({"table": "slow_to_read"}, "slow_to_read"),
}
"""Calls that take a minute, and a word of the statement that is under way then."""


@pytest.mark.parametrize("name", CANCELLED)
def test_a_cancelled_call_ends_what_runs_on_the_server(
    name: str, context: Context, shop: Database
) -> None:
    """While the client and the server live on, and can be asked for more."""
    arguments, word = CANCELLED[name]
    shop.execute(f"CREATE VIEW slow_to_read AS {SLOW}")
    active = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
        f"AND datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%{word}%'"
    )

    async def until(wanted: bool) -> None:
        end = time.monotonic() + 15
        while (shop.execute(active) != [(0,)]) is not wanted:
            assert time.monotonic() < end, f"{name}: it runs: {not wanted}"
            await anyio.sleep(0.02)

    async def work() -> Any:
        async with Client(server(context)) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, name, arguments)
                await until(True)
                group.cancel_scope.cancel()
            await until(False)
            return await client.call_tool("query", {"sql": "SELECT 1"})

    assert not anyio.run(work).is_error
