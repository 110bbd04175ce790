"""Which of the three formats a file is in, and with which log_line_prefix.

A prefix that was not given is tried out: well-known ones first, then one that is put together
from what the lines begin with. That is taken which explains nearly all lines, and most of them.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from dbwright.engines.postgresql.logs.csv_format import START, CsvFormat
from dbwright.engines.postgresql.logs.events import Format
from dbwright.engines.postgresql.logs.json_format import JsonFormat
from dbwright.engines.postgresql.logs.prefix import Prefix, compiled
from dbwright.engines.postgresql.logs.stderr_format import PRIMARY, SECONDARY, StderrFormat
from dbwright.errors import UnknownLogFormat

__all__ = ["KNOWN_PREFIXES", "detect"]

KNOWN_PREFIXES = (
    "%m [%p] ",
    "%m [%p] %q%u@%d ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%t:%r:%u@%d:[%p]:",
    "%t [%p]: ",
    "%t [%p]: [%l-1] ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%t-%c-",
    "%m [%c] ",
    "%m %c %v ",
    "%m [%p] %Q ",
)
ENOUGH = 0.9
"""Of the lines that a prefix has to explain."""

_JSON = re.compile(rb'^\s*\{"timestamp": ?"', re.MULTILINE)
_CSV = re.compile(START.pattern + rb"(?:[^,\n]*,){11}[^,\n]+,[0-9A-Z]{5},")
_LINE = re.compile(
    rb"^([^\t\n][^\n]{0,400}?|)(" + PRIMARY + rb"|" + SECONDARY + rb"):  ", re.MULTILINE
)
_SECONDARY_TAGS = frozenset(SECONDARY.split(b"|"))
_TRANSLATED = re.compile(rb"^[^\t\n]{10,200}?[^\s:\[\]]{2,30} ?:  \S", re.MULTILINE)
_ENGLISH = re.compile(
    rb",(?:" + PRIMARY + rb'),[0-9A-Z]{5},|"error_severity": ?"(?:' + PRIMARY + rb')"'
)
_DURATION = re.compile(
    rb'(?::  (?:[0-9A-Z]{5}: )?|,"|"message": ?")'
    rb'([^\s:"]{2,40}(?: [^\s:"\d]{2,20})?) ?:? ?[0-9]+\.[0-9]{3} '
    rb'[^\s",]{1,20}[ ,"\n]'
)
"""A message that is, or begins with, a duration, in any language."""
_SPECIMEN = re.compile(
    rb"(?P<m>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?:[A-Za-z_]{1,20}|[+-]\d\d(?::?\d\d)?))"
    rb"|(?P<t>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:[A-Za-z_]{1,20}|[+-]\d\d(?::?\d\d)?))"
    rb"|(?P<n>\b\d{9,11}\.\d{3}\b)|(?P<c>\b[0-9a-f]{6,9}\.[0-9a-f]{1,7}\b)|(?P<v>-?\b\d+/\d+\b)"
    rb"|(?P<r>(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)\(\d+\)|\[local\])"
    rb"|(?P<h>\b\d{1,3}(?:\.\d{1,3}){3}\b)|(?P<e>\b(?=[0-9A-Z]{5}\b)(?:00000|[0-9]*[A-Z][0-9A-Z]*))"
    rb"|(?P<key>user|usr|db|database|dbname|app|application|client|host|pid|session|line|vxid"
    rb"|xid|txid|qid|queryid|query_id|sql_error_code|sqlstate)(?P<sign> ?[=:] ?)"
    rb"(?:\[local\]|(?<=t[=:])[0-9a-f.:]+|[^,;:|\s\]\)]*)"
    rb"|(?P<Q>(?<!\S)-?\d{15,20}(?!\S))"
    rb"|(?P<at>[^\s@:,;|/\[\]()<>]*@[^\s@:,;|/\[\]()<>]*)|(?P<number>\b\d+\b)",
)
_KEYS = {
    "user": "u", "usr": "u", "db": "d", "database": "d", "dbname": "d", "app": "a",
    "application": "a", "client": "h", "host": "h", "pid": "p", "session": "c", "line": "l",
    "vxid": "v", "xid": "x", "txid": "x", "qid": "Q", "queryid": "Q", "query_id": "Q",
    "sql_error_code": "e", "sqlstate": "e",
}  # fmt: skip


def detect(sample: bytes, path: Path, prefix: str | None = None) -> Format:
    """The format of a file that begins with `sample`. Raises UnknownLogFormat."""
    durations = [match[1] == b"duration" for match in _DURATION.finditer(sample)]
    if sum(durations) * 2 < len(durations):
        raise _not_english(path)
    if _JSON.search(sample):
        return _in_english(JsonFormat(), sample, path)
    if _CSV.search(sample):
        return _in_english(CsvFormat(), sample, path)
    if prefix is not None:
        return StderrFormat(_given(prefix, sample, path))
    heads = _heads(sample, path)
    candidates = [compiled(template) for template in (*KNOWN_PREFIXES, *_guesses(heads))]
    ranked = [(_explained(candidate, heads), candidate) for candidate in candidates]
    (share, _), best = max(ranked, key=lambda pair: pair[0])
    if share < ENOUGH:
        raise UnknownLogFormat(
            f"the lines of {path} begin in a way that dbwright can't tell",
            "give the server's log_line_prefix (SHOW log_line_prefix) with --prefix",
        )
    return StderrFormat(compiled(_with_optional(best.template)))


def _in_english(found: Format, sample: bytes, path: Path) -> Format:
    if _ENGLISH.search(sample) is None:
        raise _not_english(path)
    return found


def _given(template: str, sample: bytes, path: Path) -> Prefix:
    prefix = compiled(template)
    heads = _heads(sample, path)
    if _explained(prefix, heads)[0] == 0:
        line = sample.partition(b"\n")[0][:80].decode(errors="replace")
        raise UnknownLogFormat(
            f"the lines of {path} do not begin with {template!r}, but like this: {line}",
            "leave --prefix out, or give what SHOW log_line_prefix says",
        )
    return prefix


def _heads(sample: bytes, path: Path) -> list[bytes]:
    """What the lines begin with, up to their tag. Raises UnknownLogFormat."""
    found = [match.groups() for match in _LINE.finditer(sample)]
    if not any(tag not in _SECONDARY_TAGS for _, tag in found):
        raise _not_english(path) if _TRANSLATED.search(sample) else _unknown(path)
    return [head for head, _ in found]


def _explained(prefix: Prefix, heads: list[bytes]) -> tuple[float, float]:
    """The share of line beginnings that it fits, and how much it makes of them."""
    pattern = re.compile(prefix.pattern)
    fitting, pieces = 0, 0.0
    for head in heads:
        match = pattern.fullmatch(head)
        if match is None:
            continue
        fitting += 1
        who = [g for g, role in zip(match.groups(b""), prefix.roles, strict=True) if role == "who"]
        found = prefix.identity(tuple(who))
        pieces += bool(found.session) + bool(found.application)
        # With a space in it, it is hardly a name: the text before one was taken for part of it.
        pieces += sum(" " not in name for name in (found.user, found.database) if name)
        pieces += sum(role != "who" for role in prefix.roles)
        # Of two that tell the same, the one that takes more for given is right.
        pieces -= 0.01 * prefix.template.count("%")
    share = fitting / len(heads)
    return (share if share < ENOUGH else 1.0, pieces / len(heads) * share)


def _guesses(heads: list[bytes]) -> list[str]:
    """Prefixes that lines begin with, put together from what stands there."""
    found = Counter(_template(head) for head in heads)
    best = [template for template, _ in found.most_common(5)]
    # Lines of background processes lack what %q holds back.
    optional = [
        longer[: len(shorter)] + "%q" + longer[len(shorter) :]
        for longer in best
        for shorter in best
        if longer != shorter and longer.startswith(shorter)
    ]
    return best + optional


def _with_optional(template: str) -> str:
    """With %q before what background processes lack: none of them need be in the sample, and lines
    that have it all read as before."""
    first = re.search(r"%-?\d*[udahr]", template)
    if first is None or "%q" in template:
        return template
    before = template[: first.start()]
    # `user=` and a bracket belong to the name that they stand before.
    start = max(before.rfind(" ") + 1, *(end.end() for end in re.finditer(r"%-?\d*\w", before)), 0)
    if re.search(r"%[mtnpc]", template[:start]) is None:
        return template  # all of it could be missing then, and any line would do
    return f"{template[:start]}%q{template[start:]}"


def _template(head: bytes) -> str:
    parts: list[str] = []
    used: set[str] = set()
    position = 0
    for match in _SPECIMEN.finditer(head):
        parts.append(_literal(head[position : match.start()]))
        position = match.end()
        kind = match.lastgroup or ""
        if match["key"] is not None:
            letter = _KEYS[match["key"].decode()]
            parts.append(f"{match['key'].decode()}{match['sign'].decode()}%{letter}")
            used.add(letter)
        elif kind == "at":
            parts.append("%u@%d")
        elif kind == "number":
            # The process's number comes first; the line's number in the session follows.
            letter = next((each for each in "plx" if each not in used), "x")
            parts.append(f"%{letter}")
            used.add(letter)
        else:
            letter = "s" if kind in "mt" and used & {"m", "t"} else kind
            parts.append(f"%{letter}")
            used.add(letter)
    parts.append(_literal(head[position:]))
    return "".join(parts)


def _literal(text: bytes) -> str:
    return text.decode(errors="replace").replace("%", "%%")


def _unknown(path: Path) -> UnknownLogFormat:
    return UnknownLogFormat(
        f"{path} is not a PostgreSQL server log in the format stderr, csvlog or jsonlog",
        "set log_destination = 'csvlog' and logging_collector = on, and give a file they wrote",
    )


def _not_english(path: Path) -> UnknownLogFormat:
    return UnknownLogFormat(
        f"the messages of {path} are not in English, and only English ones are read",
        "set lc_messages = 'C' on the server, reload, and give what is logged from then on",
    )
