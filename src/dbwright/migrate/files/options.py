"""Options of a migration: comments at the head of its file, such as `-- lock-timeout: 500ms`."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from dbwright.errors import BadMigration
from dbwright.migrate.files.batch_options import BATCHES, with_batches
from dbwright.migrate.files.duration import duration, read_duration
from dbwright.model.migration import MigrationOptions
from dbwright.sql.lexer import comments

__all__ = ["duration", "is_option", "read_options"]

FLAGS = ("no-transaction",)
KNOWN = ("no-transaction", "lock-timeout", "statement-timeout", "retry", *BATCHES)
WRITTEN = re.compile(r"--\s*([A-Za-z]+(?:[ _-][A-Za-z]+)?)\s*(?:[:=]\s*(\S+(?:\s+[a-z]+)?)\s*)?")
OF_BATCHES = re.compile(rf"--\s*({'|'.join(BATCHES)})\s*[:=]\s*(.*?)\s*")
WITHOUT_COLON = re.compile(
    r"--\s*(?:(?:lock-timeout|statement-timeout|batch-time|batch-size|batch-rest|max-lag)\s+['\"]?\d.*"
    r"|retry\s+\d+|batches\s+[\w.\"]+|no-transaction\b.+)\s*"
)
"""What begins as an option and goes on otherwise; of words that texts have too, only the form."""
NEAR = 0.8
"""How alike a word must be to an option to be one that was written wrongly."""


def read_options(head: str, path: str) -> MigrationOptions:
    """The options in the comments of a text, which has no statements.

    Other comments are nobody's business, but for those that are nearly an option. Raises
    BadMigration.
    """
    options = MigrationOptions()
    for token in comments(head):
        match = _written(token.text)
        place = f"{path}, line {head.count(chr(10), 0, token.offset) + 1}"
        if match is None or match[1] not in KNOWN:
            _require_no_option(token.text, place)
        if match is None:
            continue
        name, value = match[1], match[2]
        if plain := _nearly(name, value):
            raise BadMigration(f"{place}: there is no option {name}", f"did you mean {plain}?")
        if name in KNOWN:
            options = _with(options, name, value, place)
    if options.batches is not None and not options.batches.table[1]:
        raise BadMigration(
            f"{path} says how batches are made, and not over which table",
            "write its name at the head of the file: -- batches: orders",
        )
    return options


def is_option(comment: str) -> bool:
    """Is a comment an option, wherever it stands?"""
    match = _written(comment)
    return match is not None and match[1] in KNOWN and (match[2] is None) == (match[1] in FLAGS)


def _written(comment: str) -> re.Match[str] | None:
    """The name and the value of a comment that may be an option."""
    # The name of a table may be of several words: what can't be read must not pass for a comment.
    return OF_BATCHES.fullmatch(comment) or WRITTEN.fullmatch(comment.rstrip())


def _require_no_option(comment: str, place: str) -> None:
    """Raises BadMigration for a comment that can't be read as an option, and is meant as one."""
    if WITHOUT_COLON.fullmatch(comment):
        raise BadMigration(
            f"{place}: `{comment.strip()[:60]}` is nearly an option",
            "write -- NAME: VALUE, or -- no-transaction, and nothing behind it; or begin the "
            "comment with other words",
        )
    if comment.startswith("/*") and any(
        is_option(f"-- {line.strip(' *')}") for line in comment.strip("/*").splitlines()
    ):
        raise BadMigration(
            f"{place}: options are comments of one line, and this one is a block",
            "write each behind -- on a line of its own",
        )


def _nearly(name: str, value: str | None) -> str:
    """The option that was meant by a name that is none; empty where none was."""
    if name in KNOWN:
        return ""
    plain = re.sub(r"[ _]", "-", name.lower())
    if plain in KNOWN:
        return plain if plain in FLAGS or value is not None else ""
    if " " in name and value is None:
        return ""  # words of a sentence
    return next(iter(difflib.get_close_matches(plain, KNOWN, n=1, cutoff=NEAR)), "")


def _with(options: MigrationOptions, name: str, value: str | None, place: str) -> MigrationOptions:
    if name == "no-transaction":
        if value is not None:
            raise BadMigration(f"{place}: no-transaction takes no value", "leave it out")
        return replace(options, no_transaction=True)
    if name == "retry":
        if value is None or not value.isdecimal() or len(value) > 6:
            raise BadMigration(f"{place}: retry takes a number", "write for example: retry: 10")
        return replace(options, retry=int(value))
    if name in BATCHES:
        return replace(options, batches=with_batches(options.batches, name, value, place))
    seconds = read_duration(value, name, place)
    if name == "lock-timeout":
        return replace(options, lock_timeout=seconds)
    return replace(options, statement_timeout=seconds)
