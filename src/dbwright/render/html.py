"""One HTML file that says it all: no network, light and dark, works without JavaScript.

The page, its style and its script are in `templates/`. Everything that comes from a database is
escaped by jinja2, and a Content-Security-Policy that names the hashes of our own style and script
keeps anything else from running.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from dbwright.model.report import Report, RuleText
from dbwright.render.groups import (
    fix_notes,
    found_counts,
    heading,
    location_text,
    looked_at,
    message_parts,
    next_step,
    proof_text,
    score_word,
    silenced_counts,
)
from dbwright.render.highlight import tokens
from dbwright.render.rehearsal import rehearsal_facts, rehearsal_tables
from dbwright.render.text import COPY_ELSEWHERE, fold, plural, same_sql, visible, visible_sql
from dbwright.render.tuning import EFFECT_HEADINGS, effect_rows, headline, tuning_facts
from dbwright.render.units import drawing, evidence_text

if TYPE_CHECKING:
    from jinja2 import Environment, Template

__all__ = ["ENDINGS", "render"]

ENDINGS = (".html", ".htm")


def render(report: Report, *, rules: Mapping[str, RuleText] | None = None) -> str:
    """A self-contained page. `rules` gives rules their titles."""
    style, script = asset("report.css"), asset("report.js")
    return template().render(
        report=report,
        titles={rule: text.title for rule, text in (rules or {}).items()},
        style=style,
        script=script,
        style_hash=hash_of(style),
        script_hash=hash_of(script),
    )


def asset(name: str) -> str:
    """A file of ours, as it stands between its tags."""
    place = files("dbwright.render").joinpath("templates", name)
    return place.read_text(encoding="utf-8").strip()


def hash_of(text: str) -> str:
    """As a Content-Security-Policy writes it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def highlighted(sql: str) -> list[tuple[str, str]]:
    """Pieces of SQL with the style's name of each. Neighbours of one style are one piece, also
    across the blanks between them: `CREATE INDEX CONCURRENTLY` is one."""
    pieces: list[tuple[str, str]] = []
    for token, text in tokens(visible_sql(sql)):
        if len(pieces) > 1 and pieces[-2][0] == token.value and pieces[-1][1].isspace():
            text = pieces.pop(-2)[1] + pieces.pop()[1] + text
        elif pieces and pieces[-1][0] == token.value:
            text = pieces.pop()[1] + text
        pieces.append((token.value, text))
    return pieces


@cache
def template() -> Template:
    return environment().get_template("report.html.j2")


def environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("dbwright.render", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["visible"] = visible
    made.filters["fold"] = fold
    made.globals.update(
        copy_elsewhere=COPY_ELSEWHERE,
        drawing=drawing,
        evidence_text=evidence_text,
        fix_notes=fix_notes,
        found_counts=found_counts,
        heading=heading,
        headline=headline,
        highlighted=highlighted,
        location_text=location_text,
        looked_at=looked_at,
        message_parts=message_parts,
        next_step=next_step,
        plural=plural,
        proof_text=proof_text,
        rehearsal_facts=rehearsal_facts,
        rehearsal_tables=rehearsal_tables,
        same_sql=same_sql,
        score_word=score_word,
        tuning_facts=tuning_facts,
        effect_headings=EFFECT_HEADINGS,
        effect_rows=effect_rows,
        silenced_counts=silenced_counts,
        visible_sql=visible_sql,
    )
    return made
