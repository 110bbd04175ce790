"""The door of the server over HTTP: has a request the token, and does all of its body come, in
reasonable time and size? And does its client still wait?"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import anyio
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_SECONDS", "LONGEST_BODY", "Door", "gone_of"]

LONGEST_BODY = 4 * 1024 * 1024
"""Bytes."""
BODY_SECONDS = 30.0
GONE = "dbwright.gone"
"""Where a request's scope holds the event that its client has gone."""
CLOSE = {"Connection": "close"}
"""With a refusal: what else the client sends is not read."""


class Door:
    """Lets through who has the token."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self._inner = inner
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        if not self._allowed(scope):
            headers = {"WWW-Authenticate": "Bearer", **CLOSE}
            refused = PlainTextResponse("a bearer token is needed\n", 401, headers)
            await refused(scope, receive, send)
            return
        read = await _body(receive)
        if isinstance(read, PlainTextResponse):
            await read(scope, receive, send)
            return
        gone = anyio.Event()
        first: list[Message] = [{"type": "http.request", "body": read, "more_body": False}]

        async def rest() -> Message:
            if first:
                return first.pop()
            message = await receive()
            if message["type"] == "http.disconnect":
                gone.set()
            return message

        await self._inner({**scope, GONE: gone}, rest, send)

    def _allowed(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._expected)


async def _body(receive: Receive) -> bytes | PlainTextResponse:
    """The whole body; an answer where it is too long, or comes too slowly."""
    body = bytearray()
    with anyio.move_on_after(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return PlainTextResponse("the request has no end\n", 400, CLOSE)
            body += message.get("body", b"")
            if len(body) > LONGEST_BODY:
                told = f"a request has at most {LONGEST_BODY} bytes\n"
                return PlainTextResponse(told, 413, CLOSE)
            if not message.get("more_body", False):
                return bytes(body)
    return PlainTextResponse("the request came too slowly\n", 408, CLOSE)


def gone_of(request: object) -> anyio.Event | None:
    """The event that the client of an HTTP request has gone; None over stdio, which tells it
    otherwise."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    return scope.get(GONE)
