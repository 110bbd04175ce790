"""`dbwright agent handoff`: work that another agent hands over, and the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent

__all__ = ["handoff"]


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright agent handoff slow.yaml shop", "diagnose what another agent saw"),
        Example("dbwright agent handoff request.yaml --check", "is it written as it should be?"),
        Example("dbwright agent handoff server.yaml shop.dbw --dir infra", "and write its files"),
        Example("dbwright agent handoff slow.json --format json -o answer.json", "for a program"),
    ),
)
def handoff(
    file: Annotated[Path, Parameter("in YAML or JSON; - is stdin", "FILE", argument=True)],
    target: Annotated[
        str | None,
        Parameter(
            "URL, snapshot, .sql file, folder, or a name in dbwright.toml; else what the file "
            "names, else DATABASE_URL",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    check: Annotated[bool, Parameter("only say whether the file is right")] = False,
    dir: Annotated[
        Path | None,
        Parameter("write files that belong to the answer there, instead of into it", "FOLDER"),
    ] = None,
    progress: Progress = silent,
    configuration: Configuration,
) -> Document:
    """Do what another agent hands over in a file, and answer in the same form.

    Kinds: design_database_schema, provision_database_infrastructure, secure_database_access,
    diagnose_query_performance. What is wrong in the file is told with its path and line; fields
    that are not known come back with the answer. Each part of the answer has its status: done,
    failed, skipped with the reason, or not available with the capability that will have it. A file
    in YAML is answered in YAML, one in JSON in JSON; --format json writes JSON for either. The
    target is only read. Exit status 1: a part failed.
    """
    from dbwright.agent.handoff.answering import answered, require_folder
    from dbwright.agent.handoff.handoff import read_handoff
    from dbwright.agent.handoff.work import Work
    from dbwright.render.text import json_text
    from dbwright.trees.read import read_tree
    from dbwright.trees.yaml_ import yaml_text

    found = read_handoff(read_tree(file))
    if check:
        data = found.document()
        failed = False
    else:
        if dir is not None:
            require_folder(dir)
        work = Work.on(found, target, configuration, progress)
        data = answered(work, dir)
        failed = any(part["status"] == "failed" for part in data["answer"].values())
    text = json_text(data) if found.tree.is_json else yaml_text(data)
    return Document("agent handoff", text, data, plain=True, failed=failed)
