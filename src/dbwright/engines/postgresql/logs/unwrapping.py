"""The format of a log's file, and what its entries are wrapped in: nothing, lines of others,
JSON objects, or these in those (files below /var/log/pods)."""

from __future__ import annotations

from dbwright.engines.postgresql.logs.detect import detect
from dbwright.engines.postgresql.logs.envelopes import Envelopes
from dbwright.engines.postgresql.logs.events import Format
from dbwright.engines.postgresql.logs.files import LogFile, Unwrapping
from dbwright.engines.postgresql.logs.prefix import compiled
from dbwright.engines.postgresql.logs.stderr_format import StderrFormat
from dbwright.engines.postgresql.logs.wrapping import WRAPPED_PREFIX, wrapping_of

__all__ = ["unwrapped"]


class Layers:
    """One wrapping in another, the outer one first."""

    def __init__(self, *layers: Unwrapping) -> None:
        self._layers = layers

    def taken(self, chunk: bytes) -> bytes:
        for layer in self._layers:
            chunk = layer.taken(chunk)
        return chunk

    def rest(self) -> bytes:
        found = b""
        for layer in self._layers:
            found = layer.taken(found) + layer.rest()
        return found


def unwrapped(
    sample: bytes, file: LogFile, prefix: str | None = None
) -> tuple[Format, Unwrapping | None]:
    """The format of a file that begins with `sample`, and what its entries are wrapped in.

    Raises UnknownLogFormat.
    """
    wrapping = wrapping_of(sample, file.written)
    bare = sample if wrapping is None else wrapping.taken(sample) + wrapping.rest()
    envelopes = Envelopes.around(bare)
    if envelopes is not None:
        found = detect(envelopes.taken(bare) + envelopes.rest(), file.path, prefix)
        outer = () if wrapping is None else (wrapping.anew(heads=False),)
        return found, Layers(*outer, Envelopes())
    if wrapping is None:
        return detect(sample, file.path, prefix), None
    found = detect(bare, file.path, prefix)
    # Where syslog tells the time and the process, few let the server do so as well.
    heads = (
        wrapping.names_processes
        and isinstance(found, StderrFormat)
        and not found.prefix.names_sessions
    )
    if heads and isinstance(found, StderrFormat):
        found = StderrFormat(compiled(WRAPPED_PREFIX + found.prefix.template))
    return found, wrapping.anew(heads=heads)
