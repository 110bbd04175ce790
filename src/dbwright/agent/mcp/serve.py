"""The process: stdio until the client goes, or HTTP until somebody stops it.

stdout belongs to the protocol; whatever is said goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import anyio
from mcp.server.stdio import stdio_server
from starlette.applications import Starlette
from starlette.types import ASGIApp

from dbwright.agent.mcp.door import Door
from dbwright.agent.mcp.server import server
from dbwright.agent.tool.context import Context

__all__ = ["PATH", "app", "serve_http", "serve_stdio"]

PATH = "/mcp"
BACKLOG = 128
MOST_SESSIONS = 1000
"""Of clients that keep one; each is forgotten half an hour after its last word."""


def serve_stdio(context: Context) -> None:
    """Until stdin ends."""

    async def run() -> None:
        offered = server(context)
        async with stdio_server() as (read, write):
            await offered.run(read, write, offered.create_initialization_options())

    anyio.run(run)
    # A thread may be in the middle of a query for a client that has gone. Its connection ends with
    # the process, and with it the transaction; a sandbox is ended by its watchdog.
    sys.stderr.flush()
    os._exit(0)


def serve_http(
    context: Context, host: str, port: int, token: str, ready: Callable[[str], None]
) -> None:
    """Until SIGINT or SIGTERM. `ready` is told the URL once it answers. Raises OSError where the
    port can't be had."""
    import uvicorn

    from dbwright.agent.mcp.patience import Patient

    configuration = uvicorn.Config(
        app(context, host, token),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
        http=Patient,
        ws="none",
    )
    sockets = [configuration.bind_socket()]
    # From here on who connects is waited for, and not refused.
    sockets[0].listen(BACKLOG)
    ready(f"http://{_named(host)}:{sockets[0].getsockname()[1]}{PATH}")
    uvicorn.Server(configuration).run(sockets=sockets)


def app(context: Context, host: str, token: str) -> ASGIApp:
    """The application of one server: nothing of it is answered without the token."""
    inner: Starlette = server(context).streamable_http_app(
        streamable_http_path=PATH, host=host, max_sessions=MOST_SESSIONS
    )
    return Door(inner, token)


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host
