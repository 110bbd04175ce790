"""A page for a terminal: paragraphs wrapped at its width, SQL as it is."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from dbwright.render.highlight import Token, lines
from dbwright.render.text import COPY_ELSEWHERE, same_sql, visible_sql

__all__ = ["DEFAULT_WIDTH", "Page", "Part"]

Part = str | tuple[str, str]
"""Text, or text with a style."""

DEFAULT_WIDTH = 80
READABLE = 110
"""Prose wider than this is hard to read."""
TOKEN_STYLE = {
    Token.KEYWORD: "bold cyan",
    Token.STRING: "green",
    Token.NAME: "",
    Token.NUMBER: "magenta",
    Token.COMMENT: "dim",
    Token.BODY: "green",
    Token.PLAIN: "",
}


class Page:
    """Lines of styled text, wrapped with an indentation."""

    def __init__(self, width: int, color: bool) -> None:
        self.buffer = StringIO()
        self.width = max(20, min(width, READABLE))
        self.console = Console(
            file=self.buffer,
            width=self.width,
            force_terminal=color,
            color_system="standard" if color else None,
            highlight=False,
            legacy_windows=False,
            # no variable of the environment may change what is written
            _environ={},
        )

    def line(self, *parts: Part, indent: int = 0, label: Part = "") -> None:
        """One paragraph, wrapped; its further lines start below the end of `label`."""
        head = Text.assemble(label)
        column = indent + head.cell_len
        body = Text.assemble(*parts, overflow="fold")
        for number, wrapped in enumerate(body.wrap(self.console, max(10, self.width - column))):
            wrapped.rstrip()
            if number == 0:
                self.put(Text.assemble(" " * indent, head, wrapped))
            else:
                self.put(Text.assemble(" " * column, wrapped))

    def sql(self, sql: str, indent: int) -> None:
        """SQL as it is, indented; with a word of warning where it can't be shown as it is."""
        seen = list(lines(visible_sql(sql)))
        if not same_sql(sql, "\n".join("".join(text for _, text in line) for line in seen)):
            self.line((COPY_ELSEWHERE, "yellow"), indent=indent, label=("-- ", "yellow"))
        for tokens in seen:
            line = Text(" " * indent)
            for token, text in tokens:
                line.append(text, TOKEN_STYLE[token])
            self.put(line)

    def put(self, line: Text) -> None:
        self.console.print(line, soft_wrap=True)

    def gap(self) -> None:
        self.console.print()

    def text(self) -> str:
        return self.buffer.getvalue()
