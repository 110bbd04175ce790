"""Values of all types that are neither texts nor numbers nor moments."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta

from dbwright.design.seed.values.times import NEWEST, SPAN_DAYS
from dbwright.design.seed.values.words import Words

__all__ = ["array", "composite", "other_of", "uuid_text"]

Make = Callable[[random.Random, Words], str]


def other_of(base_type: str, rng: random.Random, words: Words, modifiers: str = "") -> str | None:
    """One value; None for a type that nothing is known of. `modifiers`: the type as declared."""
    name = base_type.rpartition(".")[2]
    make = MAKERS.get(name)
    if make is not None:
        return make(rng, words)
    if name in ("bit", "bit varying"):
        inside = modifiers.partition("(")[2].rstrip(")[]")
        size = int(inside) if inside.isdecimal() else 1 if name == "bit" else 8
        return "".join(rng.choices("01", k=size))
    if name in ("vector", "halfvec"):
        inside = modifiers.partition("(")[2].rstrip(")[]")
        size = int(inside) if inside.isdecimal() else 3
        return f"[{','.join(f'{rng.gauss(0, 1):.4f}' for _ in range(size))}]"
    if name.endswith("multirange") and name.replace("multirange", "range") in MAKERS:
        return f"{{{MAKERS[name.replace('multirange', 'range')](rng, words)}}}"
    return None


def uuid_text(rng: random.Random) -> str:
    """A random one, of version 4."""
    bits = rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (4 << 76) | (2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def array(values: list[str]) -> str:
    """As the server reads it."""
    return "{" + ",".join(_quoted(value) for value in values) + "}"


def composite(values: list[str | None]) -> str:
    return "(" + ",".join("" if value is None else _quoted(value) for value in values) + ")"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _span(rng: random.Random, shape: str, most_hours: float) -> str:
    start = NEWEST - timedelta(seconds=rng.randrange(SPAN_DAYS * 86400))
    start = start.replace(minute=0, second=0)
    end = start + timedelta(hours=max(1, round(rng.expovariate(3 / most_hours))))
    if shape == "date":
        end = max(end, start + timedelta(days=1))
        return f"[{start.date()},{end.date()})"
    zone = "+00" if shape == "tz" else ""
    return f'["{start:%Y-%m-%d %H:%M:%S}{zone}","{end:%Y-%m-%d %H:%M:%S}{zone}")'


def _numbers(rng: random.Random) -> str:
    start = rng.randrange(10**6)
    return f"[{start},{start + rng.randrange(1, 50)})"


def _document(rng: random.Random, words: Words) -> str:
    names = rng.sample(words.of("word"), 3)
    values = [rng.randrange(100), rng.choice(words.of("word")), rng.random() < 0.5]
    return json.dumps(dict(zip(names, values, strict=True)))


def _point(rng: random.Random) -> str:
    return f"({rng.uniform(-100, 100):.3f},{rng.uniform(-100, 100):.3f})"


MAKERS: dict[str, Make] = {
    "boolean": lambda r, w: "t" if r.random() < 0.5 else "f",
    "time without time zone": lambda r, w: f"{r.randrange(24):02d}:{r.randrange(60):02d}:00",
    "time with time zone": lambda r, w: f"{r.randrange(24):02d}:{r.randrange(60):02d}:00+00",
    "interval": lambda r, w: f"{r.randrange(1, 96)} hours {r.randrange(60)} minutes",
    "uuid": lambda r, w: uuid_text(r),
    "json": _document,
    "jsonb": _document,
    "bytea": lambda r, w: f"\\x{r.getrandbits(128):032x}",
    "inet": lambda r, w: f"10.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(1, 255)}",
    "cidr": lambda r, w: f"10.{r.randrange(256)}.{r.randrange(256)}.0/24",
    "macaddr": lambda r, w: ":".join(f"{r.randrange(256):02x}" for _ in range(6)),
    "macaddr8": lambda r, w: ":".join(f"{r.randrange(256):02x}" for _ in range(8)),
    "name": lambda r, w: r.choice(w.of("word")),
    '"char"': lambda r, w: r.choice("abcdef"),
    "point": lambda r, w: _point(r),
    "lseg": lambda r, w: f"[{_point(r)},{_point(r)}]",
    "box": lambda r, w: f"{_point(r)},{_point(r)}",
    "path": lambda r, w: f"[{_point(r)},{_point(r)}]",
    "polygon": lambda r, w: f"({_point(r)},{_point(r)},{_point(r)})",
    "circle": lambda r, w: f"<{_point(r)},{r.uniform(1, 9):.2f}>",
    "line": lambda r, w: f"{{1,{r.uniform(1, 9):.2f},{r.uniform(1, 9):.2f}}}",
    "tsvector": lambda r, w: " ".join(f"'{x}'" for x in sorted(set(r.choices(w.of("word"), k=6)))),
    "tsquery": lambda r, w: f"'{r.choice(w.of('word'))}'",
    "xml": lambda r, w: f"<note>{r.choice(w.of('word'))}</note>",
    "hstore": lambda r, w: f'"{r.choice(w.of("word"))}"=>"{r.choice(w.of("word"))}"',
    "ltree": lambda r, w: ".".join(
        "".join(x for x in word if x.isascii() and x.isalnum()) or "top"
        for word in r.choices(w.of("word"), k=r.randint(1, 4))
    ),
    "int4range": lambda r, w: _numbers(r),
    "int8range": lambda r, w: _numbers(r),
    "numrange": lambda r, w: _numbers(r),
    "daterange": lambda r, w: _span(r, "date", 24 * 14),
    "tsrange": lambda r, w: _span(r, "ts", 8),
    "tstzrange": lambda r, w: _span(r, "tz", 8),
}
