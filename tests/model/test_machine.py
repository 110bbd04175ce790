"""A machine that is known in part."""

from __future__ import annotations

from dbwright.model.machine import Disk, Machine, Use


def test_what_was_said_goes_before_what_was_seen() -> None:
    said = Machine(cpus=4, use=Use.WEB)
    seen = Machine(8 * 1024**3, 16, Disk.SSD)
    assert said.filled(seen) == Machine(8 * 1024**3, 4, Disk.SSD, Use.WEB)
    assert said.filled(None) == said
