"""A report that was written before: what it holds is known, and not told again."""

from __future__ import annotations

import json
from pathlib import Path

from dbwright.errors import FileUnreadable

__all__ = ["read_baseline"]


def read_baseline(path: Path) -> frozenset[str]:
    """The keys of a report written with `--format json`. Raises FileUnreadable."""
    step = "write one with: --format json -o FILE"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        findings = [*report["findings"], *(s["finding"] for s in report.get("silenced", ()))]
        return frozenset(str(finding["key"]) for finding in findings)
    except OSError as problem:
        raise FileUnreadable(f"can't read the baseline {path}: {problem.strerror}", step) from None
    except (ValueError, KeyError, TypeError):
        raise FileUnreadable(f"{path} is not a report of dbwright in JSON", step) from None
