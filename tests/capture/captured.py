"""What a capture's file holds, as a test wants to see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Captured", "captured"]


@dataclass
class Captured:
    """The lines of one process, by statement."""

    texts: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The sums of each text's lines."""
    sites: dict[str, str] = field(default_factory=dict)
    """`file name:function` of each text; the last one."""
    sequences: list[list[tuple[str, int]]] = field(default_factory=list)
    """Of each transaction the texts, and how many times."""
    transactions: int = 0
    of_one_statement: int = 0
    lost: int = 0
    missed: int = 0


def captured(path: Path) -> Captured:
    """Read a capture's file without the reader that is tested elsewhere."""
    found = Captured()
    texts: dict[tuple[str, int], str] = {}
    for raw in path.read_text().splitlines():
        line = json.loads(raw)
        kind = line["kind"]
        if kind == "statement":
            text = texts[line["process"], line["id"]] = line["text"]
            found.texts.append(text)
            if "site" in line:
                site = line["site"]
                found.sites[text] = f"{Path(site['file']).name}:{site['function']}"
        elif kind == "calls":
            sums = found.calls.setdefault(texts[line["process"], line["id"]], {})
            for name, value in line.items():
                if name in ("calls", "seconds", "rows", "errors", "batches", "sets"):
                    sums[name] = sums.get(name, 0) + value
                elif name == "values":
                    sums.setdefault(name, []).extend(value)
        elif kind == "sequence":
            steps = [(texts[line["process"], step[0]], step[1]) for step in line["steps"]]
            found.sequences.append(steps)
        elif kind == "interval":
            found.transactions += line["transactions"]
            found.of_one_statement += line["of_one_statement"]
            found.lost += line["lost"]
            found.missed += line["missed"]
    return found
