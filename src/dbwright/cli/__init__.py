"""The command line, made from the operations."""

from __future__ import annotations

import sys

from dbwright.memory import garbage_collection_paused

__all__ = ["main"]


def main() -> None:
    """Run dbwright with the arguments of this process, and exit."""
    try:
        with garbage_collection_paused():
            from dbwright.cli.app import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted before anything was begun\n")
        status = 4
    sys.exit(status)
