"""A generated file, and how far it was looked at."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["LABEL", "file_document", "parsed_by"]

LABEL = "generated, not run"

SECONDS = 30


def file_document(path: str, content: str, checked: str) -> dict[str, Any]:
    """As it stands in an answer. `checked` says what parsed it, or that nothing did."""
    return {"path": path, "label": LABEL, "checked": checked, "content": content}


def parsed_by(program: str, arguments: tuple[str, ...], name: str, content: str) -> str:
    """What a program says of a file, where the program is installed. It gets an empty folder with
    the file alone, and no network is needed for what it is asked."""
    found = shutil.which(program)
    if found is None:
        return f"not parsed: {program} was not found"
    with tempfile.TemporaryDirectory(prefix="dbwright-") as folder:
        (Path(folder) / name).write_text(content, encoding="utf-8")
        try:
            run = subprocess.run(
                [found, *arguments, name],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return f"not parsed: {program} could not be run ({type(problem).__name__})"
    said = " ".join(f"{program} {' '.join(arguments)}".split())
    if run.returncode == 0:
        return f"parsed by {said}"
    lines = (run.stderr or run.stdout).strip().splitlines()
    return f"refused by {said}: {lines[0] if lines else run.returncode}"
