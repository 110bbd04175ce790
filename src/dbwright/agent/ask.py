"""`dbwright agent ask`: a question to the model that dbwright.toml names, which may look around."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import BadConfiguration
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent

__all__ = ["ask"]


@operation(
    Effect.PLANS,
    examples=(
        Example('dbwright agent ask "Why is the list of orders slow?"', "the default target"),
        Example('dbwright agent ask "Is shop.orders ready for 10 times the rows?"', "another"),
    ),
)
def ask(
    question: Annotated[str, Parameter("what you want to know", "QUESTION", argument=True)],
    *,
    progress: Progress = silent,
    configuration: Configuration,
) -> Document:
    """Ask a model that may use dbwright's tools, and get its answer with the steps it took.

    `[model]` of dbwright.toml names an endpoint: kind (openai, for all that speak chat completions,
    or anthropic), url, name, and key: the name of an environment variable. What the tools return is
    sent there. It can look, and write migration files; it runs nothing on a target.
    """
    if configuration.model is None:
        raise BadConfiguration(
            "no model is configured",
            'add [model] to dbwright.toml: kind = "openai", url = "http://…/v1", name = "…"',
        )
    from dbwright.agent.install.texts import instructions
    from dbwright.agent.model.converse import converse
    from dbwright.agent.model.endpoint import Endpoint
    from dbwright.agent.tool.context import Context, with_database_url
    from dbwright.agent.tool.registry import tools_for

    found = converse(
        Endpoint(configuration.model),
        instructions(),
        question,
        tools_for(allow_write=False),
        Context(with_database_url(configuration), Path.cwd().resolve(), progress=progress),
        most_steps=configuration.model.max_steps,
    )
    steps = "".join(
        f"- `{step.tool}`{' failed' if step.failed else ''}: {step.told}\n" for step in found.steps
    )
    unfinished = "" if found.complete else "\nIt was stopped before it had finished.\n"
    return Document(
        "agent ask",
        f"{found.answer.strip()}\n{unfinished}" + (f"\n## Steps\n\n{steps}" if steps else ""),
        {
            "answer": found.answer,
            "complete": found.complete,
            "steps": [
                {"tool": step.tool, "failed": step.failed, "told": step.told}
                for step in found.steps
            ],
        },
        failed=not found.complete,
    )
