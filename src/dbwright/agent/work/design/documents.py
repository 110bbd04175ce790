"""The texts of the documents."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, Template

from dbwright.agent.tools.diagram import mermaid
from dbwright.agent.work.design.checklist import checklist
from dbwright.agent.work.design.facts import (
    Row,
    features,
    gain,
    key_rows,
    monitoring_rows,
    places_of,
    project_rows,
    sensitive_columns,
    table_rows,
    volume_rows,
)
from dbwright.agent.work.design.model_gap import model_gap
from dbwright.agent.work.evidence import Evidence
from dbwright.agent.work.project.files import FileKind
from dbwright.agent.work.quality import quality_checks
from dbwright.agent.work.volumes import ASSUMED_ROWS
from dbwright.configuration import Configuration
from dbwright.model.tuning import Tuning
from dbwright.render.markdown import block, code, prose
from dbwright.render.text import plural
from dbwright.render.units import bytes_text

__all__ = ["database_design", "performance_analysis"]

TEMPLATES = ("database_design.md.j2", "performance_analysis.md.j2")
MOST = 20
"""Items of a list; the rest is in report.html."""
MOST_TABLES = 40
"""Of a diagram that can still be read."""
LONGEST = 90
"""Characters of a query in a table."""
BLANKS = re.compile(r"\n{3,}")
BY_HAND = {
    "alembic": "put each UP into op.execute() of a revision, within autocommit_block() where the "
    "file says no-transaction, and each DOWN into downgrade()",
    "django": "put each into migrations.RunSQL(UP, DOWN), with atomic = False where the file says "
    "no-transaction",
    "rails": "put each UP into execute in up, each DOWN in down, with disable_ddl_transaction! "
    "where the file says no-transaction",
    "knex": "put each UP into knex.raw() in up, each DOWN in down, with config.transaction = false "
    "where the file says no-transaction",
    "sequelize": "put each UP into queryInterface.sequelize.query() in up, each DOWN in down",
    "typeorm": "put each UP into queryRunner.query() in up, each DOWN in down, with "
    "transaction = false where the file says no-transaction",
    "prisma": "put each UP into migration.sql of a folder of prisma/migrations",
}
"""How SQL gets into the migrations of tools that are not SQL."""
BACKUP_WORDS = ("backup", "rpo", "rto", "backup_policy", "recovery")


def database_design(evidence: Evidence, configuration: Configuration) -> str:
    """Every section, filled from evidence or marked not examined."""
    catalog = evidence.built.catalog
    tuning = _tuning(evidence)
    engines = evidence.project.engines
    shown = {
        **_common(evidence, tuning),
        "quality": {k: str(v) for k, v in quality_checks(evidence).by_name().items()},
        "project": list(project_rows(evidence)),
        "gap": model_gap(evidence.project, catalog),
        "said_volumes": bool(evidence.volumes.said),
        "assumed_rows": f"{ASSUMED_ROWS:,}",
        "unknown_volumes": evidence.volumes.unknown(catalog.tables),
        "volumes": list(volume_rows(evidence)),
        "total_bytes": bytes_text(evidence.sized.bytes),
        "tables": list(table_rows(catalog)),
        "mermaid": mermaid(catalog),
        "too_many": sum(not one.is_partition for one in catalog.tables) > MOST_TABLES,
        "copied": _copied(evidence),
        "queries": _query_rows(evidence, tuning, LONGEST)[:MOST],
        "checklist": checklist(evidence),
        "monitoring": list(monitoring_rows(configuration)),
        "security": evidence.of_topics("security"),
        "sensitive": list(sensitive_columns(catalog)),
        "keys": list(key_rows(evidence)),
        "partitioned": [t.qualified for t in catalog.tables if t.partition_key is not None],
        "backup_said": _backup(evidence),
        "engines": engines,
        "others": [name for name in engines if name != "postgresql"],
        "features": list(features(catalog)),
    }
    return _written(TEMPLATES[0], shown)


def performance_analysis(evidence: Evidence) -> str:
    """Each query of the code, and what makes it faster."""
    tuning = _tuning(evidence)
    tuned = evidence.tuned
    shown = {
        **_common(evidence, tuning),
        "before": "" if tuning is None else f"{tuning.before:,.1f}",
        "after": "" if tuning is None else f"{tuning.after:,.1f}",
        "whole": _query_rows(evidence, tuning, None),
        "further": ()
        if tuned is None
        else [one for one in tuned.findings if one.rule != "tune/missing-index"],
        "skipped": () if tuned is None else tuned.skipped,
    }
    return _written(TEMPLATES[1], shown)


def _common(evidence: Evidence, tuning: Tuning | None) -> dict[str, Any]:
    return {
        "e": evidence,
        "most": MOST,
        "tuning": tuning,
        "saved": "" if tuning is None else _share(tuning.saved_share),
        "index_bytes": "" if tuning is None else bytes_text(tuning.bytes),
    }


def _tuning(evidence: Evidence) -> Tuning | None:
    found = None if evidence.tuned is None else evidence.tuned.tuning
    return found if found is not None and found.queries else None


def _query_rows(evidence: Evidence, tuning: Tuning | None, longest: int | None) -> list[Row]:
    """Dearest first."""
    if tuning is None:
        return []
    places = places_of(tuning, evidence.queries.queries)
    rows: list[Row] = []
    for effect in sorted(tuning.queries, key=lambda one: -one.before):
        text = effect.text if longest is None else " ".join(effect.text.split())
        if longest is not None and len(text) > longest:
            text = f"{text[: longest - 1]}…"
        where = ", ".join(places[effect.fingerprint][:3])
        rows.append((where, gain(effect), ", ".join(effect.indexes), text))
    return rows


def _copied(evidence: Evidence) -> str:
    """What is to be done with the proposed files, in the project's own tool."""
    tool, where = evidence.proposals.tool, evidence.built.source.shown
    if tool:
        return f"They are in the form of {tool}: copy them into {where}"
    for one in evidence.project.of(FileKind.MIGRATIONS):
        if one.unread and one.tool in BY_HAND:
            return (
                f"They are in dbwright's own form; {one.path} is {one.tool}'s: {BY_HAND[one.tool]}"
            )
    for one in evidence.project.of(FileKind.PRISMA, FileKind.SCHEMA, FileKind.MODELS):
        tool = {"sqlalchemy": "alembic", "sqlmodel": "alembic"}.get(one.tool, one.tool)
        if tool in BY_HAND and evidence.built.source.migrations is None:
            return f"They are in dbwright's own form; the project has {one.tool}: {BY_HAND[tool]}"
    if evidence.built.source.migrations is None or evidence.built.source.files:
        return "They are in dbwright's own form: dbwright migrate up runs them"
    return f"They are in dbwright's own form, as those of {where} are: copy them there"


