"""A document's file: read as what it is, and never more of it than is sensible."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from dbwright.errors import BadDocument, FileUnreadable
from dbwright.trees.json_ import read_json
from dbwright.trees.tree import MOST_BYTES, Tree
from dbwright.trees.yaml_ import read_yaml

__all__ = ["parsed", "read_tree"]

STDIN = "-"


def read_tree(path: Path) -> Tree:
    """The values of a file; `-` is stdin. Raises FileUnreadable, BadDocument, MissingExtra."""
    name = "stdin" if str(path) == STDIN else str(path)
    try:
        if name == "stdin":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise FileUnreadable(f"{path} is no file", "name a file in YAML or JSON")
                content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None
    if len(content) > MOST_BYTES:
        raise BadDocument(
            f"{name} has more than {MOST_BYTES:,} bytes", "name large things by their paths"
        )
    try:
        return parsed(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise BadDocument(f"{name}:{line}: no UTF-8", "save it as UTF-8") from None


def parsed(text: str, name: str) -> Tree:
    """A text in JSON where it begins as an object does (YAML's own form of one is YAML where it is
    no JSON), else in YAML. Raises BadDocument, MissingExtra."""
    if text.lstrip()[:1] not in ("{", "["):
        return read_yaml(text, name)
    try:
        return read_json(text, name)
    except BadDocument:
        if name.endswith(".json"):
            raise
        try:
            return read_yaml(text, name)
        except BadDocument:
            if name.endswith((".yaml", ".yml")):
                raise
        raise
