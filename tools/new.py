"""Scaffold one new thing where the house expects it.

    python tools/new.py rule indexes/name-of-the-fault

The file that it writes is whole but for what only you know: the fault, its examples, its page. The
rule's tests run as soon as the file exists; `python tools/docs.py` writes its page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "src/dbwright/check/rules"

RULE = '''"""What is wrong, as one line.

## What it finds

Which objects, and which of them not.

## Why it matters

One or two sentences: this paragraph is shown with each finding.

## How to fix

What the fix does, and what it locks.

## When to ignore

When the pattern is right as it is.

## Sources

- PostgreSQL manual, chapter.
"""

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


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "rule":
        print(__doc__)
        return 2
    match = re.fullmatch(r"([a-z]+)/([a-z][a-z0-9-]*)", arguments[1])
    if match is None:
        print("a rule is named topic/name-of-the-fault, in lower case", file=sys.stderr)
        return 2
    topic, name = match.groups()
    folder = RULES / topic
    if not folder.is_dir():
        known = ", ".join(sorted(p.name for p in RULES.iterdir() if (p / "__init__.py").exists()))
        print(f"there is no topic {topic}; there are: {known}", file=sys.stderr)
        return 2
    file = folder / f"{name.replace('-', '_')}.py"
    if file.exists():
        print(f"{file.relative_to(ROOT)} exists", file=sys.stderr)
        return 2
    file.write_text(RULE.format(function=file.stem), encoding="utf-8")
    print(f"wrote {file.relative_to(ROOT)}; next:")
    print(f"  .venv/bin/python -m pytest tests/check -k {topic}/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
