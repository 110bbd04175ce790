"""A call of a tool: checked, confirmed, run in a thread, told as it goes, and answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext

from dbwright.agent.mcp.confirm import Confirmations
from dbwright.agent.mcp.door import gone_of
from dbwright.agent.tool.call import NOTICE, answered, arguments_of, failure_text, text_of
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.stop import Stop
from dbwright.agent.tool.tool import Arguments, Tool
from dbwright.errors import DbwrightError, Interrupted
from dbwright.progress import Progress

__all__ = ["Calls"]

T = TypeVar("T")
Request = ServerRequestContext[Any, Any]

AT_ONCE = 4
"""Calls that run at the same time; others wait. Each may hold a connection or a sandbox."""
log = logging.getLogger(__name__)


class Calls:
    """Of one server."""

    def __init__(self, context: Context, tools: Callable[[], Mapping[str, Tool]]) -> None:
        """`tools`: those that are offered, by name; may take a moment the first time."""
        self._context = context
        self._tools = tools
        self._confirmations = Confirmations()
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._short = anyio.CapacityLimiter(AT_ONCE)

    async def call(
        self, request: Request, asked: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """The answer; a failure is an answer too (`is_error`), with what to do about it."""
        try:
            known = await self.at_once(self._tools)
        except Exception as problem:  # a broken installation: else the client hears nothing of it
            log.exception("the tools can't be loaded")
            return _failure(_internal(problem))
        tool = known.get(asked.name)
        if tool is None:
            return _failure(f"there is no tool {asked.name!r}\nthere are: {', '.join(known)}")
        try:
            given = arguments_of(tool, asked.arguments or {})
            if tool.confirm is not None:
                waiting = await self._confirmations.ask(
                    request, asked, tool.confirm(self._context, given)
                )
                if waiting is not None:
                    return waiting
        except DbwrightError as problem:
            return _failure(f"{problem.message}\n{problem.next_step}".strip())
        try:
            return await self._run(request, tool, given)
        except DbwrightError as problem:
            return _failure(failure_text(problem.message, problem.next_step))
        except Exception as problem:  # the model is told; who runs the server finds it in the log
            log.exception("%s failed", tool.name)
            return _failure(_internal(problem))

    async def _run(self, request: Request, tool: Tool, given: Arguments) -> types.CallToolResult:
        stop = Stop()
        context = replace(self._context, progress=_teller(request, stop), stop=stop)
        found: dict[str, Any] | None = None
        failure: Exception | None = None
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, gone_of(request.request), group.cancel_scope)
                try:
                    found = await self.in_thread(lambda: answered(tool, context, given))
                except Exception as problem:  # raised below: a group would wrap it
                    failure = problem
                group.cancel_scope.cancel()
        finally:
            # A client that has gone, or took its request back: the thread ends at its next word.
            stop.set()
        if failure is not None:
            raise failure
        if found is None:
            return _failure("the client has gone")
        return types.CallToolResult(
            content=[types.TextContent(text=text_of(found))],
            structured_content={**found, "data_notice": NOTICE},
        )

    async def in_thread(self, work: Callable[[], T]) -> T:
        """The result of work on a target, when a place is free for it."""
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._places)

    async def at_once(self, work: Callable[[], T]) -> T:
        """The same of short work that must not wait for calls which take minutes."""
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._short)


async def _until_gone(gone: anyio.Event | None, call: anyio.CancelScope) -> None:
    """Ends a call whose answer can't be delivered any more: it may hold a transaction open."""
    if gone is not None:
        await gone.wait()
        call.cancel()


def _teller(request: Request, stop: Stop) -> Progress:
    """Progress of work in a thread, as notifications. Counts that fall behind are not told: the
    protocol wants them to grow."""
    steps = 0

    def tell(doing: str, done: int | None = None, total: int | None = None) -> None:
        nonlocal steps
        if stop.is_set:
            raise Interrupted("the client took its request back")
        steps += 1
        counted = f"{doing} ... {done:,}" + (f" of {total:,}" if total else "") if done else doing
        anyio.from_thread.run(request.session.report_progress, float(steps), None, counted)

    return tell


def _internal(problem: Exception) -> str:
    # Its words may hold anything: paths, a URL, a row.
    return f"internal error: {type(problem).__name__}\nthe server's log says more"


def _failure(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
