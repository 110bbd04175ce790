"""What becomes of a result: shown, written to files, and turned into an exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dbwright.cli.console import Console
from dbwright.engines import snapshot_file
from dbwright.errors import FileUnreadable, UsageError
from dbwright.model.document import Document
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.render import format_of, render

__all__ = ["deliver"]

TABLE = "table"
DOCUMENT_FORMATS = (TABLE, "json", "markdown")


def deliver(
    result: object,
    console: Console,
    *,
    format: str | None,
    output: Path | None,
    also: tuple[Path, ...],
) -> int:
    """Show or write the result; the exit status. Raises UsageError, FileUnreadable."""
    if isinstance(result, Snapshot):
        return _save(result, console, output)
    chosen = format or (format_of(output) if output else None) or TABLE
    for path in also:
        _write(path, _text(result, _format_for(path), console, to_file=True), console)
    text = _text(result, chosen, console, to_file=output is not None)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _write(output, text, console)
    return 1 if isinstance(result, Report) and result.failed else 0


def _text(result: object, format: str, console: Console, *, to_file: bool) -> str:
    if isinstance(result, Report):
        return render(
            result,
            "terminal" if format == TABLE else format,
            width=None if to_file else console.width,
            color=console.color and not to_file,
            verbose=console.verbose,
            rules=result.rules,
        )
    if isinstance(result, Document):
        return _document(result, format, console)
    raise TypeError(f"no way to show a {type(result).__name__}")


def _document(document: Document, format: str, console: Console) -> str:
    if format == "json":
        content = {"schema_version": 1, "command": document.command, **document.data}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if format == "markdown":
        return document.markdown
    if format != TABLE:
        raise UsageError(
            f"{document.command} can't be shown as {format}",
            f"choose one of: {', '.join(DOCUMENT_FORMATS)}",
        )
    return _rich_markdown(document.markdown, console)


def _rich_markdown(markdown: str, console: Console) -> str:
    from rich.console import Console as RichConsole
    from rich.markdown import Markdown

    screen = RichConsole(
        width=min(console.width or 80, 100),
        force_terminal=console.color,
        no_color=not console.color,
        highlight=False,
    )
    with screen.capture() as capture:
        screen.print(Markdown(markdown))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _format_for(path: Path) -> str:
    found = format_of(path)
    if found is None:
        raise UsageError(
            f"the ending of {path} tells no format",
            "use .json, .html, .md, .sarif or .xml, or --output with --format",
        )
    return found


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
