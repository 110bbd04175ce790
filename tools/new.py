"""Scaffold one new thing where the house expects it.

    python tools/new.py rule indexes/name-of-the-fault
    python tools/new.py insight name-of-the-fault
    python tools/new.py rewrite name-of-the-fault
    python tools/new.py advisor name-of-the-fault
    python tools/new.py hazard name-of-the-fault

The file that it writes is whole but for what only you know: the fault, its examples, its page. Its
tests run as soon as the file exists; `python tools/docs.py` writes its page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "src/dbwright/check/rules"
INSIGHTS = ROOT / "src/dbwright/tune/plans/insights"
REWRITES = ROOT / "src/dbwright/tune/rewrites/rules"
ADVISORS = ROOT / "src/dbwright/tune/advisors/rules"
HAZARDS = ROOT / "src/dbwright/migrate/lint/rules"

PAGE = '''"""What is wrong, as one line.

## What it finds

Which {things}, and which of them not.

## Why it matters

One or two sentences: this paragraph is shown with each finding.

## How to fix

What the fix does, and what it locks.

## When to ignore

When the pattern is right as it is.

## Sources

- PostgreSQL manual, chapter.
"""
'''

RULE = '''
from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = """
CREATE TABLE example (id bigint PRIMARY KEY);
"""

GOOD = """
CREATE TABLE example (id bigint PRIMARY KEY);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def {function}(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        yield Fault(object=table.ref, message=f"{{table.qualified}} …")
'''


INSIGHT = '''
from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight

EXAMPLE = """
CREATE TABLE example (id bigint PRIMARY KEY);
INSERT INTO example SELECT generate_series(1, 1000);
ANALYZE example;
"""

BAD = PlanExample("SELECT * FROM example", EXAMPLE)
GOOD = PlanExample("SELECT * FROM example WHERE id = 7", EXAMPLE)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def {function}(
    plan: Plan,
    *,
    min_rows: Annotated[float, "of all loops"] = 1000,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind == "Seq Scan" and (node.total_rows or 0) >= min_rows:
            yield PlanFault(node, f"{{node.name}} on {{node.on}} …")
'''


REWRITE = '''
from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.source import Source
from dbwright.tune.rewrites.trees import operator

EXAMPLE = """
CREATE TABLE example (id bigint PRIMARY KEY, n int);
INSERT INTO example SELECT i, i % 7 FROM generate_series(1, 1000) i;
ANALYZE example;
"""

BAD = RewriteExample("SELECT n FROM example WHERE id + 0 = 7", EXAMPLE)
GOOD = RewriteExample("SELECT n FROM example WHERE id = 7", EXAMPLE)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def {function}(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            side = fields.get("lexpr", {{}}).get("A_Expr", {{}}) if kind == "A_Expr" else {{}}
            if not side or operator(side) != "+":
                continue
            text = source.with_node((*path, "A_Expr", "lexpr"), side["lexpr"])
            if text is not None:
                yield Rewritten(text, "what was changed, and why the rows stay the same")
'''


ADVISOR = '''
from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench

EXAMPLE = """
CREATE TABLE example (id bigint PRIMARY KEY, n int);
INSERT INTO example SELECT i, i % 7 FROM generate_series(1, 1000) i;
"""

BAD = AdvisorExample(EXAMPLE, "SELECT count(*) FROM example WHERE n = 3;")
GOOD = AdvisorExample(EXAMPLE, "SELECT n FROM example WHERE id = 7;")


@advisor(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def {function}(
    bench: Workbench,
    *,
    min_cost: Annotated[float, "of one call, in the planner's units"] = 10,
) -> Iterator[Advice]:
    for query in bench.queries:
        for use in query.scoped.relations:
            table = bench.snapshot.catalog.find_table(use.qualified or "")
            cost = bench.cost(query.statement)
            if table is not None and cost is not None and cost >= min_cost:
                yield Advice(table.ref, f"{{table.qualified}} …", {{"cost": cost}})
'''


HAZARD = """
from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import own_locks
from dbwright.migrate.lint.statement import brief
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE example (id bigint PRIMARY KEY);"
BAD = MigrationExample("LOCK TABLE example;", BEFORE, objects=("public.example",))
GOOD = MigrationExample("SELECT 1;", BEFORE)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def {function}(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    for lock in own_locks(step, file):
        yield HazardFault(lock.object, f"`{{brief(step.text)}}` …")
"""


def main(arguments: list[str]) -> int:
    makers = {
        "rule": new_rule,
        "insight": new_insight,
        "rewrite": new_rewrite,
        "advisor": new_advisor,
        "hazard": new_hazard,
    }
    if len(arguments) != 2 or arguments[0] not in makers:
        print(__doc__)
        return 2
    try:
        file, tests = makers[arguments[0]](arguments[1])
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"wrote {file.relative_to(ROOT)}; next:")
    print(f"  .venv/bin/python -m pytest {tests}")
    return 0


class Refused(Exception):
    """Nothing was written, and why."""


def new_rule(name: str) -> tuple[Path, str]:
    """The file of a rule, and what runs its tests. Raises Refused."""
    match = re.fullmatch(r"([a-z]+)/([a-z][a-z0-9-]*)", name)
    if match is None:
        raise Refused("a rule is named topic/name-of-the-fault, in lower case")
    topic, fault = match.groups()
    folder = RULES / topic
    if not folder.is_dir():
        known = ", ".join(sorted(p.name for p in RULES.iterdir() if (p / "__init__.py").exists()))
        raise Refused(f"there is no topic {topic}; there are: {known}")
    return written(folder, fault, PAGE.format(things="objects") + RULE), f"tests/check -k {name}"


def new_insight(name: str) -> tuple[Path, str]:
    """The file of an insight, and what runs its tests. Raises Refused."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) is None:
        raise Refused("an insight is named name-of-the-fault, in lower case")
    text = PAGE.format(things="nodes") + INSIGHT
    return written(INSIGHTS, name, text), f"tests/tune/plans -k {name}"


def new_rewrite(name: str) -> tuple[Path, str]:
    """The file of a rewrite, and what runs its tests. Raises Refused."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) is None:
        raise Refused("a rewrite is named name-of-the-fault, in lower case")
    text = PAGE.format(things="queries") + REWRITE
    return written(REWRITES, name, text), f"tests/tune/rewrites -k {name}"


def new_advisor(name: str) -> tuple[Path, str]:
    """The file of an advisor, and what runs its tests. Raises Refused."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) is None:
        raise Refused("an advisor is named name-of-the-fault, in lower case")
    text = PAGE.format(things="workloads") + ADVISOR
    return written(ADVISORS, name, text), f"tests/tune/advisors -k {name}"


def new_hazard(name: str) -> tuple[Path, str]:
    """The file of a hazard of migrations, and what runs its tests. Raises Refused."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) is None:
        raise Refused("a hazard is named name-of-the-fault, in lower case")
    text = PAGE.format(things="statements") + HAZARD
    return written(HAZARDS, name, text), f"tests/migrate/lint -k {name} --slow"


def written(folder: Path, fault: str, text: str) -> Path:
    """The new file. Raises Refused where there is one of that name."""
    file = folder / f"{fault.replace('-', '_')}.py"
    if file.exists():
        raise Refused(f"{file.relative_to(ROOT)} exists")
    file.write_text(text.format(function=file.stem), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
