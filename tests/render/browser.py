"""A real browser, driven through its debugging pipe: what a page asks for, says and shows."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any

import pytest

__all__ = ["Browser", "Seen", "browser"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0
ON_PIPES = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(pipe), fcntl.F_DUPFD, 20) for pipe in sys.argv[1:3]]
for wanted, pipe in enumerate(pipes, 3):
    os.dup2(pipe, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes the program, with its two pipes where it looks for them."""


@dataclass(slots=True)
class Seen:
    """What a page did: the addresses it asked for, and what its documents said."""

    requests: dict[str, str] = field(default_factory=dict)
    """Addresses that it wanted to load, by request."""
    refused: set[str] = field(default_factory=set)
    """The requests that its policy did not let out."""
    said: list[str] = field(default_factory=list)
    """Errors, and what its policy refused."""
    frames: dict[str, str] = field(default_factory=dict)
    """Sessions of its documents."""

    @property
    def loaded(self) -> list[str]:
        """What was really asked for elsewhere: not what stands in the page itself."""
        return [
            url
            for request, url in self.requests.items()
            if request not in self.refused and not url.startswith("data:")
        ]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a screen, in an empty profile; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("there is no Chromium")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser(program, Path(profile)) as started,
    ):
        yield started


class Browser:
    """Speaks the DevTools protocol: JSON messages that end with a zero byte, on pipes 3 and 4."""

    def __init__(self, program: str, profile: Path) -> None:
        self._program, self._profile = program, profile
        self._numbers = itertools.count(1)
        self._messages: Queue[dict[str, Any]] = Queue()
        self._seen = Seen()
        self._scheme = "light"
        self._answers: dict[int, dict[str, Any]] = {}
        self._loaded: set[str] = set()

    def __enter__(self) -> Browser:
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        command = [
            *(sys.executable, "-c", ON_PIPES, str(theirs_in), str(theirs_out), self._program),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            # So high that every frame is on the screen: one that is not is hardly ever painted,
            # and hears late that the colour scheme has changed.
            *(f"--user-data-dir={self._profile}", "--window-size=1300,4000", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command,
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._send("Browser.close", {}, None)
            self._process.wait(20)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        self._reader.join(20)
        os.close(self._from)

    def open(self, page: Path, scheme: str = "light") -> Seen:
        """Open a file; what it did until it and its frames were loaded."""
        self._seen = Seen()
        self._scheme = scheme
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = str(attached["sessionId"])
        self._watch(session)
        self._ask("Page.navigate", {"url": page.as_uri()}, session)
        while session not in self._loaded:
            self._hear()
        self._seen.frames.setdefault("page", session)
        return self._seen

    def value(self, session: str, script: str) -> Any:
        """Of a JavaScript expression in a document; a promise is waited for."""
        done = self._ask(
            "Runtime.evaluate",
            {"expression": script, "returnByValue": True, "awaitPromise": True},
            session,
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def in_frame(self, seen: Seen, script: str) -> Any:
        """The same in the page's frame, whether it has a process of its own or not."""
        for session in seen.frames.values():
            tree = self._ask("Page.getFrameTree", {}, session)["frameTree"]
            for frame in (tree, *tree.get("childFrames", ())):
                if frame["frame"]["url"].startswith("about:srcdoc"):
                    return self._in_context(str(frame["frame"]["id"]), session, script)
        raise AssertionError("the page has no frame")

    def _in_context(self, frame: str, session: str, script: str) -> Any:
        world = self._ask("Page.createIsolatedWorld", {"frameId": frame}, session)
        done = self._ask(
            "Runtime.evaluate",
            {
                "expression": script,
                "contextId": world["executionContextId"],
                "returnByValue": True,
                "awaitPromise": True,
            },
            session,
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def _watch(self, session: str) -> None:
        """Ask to be told what a document does; the answers are not waited for. A frame with a
        process of its own is told the colour scheme as well: emulating it is per process."""
        features = [{"name": "prefers-color-scheme", "value": self._scheme}]
        self._send("Emulation.setEmulatedMedia", {"features": features}, session)
        for domain in ("Network", "Log", "Runtime", "Page"):
            self._send(f"{domain}.enable", {}, session)
        automatic = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self._send("Target.setAutoAttach", automatic, session)

    def _ask(self, method: str, given: Mapping[str, Any], session: str | None = None) -> Any:
        number = self._send(method, given, session)
        while number not in self._answers:
            self._hear()
        answer = self._answers.pop(number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def _send(self, method: str, given: Mapping[str, Any], session: str | None) -> int:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return number

    def _hear(self) -> None:
        """Take the next message: an answer, or something that a page did."""
        try:
            message = self._messages.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError("the browser says nothing") from None
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, given = message["method"], message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded.add(str(message.get("sessionId")))
        elif method == "Network.requestWillBeSent":
            self._seen.requests[given["requestId"]] = given["request"]["url"]
        elif method == "Network.loadingFailed" and given.get("blockedReason") == "csp":
            self._seen.refused.add(given["requestId"])
        elif method == "Log.entryAdded":
            self._seen.said.append(given["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self._seen.said.append(json.dumps(given["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and given["type"] == "error":
            self._seen.said.append(json.dumps(given["args"])[:500])
        elif method == "Target.attachedToTarget" and given["targetInfo"]["type"] == "iframe":
            session = str(given["sessionId"])
            self._seen.frames[f"frame {session}"] = session
            self._watch(session)
            self._send("Runtime.runIfWaitingForDebugger", {}, session)

    def _read(self) -> None:
        kept = b""
        while found := os.read(self._from, 1 << 16):
            *whole, kept = (kept + found).split(b"\0")
            for one in whole:
                self._messages.put(json.loads(one))