def _backup(evidence: Evidence) -> str:
    """What the context says of it, as it says it."""
    said = evidence.context.document
    parts = [f"{name}: {said[name]}" for name in BACKUP_WORDS if said.get(name)]
    return "; ".join(parts)[:400]


def _written(name: str, shown: dict[str, Any]) -> str:
    text = _template(name).render(shown)
    lines = _set_apart(line.rstrip() for line in text.splitlines())
    return BLANKS.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _set_apart(lines: Iterable[str]) -> Iterator[str]:
    """With a blank line before headings, and between a list and what follows it: else Markdown
    takes them for more of the same."""
    before = fence = ""
    for line in lines:
        if before and not fence:
            ends_list = before.startswith("- ") and not line.startswith(("- ", "  "))
            if line.startswith(("#", "**Not examined", "```")) or ends_list:
                yield ""
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        yield line
        before = line


def _share(share: float) -> str:
    """`66%`; near the whole with a digit more, for nearly all is not all."""
    if 0.99 <= share < 1:
        return "over 99.9%" if share > 0.999 else f"{math.floor(share * 1000) / 10:.1f}%"
    return f"{share:.0%}" if share >= 0.01 or not share else "below 1%"


@cache
def _template(name: str) -> Template:
    place = files("dbwright.agent.work.design").joinpath("templates")
    texts = {one: place.joinpath(one).read_text(encoding="utf-8") for one in TEMPLATES}
    environment = Environment(
        loader=DictLoader(texts),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "prose": lambda value: prose(str(value)),
        "code": lambda value: code(str(value)),
        "block": lambda value: "\n".join(block([str(value)])),
        "cell": lambda value: prose(f"; {value}")[2:],
        "plural": plural,
        "bytes": bytes_text,
    }
    return environment.get_template(name)
