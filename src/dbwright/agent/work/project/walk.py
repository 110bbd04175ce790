"""The files of a repository: its own, and no others' that lie in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["CODE", "MOST_FILES", "OTHER_CODE", "is_test", "walk"]

MOST_FILES = 50_000
OTHERS = frozenset(
    "node_modules vendor venv env site-packages target dist build out bower_components "
    "__pycache__ coverage tmp log logs".split()
)
"""Folders of what others wrote, or what can be made again. Hidden ones are passed over as well."""
TESTS = frozenset("test tests __tests__ spec specs e2e fixtures testdata benchmarks".split())
CODE = frozenset(
    ".py .js .mjs .cjs .jsx .ts .mts .cts .tsx .go .rb .java .kt .kts .cs .scala .rs .php".split()
)
"""Endings of languages in whose texts queries are looked for."""
OTHER_CODE = frozenset(
    ".c .cc .cpp .h .swift .dart .ex .exs .erl .pl .pm .lua .r .vb .fs .groovy .clj .vue .svelte "
    ".cls .pas .hs .ml".split()
)
"""Endings of languages in whose texts nobody looks: that is told."""


def walk(root: Path) -> Iterator[Path]:
    """Its files by path; links are not followed. Ends after MOST_FILES. What can't be listed is
    passed over."""
    count = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in OTHERS)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MOST_FILES:
                return
            yield path


def is_test(root: Path, path: Path) -> bool:
    """Is it code that only tests run?"""
    parts = path.relative_to(root).parts
    name = parts[-1].lower()
    stem = name.partition(".")[0]
    return (
        not TESTS.isdisjoint(part.lower() for part in parts[:-1])
        or stem.startswith("test_")
        or stem.endswith(("_test", "_spec"))
        or ".test." in name
        or ".spec." in name
        or stem == "conftest"
    )
