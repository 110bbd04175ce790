"""The tool `plan`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import plan_ as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.plan,
    name="plan",
    when="`lint` found that a migration would lock or lose something",
    arguments=("file", "target", "dir", "small", "server"),
    default_target=False,
    paths=("file",),
    description="Turn a migration into files that keep nobody waiting: indexes built concurrently, "
    "constraints proven after they were said, values filled in batches, types changed by a second "
    "column, both names until the new application is deployed. A throw-away server tries the "
    "whole. Nothing runs on the target, and no file is replaced.",
    about={
        "file": "A migration",
        "dir": "Write files into this folder of migrations",
        "small": "Megabytes up to which a table may be locked while it is read",
    },
)
