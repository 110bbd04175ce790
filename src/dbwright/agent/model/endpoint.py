"""One request to an endpoint: tried again where it is busy, told plainly where it fails."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from dbwright.agent.model import dialects
from dbwright.agent.model.turns import Dialect, Replied, Turn
from dbwright.agent.tool.tool import Tool
from dbwright.configuration import ModelSettings
from dbwright.discovery import declared_in
from dbwright.errors import BadConfiguration, MissingExtra, ModelFailed

__all__ = ["Endpoint"]

BUSY = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
TRIES = 4
FIRST_PAUSE = 0.5
"""Seconds; twice as long each time."""
LONGEST_REPLY = 4096
"""Tokens."""


class Endpoint:
    """The one that `[model]` names."""

    def __init__(self, settings: ModelSettings, *, pause: float = FIRST_PAUSE) -> None:
        """Raises BadConfiguration where its key is not there, MissingExtra."""
        self._settings = settings
        self._pause = pause
        self._dialect = _dialect(settings.kind)
        self._key = os.environ.get(settings.key, "") if settings.key else ""
        if settings.key and not self._key:
            raise BadConfiguration(
                f"the environment has no {settings.key}, which [model] names for its key",
                f"set {settings.key}",
            )
        try:
            import httpx2
        except ModuleNotFoundError as problem:
            raise MissingExtra.of("agent", problem) from None
        self._http = httpx2

    def reply(self, instructions: str, turns: Sequence[Turn], tools: Sequence[Tool]) -> Replied:
        """What the model says to it. Raises ModelFailed."""
        body = self._dialect.request(self._settings.name, instructions, turns, tools, LONGEST_REPLY)
        found = self._post(body)
        try:
            return self._dialect.reply(found)
        except (KeyError, TypeError, ValueError, IndexError):
            raise ModelFailed(
                f"what {self._settings.url} answers is not in the dialect {self._dialect.name}",
                "see kind and url of [model] in dbwright.toml",
            ) from None

    def _post(self, body: dict[str, Any]) -> Any:
        url = self._settings.url.rstrip("/") + self._dialect.path
        for number in range(TRIES):
            last = number == TRIES - 1
            try:
                answer = self._http.post(
                    url,
                    json=body,
                    headers=self._dialect.headers(self._key),
                    timeout=self._settings.timeout,
                )
            except self._http.HTTPError as problem:
                if last:
                    raise self._failed(f"{type(problem).__name__}") from None
            else:
                if answer.status_code == 200:
                    return self._json(answer)
                if last or answer.status_code not in BUSY:
                    raise self._failed(f"status {answer.status_code}")
            time.sleep(self._pause * 2**number)
        raise AssertionError("the last try returns or raises")

    def _json(self, answer: Any) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._failed("what it answers is no JSON") from None

    def _failed(self, why: str) -> ModelFailed:
        # Nothing of the answer is shown: it may repeat the request, and with it the key.
        return ModelFailed(
            f"the model at {self._settings.url} gave no answer: {why}",
            "see url, name and key of [model] in dbwright.toml",
        )


def _dialect(kind: str) -> Dialect:
    known = {one.name: one for one in declared_in(dialects, Dialect)}
    if kind not in known:
        raise BadConfiguration(
            f"[model] kind is {kind!r}", f"choose one of: {', '.join(sorted(known))}"
        )
    return known[kind]
