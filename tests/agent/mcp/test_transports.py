"""The process: started as coding agents start it, and over HTTP with a token; killed clients."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from servers.postgresql import Database

TOKEN = "a-token-that-only-this-test-knows"
COMMAND = (sys.executable, "-m", "dbwright", "agent", "mcp")


def until(what: Callable[[], object], seconds: float = 15.0) -> None:
    """Waits until it is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def sessions(shop: Database) -> list[tuple[int, str]]:
    """Others' sessions in the database."""
    return shop.execute(  # type: ignore[return-value]
        "SELECT pid, coalesce(state, '') FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_stdio(shop: Database, working_folder: Path) -> None:
    async def run() -> Any:
        started = StdioServerParameters(
            command=COMMAND[0],
            args=[*COMMAND[1:], "--target", f"shop={shop.url}"],
            cwd=str(working_folder),
        )
        async with Client(stdio_client(started)) as client:
            listed = await client.list_tools()
            answer = await client.call_tool("objects", {})
            catalog = await client.read_resource("dbwright://catalog/shop")
            prompts = await client.list_prompts()
            return listed, answer, catalog, prompts

    listed, answer, catalog, prompts = anyio.run(run)
    assert "targets" in {tool.name for tool in listed.tools}
    assert "public.orders" in answer.content[0].text
    assert "customer_id bigint NOT NULL" in catalog.contents[0].text
    assert len(prompts.prompts) == 3
    until(lambda: not sessions(shop))


@contextmanager
def over_http(shop: Database, folder: Path, *options: str) -> Iterator[str]:
    process = subprocess.Popen(
        [*COMMAND, "--target", f"shop={shop.url}", "--http", "0", *options],
        cwd=folder,
        env={**os.environ, "DBWRIGHT_MCP_TOKEN": TOKEN},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        yield line.split()[-1]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM, 4)
        process.stderr.close()


def test_http(shop: Database, working_folder: Path) -> None:
    async def run(url: str) -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return await client.call_tool("objects", {}), await client.list_tools()

    with over_http(shop, working_folder) as url:
        answer, listed = anyio.run(run, url)
        assert "public.orders" in answer.content[0].text
        assert len(listed.tools) > 10
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        plain = {"Accept": "application/json, text/event-stream"}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            refused = httpx2.post(url, json=body, headers={**plain, **headers})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        own = {**plain, "Authorization": f"Bearer {TOKEN}"}
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            refused = httpx2.post(url, json=body, headers={**own, **headers})
            assert refused.status_code in (403, 421)
        # What is refused is not read to its end, and does not keep the connection.
        for headers, status in ((plain, 401), (own, 413)):
            refused = httpx2.post(url, content=b"x" * 5_000_000, headers=headers)
            assert (refused.status_code, refused.headers["connection"]) == (status, "close")


def test_a_killed_client_leaves_no_process_and_no_transaction(
    shop: Database, working_folder: Path
) -> None:
    """The client is a process of its own; the server is in the middle of reading, held up by a
    lock, when it dies."""
    client = f"""
import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
async def run():
    started = StdioServerParameters(command={COMMAND[0]!r}, args={list(COMMAND[1:])!r} + ["--target", "shop=" + {shop.url!r}])
    async with Client(stdio_client(started)) as client:
        await client.call_tool("targets", {{}})
        print("ready", flush=True)
        while True:
            await client.call_tool("check", {{}})
anyio.run(run)
"""
    with subprocess.Popen(
        [sys.executable, "-c", client], cwd=working_folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        until(lambda: sessions(shop))
        children = _children(process.pid)
        process.kill()
    assert children
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    until(lambda: not sessions(shop))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_killed_client_over_http_ends_its_query(
    mode: str, shop: Database, working_folder: Path
) -> None:
    client = f"""
import anyio, httpx2, sys
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
async def run(url):
    async with httpx2.AsyncClient(headers={{"Authorization": "Bearer {TOKEN}"}}) as http:
        async with Client(streamable_http_client(url, http_client=http), mode={mode!r}) as client:
            sql = "SELECT count(*) FROM generate_series(1, 10000000000)"
            await client.call_tool("query", {{"sql": sql, "seconds": 60}})
anyio.run(run, sys.argv[1])
"""
    with over_http(shop, working_folder) as url:
        with subprocess.Popen([sys.executable, "-c", client, url]) as process:
            until(lambda: any(state == "active" for _, state in sessions(shop)))
            process.kill()
        until(lambda: not sessions(shop))


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "postgresql://a:secret@b/c"], "a URL needs a name"),
        (["--http", "0.0.0.0:80"], "on this machine only"),
        (["--http", "abc"], "is no port"),
        (["--http", "0", "--token-file", "no-such-file"], "can't read no-such-file"),
        (["--allow-writes"], "--allow-writes"),
        (["-o", "file"], "no result to be written"),
    ],
)
def test_bad_calls(arguments: list[str], told: str, working_folder: Path) -> None:
    found = subprocess.run(
        [*COMMAND, *arguments],
        cwd=working_folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert found.returncode == 2
    assert told in found.stderr
    assert "secret" not in found.stderr
    assert found.stderr.count("\n") <= 2
    assert not found.stdout
