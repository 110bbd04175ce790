"""Git: a hook that reviews what a commit changes."""

from __future__ import annotations

from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.errors import UsageError

__all__ = ["HOST"]

HOOK = """\
#!/bin/sh
# Reviews SQL files and migrations of the commit. `git commit --no-verify` goes past it.
# dbwright.toml may name a target, so that sizes are known.
files=$(git diff --cached --name-only --diff-filter=ACMR -- '*.sql' '*.ddl' '*.prisma' '*.py')
[ -z "$files" ] && exit 0
command -v dbwright >/dev/null 2>&1 || { echo "dbwright is not installed: no review" >&2; exit 0; }
printf '%s\\n' "$files" | tr '\\n' '\\0' | xargs -0 dbwright agent review -q
"""


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    if scope is Scope.USER:
        raise UsageError("a hook belongs to a repository", "run it there, without --user")
    return (OwnFile(".git/hooks/pre-commit", HOOK, comment=("# ", ""), executable=True),)


HOST = Host("git", "Git", _pieces, "commit something")
