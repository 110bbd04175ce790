"""Work that a person asks for by name: which tools, in which order, and what to come back with.

The MCP server offers them as prompts, the definitions as commands or skills.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PROMPTS", "Prompt"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """`text` names its arguments in braces, and tools in backquotes (the tests hold them to the
    registry)."""

    name: str
    title: str
    description: str
    arguments: Mapping[str, str]
    """What each is; the first must be given, the others may be left out."""
    text: str


PROMPTS = (
    Prompt(
        name="review_schema",
        title="Review this schema",
        description="Find what is wrong with a schema, and write the fixes as a migration.",
        arguments={"target": "a target's name, a folder of migrations or a .sql file"},
        text="""Review the schema of {target}.
1. `check` it. Read every critical and error finding with its evidence; `describe` the objects that
   you don't know.
2. For each finding say in one sentence what happens if nothing is done, and whether you would fix
   it now. Leave out what the application's own code shows to be meant so.
3. Put the fixes that are wanted into one migration with `new_migration`, `lint` it, and `rehearse`
   it. Don't run it.
Come back with a table of findings (object, severity, decision, why) and the file.""",
    ),
    Prompt(
        name="make_query_fast",
        title="Make this query fast",
        description="Find out why a query is slow, and prove what makes it faster.",
        arguments={"sql": "the query", "target": "a target's name"},
        text="""Make this query fast on {target}:

{sql}

1. `explain` it, with analyze where it may be run, and find the node where the time goes.
2. `tune` it for indexes and for other ways to write it; `explain` with `indexes` shows a plan with
   indexes that are not there.
3. Prefer, in this order: a query written otherwise, an index that is there already, a new index, a
   setting. Say what each costs writes and disk.
Come back with before and after as dbwright measured or estimated them, the change as SQL with its
way back, and the proof's level.""",
    ),
    Prompt(
        name="plan_change",
        title="Plan this change",
        description="Write a migration for a change that runs without downtime, and prove it.",
        arguments={"change": "what is to be different", "target": "a target's name"},
        text="""Plan this change of {target} so that the application goes on meanwhile: {change}

1. `describe` the tables that it touches; note their sizes and what refers to them.
2. Write it with `new_migration`, each part with its DOWN. `lint` it; where that finds an error,
   take the safe sequence from `plan`.
3. `rehearse` it and read how long readers and writers were blocked, and whether a row was lost.
Come back with the files, the order of deployments (what the application must do before and after
which file), the rehearsal's figures and the way back. Don't run it on the target.""",
    ),
)
