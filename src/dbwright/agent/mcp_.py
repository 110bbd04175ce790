"""`dbwright agent mcp`: the specialist as a server of tools for models."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import FileUnreadable, MissingExtra, UsageError
from dbwright.memory import garbage_collection_paused
from dbwright.operation import Effect, Example, Parameter, operation

__all__ = ["mcp"]

TOKEN = "DBWRIGHT_MCP_TOKEN"
SHORTEST_TOKEN = 16
"""Characters."""
LOCAL = ("127.0.0.1", "localhost", "::1")


@operation(
    Effect.READS,
    examples=(
        Example("dbwright agent mcp", "over stdio, as coding agents start it"),
        Example("dbwright agent mcp shop.dbw", "for a snapshot: no database is near"),
        Example("dbwright agent mcp --target shop=postgresql://…", "a target, by name"),
        Example("dbwright agent mcp --http 8123", "over HTTP on this machine, with a token"),
    ),
)
def mcp(
    targets: Annotated[
        tuple[str, ...],
        Parameter(
            "what may be looked at: NAME=URL, a snapshot, .sql files; else the targets of "
            "dbwright.toml and DATABASE_URL",
            "TARGET",
            argument=True,
        ),
    ] = (),
    *,
    target: Annotated[
        tuple[str, ...], Parameter("the same, by name; may be repeated", "NAME=URL")
    ] = (),
    root: Annotated[Path, Parameter("files that a model names must be below it", "DIR")] = Path(),
    http: Annotated[
        str | None, Parameter("serve over streamable HTTP on this port", "[HOST:]PORT")
    ] = None,
    token_file: Annotated[
        Path | None,
        Parameter(f"a file with the bearer token [default: ${TOKEN}, else made up]", "FILE"),
    ] = None,
    allow_write: Annotated[
        bool, Parameter("offer the tools that run rehearsed migrations, after a person's yes")
    ] = False,
    configuration: Configuration,
) -> None:
    """Serve dbwright's tools to coding agents, by the Model Context Protocol.

    Everything is read-only unless --allow-write is given: queries of a model run one at a time in
    a transaction that is always rolled back, with time-outs and limits. A model can name targets
    and files below the working folder, never a URL.
    """
    from dbwright.agent.tool.context import Context

    context = Context(
        configuration=_configured(configuration, (*targets, *target)),
        root=root.resolve(),
        allow_write=allow_write,
    )
    host, port = _address(http) if http is not None else ("", 0)
    token, made_up = _token(token_file) if http is not None else ("", False)
    # Only now what takes half a second: a wrong call is answered at once.
    try:
        with garbage_collection_paused():
            from dbwright.agent.mcp.serve import serve_http, serve_stdio
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("agent", problem) from None
    if http is None:
        serve_stdio(context)
        return

    def ready(url: str) -> None:
        sys.stderr.write(f"listening on {url}\n" + (f"token: {token}\n" if made_up else ""))
        sys.stderr.flush()

    try:
        serve_http(context, host, port, token, ready)
    except OSError as problem:
        raise UsageError(
            f"can't listen on {host}:{port}: {problem.strerror}", "choose another port"
        ) from None


def _configured(configuration: Configuration, named: tuple[str, ...]) -> Configuration:
    """With the targets of the call; else with DATABASE_URL as the default, besides those of
    dbwright.toml."""
    from dbwright.agent.tool.context import with_database_url, with_targets

    urls: dict[str, str] = {}
    for one in named:
        name, mark, url = one.partition("=")
        if not mark or "/" in name or ":" in name:
            name, url = Path(one).name, str(Path(one).resolve())
            if "://" in one:
                raise UsageError(
                    "a URL needs a name for it", "give NAME=URL, as shop=postgresql://…"
                )
        if not name or not url:
            raise UsageError(f"{one!r} names no target", "give NAME=URL, as shop=postgresql://…")
        urls[name] = url
    if urls:
        return with_targets(configuration.model_copy(update={"targets": {}}), urls)
    return with_database_url(configuration)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or LOCAL[0]
    if host not in LOCAL:
        raise UsageError(
            f"it listens on this machine only, not on {host}",
            "put a proxy with TLS before it to reach it from elsewhere",
        )
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{text!r} is no port", "give a number up to 65535; 0 takes a free one")
    return host, int(port)


def _token(file: Path | None) -> tuple[str, bool]:
    """The bearer token, and whether it was made up here."""
    if file is None:
        found = os.environ.get(TOKEN, "")
        place = f"${TOKEN}"
    else:
        place = str(file)
        try:
            found = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "it is no text"
            raise FileUnreadable(
                f"can't read {file}: {reason}", "name a file with a token"
            ) from None
    if not found and file is None:
        return secrets.token_urlsafe(32), True
    if len(found) < SHORTEST_TOKEN or not found.isascii() or not found.isprintable():
        raise UsageError(
            f"{place} holds no good token", f"give {SHORTEST_TOKEN} or more printable characters"
        )
    return found, False
