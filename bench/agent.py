"""The MCP server: how long a host waits for it, and what a call costs beside the command line.

    python bench/agent.py [--tables 300] [--runs 7]

Prints medians: from the start of the process to the first answer (limit: 1.5 s), to the list of
tools, to the first tool's answer; and `check` of a database with so many tables through the server
and on the command line (limit: at most 1.1 times). Both read the database anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from typing import Any

import psycopg

from dbwright.sandbox import Server, start

COMMAND = [sys.executable, "-m", "dbwright"]
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}
TABLE = """CREATE TABLE t{0} (id bigint PRIMARY KEY, other bigint REFERENCES t{1}, name varchar(40),
  made timestamp DEFAULT now(), price real); CREATE INDEX ON t{0} (name);"""


class Host:
    """A client that speaks the protocol by hand, so that its own start does not count."""

    def __init__(self, url: str) -> None:
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [*COMMAND, "agent", "mcp", "--target", f"bench={url}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._number = 0

    def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        assert self._process.stdout is not None
        while True:
            answer = json.loads(self._process.stdout.readline())
            if answer.get("id") == self._number:
                return answer["result"]

    def tell(self, method: str) -> None:
        self._send({"method": method})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.began

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tables", type=int, default=300)
    arguments.add_argument("--runs", type=int, default=7)
    options = arguments.parse_args()
    with start() as server:
        print(
            f"PostgreSQL {server.version}; Python {platform.python_version()}; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning\n"
        )
        prepare(server, options.tables)
        measure(server.url("bench"), options.tables, options.runs)


def prepare(server: Server, tables: int) -> None:
    server.create_database("bench")
    with psycopg.connect(server.url("bench"), autocommit=True) as connection:
        for number in range(tables):
            connection.execute(TABLE.format(number, max(number - 1, 0)).encode())
        connection.execute("ANALYZE")


def measure(url: str, tables: int, runs: int) -> None:
    waits: dict[str, list[float]] = {"first answer": [], "list of tools": [], "first tool": []}
    served: list[float] = []
    typed: list[float] = []
    for _ in range(runs):
        host = Host(url)
        host.ask("initialize", **INITIALIZE)
        waits["first answer"].append(host.seconds)
        host.tell("notifications/initialized")
        host.ask("tools/list")
        waits["list of tools"].append(host.seconds)
        host.ask("tools/call", name="targets", arguments={})
        waits["first tool"].append(host.seconds)
        began = time.perf_counter()
        found = host.ask("tools/call", name="check", arguments={})
        served.append(time.perf_counter() - began)
        assert not found.get("isError"), found
        host.end()
        began = time.perf_counter()
        subprocess.run([*COMMAND, "check", url, "--format", "json"], capture_output=True)
        typed.append(time.perf_counter() - began)
    print("| from the start to the | s | limit |\n| --- | ---: | --- |")
    for name, seconds in waits.items():
        limit = "1.5" if name == "first answer" else ""
        print(f"| {name} | {statistics.median(seconds):.2f} | {limit} |")
    one, other = statistics.median(served), statistics.median(typed)
    print(
        f"\ncheck of {tables} tables: {one:.2f} s through the server, {other:.2f} s on the command "
    )
    print(f"line with its start: {one / other:.2f} times (limit: 1.1)")


if __name__ == "__main__":
    main()
