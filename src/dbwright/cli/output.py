"""What becomes of a result: shown, written to files, and turned into an exit status."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import NoneType

from dbwright.cli.console import Console
from dbwright.engines import snapshot_file
from dbwright.errors import FileUnreadable, UsageError
from dbwright.model.document import Document
from dbwright.model.explanation import Explanation
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.render import (
    EXPLANATION_FORMATS,
    FORMATS,
    format_of,
    render,
    render_explanation,
)

__all__ = ["Delivery", "format_names", "planned"]

TABLE = "table"
DOCUMENT_FORMATS = (TABLE, "json", "markdown")


def format_names(kind: object = Report) -> tuple[str, ...]:
    """What `--format` takes for a kind of result; nothing for a snapshot, which has its own, and
    for a server, which has no result."""
    if kind in (Snapshot, NoneType):
        return ()
    if kind is Document:
        return DOCUMENT_FORMATS
    every = EXPLANATION_FORMATS if kind is Explanation else FORMATS
    return (TABLE, *(name for name in every if name != TERMINAL))


TERMINAL = "terminal"
"""The name of TABLE in `render`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a result goes, and in which format."""

    console: Console
    format: str
    output: Path | None
    also: tuple[tuple[Path, str], ...]

    def __call__(self, result: object) -> int:
        """Show or write the result; the exit status. Raises FileUnreadable."""
        if result is None:
            return 0
        if isinstance(result, Snapshot):
            return _save(result, self.console, self.output)
        for path, format in self.also:
            _write(path, _text(result, format, self.console, to_file=True), self.console)
        text = _text(result, self.format, self.console, to_file=self.output is not None)
        if self.output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            _write(self.output, text, self.console)
        return 1 if isinstance(result, Report | Document) and result.failed else 0


def planned(
    kind: object,
    console: Console,
    *,
    format: str | None,
    output: Path | None,
    also: tuple[Path, ...],
) -> Delivery:
    """How a result of that kind will be delivered: settled before any work is done for it.

    Raises UsageError, FileUnreadable.
    """
    for path in (*also, *([output] if output else ())):
        if not path.parent.is_dir():
            raise FileUnreadable(
                f"can't write {path}: there is no folder {path.parent}", "choose another place"
            )
    if kind is Snapshot:
        if format or also:
            raise UsageError(
                "a snapshot has a format of its own",
                "leave --format and --also out; -o names its file",
            )
        return Delivery(console, TABLE, output, ())
    if kind is NoneType:
        if format or also or output:
            raise UsageError("it has no result to be written", "leave --format, --also and -o out")
        return Delivery(console, TABLE, None, ())
    known = format_names(kind)
    chosen = format or (_format_of(output) if output else None) or TABLE
    named = tuple((path, _format_of(path)) for path in also)
    for one in (chosen, *(name for _, name in named if name)):
        if one not in known:
            raise UsageError(f"no way to write {one}", f"choose one of: {', '.join(known)}")
    return Delivery(console, chosen, output, tuple((p, _told(p, name)) for p, name in named))


def _format_of(path: Path) -> str | None:
    found = format_of(path)
    return TABLE if found == TERMINAL else found


def _told(path: Path, format: str | None) -> str:
    if format is None:
        raise UsageError(
            f"the ending of {path} tells no format",
            "use .json, .html, .md, .sarif, .xml or .txt, or --output with --format",
        )
    return format


def _text(result: object, format: str, console: Console, *, to_file: bool) -> str:
    if isinstance(result, Report):
        return render(
            result,
            TERMINAL if format == TABLE else format,
            width=None if to_file else console.width,
            color=console.color and not to_file,
            verbose=console.verbose,
            rules=result.rules,
        )
    if isinstance(result, Explanation):
        return render_explanation(
            result,
            TERMINAL if format == TABLE else format,
            width=None if to_file else console.width,
            color=console.color and not to_file,
            verbose=console.verbose,
        )
    if isinstance(result, Document):
        return _document(result, format, console, to_file=to_file)
    raise TypeError(f"no way to show a {type(result).__name__}")


def _document(document: Document, format: str, console: Console, *, to_file: bool) -> str:
    if format == "json":
        content = {"schema_version": 1, "command": document.command, **document.data}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    width = None if to_file else console.width
    if format == "markdown" or width is None or document.plain:  # a pipe and a file get whole lines
        return document.markdown
    return _drawn(document.markdown, width, color=console.color)


def _drawn(markdown: str, width: int, *, color: bool) -> str:
    from rich.console import Console as RichConsole
    from rich.markdown import Markdown

    screen = RichConsole(
        width=min(width, 100),
        force_terminal=color,
        no_color=not color,
        highlight=False,
    )
    with screen.capture() as capture:
        screen.print(Markdown(markdown))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _write(path: Path, text: str, console: Console) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {path}: {problem.strerror}", "choose another place"
        ) from None
    console.say(f"wrote {path}")


def _save(snapshot: Snapshot, console: Console, output: Path | None) -> int:
    name = snapshot.catalog.server.database or "snapshot"
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    path = output or Path(f"{safe}{snapshot_file.SUFFIX}")
    snapshot_file.save(snapshot, path)
    for part in snapshot.skipped:
        console.say(
            f"skipped {part.part}: {part.reason}" + (f" ({part.remedy})" if part.remedy else "")
        )
    size = path.stat().st_size
    console.say(
        f"wrote {path} ({size / 1000:,.0f} kB): {len(snapshot.catalog.tables)} tables; "
        f"next: dbwright check {path}"
    )
    return 0
