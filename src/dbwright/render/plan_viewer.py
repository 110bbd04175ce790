"""pev2, the plan viewer, as a document of its own that a page holds in a frame.

A frame, because pev2 needs Bootstrap's style, which would change the page around it; and a
sandboxed one (scripts, and nothing else: no origin, no storage, no windows), because it draws
texts of a database. It is whole in itself: `vendored/pev2` has the published files, made into one
by tools/vendor.py, with versions, licences and SHA-256 beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dbwright.model.plan import Plan
from dbwright.render.html import asset, hash_of
from dbwright.render.plan_document import plan_document
from dbwright.render.text import visible, visible_sql

__all__ = ["Vendored", "policy_sources", "vendored", "viewer"]

FOLDER = "vendored/pev2"
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Plan viewer</title>
<style>{style}</style>
</head>
<body>
<div id="viewer"></div>
<noscript>The viewer needs JavaScript; the plan above it does not.</noscript>
<script type="application/json" id="plan">{plan}</script>
<script>{script}</script>
{vendored}</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Vendored:
    """What `vendored/pev2` holds."""

    page: str
    """One style and one script, between their tags."""
    manifest: Mapping[str, Any]
    """Versions, licences, hashes."""

    @property
    def version(self) -> str:
        """Of pev2."""
        return str(next(p["version"] for p in self.manifest["packages"] if p["name"] == "pev2"))


@cache
def vendored() -> Vendored:
    """The library, read once."""
    folder = files("dbwright.render").joinpath(*FOLDER.split("/"))
    manifest = json.loads(folder.joinpath("manifest.json").read_text(encoding="utf-8"))
    # As bytes: a line end that is changed is another hash.
    page = folder.joinpath("pev2.html").read_bytes().decode("utf-8")
    return Vendored(page, manifest)


def viewer(plan: Plan) -> str:
    """The whole document that draws this plan."""
    return FRAME.format(
        style=asset("plan_viewer.css"),
        plan=_data(plan),
        script=asset("plan_viewer.js"),
        vendored=vendored().page,
    )


def policy_sources() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hashes of the styles and of the scripts that the document holds, for the policy of the page
    around it: a frame without an address has that page's policy."""
    manifest = vendored().manifest
    return (
        (hash_of(asset("plan_viewer.css")), str(manifest["style_hash"])),
        (hash_of(asset("plan_viewer.js")), str(manifest["script_hash"])),
    )


def _data(plan: Plan) -> str:
    """The plan and its query as JSON that can stand in a script: ASCII, and without what could end
    it. Unseen characters are shown as escapes, as everywhere."""
    document = {"plan": json.dumps([_shown(plan_document(plan))]), "query": visible_sql(plan.query)}
    text = json.dumps(document, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _shown(document: Any) -> Any:
    """With every text and name made visible. Not by recursion: plans may be deep."""
    whole = [document]
    pending: list[tuple[Any, Any]] = [(whole, 0)]
    while pending:
        holder, place = pending.pop()
        value = holder[place]
        if isinstance(value, str):
            holder[place] = visible(value)
        elif isinstance(value, Mapping):
            holder[place] = {visible(name): item for name, item in value.items()}
            pending += [(holder[place], name) for name in holder[place]]
        elif isinstance(value, list):
            holder[place] = list(value)
            pending += [(holder[place], number) for number in range(len(value))]
    return whole[0]
