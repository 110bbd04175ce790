"""`dbwright agent work`: the work on a ticket of a team of agents, without any model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dbwright.configuration import Configuration
from dbwright.errors import UsageError
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent

if TYPE_CHECKING:
    from dbwright.agent.work.run import Outcome

__all__ = ["work"]

LONGEST_TICKET = 200


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright agent work --ticket T-12", "in the root of the team's repository"),
        Example("dbwright agent work --ticket T-12 --schema db/migrations", "of this schema"),
        Example("dbwright agent work --ticket T-12 --again", "once more, over what is there"),
        Example("dbwright agent work --ticket T-12 --format json", "for a program"),
    ),
)
def work(
    *,
    ticket: Annotated[str, Parameter("what the events of the team call it", "ID")],
    workspace: Annotated[
        Path | None,
        Parameter(
            "the job's folder [default: of .claude/workspaces/JOB-* the ticket's, else the newest]",
            "DIR",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        Parameter(
            "what the schema is made of: a folder of migrations or a .sql file [default: found]",
            "PATH",
        ),
    ] = None,
    again: Annotated[
        bool, Parameter("do it once more, where the ticket is completed already")
    ] = False,
    progress: Progress = silent,
    configuration: Configuration,
) -> Document:
    """Examine the repository's database for a ticket, and write its design.

    Run it in the repository's root. The files that concern a database are found by reading them;
    the schema is built on a throw-away server from migrations or SQL, checked, and made again from
    its DDL; the queries of the code are tuned on it, the migrations linted and taken back. The
    artifacts are written into the workspace: database_design.md, performance_analysis.md,
    schema/, migrations/ (fixes with their way back, tried), report.html, er_diagram.mmd. Each step
    is told in .claude/events/log.ndjson, at the end AGENT_COMPLETED with checks of what was run.

    A completed ticket is not worked on again without --again. Exit status 1: a check failed, or
    something is missing to go on (AGENT_BLOCKED says what); 3: another one works on the ticket.
    """
    from dbwright.agent.work.run import Asked, work_on

    name = ticket.strip()
    if not name or len(name) > LONGEST_TICKET or not name.isprintable():
        raise UsageError("the ticket's name can't be used", "give its letters and digits")
    root = Path.cwd().resolve()
    found = work_on(root, Asked(name, workspace, schema, again), configuration, progress)
    return Document("agent work", _markdown(found), _data(found), failed=found.failed)


def _markdown(found: Outcome) -> str:
    from dbwright.render.markdown import code, prose

    said = "completed before" if found.is_earlier else "completed"
    head = f"{found.ticket}: {'blocked' if found.status == 'blocked' else said}"
    lines = [f"# {prose(head)}", ""]
    lines += [prose(text) for text in (found.summary, found.reason) if text]
    if found.needs:
        lines += ["", "Needed to go on:", "", *(f"- {prose(one)}" for one in found.needs)]
    if found.found is not None and found.found.found:
        lines += ["", "Found:", ""]
        lines += [f"- {one.kind.value}: {code(one.path)}" for one in found.found.found]
    if found.quality_checks:
        lines += ["", *(f"- {name}: {prose(one)}" for name, one in found.quality_checks.items())]
    if found.artifacts:
        lines += ["", "Artifacts:", "", *(f"- {code(one)}" for one in found.artifacts)]
    lines += ["", *(prose(one) for one in found.notes)] if found.notes else []
    return "\n".join(lines) + "\n"


def _data(found: Outcome) -> dict[str, object]:
    data: dict[str, object] = {
        "ticket_id": found.ticket,
        "status": found.status,
        "workspace": found.workspace,
        "completed_before": found.is_earlier,
        "event_id": found.event_id,
        "summary": found.summary,
        "artifacts": list(found.artifacts),
        "quality_checks": dict(found.quality_checks),
        "notes": list(found.notes),
    }
    if found.status == "blocked":
        data |= {"reason": found.reason, "needs": list(found.needs)}
    if found.found is not None:
        data["found"] = [one.document() for one in found.found.found]
    return data
