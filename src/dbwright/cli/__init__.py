"""The command line, made from the operations."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run dbwright with the arguments of this process, and exit."""
    from dbwright.cli.app import run

    sys.exit(run(sys.argv[1:]))
