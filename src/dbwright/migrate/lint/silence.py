"""Comments in a file that silence findings of the statement behind them.

`-- dbwright: ignore RULE reason` stands between statements, before the one that it is for, or
behind it on its last line. `-- squawk-ignore NAME, NAME` is read as well, as far as a rule of
dbwright says the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbwright.chosen_rules import fits_pattern
from dbwright.model.finding import Finding
from dbwright.model.report import Silenced
from dbwright.sql.lexer import comments
from dbwright.sql.split import Statement, split

__all__ = ["Ignore", "ignores", "silenced"]

MARK = re.compile(r"(?:--|/\*)\s*dbwright:\s*ignore\s+(\S+)\s*(.*?)\s*(?:\*/)?", re.DOTALL)
SQUAWK = re.compile(r"(?:--|/\*)\s*squawk-ignore(?:-file)?\s+(.*?)\s*(?:\*/)?", re.DOTALL)
SQUAWK_NAMES: Mapping[str, tuple[str, ...]] = {
    "require-concurrent-index-creation": ("builds-an-index-under-a-lock",),
    "require-concurrent-index-deletion": ("blocks-where-concurrently-would-not",),
    "require-concurrent-reindex": ("builds-an-index-under-a-lock",),
    "require-concurrent-partition-detach": ("blocks-where-concurrently-would-not",),
    "constraint-missing-not-valid": ("scans-under-a-lock",),
    "adding-foreign-key-constraint": ("scans-under-a-lock",),
    "adding-field-with-default": ("rewrites-a-table",),
    "changing-column-type": ("rewrites-a-table", "narrows-a-type"),
    "adding-not-nullable-field": ("scans-under-a-lock",),
    "adding-required-field": ("not-null-without-default",),
    "adding-serial-primary-key-field": ("builds-an-index-under-a-lock", "rewrites-a-table"),
    "disallowed-unique-constraint": ("builds-an-index-under-a-lock",),
    "renaming-column": ("renames-what-clients-use",),
    "renaming-table": ("renames-what-clients-use",),
    "ban-drop-column": ("drops-a-column",),
    "ban-drop-table": ("drops-a-table",),
    "ban-drop-not-null": ("drops-a-guarantee",),
    "ban-truncate-cascade": ("empties-a-table",),
    "ban-concurrent-index-creation-in-transaction": ("concurrently-in-a-transaction",),
    "require-lock-timeout": ("no-lock-timeout",),
    "require-timeout-settings": ("no-lock-timeout",),
    "identifier-too-long": ("name-is-cut-off",),
    "prefer-bigint-over-int": ("narrow-key",),
    "prefer-timestamp-tz": ("type-that-is-hard-to-change",),
    "ban-char-field": ("type-that-is-hard-to-change",),
}
"""What squawk calls them."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment."""

    patterns: tuple[str, ...]
    reason: str
    line: int
    """Of the comment; starts at 1."""
    covers: int
    """The line at which its statement begins."""
    own: bool = True
    """Is it dbwright's, and told where it silences nothing?"""

    def covers_finding(self, finding: Finding, path: str) -> bool:
        """Is it for this finding of this file?"""
        place = finding.location
        if place is None or place.file != path or place.line != self.covers:
            return False
        return any(fits_pattern(finding.rule, pattern) for pattern in self.patterns)


def ignores(text: str) -> tuple[Ignore, ...]:
    """The comments of a file's text that silence something, in their order."""
    return tuple(_ignores(text, [one for one in split(text) if one.kind == "sql"]))


def silenced(
    findings: Sequence[Finding], texts: Mapping[str, str]
) -> tuple[list[Finding], list[Silenced], list[tuple[str, Ignore]]]:
    """Those to show, those silenced, and the comments (with their file) that silenced nothing.
    `texts`: of the files, by the path that locations have."""
    known = {path: ignores(text) for path, text in texts.items()}
    shown: list[Finding] = []
    hidden: list[Silenced] = []
    used: set[tuple[str, Ignore]] = set()
    for finding in findings:
        path = "" if finding.location is None else finding.location.file
        by = [one for one in known.get(path, ()) if one.covers_finding(finding, path)]
        used |= {(path, one) for one in by}
        if by:
            hidden.append(Silenced(finding, "comment", by[0].reason))
        else:
            shown.append(finding)
    unused = [
        (path, one)
        for path, found in known.items()
        for one in found
        if one.own and (path, one) not in used
    ]
    return shown, hidden, unused


def _ignores(text: str, statements: Sequence[Statement]) -> Iterator[Ignore]:
    ends = [one.offset + len(one.text) for one in statements]
    places = zip([0, *ends], [*(one.offset for one in statements), len(text)], strict=True)
    for number, (start, end) in enumerate(places):
        if "ignore" not in text[start:end]:
            continue
        for comment in comments(text[start:end]):
            offset = start + comment.offset
            found = _read(comment.text.strip())
            if found is None:
                continue
            patterns, reason, own = found
            line = text.count("\n", 0, offset) + 1
            behind = number > 0 and "\n" not in text[start:offset]
            covered = number - 1 if behind else number
            if covered < len(statements):
                yield Ignore(patterns, reason, line, statements[covered].line, own)


def _read(comment: str) -> tuple[tuple[str, ...], str, bool] | None:
    if (match := MARK.fullmatch(comment)) is not None:
        return (match[1],), match[2], True
    if (match := SQUAWK.fullmatch(comment)) is not None:
        names = [name.strip() for name in match[1].split(",")]
        rules = tuple(rule for name in names for rule in SQUAWK_NAMES.get(name, ()))
        return rules, "squawk-ignore", False
    return None
