"""YAML as documents have it: the core schema of YAML 1.2, which means the same as JSON.

So `no` is a text and not false, `12:30` no number, and a date is a text. Nothing but plain values
can come of it: a tag of another kind is refused, and so is an alias that would repeat too much. The
parser tells its events one by one, so a file that nests without end needs no more memory than one
that does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbwright.errors import BadDocument, MissingExtra
from dbwright.trees.tree import MOST_DEPTH, MOST_VALUES, Path, Tree, Written
from dbwright.trees.unsafe import UNSAFE_IN_JSON, without_unsafe

__all__ = ["read_yaml", "resolved", "yaml_text"]

NULL = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})
DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)

TAGS = "tag:yaml.org,2002:"
STEP = "write plain YAML: texts, numbers, lists and mappings"


def resolved(text: str) -> Any:
    """What a plain scalar means."""
    if text in NULL:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if len(text) > 300:
        return text
    if DECIMAL.fullmatch(text):
        return int(text)
    if OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if FLOAT.fullmatch(text) and abs(float(text)) < 1e300:
        return float(text) if repr(float(text)) == text else Written(text)
    return text


def read_yaml(text: str, name: str, *, merges: bool = False) -> Tree:
    """The file's values. `merges`: `<<` is a name as any other, for who only looks for names below.

    Raises BadDocument with the line, MissingExtra.
    """
    yaml = _library()
    reading = _Reading(name, merges)
    try:
        events = yaml.parse(
            text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        )
        reading.document(iter(events))
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "no YAML"
        raise BadDocument(f"{name}:{line}: no YAML: {said}", "mend it") from None
    return Tree(name, reading.value, reading.lines)


def yaml_text(value: Any) -> str:
    """The values as YAML that reads back as the same, here and with YAML 1.1, and that does nothing
    to a terminal."""
    yaml = _library()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, data: str) -> Any:
        style = None
        if UNSAFE_IN_JSON.search(data):
            style = '"'
        elif "\n" in data and not data.startswith((" ", "\n")) and data.isprintable() is False:
            plain = all(c.isprintable() or c == "\n" for c in data)
            style = "|" if plain and not re.search(r"[ \t]$", data, re.MULTILINE) else '"'
        elif resolved(data) is not data and not isinstance(resolved(data), str):
            style = "'"
        return dumper.represent_scalar(f"{TAGS}str", data, style=style)

    def number(dumper: Any, data: Written) -> Any:
        return dumper.represent_scalar(f"{TAGS}float", data.text)

    Dumper.add_representer(str, text)
    Dumper.add_representer(Written, number)
    made = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    # Such characters stand in double quotes only, where this is how they are written.
    return without_unsafe(str(made))


class _Reading:
    """The values so far. Containers are kept on a stack rather than by recursion."""

    def __init__(self, name: str, merges: bool = False) -> None:
        self.name = name
        self._merges = merges
        self.value: Any = None
        self.lines: dict[Path, int] = {}
        self._count = 0
        self._anchors: dict[str, tuple[Any, Path]] = {}
        self._open: list[_Container] = []
        self._documents = 0

    def document(self, events: Iterator[Any]) -> None:
        for event in events:
            kind = type(event).__name__
            line = event.start_mark.line + 1
            if kind == "DocumentStartEvent":
                self._documents += 1
                if self._documents > 1:
                    raise self._refused(line, "a second document", "write one document a file")
            elif kind == "ScalarEvent":
                self._add(self._scalar(event, line), line, event.anchor)
            elif kind == "AliasEvent":
                self._repeat(event.anchor, line)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._require_plain(event, "map" if kind[0] == "M" else "seq", line)
                value: Any = {} if kind[0] == "M" else []
                self._add(value, line, event.anchor, opens=True)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                closed = self._open.pop()
                if closed.anchor:
                    self._anchors[closed.anchor] = (closed.value, closed.path)

    def _add(self, value: Any, line: int, anchor: str | None, *, opens: bool = False) -> None:
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._refused(line, f"more than {MOST_VALUES:,} values", "make it smaller")
        path: Path = ()
        if self._open:
            around = self._open[-1]
            if isinstance(around.value, dict) and around.key is None:
                around.key = self._key(value, around, line, opens)
                return
            path = (*around.path, around.take(value))
        else:
            self.value = value
        self.lines[path] = line
        if opens:
            if len(self._open) >= MOST_DEPTH:
                raise self._refused(line, f"nested deeper than {MOST_DEPTH}", "make it smaller")
            self._open.append(_Container(value, path, anchor))
        elif anchor:
            self._anchors[anchor] = (value, path)

    def _key(self, value: Any, around: _Container, line: int, opens: bool) -> str:
        if opens or isinstance(value, list | dict):
            raise self._refused(line, "a list or mapping as a name", STEP)
        name = value if isinstance(value, str) else _name(value)
        if name in around.value:
            raise self._wrong(line, f"{name[:60]!r} is there twice", "keep one of them")
        if name == "<<" and not self._merges:
            raise self._refused(line, "<< (a merge)", "write the fields themselves")
        return name

    def _repeat(self, anchor: str, line: int) -> None:
        """Copies what the anchor stands for, as if it were written there."""
        if anchor not in self._anchors:
            raise self._wrong(line, f"*{anchor} stands for nothing before it", STEP)
        value, _ = self._anchors[anchor]
        if isinstance(value, dict | list):
            if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
                raise self._refused(line, "a list or mapping as a name", STEP)
            size, depth = _size(value, MOST_VALUES - self._count)
            if self._count + size > MOST_VALUES or len(self._open) + depth > MOST_DEPTH:
                raise self._refused(line, f"*{anchor} repeats too much", "make it smaller")
            self._count += size - 1
            value = _copied(value)
        self._add(value, line, None)

    def _scalar(self, event: Any, line: int) -> Any:
        if event.tag not in (None, "!"):
            self._require_plain(event, "str", line)
            return event.value
        return resolved(event.value) if event.implicit[0] else event.value

    def _require_plain(self, event: Any, kind: str, line: int) -> None:
        if event.tag not in (None, "!", TAGS + kind):
            raise self._refused(line, f"the tag {event.tag}", STEP)

    def _refused(self, line: int, what: str, step: str) -> BadDocument:
        return self._wrong(line, f"{what} is refused", step)

    def _wrong(self, line: int, what: str, step: str) -> BadDocument:
        return BadDocument(f"{self.name}:{line}: {what}", step)


class _Container:
    """A list or mapping whose end has not come."""

    def __init__(self, value: Any, path: Path, anchor: str | None) -> None:
        self.value = value
        self.path = path
        self.anchor = anchor
        self.key: str | None = None

    def take(self, value: Any) -> str | int:
        """Put the value in; its name or number."""
        if isinstance(self.value, list):
            self.value.append(value)
            return len(self.value) - 1
        key, self.key = self.key, None
        assert key is not None
        self.value[key] = value
        return key


def _name(value: Any) -> str:
    """JSON knows only texts as names."""
    if isinstance(value, Written):
        return value.text
    return {None: "null", True: "true", False: "false"}.get(value) or str(value)


def _size(value: Any, limit: int) -> tuple[int, int]:
    """How many values there are, up to a little above the limit, and how deep they nest."""
    count = deepest = 0
    rest = [(value, 1)]
    while rest and count <= limit:
        one, depth = rest.pop()
        count += 1
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        rest.extend((each, depth + 1) for each in inner)
    return count, deepest


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _library() -> Any:
    try:
        import yaml
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("agent", problem) from None
    return yaml
