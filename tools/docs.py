"""Generate docs/reference from the code; with --check, fail where a page is stale instead.

Written: a page for each rule, insight, advisor, rewrite and hazard, their list, the --help of each
command, the settings of dbwright.toml, the lock table, and the JSON Schema of reports.
"""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from itertools import groupby, pairwise
from pathlib import Path

from dbwright.agent.events import schema as events
from dbwright.agent.handoff import schema as handoffs
from dbwright.agent.handoff.handoff import kinds
from dbwright.configuration import (
    CheckSettings,
    MigrateSettings,
    RuleSettings,
    TargetSettings,
)
from dbwright.migrate.locks.page import locks_page
from dbwright.model.rule_page import rule_page
from dbwright.operation import all_operations
from dbwright.render.json import schema
from dbwright.rules.rules import all_described

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs/reference"
GENERATED = "<!-- made by tools/docs.py; edit its source instead -->\n\n"
WIDTH = 80


def pages() -> dict[Path, str]:
    """Every generated file and its text."""
    found = {
        REFERENCE / "rules/index.md": GENERATED + rule_list(),
        REFERENCE / "commands.md": GENERATED + commands(),
        REFERENCE / "configuration.md": GENERATED + configuration(),
        REFERENCE / "locks.md": GENERATED + locks_page(),
        REFERENCE / "report.schema.json": schema(),
        REFERENCE / "events.schema.json": events.schema(),
    }
    for kind in kinds():
        found[REFERENCE / "handoffs" / f"{kind}.schema.json"] = handoffs.schema(kind)
    for rule in all_described():
        found[REFERENCE / "rules" / f"{rule.id}.md"] = GENERATED + rule_page(rule)
    return found


def rule_list() -> str:
    rules = all_described()
    lines = [f"# The {len(rules)} rules", ""]
    lines += [
        "Each is on by default. The topic `plans` is for `dbwright explain`; `tune`, `rewrites`",
        "and `chattiness` are for `dbwright tune`, `migrations` is for `dbwright migrate lint`",
        "and `migrate` for `dbwright migrate verify` and `rehearse`; all others are for",
        "`dbwright check`. Those marked `--data` read rows of tables when asked to, those",
        "marked `--analyze` need a plan that was run, those marked `--prove measured` need",
        "queries that were run.",
        "",
    ]
    for topic, group in groupby(rules, key=lambda rule: rule.topic):
        lines += [f"## {topic}", "", "| rule | severity | finds |", "| --- | --- | --- |"]
        for rule in group:
            data = f" `{rule.mark}`" if rule.mark else ""
            title = rule.title.rstrip(".").replace("|", "\\|")
            lines.append(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {title}{data} |")
        lines.append("")
    return "\n".join(lines)


def commands() -> str:
    lines = ["# Commands", "", help_of(())]
    for operation in all_operations():
        lines += [f"## dbwright {operation.name}", "", help_of(operation.path)]
    return "\n".join(lines)


def configuration() -> str:
    """The tables of dbwright.toml, from the models that read them."""
    lines = ["# dbwright.toml", "", "Read from the working folder or the nearest one above it."]
    for model in (TargetSettings, CheckSettings, MigrateSettings, RuleSettings):
        lines += ["", inspect.getdoc(model) or "", "", "| key | value | default | what it says |"]
        lines += ["| --- | --- | --- | --- |"]
        meanings = docstrings(model)
        for name, value in model.model_json_schema()["properties"].items():
            kinds = [
                k.get("type") or k["$ref"].rpartition("/")[2] for k in value.get("anyOf", [value])
            ]
            kind = " or ".join(k.lower() for k in kinds if k != "null")
            default = value.get("default")
            shown = "" if default in (None, []) else f"`{str(default).lower()}`"
            lines.append(f"| `{name}` | {kind} | {shown} | {meanings[name]} |")
    lines += ["", "Each rule's own thresholds stand beside these keys; its page lists them.", ""]
    return "\n".join(lines)


def docstrings(model: type) -> dict[str, str]:
    """What stands below each attribute of a class, by its name."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for attribute, below in pairwise(definition.body):
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name):
            assert isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            found[attribute.target.id] = " ".join(inspect.cleandoc(str(below.value.value)).split())
    return found


def help_of(path: tuple[str, ...]) -> str:
    """What the command itself prints, at the width of a page."""
    done = subprocess.run(
        [sys.executable, "-m", "dbwright", *path, "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": str(WIDTH), "NO_COLOR": "1"},
    )
    return f"```text\n{done.stdout.strip()}\n```\n"


def main(arguments: list[str]) -> int:
    wanted = pages()
    existing = {path for path in REFERENCE.rglob("*") if path.is_file()}
    stale = [path for path, text in wanted.items() if not same(path, text)]
    left_over = sorted(existing - set(wanted))
    if "--check" in arguments:
        for path in stale + left_over:
            print(f"stale: {path.relative_to(ROOT)}", file=sys.stderr)
        if stale or left_over:
            print("run: python tools/docs.py", file=sys.stderr)
        return 1 if stale or left_over else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in left_over:
        path.unlink()
    print(f"{len(wanted)} pages, {len(stale)} written, {len(left_over)} removed")
    return 0


def same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
