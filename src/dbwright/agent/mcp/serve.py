"""The process: stdio until the client goes, or HTTP until somebody stops it.

stdout belongs to the protocol; whatever is said goes to stderr.
"""

from __future__ import annotations

import hmac
import os
import sys
from collections.abc import Callable

import anyio
from mcp.server.stdio import stdio_server
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dbwright.agent.mcp.server import server
from dbwright.agent.tool.context import Context

__all__ = ["PATH", "app", "serve_http", "serve_stdio"]

PATH = "/mcp"


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

    configuration = uvicorn.Config(
        app(context, host, token),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    sockets = [configuration.bind_socket()]
    ready(f"http://{_named(host)}:{sockets[0].getsockname()[1]}{PATH}")
    uvicorn.Server(configuration).run(sockets=sockets)


def app(context: Context, host: str, token: str) -> ASGIApp:
    """The application of one server: nothing of it is answered without the token."""
    inner: Starlette = server(context).streamable_http_app(streamable_http_path=PATH, host=host)
    return _Bearer(inner, token)


class _Bearer:
    """Lets through who has the token."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self._inner = inner
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allowed(scope):
            refused = PlainTextResponse(
                "a bearer token is needed\n", 401, {"WWW-Authenticate": "Bearer"}
            )
            await refused(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._expected)


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host
