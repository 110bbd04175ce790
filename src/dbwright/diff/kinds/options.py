"""Storage parameters, and the options of foreign data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.step import Step
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote

__all__ = ["foreign_options", "option_steps", "options_text", "parameters"]

Pairs = Iterable[tuple[str, str]]


def parameters(pairs: Pairs, prefix: str = "") -> str:
    """Within the parentheses of WITH and SET, sorted by name."""
    return ", ".join(f"{prefix}{name} = {literal(value)}" for name, value in sorted(pairs))


def option_steps(
    head: str, ref: ObjectRef, old: Pairs, new: Pairs, prefix: str = ""
) -> Iterator[Step]:
    """`head` is `ALTER TABLE shop.orders`, or `ALTER TABLE shop.orders ALTER COLUMN total`."""
    was, is_ = dict(old), dict(new)
    gone = ", ".join(f"{prefix}{name}" for name in sorted(was.keys() - is_.keys()))
    if gone:
        yield Step(f"{head} RESET ({gone})", ref)
    set_ = {name: value for name, value in is_.items() if was.get(name) != value}
    if set_:
        yield Step(f"{head} SET ({parameters(set_.items(), prefix)})", ref)


def options_text(pairs: Pairs) -> str:
    """OPTIONS of foreign data, as CREATE takes them."""
    listed = ", ".join(f"{quote(name)} {literal(value)}" for name, value in pairs)
    return f"OPTIONS ({listed})"


def foreign_options(old: Pairs, new: Pairs) -> str:
    """OPTIONS of foreign data, as ALTER takes them."""
    was, is_ = dict(old), dict(new)
    words = [f"DROP {quote(name)}" for name in was if name not in is_]
    for name, value in is_.items():
        if was.get(name) != value:
            verb = "SET" if name in was else "ADD"
            words.append(f"{verb} {quote(name)} {literal(value)}")
    return f"OPTIONS ({', '.join(words)})"
