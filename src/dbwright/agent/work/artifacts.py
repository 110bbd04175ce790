"""What a ticket leaves behind, in `<workspace>/artifacts/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from dbwright.agent.tools.diagram import mermaid
from dbwright.agent.work.design.documents import database_design, performance_analysis
from dbwright.agent.work.evidence import Evidence, merged
from dbwright.agent.work.proposals import HEAD
from dbwright.agent.work.workspace import Workspace
from dbwright.configuration import Configuration
from dbwright.render import render

__all__ = ["write_artifacts"]


def write_artifacts(
    workspace: Workspace, evidence: Evidence, configuration: Configuration
) -> tuple[str, ...]:
    """Write all of them, each whole or not at all; their paths from the root.

    Raises BadWorkspace, FileUnreadable.
    """
    _take_away(workspace)
    return tuple(workspace.write(name, text) for name, text in _texts(evidence, configuration))


def _texts(evidence: Evidence, configuration: Configuration) -> Iterator[tuple[str, str]]:
    """The design comes last: it links to the others."""
    yield "schema/schema.sql", evidence.built.ddl
    yield "er_diagram.mmd", mermaid(evidence.built.catalog, keys_only=False)
    for one in evidence.proposals.files:
        for name, text in one.files:
            yield f"migrations/{name}", text
    report = merged(evidence)
    yield "report.html", render(report, "html", rules=report.rules)
    yield "performance_analysis.md", performance_analysis(evidence)
    yield "database_design.md", database_design(evidence, configuration)


def _take_away(workspace: Workspace) -> None:
    """Proposals of an earlier run, which may have had other names."""
    folder = workspace.artifact("migrations")
    if not folder.is_dir():
        return
    begin = HEAD.encode()
    for path in sorted(folder.rglob("*.sql")):
        with suppress(OSError):
            with path.open("rb") as file:
                is_ours = begin in file.readline() + file.readline()
            if is_ours:
                path.unlink()
                for name in (f"{path.name}.conf", "metadata.toml"):
                    path.with_name(name).unlink(missing_ok=True)
                if path.parent != folder:
                    path.parent.rmdir()  # fails, and is left, where more is in it
