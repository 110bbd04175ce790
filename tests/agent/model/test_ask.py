"""A scripted endpoint on this machine: what it is sent, and what is done with what it says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dbwright.agent.ask import ask
from dbwright.agent.model.endpoint import Endpoint
from dbwright.configuration import Configuration, ModelSettings, TargetSettings
from dbwright.errors import BadConfiguration, ModelFailed
from servers.postgresql import Database

KEY = "sk-the-key-of-the-test"


class Script:
    """Replies, in their order; and the requests that came."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, Any]] = []
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""


@pytest.fixture
def script() -> Iterator[Script]:
    found = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.requests.append((self.path, dict(self.headers), body))
            status, reply = found.replies.pop(0)
            content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def openai(text: str, *calls: tuple[str, str]) -> Any:
    tools = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": text, "tool_calls": tools or None}
    return {"choices": [{"message": message, "finish_reason": "stop"}]}


def anthropic(text: str, *calls: tuple[str, str]) -> Any:
    content: list[Any] = [{"type": "text", "text": text}]
    content += [
        {"type": "tool_use", "id": f"c{n}", "name": name, "input": json.loads(arguments)}
        for n, (name, arguments) in enumerate(calls)
    ]
    return {"content": content, "stop_reason": "end_turn"}


DIALECTS = {"openai": openai, "anthropic": anthropic}


def configured(script: Script, kind: str, shop: str = "", **more: Any) -> Configuration:
    settings = ModelSettings(kind=kind, url=script.url, name="m", key="THE_KEY", **more)
    targets = {"shop": TargetSettings(url=shop)} if shop else {}
    return Configuration(model=settings, targets=targets)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)


@pytest.mark.parametrize("kind", DIALECTS)
def test_it_calls_tools_and_answers(
    kind: str, script: Script, shop: Database, working_folder: object
) -> None:
    say: Callable[..., Any] = DIALECTS[kind]
    script.replies = [
        (200, say("let me look", ("describe", '{"names": ["orders"]}'), ("nothing", "{}"))),
        (200, say("", ("query", '{"sql": "DROP TABLE orders"}'))),
        (200, say("orders has no index on customer_id")),
    ]
    done = ask("What is wrong?", configuration=configured(script, kind, shop.url))
    assert done.data["answer"] == "orders has no index on customer_id"
    assert [(one["tool"], one["failed"]) for one in done.data["steps"]] == [
        ("describe", False),
        ("nothing", True),
        ("query", True),
    ]
    assert shop.execute("SELECT count(*) FROM orders") == [(2000,)]
    _, headers, first = script.requests[0]
    assert KEY in (headers.get("Authorization", "") + headers.get("x-api-key", ""))
    text = json.dumps(first)
    assert "rehearse" in text and "migrate_up" not in text
    assert KEY not in text and "postgresql://" not in text
    second = json.dumps(script.requests[1][2])
    assert "customer_id bigint NOT NULL" in second and "<data-" in second
    assert "there is no tool" in second


@pytest.mark.parametrize("kind", DIALECTS)
def test_the_number_of_steps_is_kept(kind: str, script: Script, working_folder: object) -> None:
    say: Callable[..., Any] = DIALECTS[kind]
    script.replies = [(200, say("", ("targets", "{}")))] * 2 + [(200, say("so far"))]
    done = ask("Go on for ever", configuration=configured(script, kind, max_steps=2))
    assert (done.data["answer"], done.data["complete"], done.failed) == ("so far", False, True)
    assert "tools" not in script.requests[-1][2]


def test_busy_endpoints_are_asked_again(script: Script) -> None:
    script.replies = [(429, {}), (503, b""), (200, openai("yes"))]
    settings = configured(script, "openai").model
    assert settings is not None
    assert Endpoint(settings, pause=0.01).reply("", [], []).text == "yes"


@pytest.mark.parametrize(
    ("kind", "reply", "told"),
    [
        ("openai", (401, {"error": f"bad key {KEY}"}), "status 401"),
        ("openai", (200, b"<html>"), "no JSON"),
        ("openai", (200, {"choices": []}), "not in the dialect openai"),
        ("anthropic", (200, openai("x")), "not in the dialect anthropic"),
        ("openai", (200, []), "not in the dialect"),
    ],
)
def test_what_is_no_answer(kind: str, reply: tuple[int, Any], told: str, script: Script) -> None:
    script.replies = [reply]
    with pytest.raises(ModelFailed, match=told) as caught:
        ask("x", configuration=configured(script, kind))
    assert KEY not in f"{caught.value.message} {caught.value.next_step}"


def test_what_is_not_configured(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadConfiguration, match="no model is configured"):
        ask("x", configuration=Configuration())
    with pytest.raises(BadConfiguration, match="kind is 'x'"):
        ask("x", configuration=configured(script, "x"))
    monkeypatch.delenv("THE_KEY")
    with pytest.raises(BadConfiguration, match="has no THE_KEY"):
        ask("x", configuration=configured(script, "openai"))
    nobody = ModelSettings(kind="openai", url="http://127.0.0.1:1", name="m")
    with pytest.raises(ModelFailed, match="gave no answer"):
        Endpoint(nobody, pause=0.01).reply("", [], [])
