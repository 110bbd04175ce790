"""A plan as people paste it, without what terminals, programs and mails put around it.

psql draws borders, a heading and `+` at the end of each line of a value; pgAdmin and spreadsheets
put each row in double quotes; mails begin lines with `>`; logs indent by tabs.
"""

from __future__ import annotations

__all__ = ["pasted_lines", "undoubled"]

BORDER = frozenset("+-|=─━│┃┌┐└┘├┤┬┴┼╔╗╚╝═║╠╣╦╩╬ ")
RULES = frozenset("-─━═=")
BARS = ("|", "│", "║", "┃")
QUOTES = ('"', "“", "”")
HEADING = "QUERY PLAN"
DOUBLED = ('""Plan""', '""Query Text""', '""http://www.postgresql.org/')
"""What shows that a JSON or XML document stands in a cell of CSV."""
CONTINUED = ("+", "↵")
"""What psql writes at the end of each line of a value but the last."""
RECORD = "[ RECORD "


def pasted_lines(text: str) -> list[str]:
    """The lines of the plan itself, with their indentation; tabs are eight columns."""
    text = text.removeprefix("\ufeff").replace("\u00a0", " ")
    lines = [line.expandtabs(8).rstrip() for line in text.splitlines()]
    lines = _without_mail_marks([line for line in lines if line])
    lines = _without_borders(_without_records(lines))
    lines = _without_quotes(lines)
    lines = _without_continuation_marks(lines)
    return [line for line in lines if line.strip() and not _is_heading(line)]


def undoubled(text: str) -> str:
    """A value that was quoted as CSV does, as it was; any other text as it is."""
    if not any(mark in text for mark in DOUBLED):
        return text
    return text.replace('""', '"')


def _without_mail_marks(lines: list[str]) -> list[str]:
    while lines and all(line.lstrip().startswith(">") for line in lines):
        lines = [_unmarked(line) for line in lines]
        lines = [line for line in lines if line]
    return lines


def _unmarked(line: str) -> str:
    return line.lstrip().removeprefix(">").removeprefix(" ").rstrip()


def _without_borders(lines: list[str]) -> list[str]:
    lines = [line for line in lines if not _is_border(line)]
    if lines and all(_is_boxed(line) for line in lines if not _is_count(line)):
        return [line.strip()[1:-1].rstrip() for line in lines if not _is_count(line)]
    return lines


def _without_records(lines: list[str]) -> list[str]:
    """Of psql's expanded display: `-[ RECORD 1 ]---` and the column's name before each line."""
    if not any(RECORD in line for line in lines):
        return lines
    rest = [line for line in lines if RECORD not in line]
    bars = [line.find(bar) for line in rest for bar in BARS if line.startswith(HEADING)]
    bar = max(bars, default=-1)
    return [line[bar + 2 :] for line in rest] if bar >= 0 else rest


def _is_border(line: str) -> bool:
    """Made of lines alone, with some length to it (`+----+`, `-----`)."""
    return BORDER.issuperset(line) and any(c * 3 in line for c in RULES)


def _is_boxed(line: str) -> bool:
    bare = line.strip()
    return len(bare) > 1 and bare[0] in BARS and bare[-1] in BARS


def _is_count(line: str) -> bool:
    """`(12 rows)`, the foot of a psql table."""
    bare = line.strip()
    if not (bare.startswith("(") and bare.endswith(")")):
        return False
    number, _, word = bare[1:-1].partition(" ")
    return number.isdecimal() and word in ("row", "rows")


def _without_quotes(lines: list[str]) -> list[str]:
    quoted = [line for line in lines if _is_quoted(line)]
    bare = [line for line in lines if not _is_quoted(line)]
    # CSV may leave the quotes out, but only where there is nothing to quote; a heading has none.
    if not quoted or (len(bare) > 1 and any("," in line or '"' in line for line in bare)):
        return lines
    return [
        line.strip().rstrip(",")[1:-1].replace('""', '"').rstrip() if _is_quoted(line) else line
        for line in lines
    ]


def _is_quoted(line: str) -> bool:
    bare = line.strip().rstrip(",")
    return len(bare) > 1 and bare[0] in QUOTES and bare[-1] in QUOTES


def _without_continuation_marks(lines: list[str]) -> list[str]:
    marked = sum(line.endswith(CONTINUED) for line in lines)
    if marked * 2 <= len(lines):
        return lines
    return [line[:-1].rstrip() if line.endswith(CONTINUED) else line for line in lines]


def _is_heading(line: str) -> bool:
    bare = line.strip().strip('"')
    timing = bare.startswith("Time: ") and " ms" in bare  # psql's \timing
    return bare == HEADING or timing or _is_count(line)
