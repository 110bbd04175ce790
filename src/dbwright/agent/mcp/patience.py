"""How long a connection may take to say what it wants."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_SECONDS", "Patient"]

HEAD_SECONDS = 10.0
"""For the head of a request: who opens connections and says nothing, or a byte now and then, would
take all places of those who have the token."""


class Patient(H11Protocol):
    """Closes a connection whose request does not begin in time."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._waits and self._limit is None:
            self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        super().connection_lost(exc)

    @property
    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _begin(self) -> None:
        self._limit = self.loop.call_later(HEAD_SECONDS, self._end)

    def _end(self) -> None:
        self._limit = None
        if self._waits:
            self.transport.close()
