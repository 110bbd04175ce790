"""A plan as people paste it, without what terminals, programs and mails put around it.

psql draws borders, a heading and `+` at the end of each line of a value; pgAdmin and spreadsheets
put each row in double quotes; mails begin lines with `>`; logs indent by tabs; terminals break
lines at their edge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice, pairwise
from operator import and_

from dbwright.engines.postgresql.plan_heads import without_heads
from dbwright.engines.postgresql.plan_lines import property_of

__all__ = ["pasted_lines"]

BORDER = frozenset("+-|=─━│┃┌┐└┘├┤┬┴┼╔╗╚╝═║╠╣╦╩╬╟╢╤╧╪ ")
RULES = frozenset("-─━═=")
BARS = ("|", "│", "║", "┃")
QUOTES = ('"', "“", "”")
HEADING = "QUERY PLAN"
CONTINUED = ("+", "↵")
"""What psql writes at the end of each line of a value but the last."""
WRAPPED = (".", "…")
"""What psql writes where it wraps a line: at its end, and before what follows."""
RECORD = "[ RECORD "
BARE_RECORD = "* Record "
MARKDOWN = "|-"
"""Below the heading of a table."""
TELLING = ("(cost=", "(actual ", "(never executed)", "Node Type", "Node-Type")
ARROWS = ("→", "–>", "—>")
ENOUGH = 100
"""Lines that say what all of them have around them."""
EDGE = 60
"""Columns: no terminal is narrower."""


def pasted_lines(text: str) -> list[str]:
    """The lines of the plan itself, with their indentation; tabs before a line are eight columns.

    A line without anything in it may be part of a text in the plan: it stays.
    """
    text = text.removeprefix("\ufeff").replace("\u00a0", " ").replace("\u200b", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [_without_tabs(line) for line in text.split("\n")]
    lines = _single_spaced(_without_mail_marks(lines))
    lines = [line.rstrip() for line in _rejoined(lines)]
    lines = _without_column_names(_without_borders(lines))
    lines = _without_quotes(_unwrapped(lines))
    lines = _without_continuation_marks(lines)
    return without_heads([_with_arrow(line) for line in lines if not _is_heading(line)])


def _with_arrow(line: str) -> str:
    """Programs for texts make another sign of `->`."""
    bare = line.lstrip()
    sign = next((sign for sign in ARROWS if bare.startswith(sign)), "")
    return line.replace(sign, "->", 1) if sign else line


def _telling(lines: list[str]) -> list[str]:
    """The first lines that are a plan's for certain: words around it have other edges than these.
    All that hold something where no line tells."""
    telling = (line for line in lines if any(mark in line for mark in TELLING))
    return list(islice(telling, ENOUGH)) or _filled(lines)


def _most(lines: list[str], wanted: Callable[[str], bool]) -> bool:
    telling = _telling(lines)
    return sum(map(wanted, telling)) * 2 > len(telling)


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _without_tabs(line: str) -> str:
    bare = line.lstrip(" \t")
    return line[: len(line) - len(bare)].expandtabs(8) + bare


def _single_spaced(lines: list[str]) -> list[str]:
    """Without the empty lines of a paste that has one after each line or so."""
    filled = _filled(lines)
    within = "\n".join(lines).strip().count("\n") + 1
    return filled if (within - len(filled)) * 2 >= len(filled) - 1 else lines


def _without_mail_marks(lines: list[str]) -> list[str]:
    while (telling := _telling(lines)) and all(map(_is_quote, telling)):
        lines = [
            line.lstrip().removeprefix(">").removeprefix(" ") if _is_quote(line) else line
            for line in lines
        ]
    return lines


def _is_quote(line: str) -> bool:
    """Of a mail or of Markdown."""
    return line.lstrip().startswith(">")


def _rejoined(lines: list[str]) -> list[str]:
    """With those that a terminal broke at its edge, in the middle of words, made whole: each is as
    long as the longest, and what follows stands at the margin. A mail breaks lines between words,
    so that they differ in length."""
    edge = max((len(line) for line in lines if not _is_border(line)), default=0)
    if sum(len(line) == edge and line.endswith(" ") for line in lines) * 2 > len(lines):
        return lines  # psql filled them with spaces
    follows = [not _begins(line, before) for before, line in pairwise(lines)]
    broken = [len(line) == edge and not line.endswith(CONTINUED) for line in lines[:-1]]
    at_edge = sum(map(and_, follows, broken))
    if edge < EDGE or at_edge < 2 or at_edge * 3 < 2 * sum(follows):
        return lines
    found = lines[:1]
    for line, is_rest, is_broken in zip(lines[1:], follows, broken, strict=True):
        if is_rest and is_broken:
            found[-1] += line
        else:
            found.append(line)
    return found


def _begins(line: str, before: str) -> bool:
    """May a line of a plan, of a document or of a table begin so?"""
    bare = line.lstrip()
    return (
        not bare
        or not before.strip()
        or len(line) - len(bare) > 1
        or bare.startswith(("->", *"{}[]<>|"))
        or property_of(bare.rstrip()) is not None
        or any(_is_border(each) or _is_heading(each) or RECORD in each for each in (before, line))
        or (line.startswith(WRAPPED) and before.rstrip().endswith(line[0]))
        or _is_boxed(before)
    )


def _without_borders(lines: list[str]) -> list[str]:
    """Of a box around each line (what stands around the box has none), or of one edge alone, as
    DBeaver and AsciiDoc have it."""
    escaped = any(line.startswith(MARKDOWN) and _is_border(line) for line in lines)
    lines = [line for line in lines if not _is_border(line)]
    if _most(lines, _is_boxed):
        lines = [line.strip()[1:-1].rstrip() if _is_boxed(line) else line for line in lines]
        return [line.replace("\\|", "|") for line in lines] if escaped else lines
    if _most(lines, lambda line: line.endswith(BARS)):
        lines = [line[:-1].rstrip() if line.endswith(BARS) else line for line in lines]
    if _most(lines, lambda line: line.startswith(BARS)):
        lines = [line[1:] if line.startswith(BARS) else line for line in lines]
    return lines


def _without_column_names(lines: list[str]) -> list[str]:
    """Of psql's expanded display: `-[ RECORD 1 ]---` and the column's name before each line."""
    rest = [line for line in lines if not _is_record(line)]
    named = [line for line in rest if line.lstrip().startswith(HEADING)]
    cells = [line.partition(HEADING)[2] for line in named]
    if len(rest) == len(lines) and not any(_cell(cell) != cell for cell in cells):
        return lines
    end = max((line.find(HEADING) + len(HEADING) for line in named), default=0)
    aligned = not any(cell.startswith(BARS) for cell in cells)
    before = (HEADING, "") if aligned else (HEADING,)
    return [_cell(line[end:]) if line[:end].strip() in before else line for line in rest]


def _is_record(line: str) -> bool:
    return RECORD in line or line.lstrip().startswith(BARE_RECORD)


def _cell(line: str) -> str:
    """What stands after the bar; psql's mark of a wrapped line instead of the space stays."""
    bare = line.lstrip()
    return bare[1:] if bare.startswith(BARS) and len(line) - len(bare) < 2 else line


