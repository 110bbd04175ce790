"""One at a time for a ticket: who comes second is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

from dbwright.agent.events.held import held
from dbwright.agent.events.log import PLACE
from dbwright.errors import AnotherRunner, EventLogUnusable

__all__ = ["turn"]


@contextmanager
def turn(root: Path, ticket: str) -> Iterator[None]:
    """Hold the ticket until the block ends; nothing is left behind by who dies in it.

    Raises AnotherRunner where somebody holds it, EventLogUnusable.
    """
    folder = (root / PLACE).parent
    try:
        folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise EventLogUnusable(
            f"can't make {folder}: {problem.strerror}",
            "run this in the root of a repository whose team has .claude, or make it",
        ) from None
    path = folder / f".work-{sha256(ticket.encode()).hexdigest()[:16]}.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(held(path, wait_seconds=0.0))
        except EventLogUnusable as problem:
            if "is held by" not in problem.message:
                raise
            who = problem.message.rpartition("is held by ")[2]
            raise AnotherRunner(
                f"{ticket} is being worked on by {who}", "wait for its AGENT_COMPLETED"
            ) from None
        try:
            yield
        finally:
            # While it is held: who waits for this file sees that it is gone, and makes a new one.
            path.unlink(missing_ok=True)
