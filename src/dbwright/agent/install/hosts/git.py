"""Git: a hook that reviews what a commit changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.errors import UsageError

__all__ = ["HOST"]

HOOK = """\
#!/bin/sh
# Reviews SQL files and migrations of the commit. `git commit --no-verify` goes past it.
# dbwright.toml may name a target, so that sizes are known.
changed() {
  git diff --cached "$@" --diff-filter=ACMR -- '*.sql' '*.ddl' '*.psql' '*.prisma' '*.py'
}
changed --quiet && exit 0
command -v dbwright >/dev/null 2>&1 || { echo "dbwright is not installed: no review" >&2; exit 0; }
changed --name-only -z | xargs -0 dbwright agent review -q --
"""
SECONDS = 10.0


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    if scope is Scope.USER:
        raise UsageError("a hook belongs to a repository", "run it there, without --user")
    return (OwnFile(_place(), HOOK, comment=("# ", ""), executable=True),)


def _place() -> str:
    """Where this repository has its hook: elsewhere in a worktree, below it, and with
    core.hooksPath. Raises UsageError where there is no repository."""
    try:
        told = subprocess.run(
            ["git", "rev-parse", "--git-path", "hooks/pre-commit"],
            capture_output=True,
            check=True,
            text=True,
            timeout=SECONDS,
        ).stdout.removesuffix("\n")
    except (OSError, subprocess.SubprocessError):
        raise UsageError(
            "this folder is no git repository, or git is not there", "run it in a repository"
        ) from None
    here, place = Path.cwd(), Path(told).resolve()
    return place.relative_to(here).as_posix() if place.is_relative_to(here) else str(place)


HOST = Host("git", "Git", _pieces, "commit something")