def _is_border(line: str) -> bool:
    """Made of lines alone, with some length to it (`+----+`, `-----`)."""
    return BORDER.issuperset(line) and any(c * 3 in line for c in RULES)


def _is_boxed(line: str) -> bool:
    bare = line.strip()
    return len(bare) > 1 and bare[0] in BARS and bare[-1] in BARS


def _unwrapped(lines: list[str]) -> list[str]:
    """Of psql's wrapped format."""
    found: list[str] = []
    for line in lines:
        mark = next((mark for mark in WRAPPED if line.startswith(mark)), "")
        if mark and found and found[-1].endswith(mark):
            found[-1] = found[-1][:-1] + line[1:]
        else:
            found.append(line)
    return found


def _is_count(line: str) -> bool:
    """`(12 rows)`, the foot of a psql table."""
    bare = line.strip()
    if not (bare.startswith("(") and bare.endswith(")")):
        return False
    number, _, word = bare[1:-1].partition(" ")
    return number.isdecimal() and word in ("row", "rows")


def _without_quotes(lines: list[str]) -> list[str]:
    quoted = [line for line in lines if _is_quoted(line)]
    bare = [line for line in _filled(lines) if not _is_quoted(line)]
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
    """They stand in one column; a sum that a mail wrapped has none of its own below it."""
    lengths = Counter(len(line) for line in lines if line.endswith(CONTINUED))
    if len(lengths) > 1 and max(lengths.values()) == 1:
        return lines
    column = max(lengths, key=lambda length: lengths[length], default=0)
    if lengths[column] * 2 <= len(_filled(lines)) and lengths[column] < 2:
        return lines
    return [line[:-1].rstrip() if line.endswith(CONTINUED) else line for line in lines]


def _is_heading(line: str) -> bool:
    bare = line.strip().strip('"')
    timing = bare.startswith("Time: ") and " ms" in bare  # psql's \timing
    return bare == HEADING or timing or _is_count(line)
