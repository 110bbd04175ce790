"""A handoff's answer: what was handed over, each part of the work with its status, and files."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any

from dbwright.agent.handoff import answers
from dbwright.agent.handoff.work import Answer, Work
from dbwright.agent.paths import Outside, inside
from dbwright.errors import FileUnreadable
from dbwright.new_file import write_new

__all__ = ["answered", "require_folder", "written_files"]

OURSELVES = "dbwright"


def answered(work: Work, folder: Path | None = None) -> dict[str, Any]:
    """The whole answer as plain values; its files are written to the folder where one is given,
    and are part of the answer else. Raises FileUnreadable."""
    handoff = work.handoff
    module = importlib.import_module(f"{answers.__name__}.{handoff.kind}")
    parts: Answer = module.answer(work)
    asked = handoff.document()
    asked.pop("handoff")
    sender, receiver = asked.pop("from", ""), asked.pop("to", "") or OURSELVES
    ticket = {"ticket_id": asked.pop("ticket_id")} if "ticket_id" in asked else {}
    if folder is not None:
        parts = {name: written_files(part, folder) for name, part in parts.items()}
    return {
        "handoff": handoff.kind,
        "from": receiver,
        **({"to": sender} if sender else {}),
        **ticket,
        "status": _status(parts),
        "answer": parts,
        "asked": asked,
    }


def _status(parts: Answer) -> str:
    """`done` where all is; `failed` where nothing is, and something was tried; else `partial`."""
    every = {part["status"] for part in parts.values()}
    if every == {"done"}:
        return "done"
    if "done" in every:
        return "partial"
    return "failed" if "failed" in every else "not available"


def require_folder(folder: Path) -> None:
    """Asked before any work is done. Raises FileUnreadable."""
    if not folder.is_dir():
        raise FileUnreadable(f"there is no folder {folder}", "make it, or name another with --dir")


def written_files(part: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The part without the content of its files, which are in the folder now; a file that is there
    and says something else stays. Raises FileUnreadable."""
    files = part.get("files")
    if not files:
        return part
    told = []
    for file in files:
        content = file["content"].encode("utf-8")
        _write(folder, file["path"], content)
        rest = {name: value for name, value in file.items() if name != "content"}
        told.append({**rest, "sha256": hashlib.sha256(content).hexdigest()})
    return {**part, "files": told}


def _write(folder: Path, name: str, content: bytes) -> None:
    """Whole, and never over a file that says something else."""
    try:
        path = inside(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if path.read_bytes() != content:
                raise FileUnreadable(
                    f"{path} is there, and says something else",
                    "move it away, or name another folder with --dir",
                )
            return
        write_new(path, content)
    except Outside as problem:
        raise FileUnreadable(f"can't write {name}: {problem}", "name another folder") from None
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {folder / name}: {problem.strerror}", "name another folder with --dir"
        ) from None
