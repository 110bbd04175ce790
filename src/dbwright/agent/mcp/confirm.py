"""A person's word before anything that writes: asked of the client, never of the model.

Since protocol 2026-07-28 a call that needs input is answered with the question, and made again
with the answer; before, the server asks in the middle of the call. A client that can't ask can't
write.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp_types.version import is_version_at_least

from dbwright.errors import UsageError

__all__ = ["Confirmations"]

Request = ServerRequestContext[Any, Any]
INPUT_REQUIRED = "2026-07-28"
"""The first protocol version in which questions are answers."""
KEY = "confirm"
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"go": {"type": "boolean", "title": "Do it", "default": False}},
    "required": ["go"],
}


class Confirmations:
    """Of one server: an answer counts for the call that was asked about, once."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._open: set[str] = set()

    async def ask(
        self, request: Request, asked: types.CallToolRequestParams, question: str
    ) -> types.InputRequiredResult | None:
        """None where a person said yes; the question, where it has to be asked first. Raises
        UsageError where nobody can be asked, or the answer is no."""
        if not _can_ask(request):
            raise UsageError(
                "this client can't ask a person, so nothing that writes is done",
                "run it in a terminal: dbwright migrate",
            )
        if is_version_at_least(request.protocol_version, INPUT_REQUIRED):
            return self._ask_by_answer(asked, question)
        told = await request.session.elicit_form(question, FORM, request.request_id)
        _require_yes(told)
        return None

    def _ask_by_answer(
        self, asked: types.CallToolRequestParams, question: str
    ) -> types.InputRequiredResult | None:
        told = (asked.input_responses or {}).get(KEY)
        if told is None:
            state = f"{secrets.token_hex(8)}.{self._sign(asked)}"
            self._open.add(state)
            form = types.ElicitRequestFormParams(message=question, requested_schema=FORM)
            return types.InputRequiredResult(
                input_requests={KEY: types.ElicitRequest(params=form)}, request_state=state
            )
        state = asked.request_state or ""
        signed = state.partition(".")[2]
        if state not in self._open or not hmac.compare_digest(signed, self._sign(asked)):
            raise UsageError(
                "the confirmation is for another call", "call the tool again, without an answer"
            )
        self._open.discard(state)
        _require_yes(told)
        return None

    def _sign(self, asked: types.CallToolRequestParams) -> str:
        text = json.dumps([asked.name, asked.arguments or {}], sort_keys=True)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _can_ask(request: Request) -> bool:
    capabilities = request.session.client_capabilities
    asking = capabilities.elicitation if capabilities is not None else None
    return asking is not None and (asking.form is not None or asking.url is None)


def _require_yes(told: object) -> None:
    yes = (
        isinstance(told, types.ElicitResult)
        and told.action == "accept"
        and (told.content or {}).get("go") is True
    )
    if not yes:
        raise UsageError("a person said no: nothing was done", "do not try again by yourself")
